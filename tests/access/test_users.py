"""The users of `sql/access` on a server that etl_writer loaded: a reader of views, the loader, and one who backs up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tasks.errors import WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.run import run_checks
from tasks.settings import Settings
from tasks.smoke import probe_all
from tests.access.asker import NO_RIGHT, NOT_TO_CHANGE, READ_ONLY, Asker, Refused, refusal
from tests.path.scene import TODAY, scene_of, the_world
from tests.path.test_contract import DIRECT, SALES, UNITED, VK, agree, marketing, sales_by_name
from tests.support.clickhouse_embedded import Engine, embedded_as
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.clickhouse_users import User
from tests.support.shipped_access import shipped

pytestmark = pytest.mark.slow
USERS = shipped()
READER = USERS["datalens_reader"]
VIEWS = [file.name for file in sql_files("views")]
TOO_MUCH_TO_READ, TOO_MUCH_MEMORY, TOO_MUCH_TO_TELL = 158, 241, 396
EVERYTHING = "SELECT * FROM zakaz.v_marketing_daily ORDER BY ALL"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """Loaded by etl_writer: the schema, three sources, and the checks, who needs no more rights than it has."""
    folder = tmp_path_factory.mktemp("server")
    with clickhouse_server(folder, USERS.values()) as server:
        asker = Asker(server, database="default")
        asker.do("CREATE DATABASE other")
        asker.do("CREATE TABLE other.t (x UInt8) ENGINE = MergeTree ORDER BY x AS SELECT 1")
        asker.do("CREATE VIEW other.v_t AS SELECT * FROM other.t")
        with scene_of(the_world(), server.dsn_of(USERS["etl_writer"]), "zakaz", folder / "of the loader") as scene:
            scene.loaded()
            settings = scene.product.settings
            judged = run_checks(settings, TODAY, "1", channel=None)
            probes = {probe.name: probe.status for probe in probe_all(settings, None)}
        assert not any(result.hindered for result in judged)
        assert {status for name, status in probes.items() if name.startswith("warehouse")} == {"ok"}
        yield server


@dataclass(frozen=True)
class Askers:
    reader: Asker
    loader: Asker
    keeper: Asker
    admin: Asker


@pytest.fixture
def by(server: ClickHouseServer) -> Askers:
    return Askers(
        *(Asker(server, USERS[n]) for n in ("datalens_reader", "etl_writer", "backup_user")), Asker(server)
    )


@pytest.mark.parametrize("view", VIEWS)
def test_the_reader_reads_each_view_as_the_owner_does(by: Askers, view: str) -> None:
    moving = " EXCEPT minutes_since_success" if view == "v_data_freshness" else ""
    statement = f"SELECT *{moving} FROM zakaz.{view} ORDER BY ALL"
    found = by.reader.ask(statement)
    assert found or view == "v_sales_14d"
    assert found == by.admin.ask(statement, readonly=0, join_use_nulls=0)


def test_the_statements_of_datalens_are_right(by: Askers) -> None:
    rows = [tuple(row.values()) for row in by.reader.ask(SALES)]
    assert {row[:3]: row[3:] for row in rows} == sales_by_name()
    vk, direct, united = (by.reader.ask(statement) for statement in (VK, DIRECT, UNITED))
    for source, answer in (("vk_ads", vk), ("direct", direct)):
        agree(answer, marketing(source))
        agree([row for row in united if row["source"] == source], marketing(source))
    assert len(united) == len(vk) + len(direct)
    # They owe that to the profile: without its setting each row is there twice, of whichever source.
    (of_all,) = by.reader.ask("SELECT count() AS rows FROM zakaz.v_marketing_daily")
    assert len(by.reader.ask(UNITED, prefer_column_name_to_alias=0)) == 2 * of_all["rows"]
    assert by.reader.ask("SELECT timezone() AS tz") == [{"tz": "Europe/Moscow"}]
    tables = "SELECT name FROM system.tables WHERE database = 'zakaz' ORDER BY name"
    assert [row["name"] for row in by.reader.ask(tables)] == VIEWS, "it sees no table and no other database"
    assert {row["name"] for row in by.reader.ask("SHOW DATABASES")} <= {"zakaz", "system"}


NOT_FOR_THE_READER = [
    *("SELECT * FROM other.t", "SELECT * FROM other.v_t", "SELECT * FROM system.users", "SELECT * FROM system.parts"),
    "SELECT * FROM remote('127.0.0.1', zakaz.stg_qtickets_tickets)",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'x String')",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM view(SELECT ticket_id FROM zakaz.stg_qtickets_tickets)",
    "SELECT 1 WHERE 7 IN (SELECT event_id FROM zakaz.dim_events)",
    "SELECT 1 AS x UNION ALL SELECT count() FROM zakaz.meta_quarantine",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', CSV, 'x String')",
    "SELECT * FROM mergeTreeIndex('zakaz', 'stg_qtickets_tickets')",
    "SELECT * FROM loop(zakaz.stg_qtickets_tickets) LIMIT 1",
    *("SHOW ACCESS", "SHOW PROCESSLIST", "SHOW GRANTS FOR etl_writer", "KILL QUERY WHERE user = 'etl_writer'"),
    "SHOW CREATE TABLE zakaz.stg_qtickets_tickets",
    "INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')",
    "CREATE VIEW zakaz.v_mine SQL SECURITY NONE AS SELECT * FROM other.t",
    "CREATE OR REPLACE VIEW zakaz.v_sales_14d AS SELECT 1 AS x",
    *("CREATE TEMPORARY TABLE mine (x UInt8)", "CREATE DATABASE mine", "CREATE USER mine"),
    "DELETE FROM zakaz.agg_marketing_daily WHERE 1",
    "ALTER USER datalens_reader IDENTIFIED BY 'x'",
    "GRANT SELECT ON zakaz.* TO datalens_reader",
    *("DROP VIEW zakaz.v_sales_14d", "DROP DATABASE zakaz", "TRUNCATE TABLE zakaz.agg_marketing_daily"),
    *("SYSTEM FLUSH LOGS", "BACKUP DATABASE zakaz TO File('mine')"),
]  # fmt: skip


@pytest.mark.parametrize("statement", NOT_FOR_THE_READER)
def test_the_reader_reads_nothing_else_and_writes_nothing(by: Askers, statement: str) -> None:
    assert refusal(by.reader, statement).code in {NO_RIGHT, READ_ONLY}


def test_the_reader_reads_no_table_and_gets_nothing_by_what_needs_no_right(by: Askers) -> None:
    tables = by.admin.ask("SELECT name FROM system.tables WHERE database = 'zakaz' AND engine LIKE '%MergeTree'")
    assert len(tables) > 10
    for row in tables:
        assert refusal(by.reader, f"SELECT count() FROM zakaz.{row['name']}").code == NO_RIGHT
    for statement in (
        "SELECT * FROM executable('x', TSV, 'x String')",
        "SELECT * FROM cluster('default', zakaz.stg_qtickets_tickets)",
        "SELECT count() FROM merge('zakaz', '^stg_')",
        "SELECT * FROM zakaz.v_sales_14d INTO OUTFILE 'mine'",
        "SELECT sleep(4)",
        "EXECUTE AS etl_writer SELECT 1",
    ):
        with pytest.raises(Refused):
            by.reader.do(statement)


def test_the_readers_limits_can_be_lowered_and_not_raised(by: Askers) -> None:
    for name, allowed in READER.constraints.items():
        if name.endswith("_mode"):
            assert refusal(by.reader, "SELECT 1", **{name: "break"}).code == NOT_TO_CHANGE, "no answer is cut short"
        elif name.startswith("max_"):
            most, lowest = int(allowed["max"]), int(allowed.get("min", 0))
            for more in {most + 1, lowest - 1} - {-1}:
                assert refusal(by.reader, "SELECT 1", **{name: more}).code == NOT_TO_CHANGE
            by.reader.do("SELECT 1", **{name: most - 1})
    assert refusal(by.reader, "SET readonly = 0", session_id="shed").code == READ_ONLY
    for statement, code in [
        ("SELECT sum(number) FROM numbers(100000001)", TOO_MUCH_TO_READ),
        ("SELECT number FROM numbers(1000001)", TOO_MUCH_TO_TELL),
        ("SELECT groupArray(number) FROM numbers(90000000) GROUP BY number % 7", TOO_MUCH_MEMORY),
    ]:
        assert refusal(by.reader, statement).code == code
    # Also inside the views, which read with the rights of a user without limits, and without its role.
    inside = refusal(by.reader, "SELECT * FROM zakaz.v_sales_latest", max_rows_to_read=5)
    assert inside.code == TOO_MUCH_TO_READ
    by.reader.do("SET ROLE NONE", session_id="bare")
    bare = refusal(by.reader, "SELECT sum(number) FROM numbers(100000001)", session_id="bare")
    assert bare.code == TOO_MUCH_TO_READ


SMALL = {"max_rows_to_read": 1_000_000, "max_result_rows": 1000}
"""The shipped names with figures that a test reaches in a moment."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded engine lets no session reset a setting, nor does the server of compose.yaml; the tests' server,
    which is older, does."""
    limits = {name: dict(READER.constraints[name]) | {"max": str(figure)} for name, figure in SMALL.items()}
    settings, constraints = dict(READER.settings) | SMALL, dict(READER.constraints) | limits
    user = replace(READER, settings=settings, constraints=constraints, quota={})
    with embedded_as(user, tmp_path_factory.mktemp("engine"), [User("open")]) as engine:
        yield engine


def test_no_statement_sets_a_limit_aside(engine: Engine) -> None:
    for name in [name for name in READER.constraints if name.startswith("max_")]:
        limit = int(SMALL.get(name, READER.constraints[name]["max"]))
        least = (
            0 if name in ("max_untracked_memory", "max_threads") else 1
        )  # 0 is none of these two, else no limit.
        for reset in (
            "SET {name} = DEFAULT", "SET {name} = 0", "SET profile = 'open'", "SET ROLE NONE",
            "SET compatibility = '22.3'", "SELECT 1 SETTINGS readonly = DEFAULT, {name} = DEFAULT",
        ):  # fmt: skip
            engine.ask(reset.format(name=name))
            code, now = engine.ask(f"SELECT toInt64OrZero(extract(toString(getSetting('{name}')), '\\d+'))")
            assert code == 0
            assert least <= int(now) <= limit, reset
    for way in ("{0}", "{0} SETTINGS {1} = DEFAULT", "SELECT * FROM ({0} SETTINGS {1} = 0)"):
        for name, select, code in (
            ("max_rows_to_read", "SELECT sum(number) FROM numbers(2000000)", TOO_MUCH_TO_READ),
            ("max_result_rows", "SELECT number FROM numbers(2000)", TOO_MUCH_TO_TELL),
        ):
            assert engine.ask(way.format(select, name))[0] in {code, NOT_TO_CHANGE, READ_ONLY}


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("SELECT 1 SETTINGS additional_table_filters = {'system.one': 'dummy = 7'}", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS format_template_row = '/etc/passwd' FORMAT Template", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS format_schema = '/etc/passwd' FORMAT Protobuf", NOT_TO_CHANGE),
        ("SET log_queries = 0", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS log_queries_probability = 0", NOT_TO_CHANGE),
        ("SET readonly = DEFAULT", READ_ONLY),
        ("SELECT 1 SETTINGS timeout_overflow_mode = 'break'", NOT_TO_CHANGE),
        # What DataLens sends, and what the views set for themselves against it, is free.
        (
            "SELECT getSetting('join_use_nulls') SETTINGS join_use_nulls = 1, send_progress_in_http_headers = 0",
            "true",
        ),
    ],
)
def test_what_matters_cannot_be_set_and_the_rest_can(engine: Engine, statement: str, answer: int | str) -> None:
    assert answer in engine.ask(statement)


def test_the_reader_has_its_quota(by: Askers) -> None:
    """It ends what set its limits aside, where an engine lets a session do that."""
    quota = {row["duration"]: row for row in by.reader.ask("SHOW CURRENT QUOTA")}
    for seconds, most in READER.quota.items():
        assert {name: quota[seconds][f"max_{name}"] for name in most} == {
            name: float(n) for name, n in most.items()
        }


@pytest.mark.parametrize(
    "statement",
    [
        *("SELECT * FROM other.t", "INSERT INTO other.t VALUES (2)", "DROP TABLE other.t", "CREATE DATABASE mine"),
        *("DROP DATABASE zakaz", "SELECT * FROM system.users", "CREATE USER mine"),
        "GRANT SELECT ON zakaz.* TO datalens_reader",
        "CREATE VIEW zakaz.v_mine DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS x",
        "CREATE VIEW zakaz.v_mine AS SELECT * FROM other.t",
        *("SELECT * FROM file('/etc/passwd', LineAsString)", "BACKUP DATABASE zakaz TO File('mine')"),
    ],
)
def test_the_loader_does_nothing_elsewhere(by: Askers, statement: str) -> None:
    assert refusal(by.loader, statement).code == NO_RIGHT


@pytest.mark.parametrize(
    "statement",
    [
        *("SELECT * FROM zakaz.stg_qtickets_tickets", "SELECT * FROM zakaz.v_sales_14d", "SELECT * FROM other.t"),
        "INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')",
        *("DROP TABLE zakaz.meta_job_runs", "BACKUP DATABASE other TO File('other')"),
    ],
)
def test_who_backs_up_reads_and_writes_no_row(by: Askers, statement: str) -> None:
    assert refusal(by.keeper, statement).code == NO_RIGHT


def test_a_backup_of_the_one_is_restored_elsewhere_by_the_other(
    server: ClickHouseServer, by: Askers, tmp_path: Path
) -> None:
    """And views, which read with the rights of a user who is not there, come to life when somebody migrates."""

    def of(dsn: str, **more: Any) -> Settings:
        return Settings(_env_file=None, clickhouse_dsn=dsn, backup_url="disk://backups", **more)

    loader, keeper = (server.dsn_of(USERS[name]) for name in ("etl_writer", "backup_user"))
    with pytest.raises(WarehouseError, match="lacks a right"):
        backup(of(loader), "kept")
    assert backup(of(loader, backup_dsn=SecretStr(keeper)), "kept").rows > 0
    expected = by.reader.ask(EVERYTHING)
    for users, folder in ((USERS.values(), tmp_path / "with"), ([READER], tmp_path / "without")):
        folder.mkdir()
        with clickhouse_server(folder, users) as elsewhere:
            shutil.copytree(server.directory / "backups" / "kept", folder / "backups" / "kept")
            reader = Asker(elsewhere, READER)
            if len(users) > 1:
                with pytest.raises(WarehouseError, match="it may not create one"):
                    restore(of(elsewhere.dsn_of(USERS["backup_user"])), "kept")
                assert restore(of(elsewhere.dsn_of(USERS["etl_writer"])), "kept").applied == []
            else:
                Asker(elsewhere, database="default").do("RESTORE DATABASE zakaz FROM Disk('backups', 'kept')")
                assert "no user `etl_writer`" in str(refusal(reader, EVERYTHING))
                with warehouse(of(elsewhere.dsn)) as client:
                    assert sorted(migrate(client)) == [f"views/{view}" for view in VIEWS]
            assert reader.ask(EVERYTHING) == expected
