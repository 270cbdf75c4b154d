"""Any statement is run and, if it has an answer, answered: as it was asked for, money with its kopecks."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError, WarehouseError
from tasks.load.migrate import migrate
from tasks.load.query import ask
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import BOTH, values

ONE = b"1\n"


@pytest.fixture(scope="module", params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all questions: none changes what another one is about."""
    dsn, name = f"chdb://{tmp_path_factory.mktemp('ask') / 'warehouse'}", "zakaz_test_ask"
    if request.param == "server":
        dsn = request.getfixturevalue("clickhouse_dsn")
    settings = Settings(_env_file=None, clickhouse_dsn=dsn, clickhouse_database=name)
    with warehouse(settings) as client:
        migrate(client)
        yield settings
        client.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def client(place: Settings) -> Iterator[Client]:
    with warehouse(place) as client:
        yield client


def told(client: Client, sql: str, fmt: str | None = "TSV") -> bytes:
    return ask(client, sql, fmt)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select 1;",
        " \n SELECT 1 ;; \n",
        "(SELECT 1)",
        "WITH 1 AS x SELECT x",
        "FROM numbers(1, 1) SELECT number",
        "EXISTS TABLE meta_job_runs",
        "-- a comment\nSELECT 1",
        "/* a comment; of two\nlines */ SELECT 1",
        "# a comment\nSELECT 1",
        "-- one\n-- INSERT another\n  /* third */\n(SELECT 1)",
        "SELECT 1 -- the end",
        "SELECT 1; -- the end",
        "SELECT 1 /* FORMAT CSV */",
        "SELECT 1 SETTINGS max_threads = 1",
        "SELECT 1 WHERE 'FORMAT CSV' != 'format'",
        "SELECT count() FROM (SELECT 1 AS format)",
        "SELECT count() FROM meta_migrations WHERE name = '0001_meta' -- вопрос?",
    ],
)
def test_a_question_is_answered(client: Client, sql: str) -> None:
    assert told(client, sql) == ONE


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SHOW TABLES LIKE 'dim_events'", "dim_events"),
        ("DESC meta_migrations", "applied_at"),
        ("DESCRIBE TABLE meta_migrations", "checksum"),
        ("EXPLAIN SELECT 1", "SystemOne"),
        ("SHOW CREATE TABLE dim_events", "ReplacingMergeTree"),
        ("CHECK TABLE meta_migrations", "1"),
        ("SELECT 'Москва; О\\'Коннор %s {x:Int8}'", "Москва; О\\'Коннор %s {x:Int8}"),
    ],
)
def test_every_kind_of_question_is_answered(client: Client, sql: str, answer: str) -> None:
    assert answer in told(client, sql).decode()


def test_what_has_no_answer_is_done_and_says_nothing(client: Client) -> None:
    statements = [
        "CREATE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x",
        "INSERT INTO t VALUES (1), (2);",
        "insert into t select 3",
        "-- with a comment\nINSERT INTO t SELECT x + 10 FROM t",
        "WITH 7 AS seven INSERT INTO t SELECT seven",
        "INSERT INTO t FORMAT CSV\n8",
        "ALTER TABLE t DELETE WHERE x = 90",
        "DELETE FROM t WHERE x = 2",
        "OPTIMIZE TABLE t FINAL",
        "CREATE VIEW t_view AS SELECT x FROM t",
        "DROP VIEW t_view",
    ]
    assert [told(client, sql) for sql in statements] == [b""] * len(statements)
    assert values(client, "SELECT x FROM t ORDER BY x") == [(1,), (3,), (7,), (8,), (11,), (12,), (13,)]
    assert told(client, "TRUNCATE TABLE t") == told(client, "DROP TABLE t") == b""


def test_the_format_is_that_of_the_option(client: Client) -> None:
    assert told(client, "SELECT 1 AS x, 'я' AS y", "JSONEachRow") == '{"x":1,"y":"я"}\n'.encode()
    assert told(client, "SELECT 1 AS x, 'я' AS y;", "CSVWithNames") == '"x","y"\n1,"я"\n'.encode()
    assert told(client, "SHOW TABLES LIKE 'dim_events'", "JSONEachRow") == b'{"name":"dim_events"}\n'


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS x FORMAT JSONEachRow",
        "SELECT 1 AS x\nformat JSONEachRow ;",
        "SELECT 1 AS x SETTINGS max_threads = 1 FORMAT JSONEachRow",
        "SELECT 1 AS x FORMAT JSONEachRow SETTINGS max_threads = 1",
    ],
)
def test_the_format_may_be_part_of_the_statement(client: Client, sql: str) -> None:
    assert told(client, sql, None) == b'{"x":1}\n'


def test_two_formats_are_one_too_many(client: Client) -> None:
    with pytest.raises(UsageError, match="leave out --format"):
        told(client, "SELECT 1 FORMAT CSV", "TSV")


def test_without_a_format_it_is_a_table_for_a_person(client: Client) -> None:
    text = told(client, "SELECT 1 AS tickets, 1234.5::Decimal(18, 2) AS revenue", None).decode()

    assert "tickets" in text
    assert "1234.50" in text
    assert "┌" in text
    assert "\x1b" not in text


ODD = "SELECT '=1+1' AS a, -5::Decimal(18, 2) AS b, '-5.00' AS c, '\"@x\";\n=1' AS d, ['=1'] AS e, '' AS f, '-a,b' AS g"


@pytest.mark.parametrize("ask_for", [("CSV", ""), (None, " FORMAT csv"), ("CSVWithNames", "")])
def test_text_that_looks_like_a_formula_is_text_in_csv(client: Client, ask_for: tuple[str | None, str]) -> None:
    fmt, format_clause = ask_for
    rows = list(csv.reader(io.StringIO(told(client, ODD + format_clause, fmt).decode())))

    assert rows[-1] == ["'=1+1", "-5.00", "-5.00", "'\"@x\";\n'=1", "['=1']", "", "'-a,b"]


def test_raw_csv_and_other_formats_are_exact(client: Client) -> None:
    raw = ask(client, ODD, "CSV", raw=True).decode()

    assert next(csv.reader(io.StringIO(raw))) == ["=1+1", "-5.00", "-5.00", '"@x";\n=1', "['=1']", "", "-a,b"]
    assert json.loads(told(client, "SELECT '=1' AS a, '\\x1b[31m' AS b", "JSONEachRow")) == {
        "a": "=1",
        "b": "\x1b[31m",
    }
    assert told(client, "SELECT '\\xffa' AS a", "CSV") == b'"\xffa"\n', "what is no text stays as it is"


@pytest.mark.parametrize("fmt", [None, "Vertical", "JSONEachRow", "CSV", "TSVRaw", "PrettyCompact"])
def test_what_a_person_sees_has_no_control_characters(client: Client, fmt: str | None) -> None:
    sql = "SELECT 'x\\x1b]8;;http://a\\x07\\x1b[2J\\r\\x08\\xc2\\x9b\\xe2\\x80\\xae' AS a"
    text = ask(client, sql, fmt, seen=True).decode()

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert b"\x1b" in ask(client, sql, fmt or "Vertical", raw=True, seen=True) or fmt == "JSONEachRow"


@pytest.mark.parametrize("fmt", ["CSV", "TSV", "JSONEachRow", "JSONCompact", "Values", None])
def test_money_keeps_two_places_in_every_format(client: Client, fmt: str | None) -> None:
    text = told(
        client, "SELECT 100::Decimal(18, 2) AS a, sum(0.1::Decimal(18, 2)) AS b FROM numbers(3)", fmt
    ).decode()

    assert "100.00" in text
    assert "0.30" in text


def test_an_alias_does_not_hide_the_column_of_that_name(client: Client) -> None:
    """Else each half of such a union answers for both sources, and everything is counted twice."""
    rows = "(SELECT arrayJoin(['vk_ads', 'direct']) AS source, if(source = 'direct', 2, 1) AS n)"
    halves = (f"SELECT '{name}' AS source, n FROM {rows} WHERE source = '{name}'" for name in ("vk_ads", "direct"))
    text = told(client, f"SELECT * FROM ({' UNION ALL '.join(halves)}) ORDER BY n", "JSONEachRow").decode()

    assert [json.loads(line) for line in text.splitlines()] == [
        {"source": "vk_ads", "n": 1},
        {"source": "direct", "n": 2},
    ]


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1 FORMAT Nonsense", "SELECT nothing", "DROP TABLE nothing"])
def test_a_mistake_is_told_in_one_line(place: Settings, sql: str) -> None:
    with pytest.raises(WarehouseError) as mistake, warehouse(place) as client:
        told(client, sql, None)

    assert "\n" not in str(mistake.value)
    assert len(str(mistake.value)) < 500
