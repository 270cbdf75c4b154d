"""Any statement is run and, if it has an answer, answered: in the format asked for, money with its kopecks."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError, WarehouseError
from tasks.load.query import run_query
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import values


def answer(client: Client, sql: str, fmt: str | None = "TSV") -> str:
    return run_query(client, sql, fmt).decode()


@pytest.mark.parametrize(
    "sql",
    [
        " \n select 1 ;; \n",
        "(SELECT 1)",
        "WITH 1 AS x SELECT x",
        "FROM numbers(1, 1) SELECT number",
        "EXISTS TABLE meta_job_runs",
        "/* a comment; of two\nlines */ SELECT 1",
        "# one\n-- INSERT another\n  /* third */\n(SELECT 1)",
        "SELECT 1; -- the end",
        "SELECT 1 /* FORMAT CSV */",
        "SELECT 1 SETTINGS max_threads = 1",
        "SELECT 1 WHERE 'FORMAT CSV' != 'format'",
        "SELECT count() FROM (SELECT 1 AS format)",
        "SELECT count() FROM meta_migrations WHERE name = '0001_meta' -- вопрос?",
    ],
)
def test_a_query_is_answered(client: Client, sql: str) -> None:
    assert answer(client, sql) == "1\n"


@pytest.mark.parametrize(
    "word", ["SHOW CREATE TABLE", "DESC", "DESCRIBE TABLE", "EXPLAIN SELECT * FROM", "CHECK TABLE"]
)
def test_a_description_is_answered(client: Client, word: str) -> None:
    assert answer(client, f"{word} meta_migrations")


def test_a_statement_without_an_answer_is_run_and_gives_nothing(client: Client) -> None:
    statements = [
        "CREATE OR REPLACE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x",
        "INSERT INTO t VALUES (1), (2);",
        "-- with a comment\ninsert into t SELECT x + 10 FROM t",
        "WITH 7 AS seven INSERT INTO t SELECT seven",
        "INSERT INTO t FORMAT CSV\n8",
        "ALTER TABLE t DELETE WHERE x = 90",
        "DELETE FROM t WHERE x = 2",
        "OPTIMIZE TABLE t FINAL",
        "CREATE VIEW t_view AS SELECT x FROM t",
        "DROP VIEW t_view",
    ]
    assert [answer(client, sql) for sql in statements] == [""] * len(statements)
    assert values(client, "SELECT x FROM t ORDER BY x") == [(1,), (7,), (8,), (11,), (12,)]
    assert answer(client, "DROP TABLE t") == ""


def test_the_format_is_that_of_the_option_or_of_the_statement(client: Client) -> None:
    assert answer(client, "SELECT 1 AS x, 'я' AS y;", "CSVWithNames") == '"x","y"\n1,"я"\n'
    for end in (" FORMAT JSONEachRow", "\nformat JSONEachRow ;", " FORMAT JSONEachRow SETTINGS max_threads = 1"):
        assert answer(client, f"SELECT 1 AS x{end}", None) == '{"x":1}\n'
    with pytest.raises(UsageError, match="leave out --format"):
        answer(client, "SELECT 1 FORMAT CSV", "TSV")


ODD = "SELECT '=1+1' AS a, -5::Decimal(18, 2) AS b, '-5.00' AS c, '\"@x\";\n=1' AS d, ['=1'] AS e, '' AS f, '-a,b' AS g"


@pytest.mark.parametrize(("fmt", "clause"), [("CSV", ""), (None, " FORMAT csv"), ("CSVWithNames", "")])
def test_text_that_looks_like_a_formula_is_text_in_csv(client: Client, fmt: str | None, clause: str) -> None:
    rows = list(csv.reader(io.StringIO(answer(client, ODD + clause, fmt))))

    assert rows[-1] == ["'=1+1", "-5.00", "-5.00", "'\"@x\";\n'=1", "['=1']", "", "'-a,b"]


def test_raw_csv_and_other_formats_are_exact(client: Client) -> None:
    raw = run_query(client, ODD, "CSV", raw=True).decode()

    assert next(csv.reader(io.StringIO(raw))) == ["=1+1", "-5.00", "-5.00", '"@x";\n=1', "['=1']", "", "-a,b"]
    odd = json.loads(answer(client, "SELECT '=1' AS a, '\\x1b[31m' AS b", "JSONEachRow"))
    assert odd == {"a": "=1", "b": "\x1b[31m"}
    assert run_query(client, "SELECT '\\xffa' AS a", "CSV") == b'"\xffa"\n', "what is no text stays as it is"


@pytest.mark.parametrize("fmt", [None, "Vertical", "JSONEachRow", "CSV", "PrettyCompact"])
def test_a_person_sees_no_control_characters(client: Client, fmt: str | None) -> None:
    sql = "SELECT 'x\\x1b]8;;http://a\\x07\\x1b[2J\\r\\x08\\xc2\\x9b\\xe2\\x80\\xae' AS a"

    shown = run_query(client, sql, fmt, seen=True).decode()

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert b"\x1b" in run_query(client, sql, fmt or "Vertical", raw=True, seen=True) or fmt == "JSONEachRow"


@pytest.mark.parametrize("fmt", ["CSV", "TSV", "JSONEachRow", "Values", None])
def test_money_keeps_two_places_in_every_format(client: Client, fmt: str | None) -> None:
    sql = "SELECT 100::Decimal(18, 2) AS a, sum(0.1::Decimal(18, 2)) AS b FROM numbers(3)"

    text = answer(client, sql, fmt)

    assert "100.00" in text
    assert "0.30" in text
    assert ("┌" in text) == (fmt is None), "without a format it is a table for a person"


def test_an_alias_does_not_hide_the_column_of_that_name(client: Client) -> None:
    """Else each half of such a union answers for both sources, and everything is counted twice."""
    rows = "(SELECT arrayJoin(['vk_ads', 'direct']) AS source, if(source = 'direct', 2, 1) AS n)"
    halves = (f"SELECT '{name}' AS source, n FROM {rows} WHERE source = '{name}'" for name in ("vk_ads", "direct"))

    assert answer(client, f"SELECT * FROM ({' UNION ALL '.join(halves)}) ORDER BY n") == "vk_ads\t1\ndirect\t2\n"


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1 FORMAT Nonsense", "SELECT nothing", "DROP TABLE nothing"])
def test_a_mistake_is_answered_in_one_line(place: Settings, sql: str) -> None:
    with pytest.raises(WarehouseError) as mistake, warehouse(place) as client:
        answer(client, sql, None)

    assert "\n" not in str(mistake.value)
    assert len(str(mistake.value)) < 500
