"""Views fit what they read: replaced when their own text, a view below or a table changed; dropped when gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import migrate as steps
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import rows, values
from tests.tasks.load.sql_folder import SqlFolder


@pytest.fixture
def sql(tmp_path: Path) -> SqlFolder:
    return SqlFolder(tmp_path / "sql")


@pytest.fixture
def migrated(settings: Settings, sql: SqlFolder) -> Iterator[Client]:
    with warehouse(settings) as client:
        migrate(client, sql.root)
        client.command("INSERT INTO sales VALUES ('2026-01-02', 5)")
        yield client


def test_a_changed_view_is_replaced(migrated: Client, sql: SqlFolder) -> None:
    sql.write("views/v_a_newest", "SELECT max(d) AS newest FROM v_sold")

    assert "views/v_a_newest" in migrate(migrated, sql.root)
    assert rows(migrated, "SELECT * FROM v_a_newest") == [{"newest": "2026-01-02"}]
    assert migrate(migrated, sql.root) == []


def test_views_above_a_changed_one_follow_it(migrated: Client, sql: SqlFolder) -> None:
    """Else `v_a_newest` would keep the type UInt32 and fail at the first large number."""
    sql.write("views/v_sold", "SELECT d, toUInt64(n) * 4000000000 AS n FROM sales")

    migrate(migrated, sql.root)

    assert values(migrated, "SELECT n FROM v_a_newest") == [(20_000_000_000,)]
    assert values(migrated, "SELECT toTypeName(n) FROM v_a_newest") == [("UInt64",)]


def test_views_follow_a_migration_that_changes_a_table(migrated: Client, sql: SqlFolder) -> None:
    sql.write("schema/0003_wide", "ALTER TABLE sales MODIFY COLUMN n UInt64;\n")

    migrate(migrated, sql.root)

    migrated.command("INSERT INTO sales VALUES ('2026-01-03', 5000000000)")
    assert values(migrated, "SELECT d, n FROM v_a_newest") == [("2026-01-03", 5_000_000_000)]
    assert migrate(migrated, sql.root) == []


def test_a_removed_view_is_dropped(migrated: Client, sql: SqlFolder) -> None:
    sql.remove("views/v_a_newest")

    assert migrate(migrated, sql.root) == ["views/v_a_newest", "views/v_sold"]
    assert values(migrated, "EXISTS VIEW v_a_newest") == [(0,)]
    assert migrate(migrated, sql.root) == []


def test_a_view_may_come_back(migrated: Client, sql: SqlFolder) -> None:
    text = sql.read("views/v_a_newest")
    sql.remove("views/v_a_newest")
    migrate(migrated, sql.root)
    sql.write("views/v_a_newest", text)

    assert "views/v_a_newest" in migrate(migrated, sql.root)
    assert values(migrated, "SELECT n FROM v_a_newest") == [(5,)]


@pytest.mark.parametrize("dies_at", range(1, 5))
def test_a_migration_that_died_at_any_statement_is_finished_by_the_next(
    migrated: Client, sql: SqlFolder, dies_at: int
) -> None:
    sql.write("schema/0003_wide", "ALTER TABLE sales MODIFY COLUMN n UInt64;\n")
    sql.write("views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    command, count = migrated.command, iter(range(100))

    def dies(*arguments: object, **options: object) -> object:
        if next(count) == dies_at:
            raise KeyboardInterrupt
        return command(*arguments, **options)

    with patch.object(migrated, "command", dies):
        if dies_at < 4:
            with pytest.raises(KeyboardInterrupt):
                migrate(migrated, sql.root)
        else:
            migrate(migrated, sql.root)

    migrate(migrated, sql.root)

    migrated.command("INSERT INTO sales VALUES ('2026-01-03', 5000000000)")
    assert values(migrated, "SELECT d, n FROM v_a_newest") == [("2026-01-03", 5_000_000_001)]
    assert migrate(migrated, sql.root) == []


def test_views_that_died_between_replacing_and_recording_are_replaced_again(
    migrated: Client, sql: SqlFolder
) -> None:
    sql.write("views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    with patch.object(steps, "_record", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        migrate(migrated, sql.root)

    assert migrate(migrated, sql.root) == ["views/v_sold", "views/v_a_newest"]
    assert values(migrated, "SELECT n FROM v_a_newest") == [(6,)]


def test_views_that_exchange_their_texts_do_so(migrated: Client, sql: SqlFolder) -> None:
    sql.write("views/v_a_newest", "SELECT d, n FROM sales")
    sql.write("views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    migrate(migrated, sql.root)
    sql.write("views/v_a_newest", "SELECT d, n + 1 AS n FROM sales")
    sql.write("views/v_sold", "SELECT d, n FROM sales")

    migrate(migrated, sql.root)

    assert values(migrated, "SELECT n FROM v_a_newest") == [(6,)]


def test_a_view_that_somebody_dropped_is_made_again(migrated: Client, sql: SqlFolder) -> None:
    migrated.command("DROP VIEW v_sold")

    assert migrate(migrated, sql.root) == ["views/v_sold", "views/v_a_newest"]
    assert values(migrated, "SELECT n FROM v_a_newest") == [(5,)]


def test_views_that_another_version_made_meanwhile_are_made_again(
    migrated: Client, sql: SqlFolder, tmp_path: Path
) -> None:
    """Two workers of two versions start at once; the older one comes between the newer one's views and its record."""
    older = SqlFolder(tmp_path / "older")
    older.write("views/v_sold", "SELECT d, n + 1 AS n FROM sales")
    older.write("views/v_old", "SELECT d FROM sales")
    migrate(migrated, older.root)
    sql.write("views/v_sold", "SELECT d, n + 2 AS n FROM sales")
    record, meanwhile = steps._record, [older.root]

    def overtaken(*what: object) -> str:
        if meanwhile:
            migrate(migrated, meanwhile.pop())
        return record(*what)

    with patch.object(steps, "_record", overtaken):
        migrate(migrated, sql.root)
    assert values(migrated, "SELECT n FROM v_a_newest") == [(6,)]
    migrate(migrated, sql.root)

    assert values(migrated, "SELECT n FROM v_a_newest") == [(7,)]
    assert values(
        migrated, "SELECT count() FROM system.tables WHERE name = 'v_old' AND database = currentDatabase()"
    ) == [(0,)]
    assert migrate(migrated, sql.root) == []


def test_a_name_in_a_comment_or_within_another_name_makes_no_dependency(migrated: Client, sql: SqlFolder) -> None:
    """`v_sold` is a part of `v_sold_daily`, and each names the other in a comment: that must not be a circle."""
    sql.write("views/v_sold", "-- See v_sold_daily.\nSELECT d, n FROM sales")
    sql.write("views/v_sold_daily", "-- Unlike v_sold, v_z and v_sold_daily itself.\nSELECT d FROM v_z")
    sql.write("views/v_z", "SELECT d FROM\nv_sold")

    assert migrate(migrated, sql.root)[-1] == "views/v_sold_daily"
    assert values(migrated, "SELECT d FROM v_sold_daily") == [("2026-01-02",)]
