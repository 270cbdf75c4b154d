"""Where the schema goes: a database of any name, there already or not yet, and from two processes at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import clickhouse_connect
import pytest

from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import rows, values
from tests.tasks.load.processes import finish, start
from tests.tasks.load.sql_folder import SqlFolder
from tests.tasks.load.tickets import load, ticket

# All begin at the same moment, each as often as it can.
MIGRATE = """
import sys, time
from pathlib import Path
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
print("ready", flush=True)
sys.stdin.readline()
for folder in sys.argv[1:]:
    with warehouse(load_settings()) as client:
        migrate(client, Path(folder))
"""


def test_a_database_that_is_not_there_is_made(settings: Settings) -> None:
    with warehouse(settings) as client:
        assert values(client, "SELECT currentDatabase()") == [(settings.clickhouse_database,)]
        assert migrate(client)


def test_a_database_that_is_there_and_empty_is_used(settings: Settings) -> None:
    with warehouse(settings):
        pass
    with warehouse(settings) as client:
        assert migrate(client)
        assert migrate(client) == []


def test_two_databases_in_one_place_do_not_see_each_other(
    make_settings: Callable[..., Settings], settings: Settings
) -> None:
    """Tables and views of the one would else be read through the other's views."""
    dsn, name = settings.clickhouse_dsn, settings.clickhouse_database
    other = make_settings(clickhouse_dsn=dsn, clickhouse_database=f"{name}_Other1")
    with warehouse(settings) as first:
        migrate(first)
        load(first, [ticket(1)], version=1)
        first.command("INSERT INTO stg_qtickets_sales_raw (event_date, event_id) VALUES ('2026-03-10', 7)")
    try:
        with warehouse(other) as second:
            assert migrate(second)
            assert rows(second, "SELECT * FROM stg_qtickets_tickets") == []
            assert rows(second, "SELECT * FROM v_sales_latest") == []
    finally:
        with warehouse(settings) as first:
            first.command(f"DROP DATABASE IF EXISTS {name}_Other1 SYNC")
            assert rows(first, "SELECT count() AS n FROM v_sales_latest") == [{"n": 1}]


@pytest.mark.slow
@pytest.mark.parametrize("round", range(3))
def test_processes_that_migrate_at_once_leave_one_schema(
    server_settings: Settings, tmp_path: Path, round: int
) -> None:
    """First from nothing, then each in turn to a changed view, where the others are at the same time."""
    folders = []
    for n in range(4):
        sql = SqlFolder(tmp_path / f"sql-{n}")
        for name in ("schema/0001_sales", "schema/0002_notes"):
            sql.write(
                name,
                sql.read(name).replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").replace("DROP TABLE a", ""),
            )
        sql.write("views/v_sold", f"SELECT d, toUInt32(n + {n}) AS n FROM sales")
        folders.append(str(sql.root))
    processes = [start(tmp_path, MIGRATE, server_settings, *folders) for _ in range(3)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        finish(process)

    dsn = server_settings.clickhouse_dsn.get_secret_value()
    with clickhouse_connect.get_client(dsn=dsn, database=server_settings.clickhouse_database) as client:
        client.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
        assert values(client, "SELECT n FROM v_a_newest") == [(8,)]
        assert values(client, "SELECT kind, name FROM meta_migrations FINAL ORDER BY ALL") == [
            ("schema", "0001_sales"),
            ("schema", "0002_notes"),
            ("views", "v_a_newest"),
            ("views", "v_sold"),
        ]
