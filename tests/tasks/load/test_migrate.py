"""Migrations: each applied once, in order; an edited or unknown one stops everything. Views fit what they read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import EmptyWarehouseError, WarehouseError
from tasks.load.migrate import look, migrate, not_applied
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import values

ALL = ["schema/0001_sales", "schema/0002_notes", "views/v_sold", "views/v_a_newest"]


def write(sql: Path, name: str, text: str) -> None:
    file = sql / f"{name}.sql"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


NOTES = "-- Two statements.\nCREATE TABLE a (x Int8) ENGINE = Log;\nDROP TABLE a;\n"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """Two migrations and two views, of which `v_a_newest` reads `v_sold` although its name comes first."""
    columns = "(d Date, n UInt32, _ver UInt8 MATERIALIZED 1)"
    for name, text in {
        "schema/0001_sales": f"CREATE TABLE IF NOT EXISTS sales {columns} ENGINE = MergeTree ORDER BY d;\n",
        "schema/0002_notes": NOTES,
        "views/v_sold": "SELECT d, n FROM sales",
        "views/v_a_newest": "-- The newest day.\nSELECT max(d) AS d, max(n) AS n FROM v_sold",
    }.items():
        write(tmp_path / "sql", name, text)
    return tmp_path / "sql"


@pytest.fixture
def empty(make_settings: Callable[..., Settings]) -> Iterator[Client]:
    """A database in which there is nothing yet."""
    with warehouse(make_settings()) as client:
        yield client


@pytest.fixture
def migrated(empty: Client, sql: Path) -> Client:
    assert (migrate(empty, sql), migrate(empty, sql)) == (ALL, [])
    empty.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
    return empty


def test_an_edited_migration_and_one_of_a_newer_version_are_refused(migrated: Client, sql: Path) -> None:
    """Other line ends, as of another checkout, are no edit."""
    write(sql, "schema/0002_notes", NOTES.replace("\n", "  \r\n"))
    assert migrate(migrated, sql) == []
    write(sql, "schema/0002_notes", NOTES.replace("Int8", "Int16"))
    write(sql, "schema/0003_more", "CREATE TABLE more (x Int8) ENGINE = Log;\n")
    with pytest.raises(WarehouseError, match=r"^sql/schema/0002_notes\.sql was changed after it was applied"):
        migrate(migrated, sql)
    assert values(migrated, "EXISTS TABLE more") == [(0,)]
    (sql / "schema" / "0002_notes.sql").unlink()
    with pytest.raises(WarehouseError, match="0002_notes, which this version of Zakaz does not know"):
        migrate(migrated, sql)


def test_a_database_of_another_loader_is_refused_and_left_as_it_is(empty: Client) -> None:
    columns = "(stat_date Date, spend Float64)"
    empty.command(f"CREATE TABLE fact_direct_daily {columns} ENGINE = MergeTree ORDER BY spend")
    empty.command("INSERT INTO fact_direct_daily VALUES ('2025-01-01', 1.5)")
    with pytest.raises(WarehouseError, match=r"another program made: fact_direct_daily.*RENAME DATABASE"):
        migrate(empty)
    assert values(empty, "SELECT * FROM fact_direct_daily") == [("2025-01-01", 1.5)]
    assert values(empty, "EXISTS TABLE stg_qtickets_tickets") == [(0,)]


def test_views_follow_a_view_below_and_a_migration_and_go_with_their_file(migrated: Client, sql: Path) -> None:
    """Else `v_a_newest` would keep the type UInt32 and fail at the first large number."""
    write(sql, "views/v_sold", "SELECT d, toUInt64(n) * 4000000000 AS n FROM sales")
    migrate(migrated, sql)
    assert values(migrated, "SELECT n, toTypeName(n) FROM v_a_newest") == [(20_000_000_000, "UInt64")]
    write(sql, "views/v_sold", "SELECT d, n FROM sales")
    write(sql, "schema/0003_wide", "ALTER TABLE sales MODIFY COLUMN n UInt64;\n")
    migrate(migrated, sql)
    migrated.command("INSERT INTO sales VALUES ('2026-01-03', 5000000000)")
    assert values(migrated, "SELECT d, n FROM v_a_newest") == [("2026-01-03", 5_000_000_000)]
    (sql / "views" / "v_a_newest.sql").unlink()
    migrate(migrated, sql)
    assert values(migrated, "EXISTS VIEW v_a_newest") == [(0,)]


def test_to_look_makes_and_changes_nothing(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings()
    folder = Path(settings.clickhouse_dsn.get_secret_value().removeprefix("chdb://"))

    def looked() -> list[tuple[object, ...]]:
        with look(settings) as client:
            return [*client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows]

    with pytest.raises(EmptyWarehouseError, match="Nothing is loaded yet into "):
        looked()
    assert not folder.exists() and not folder.with_name(f"{folder.name}.lock").exists()
    with warehouse(settings), pytest.raises(EmptyWarehouseError, match="Nothing is loaded yet"):
        looked()
    with warehouse(settings) as client:
        migrate(client)
        assert (("v_romi_kpi",) in looked(), not_applied(client)) == (True, [])
        client.command("CREATE OR REPLACE VIEW v_romi_kpi AS SELECT 1 COMMENT 'Zakaz of before'")
        with pytest.raises(WarehouseError, match=r"of the schema 1 file are newer\. Run `zakaz migrate`"):
            looked()
        assert client.command("SELECT * FROM v_romi_kpi") == 1


@pytest.mark.parametrize("dies_at", [0, 1, 2])
def test_a_migration_that_died_anywhere_is_finished_by_the_next(migrated: Client, sql: Path, dies_at: int) -> None:
    write(sql, "schema/0003_wide", "ALTER TABLE sales MODIFY COLUMN n UInt64;\n")
    write(sql, "views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    command, count = migrated.command, iter(range(100))

    def dies(*arguments: object, **options: object) -> object:
        if next(count) == dies_at:
            raise KeyboardInterrupt
        return command(*arguments, **options)

    with patch.object(migrated, "command", dies), pytest.raises(KeyboardInterrupt):
        migrate(migrated, sql)
    migrate(migrated, sql)
    migrated.command("INSERT INTO sales VALUES ('2026-01-03', 5000000000)")
    assert values(migrated, "SELECT d, n FROM v_a_newest") == [("2026-01-03", 5_000_000_001)]
    assert migrate(migrated, sql) == []
