"""What was backed up comes back, row for row, on both engines; and what is there already is never written over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tasks.errors import UsageError, WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.backups import definitions, everything, fill, other_database
from tests.tasks.load.engines import values
from tests.tasks.load.test_mart import restate
from tests.tasks.load.tickets import ids, load, ticket

MakeSettings = Callable[..., Settings]


@pytest.fixture
def backed_up(settings: Settings) -> Settings:
    """A warehouse with rows, and where its backups go."""
    embedded = settings.clickhouse_dsn.get_secret_value().startswith("chdb:")
    chosen = settings if embedded else settings.model_copy(update={"backup_url": "disk://backups"})
    with warehouse(chosen) as client:
        fill(client)
    return chosen


@pytest.fixture
def other(backed_up: Settings) -> Iterator[str]:
    """Another database of the same engine, dropped after the test."""
    name = f"{backed_up.clickhouse_database}_other"
    yield name
    with warehouse(backed_up) as client:
        client.command(f"DROP DATABASE IF EXISTS {name} SYNC")


@pytest.fixture
def name(backed_up: Settings) -> str:
    """The tests' server keeps the backups of all tests in one place."""
    return f"of-{backed_up.clickhouse_database}"


def test_another_database_gets_every_row_and_views_that_read_its_own(
    backed_up: Settings, name: str, other: str
) -> None:
    done = backup(backed_up, name)
    restored = restore(backed_up, name, into=other)

    with warehouse(backed_up) as client:
        mine = backed_up.clickhouse_database
        assert everything(client, other) == everything(client, mine)
        assert len(everything(client, mine)["stg_qtickets_tickets"]) > 4
        texts = definitions(client, other)
        assert texts.keys() == definitions(client, mine).keys()
        assert not [table for table, text in texts.items() if re.search(rf"\b{mine}\.", text)]
        parts = (
            f"SELECT table, sum(rows) AS n FROM system.parts WHERE active AND database = '{other}' GROUP BY table"
        )
        stored = dict(values(client, parts))
    assert {table: n for table, n in restored.rows.items() if n} == stored
    assert (done.tables, done.rows) == (len(restored.rows), sum(stored.values()))
    assert restored.applied == []


def test_restored_tables_are_alive(backed_up: Settings, name: str, other: str) -> None:
    backup(backed_up, name)
    restore(backed_up, name, into=other)
    with other_database(backed_up, other) as client:
        assert migrate(client) == []
        result = load(client, [ticket(2, amount="0.10"), ticket(9)], version=9)
        assert (result.new, result.removed, result.unchanged) == (1, 1, 1)
        restate(client, 9)
        assert values(client, "SELECT sum(tickets_sold), sum(revenue) FROM v_sales_latest") == [(3, "1000.10")]
        assert values(client, "SELECT sum(tickets_sold), sum(revenue) FROM stg_qtickets_sales_raw FINAL") == [
            (3, "1000.10")
        ]
    with warehouse(backed_up) as client:
        assert ids(client) == [1, 2, 3]


def test_a_dropped_database_comes_back(backed_up: Settings, name: str) -> None:
    mine = backed_up.clickhouse_database
    with warehouse(backed_up) as client:
        before = everything(client, mine)
    backup(backed_up, name)
    with warehouse(backed_up) as client:
        client.command(f"DROP DATABASE {mine} SYNC")
    restore(backed_up, name)
    with warehouse(backed_up) as client:
        assert everything(client, mine) == before


def test_a_database_that_is_not_empty_is_left_alone(backed_up: Settings, name: str) -> None:
    backup(backed_up, name)
    with warehouse(backed_up) as client:
        load(client, [ticket(5)], version=5)
        before = everything(client, backed_up.clickhouse_database)
    with pytest.raises(WarehouseError, match=r"is not empty: .* --into NAME, or drop it first"):
        restore(backed_up, name)
    with warehouse(backed_up) as client:
        assert everything(client, backed_up.clickhouse_database) == before


def test_a_backup_of_a_load_that_had_not_reached_the_mart_is_mended_by_the_next(
    backed_up: Settings, name: str, other: str
) -> None:
    with warehouse(backed_up) as client:
        load(client, [ticket(6, amount="700.00")], version=4)
    backup(backed_up, name)
    restore(backed_up, name, into=other)
    with other_database(backed_up, other) as client:
        ask = "SELECT sum(revenue) FROM stg_qtickets_sales_raw FINAL"
        assert values(client, ask) == [("1000.10",)]
        restate(client, 5)
        assert values(client, ask) == values(client, "SELECT sum(revenue) FROM v_sales_latest") == [("1200.00",)]


def test_a_name_is_used_once(backed_up: Settings, name: str) -> None:
    backup(backed_up, name)
    with pytest.raises(WarehouseError, match=f"There is a backup {name} in .* already. Choose another name"):
        backup(backed_up, name)


def test_a_backup_that_is_not_there_is_told(backed_up: Settings, other: str) -> None:
    with pytest.raises(WarehouseError, match="There is no backup nowhere-to-be-found in"):
        restore(backed_up, "nowhere-to-be-found", into=other)
    with warehouse(backed_up) as client:
        assert (other,) not in values(client, "SHOW DATABASES")


@pytest.mark.parametrize("wrong", ["", "../up", "a/b", "a'b", 'a"b', "a b", "имя", "-a", ".a", "a.zip", "a" * 101])
def test_a_name_that_could_lead_elsewhere_is_refused(make_settings: MakeSettings, wrong: str) -> None:
    """Before the warehouse is touched: there is none here."""
    with pytest.raises(UsageError, match="backup's name"):
        restore(make_settings(), wrong)
    if wrong:
        with pytest.raises(UsageError, match="backup's name"):
            backup(make_settings(), wrong)


def test_a_database_name_that_is_none_is_refused(make_settings: MakeSettings) -> None:
    with pytest.raises(UsageError, match="name of a database"):
        restore(make_settings(), "fine", into="a`b")


def test_the_name_tells_the_database_and_the_time(backed_up: Settings) -> None:
    before = datetime.now(UTC)
    done = backup(backed_up)
    made = datetime.strptime(f"{done.name}+0000", f"{backed_up.clickhouse_database}-%Y%m%dT%H%M%SZ%z")
    assert abs((made - before).total_seconds()) < 100
    assert str(done).startswith(f"{done.name}: {done.tables} tables, {done.rows} rows, ")


def test_a_missing_backup_names_those_that_are_there(make_settings: MakeSettings) -> None:
    settings = make_settings()
    with pytest.raises(WarehouseError, match="holds no table"):
        backup(settings, "empty")
    with warehouse(settings) as client:
        fill(client)
    backup(settings, "first")
    with pytest.raises(WarehouseError, match="The newest there: first"):
        restore(settings, "second", into="other")


def test_an_older_backup_is_brought_up_to_date(make_settings: MakeSettings) -> None:
    settings = make_settings()
    with warehouse(settings) as client:
        fill(client)
        client.command("DROP VIEW v_sales_14d")
        client.command("DELETE FROM meta_migrations WHERE kind = 'views' AND name = 'v_sales_14d'")
    backup(settings, "older")
    assert "views/v_sales_14d" in restore(settings, "older", into="other").applied
