"""Any statement is run and, if it has an answer, answered: in the format asked for, money with its kopecks."""

import csv
import io

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError
from tasks.load.query import run_query
from tests.tasks.load.engines import values


def answer(client: Client, sql: str, fmt: str | None = "TSV") -> str:
    return run_query(client, sql, fmt).decode()


def test_a_statement_without_an_answer_is_run_and_gives_nothing(client: Client) -> None:
    statements = [
        "CREATE OR REPLACE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x",
        "-- with a comment\ninsert into t SELECT 10;",
        "WITH 7 AS seven INSERT INTO t SELECT seven",
    ]
    assert [answer(client, sql) for sql in statements] == [""] * len(statements)
    assert values(client, "SELECT x FROM t ORDER BY x") == [(7,), (10,)]
    assert answer(client, "DROP TABLE t") == ""


def test_a_table_of_another_name_is_told_the_nearest_one(client: Client) -> None:
    for sql in ("SELECT * FROM v_marketing", "DELETE FROM v_marketing WHERE 1"):
        with pytest.raises(UsageError, match="no table or view v_marketing; did you mean v_marketing_daily"):
            answer(client, sql)


@pytest.mark.parametrize(("fmt", "clause"), [("CSV", ""), (None, " FORMAT csv"), ("CSVWithNames", "")])
def test_what_looks_like_a_formula_is_text_in_csv_unless_asked_for_raw(
    client: Client, fmt: str | None, clause: str
) -> None:
    odd = f"SELECT '=1+1' AS a, -5::Decimal(18, 2) AS b, '\"@x\";\n=1' AS c, ['=1'] AS d{clause}"
    rows = list(csv.reader(io.StringIO(answer(client, odd, fmt))))
    raw = list(csv.reader(io.StringIO(run_query(client, odd, fmt, raw=True).decode())))
    assert rows[-1] == ["'=1+1", "-5.00", "'\"@x\";\n'=1", "['=1']"]
    assert raw[-1] == ["=1+1", "-5.00", '"@x";\n=1', "['=1']"]


@pytest.mark.parametrize("fmt", ["CSV", "TSV", "JSONEachRow", None])
def test_money_keeps_two_places_in_every_format(client: Client, fmt: str | None) -> None:
    text = answer(client, "SELECT 100::Decimal(18, 2) AS a, sum(0.1::Decimal(18, 2)) AS b FROM numbers(3)", fmt)
    assert "100.00" in text
    assert "0.30" in text
