"""The users of `sql/access` on a server that etl_writer loaded: a reader of views, the loader, and one who backs up."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from sandbox.world import World
from tasks.errors import WarehouseError
from tasks.load import access
from tasks.load.backup import backup, restore
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.run import run_checks
from tasks.settings import Settings
from tasks.smoke import probe_all
from tests.path.conftest import DAYS, NOW, TODAY, scene_of
from tests.path.test_contract import UNITED, agree, marketing
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.clickhouse_users import DEFAULT, User, write_config
from tests.support.shipped_access import shipped

# What DataLens sends with every query; and, for these tests alone, money exactly as it is, 64-bit numbers as numbers.
OF_DATALENS = {
    "join_use_nulls": 1, "readonly": 2, "send_progress_in_http_headers": 0, "output_format_json_quote_denormals": 1,
    "output_format_json_quote_decimals": 0, "output_format_json_quote_64bit_integers": 0,
    "output_format_decimal_trailing_zeros": 1,
}  # fmt: skip
Row = dict[str, Any]
# Codes of its errors.
NO_RIGHT, READ_ONLY, NOT_TO_CHANGE = 497, 164, 452


class Refused(Exception):
    """With the server's words."""


@dataclass
class Asker:
    """Asks a server as one of its users. `database`: the current one."""

    server: ClickHouseServer
    user: User = DEFAULT
    database: str = "zakaz"

    def ask(self, statement: str, **settings: object) -> list[Row]:
        """The rows of a SELECT, with what DataLens sends, which `settings` win over."""
        text = self.do(statement.strip().rstrip(";") + "\nFORMAT JSONEachRow", **OF_DATALENS | settings)
        return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]

    def do(self, statement: str, **settings: Any) -> str:
        head = {"X-ClickHouse-User": self.user.name.encode(), "X-ClickHouse-Key": self.user.password.encode()}
        # Waiting for the end: else an error in the middle of an answer comes behind the rows that are out already.
        asked = {"params": {"database": self.database, "wait_end_of_query": 1} | settings, "headers": head}
        url = f"http://127.0.0.1:{self.server.port}/"
        reply = httpx.post(url, content=statement.encode(), timeout=60, trust_env=False, verify=False, **asked)
        if reply.status_code != httpx.codes.OK:
            raise Refused(reply.text)
        return reply.text


def refusal(asker: Asker, statement: str, **settings: object) -> int:
    """The code of the error."""
    with pytest.raises(Refused) as caught:
        asker.do(statement, **settings)
    found = re.search(r"Code: (\d+)", str(caught.value))
    return int(found[1]) if found else 0


pytestmark = pytest.mark.slow
WORLD = World.generate(until=NOW, days=DAYS, scale=0.05)
USERS = shipped()
READER = USERS["datalens_reader"]
VIEWS = [file.name for file in sql_files("views")]
# Empty where the world has no show to come, none that is over, or no promo code.
OF_SHOWS = {"v_show_curves", "v_show_pace", "v_forecasts", "v_show_forecast", "v_promo_codes"}
SPENT = replace(READER, name="spent", quota={3600: {"read_rows": "1000"}})
TOO_MUCH_TO_READ, TOO_MUCH_MEMORY, TOO_MUCH_TO_TELL, TOO_MUCH_IN_AN_HOUR = 158, 241, 396, 201
EVERYTHING = "SELECT * FROM zakaz.v_marketing_daily ORDER BY ALL"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """Loaded by etl_writer: the schema, three sources, and the checks, who needs no more rights than it has."""
    folder = tmp_path_factory.mktemp("server")
    with clickhouse_server(folder, [*USERS.values(), SPENT]) as server:
        asker = Asker(server, database="default")
        asker.do("CREATE DATABASE other")
        asker.do("CREATE TABLE other.t (x UInt8) ENGINE = MergeTree ORDER BY x AS SELECT 1")
        asker.do("CREATE VIEW other.v_t AS SELECT * FROM other.t")
        with scene_of(WORLD, server.dsn_of(USERS["etl_writer"]), "zakaz", folder / "of the loader") as scene:
            scene.loaded()
            settings = scene.product.settings
            judged = run_checks(settings, TODAY, "1", channel=None)
            probes = {probe.name: probe.status for probe in probe_all(settings, None)}
        assert not any(result.hindered for result in judged)
        assert {status for name, status in probes.items() if name.startswith("warehouse")} == {"ok"}
        yield server


@pytest.fixture
def by(server: ClickHouseServer) -> SimpleNamespace:
    """Who asks: the reader of views, the loader, the keeper of backups, the administrator."""
    names = {"reader": "datalens_reader", "loader": "etl_writer", "keeper": "backup_user"}
    users = {who: Asker(server, USERS[name]) for who, name in names.items()}
    return SimpleNamespace(**users, admin=Asker(server))


def test_the_reader_reads_each_view_as_the_owner_does(by: SimpleNamespace) -> None:
    for view in VIEWS:
        moving = " EXCEPT minutes_since_success" if view == "v_data_freshness" else ""
        statement = f"SELECT *{moving} FROM zakaz.{view} ORDER BY ALL"
        found = by.reader.ask(statement)
        assert found or view == "v_sales_14d" or view in OF_SHOWS
        assert found == by.admin.ask(statement, readonly=0, join_use_nulls=0)


def test_the_statements_of_datalens_are_right(by: SimpleNamespace) -> None:
    united = by.reader.ask(UNITED)
    lines = marketing([WORLD], {source: [WORLD] for source in ("vk_ads", "direct")})
    for source in ("vk_ads", "direct"):
        agree([row for row in united if row["source"] == source], lines, source)
    # They owe that to the profile: without its setting each row is there twice, of whichever source.
    (of_all,) = by.reader.ask("SELECT count() AS rows FROM zakaz.v_marketing_daily")
    assert len(by.reader.ask(UNITED, prefer_column_name_to_alias=0)) == 2 * of_all["rows"]
    tables = "SELECT name FROM system.tables WHERE database = 'zakaz' ORDER BY name"
    assert [row["name"] for row in by.reader.ask(tables)] == VIEWS, "it sees no table and no other database"
    assert {row["name"] for row in by.reader.ask("SHOW DATABASES")} <= {"zakaz", "system"}


NOT_FOR_THE_READER = [
    *("SELECT * FROM other.t", "SELECT * FROM other.v_t", "SELECT * FROM system.users", "SHOW PROCESSLIST"),
    "SELECT * FROM remote('127.0.0.1', zakaz.stg_qtickets_tickets)",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'x String')",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM view(SELECT ticket_id FROM zakaz.stg_qtickets_tickets)",
    "SELECT 1 WHERE 7 IN (SELECT event_id FROM zakaz.dim_events)",
    "SELECT * FROM mergeTreeIndex('zakaz', 'stg_qtickets_tickets')",
    "INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')",
    "CREATE VIEW zakaz.v_mine SQL SECURITY NONE AS SELECT * FROM other.t",
    *("CREATE TEMPORARY TABLE mine (x UInt8)", "DELETE FROM zakaz.agg_marketing_daily WHERE 1"),
    *("ALTER USER datalens_reader IDENTIFIED BY 'x'", "GRANT SELECT ON zakaz.* TO datalens_reader"),
    *(
        "DROP VIEW zakaz.v_sales_14d",
        "KILL QUERY WHERE user = 'etl_writer'",
        "BACKUP DATABASE zakaz TO File('mine')",
    ),
]


def test_the_reader_reads_no_table_and_writes_nothing(by: SimpleNamespace) -> None:
    for statement in NOT_FOR_THE_READER:
        assert refusal(by.reader, statement) in {NO_RIGHT, READ_ONLY}, statement
    tables = by.admin.ask("SELECT name FROM system.tables WHERE database = 'zakaz' AND engine LIKE '%MergeTree'")
    assert len(tables) > 10
    for row in tables:
        assert refusal(by.reader, f"SELECT count() FROM zakaz.{row['name']}") == NO_RIGHT
    # What needs no right.
    for statement in (
        "SELECT count() FROM merge('zakaz', '^stg_')",
        "SELECT * FROM zakaz.v_sales_14d INTO OUTFILE 'mine'",
        "EXECUTE AS etl_writer SELECT 1",
    ):
        refusal(by.reader, statement)


def test_the_readers_limits_can_be_lowered_and_not_raised(by: SimpleNamespace) -> None:
    for name, allowed in READER.constraints.items():
        if name.endswith("_mode"):
            assert refusal(by.reader, "SELECT 1", **{name: "break"}) == NOT_TO_CHANGE, "no answer is cut short"
        elif name.startswith("max_"):
            most, lowest = int(allowed["max"]), int(allowed.get("min", 0))
            for more in {most + 1, lowest - 1} - {-1}:
                assert refusal(by.reader, "SELECT 1", **{name: more}) == NOT_TO_CHANGE
            by.reader.do("SELECT 1", **{name: most - 1})
    for statement, code in [
        ("SET readonly = 0", READ_ONLY),
        ("SELECT sum(number) FROM numbers(100000001)", TOO_MUCH_TO_READ),
        ("SELECT number FROM numbers(1000001)", TOO_MUCH_TO_TELL),
        ("SELECT groupArray(number) FROM numbers(90000000) GROUP BY number % 7", TOO_MUCH_MEMORY),
    ]:
        assert refusal(by.reader, statement) == code
    # Also inside the views, which read with the rights of a user without limits, and without its role.
    assert refusal(by.reader, "SELECT * FROM zakaz.v_sales_latest", max_rows_to_read=5) == TOO_MUCH_TO_READ
    by.reader.do("SET ROLE NONE", session_id="bare")
    much = "SELECT sum(number) FROM numbers(100000001)"
    assert refusal(by.reader, much, session_id="bare") == TOO_MUCH_TO_READ


EMBEDDED = """
import json, re, sys
import chdb
connection, found = chdb.connect(f"{sys.argv[2]}?config-file={sys.argv[1]}"), []
for statement in json.load(sys.stdin):
    try:
        found.append((0, str(connection.query(statement, "TSV")).partition("\\n")[0].partition("\\t")[0]))
    except RuntimeError as error:
        code = re.search(r"Code: (\\d+)", str(error))
        found.append((int(code[1]) if code else -1, str(error)))
json.dump(found, sys.stdout)
"""


def answers(user: User, folder: Path, statements: list[str]) -> list[tuple[int, str]]:
    """Of the embedded engine, which is newer than the tests' server, in a process of its own: of each statement in turn
    the code of the error, 0 without one, and the first field of the answer or the error's words. They are asked with the
    settings, constraints and quota of the user, and the right to all; there is a profile `open`."""
    config = write_config(folder, [replace(user, name=DEFAULT.name, password="", roles={}), User("open")])
    command, asked = [sys.executable, "-c", EMBEDDED, str(config), str(folder / "data")], json.dumps(statements)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return [(code, text) for code, text in json.loads(done.stdout)]


def test_no_statement_sets_a_limit_aside(tmp_path: Path) -> None:
    """The embedded engine lets no session reset a setting, nor does the server of compose.yaml; the tests' server,
    which is older, does. The shipped limit with a figure that a test reaches in a moment."""
    small = {"max_rows_to_read": 1_000_000}
    limits = {name: dict(READER.constraints[name]) | {"max": str(figure)} for name, figure in small.items()}
    settings, constraints = dict(READER.settings) | small, dict(READER.constraints) | limits
    user = replace(READER, settings=settings, constraints=constraints, quota={})
    ways = [
        (name, reset.format(name=name))
        for name in READER.constraints
        if name.startswith("max_")
        for reset in (
            "SET {name} = DEFAULT", "SET {name} = 0", "SET profile = 'open'", "SET ROLE NONE",
            "SET compatibility = '22.3'", "SELECT 1 SETTINGS readonly = DEFAULT, {name} = DEFAULT",
        )
    ]  # fmt: skip
    now = "SELECT toInt64OrZero(extract(toString(getSetting('{}')), '\\d+'))"
    summed = "SELECT sum(number) FROM numbers(2000000)"
    over = [summed, f"{summed} SETTINGS max_rows_to_read = DEFAULT"]
    over += [f"SELECT * FROM ({summed} SETTINGS max_rows_to_read = 0)"]
    others = [
        "SELECT 1 SETTINGS additional_table_filters = {'system.one': 'dummy = 7'}",
        "SELECT 1 SETTINGS format_template_row = '/etc/passwd' FORMAT Template",
        "SET log_queries = 0",
    ]

    asked = [text for name, reset in ways for text in (reset, now.format(name))]
    told = answers(user, tmp_path, [*asked, *over, *others])

    for (name, reset), (code, figure) in zip(ways, told[1 : len(asked) : 2], strict=True):
        limit = int(small.get(name, READER.constraints[name]["max"]))
        least = 0 if name in ("max_untracked_memory", "max_threads") else 1  # Of others 0 is no limit.
        assert code == 0
        assert least <= int(figure) <= limit, reset
    codes = [code for code, _ in told[len(asked) :]]
    assert set(codes[: len(over)]) <= {TOO_MUCH_TO_READ, NOT_TO_CHANGE, READ_ONLY}
    assert codes[len(over) :] == [NOT_TO_CHANGE] * len(others)


def test_a_quota_ends_what_set_its_limits_aside(server: ClickHouseServer, by: SimpleNamespace) -> None:
    """As this server, an old one, lets a session do."""
    spent = Asker(server, SPENT)
    spent.do("SET max_rows_to_read = DEFAULT", session_id="aside")
    much = "SELECT sum(number) FROM numbers(1000000000000)"
    assert refusal(spent, much, session_id="aside") == TOO_MUCH_IN_AN_HOUR
    with warehouse(Settings(_env_file=None, clickhouse_dsn=server.dsn)) as client:
        (warning,) = access._unheld_limits(client)
    assert "lets a session drop its limits" in warning
    quota = {row["duration"]: row for row in by.reader.ask("SHOW CURRENT QUOTA")}
    for seconds, most in READER.quota.items():
        assert {name: quota[seconds][f"max_{name}"] for name in most} == {one: float(n) for one, n in most.items()}


NOT_FOR_THE_LOADER = [
    *("SELECT * FROM other.t", "INSERT INTO other.t VALUES (2)", "CREATE DATABASE mine", "CREATE USER mine"),
    *("SELECT * FROM system.users", "GRANT SELECT ON zakaz.* TO datalens_reader"),
    "CREATE VIEW zakaz.v_mine DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS x",
    *("SELECT * FROM file('/etc/passwd', LineAsString)", "BACKUP DATABASE zakaz TO File('mine')"),
]
NOT_FOR_THE_KEEPER = [
    *("SELECT * FROM zakaz.stg_qtickets_tickets", "SELECT * FROM zakaz.v_sales_14d", "SELECT * FROM other.t"),
    *("INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')", "DROP TABLE zakaz.meta_job_runs"),
]


def test_the_loader_does_nothing_elsewhere_and_who_backs_up_reads_and_writes_no_row(by: SimpleNamespace) -> None:
    for asker, statements in ((by.loader, NOT_FOR_THE_LOADER), (by.keeper, NOT_FOR_THE_KEEPER)):
        for statement in statements:
            assert refusal(asker, statement) == NO_RIGHT, statement


def test_a_backup_of_the_one_is_restored_elsewhere_by_the_other(
    server: ClickHouseServer, by: SimpleNamespace, tmp_path: Path
) -> None:
    def of(dsn: str, **more: Any) -> Settings:
        return Settings(_env_file=None, clickhouse_dsn=dsn, backup_url="disk://backups", **more)

    loader, keeper = (server.dsn_of(USERS[name]) for name in ("etl_writer", "backup_user"))
    with pytest.raises(WarehouseError, match="lacks a right"):
        backup(of(loader), "kept")
    assert backup(of(loader, backup_dsn=SecretStr(keeper)), "kept").rows > 0
    with clickhouse_server(tmp_path, USERS.values()) as elsewhere:
        shutil.copytree(server.directory / "backups" / "kept", tmp_path / "backups" / "kept")
        with pytest.raises(WarehouseError, match="it may not create one"):
            restore(of(elsewhere.dsn_of(USERS["backup_user"])), "kept")
        assert restore(of(elsewhere.dsn_of(USERS["etl_writer"])), "kept").applied == []
        assert Asker(elsewhere, READER).ask(EVERYTHING) == by.reader.ask(EVERYTHING)
