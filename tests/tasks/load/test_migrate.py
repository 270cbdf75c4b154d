"""Migrations: each applied once, in order; an edited or unknown one stops everything with a clear line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.errors import WarehouseError
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import values
from tests.tasks.load.sql_folder import SqlFolder

ALL = ["schema/0001_sales", "schema/0002_notes", "views/v_sold", "views/v_a_newest"]


@pytest.fixture
def empty(settings: Settings) -> Iterator[Client]:
    """A database in which there is nothing yet."""
    with warehouse(settings) as client:
        yield client


@pytest.fixture
def sql(tmp_path: Path) -> SqlFolder:
    return SqlFolder(tmp_path / "sql")


def test_an_empty_database_gets_everything_in_order(empty: Client, sql: SqlFolder) -> None:
    assert migrate(empty, sql.root) == ALL

    empty.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
    assert values(empty, "SELECT * FROM v_a_newest") == [("2026-01-02", 5)]


def test_the_second_time_there_is_nothing_to_do(empty: Client, sql: SqlFolder) -> None:
    migrate(empty, sql.root)
    empty.command("INSERT INTO sales VALUES ('2026-01-02', 5)")

    assert migrate(empty, sql.root) == []
    assert values(empty, "SELECT count() FROM sales") == [(1,)]


def test_a_new_migration_alone_is_applied(empty: Client, sql: SqlFolder) -> None:
    migrate(empty, sql.root)
    empty.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
    sql.write("schema/0003_city", "ALTER TABLE sales ADD COLUMN city String DEFAULT 'москва; да';\n")

    assert [name for name in migrate(empty, sql.root) if name.startswith("schema")] == ["schema/0003_city"]
    assert values(empty, "SELECT * FROM sales") == [("2026-01-02", 5, "москва; да")]
    assert migrate(empty, sql.root) == []


def test_an_edited_migration_is_refused_and_named(empty: Client, sql: SqlFolder) -> None:
    migrate(empty, sql.root)
    sql.write("schema/0002_notes", sql.read("schema/0002_notes").replace("Int8", "Int16"))
    sql.write("schema/0003_more", "CREATE TABLE more (x Int8) ENGINE = Log;\n")

    with pytest.raises(
        WarehouseError, match=r"^sql/schema/0002_notes\.sql was changed after it was applied on "
    ) as e:
        migrate(empty, sql.root)

    assert "put the change into a new migration" in str(e.value)
    assert "\n" not in str(e.value)
    assert values(empty, "EXISTS TABLE more") == [(0,)]


def test_a_migration_of_a_newer_version_is_refused(empty: Client, sql: SqlFolder) -> None:
    migrate(empty, sql.root)
    sql.remove("schema/0002_notes")

    with pytest.raises(
        WarehouseError, match="has the migration 0002_notes, which this version of Zakaz does not know"
    ):
        migrate(empty, sql.root)


@pytest.mark.parametrize("folder", ["schema", "views"])
def test_another_checkout_of_the_same_text_is_not_an_edit(empty: Client, sql: SqlFolder, folder: str) -> None:
    """Windows' line ends, blanks an editor left, a last line end more or less."""
    migrate(empty, sql.root)
    for path in (sql.root / folder).iterdir():
        name = f"{folder}/{path.stem}"
        sql.write(name, "\n" + sql.read(name).replace("\n", "  \r\n") + "\r\n\r\n")

    assert migrate(empty, sql.root) == []


def test_files_with_windows_line_ends_apply(empty: Client, sql: SqlFolder) -> None:
    for name in ALL:
        sql.write(name, sql.read(name).replace("\n", "\r\n"))

    assert migrate(empty, sql.root) == ALL


def test_a_migration_that_fails_is_tried_again_and_what_came_before_it_is_not(
    empty: Client, sql: SqlFolder
) -> None:
    sql.write("schema/0002_notes", "CREATE TABLE a (x Nothing_of_the_kind) ENGINE = Log;\n")
    with pytest.raises(ClickHouseError):
        migrate(empty, sql.root)

    sql.write("schema/0002_notes", "CREATE TABLE a (x Int8) ENGINE = Log;\n")
    assert migrate(empty, sql.root) == ALL[1:]


def test_the_products_own_schema_applies_to_an_empty_database(empty: Client) -> None:
    applied = migrate(empty)

    files = sorted(Path(__file__).parents[3].glob("sql/*/*.sql"))
    wanted = [f"{f.parent.name}/{f.stem}" for f in files if f.parent.name in ("schema", "views")]
    assert sorted(applied) == sorted(wanted)
    assert migrate(empty) == []
    for (view,) in values(
        empty, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    ):
        empty.query(f"SELECT * FROM {view}")


def test_a_database_of_another_loader_is_refused_and_left_as_it_is(empty: Client) -> None:
    columns = "stat_date Date, spend Float64"
    empty.command(f"CREATE TABLE fact_direct_daily ({columns}) ENGINE = MergeTree ORDER BY stat_date")
    empty.command("INSERT INTO fact_direct_daily VALUES ('2025-01-01', 1.5)")

    with pytest.raises(WarehouseError, match=r"another program made: fact_direct_daily.*RENAME DATABASE"):
        migrate(empty)

    assert empty.query("SELECT * FROM fact_direct_daily").result_rows == [(date(2025, 1, 1), 1.5)]
    assert empty.command("EXISTS TABLE stg_qtickets_tickets") == 0
