"""Any statement is run and, if it has an answer, answered: in the format asked for, money with its kopecks. A view as a file:
what is text stays text, what is money stays exact."""

import csv
import io
import re
import zipfile
from decimal import Decimal

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.export import exported
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


MONEY = "1234567890.07"


@pytest.fixture
def a_view(client: Client) -> Client:
    client.command("CREATE OR REPLACE VIEW v_odd AS SELECT toDate(now(), 'Europe/Moscow') - number AS d, "
                   "toLowCardinality('=1+1') AS a, '@x\"' AS b, toDecimal64('1234567890.07', 2) - number AS money, "
                   "toDateTime64('2026-03-14 21:30:00', 3, 'UTC') AS at, 0.5 AS romi, 17735868496 AS campaign_id, "
                   "[1, 2] AS many, NULL::Nullable(Int32) AS none FROM numbers(3)")  # fmt: skip
    return client


def test_text_stays_text_and_money_exact_in_each_format(a_view: Client) -> None:
    book = zipfile.ZipFile(io.BytesIO(exported(a_view, "v_odd", "xlsx", None)))
    sheet, strings = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert "<f>" not in sheet and "=1+1" in strings and "[1,2]" in strings
    found = dict(re.findall(r'<c r="([A-I]2)"[^>]*><v>([^<]*)</v>', sheet))
    assert (found["D2"], found["F2"], found["G2"]) == (MONEY, "0.5", "17735868496")
    # Days since 1899-12-30: half past midnight in Moscow.
    assert float(found["E2"]) == pytest.approx(46096 + 0.5 / 24)
    formats = re.findall(r'formatCode="([^"]*)"', book.read("xl/styles.xml").decode())
    assert {"#,##0.00", "0.0%", "0", "yyyy-mm-dd"} <= {*formats, "0"}
    text = exported(a_view, "v_odd", "csv", None).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["a"], row["b"], row["money"], row["none"]) == ("'=1+1", "'@x\"", MONEY, "")
    frame = pl.read_parquet(io.BytesIO(exported(a_view, "v_odd", "parquet", None)))
    assert frame.schema["money"] == pl.Decimal(18, 2) and frame["money"][0] == Decimal(MONEY)
    assert (frame["a"][0], frame["at"][0].isoformat()) == ("=1+1", "2026-03-14T21:30:00+00:00")
