"""Sixty days of a promoter on two shards and in an embedded warehouse: every table, view and check says the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import clickhouse_connect
import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import TICKETS
from tasks.load.cluster import stored
from tasks.load.frames import select
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.checks import checks, judge
from tasks.settings import Settings
from tests.cluster.fixtures import drop_database
from tests.cluster.servers import CLUSTER, Shards
from tests.quality.healthy import DATA, META, noon, refresh_marts, set_references, stand
from tests.quality.rows import Truth

pytestmark = pytest.mark.slow
TODAY = date(2025, 11, 20)
DAYS = 60
KEPT = "zakaz_kept"
VIEWS = [file.name for file in sql_files("views")]
# Relative to the clock: two answers a moment apart may differ.
OF_THE_CLOCK = {"v_data_freshness": "minutes_since_success"}


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """Two shards of a test's own, to be changed."""
    with warehouse(settings) as client:
        fill(client)
        yield client


@pytest.fixture(scope="module")
def kept(shards: Shards, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    """The same data on two shards and in an embedded warehouse, to be read."""
    folder = tmp_path_factory.mktemp("alone")
    spread = Settings(
        _env_file=None, clickhouse_dsn=shards.dsn, clickhouse_cluster=CLUSTER, clickhouse_database=KEPT
    )
    with warehouse(spread) as both, warehouse(Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder}/w")) as one:
        for client in (both, one):
            fill(client)
        yield both, one
    drop_database(shards, KEPT)


def fill(client: Client) -> None:
    migrate(client)
    set_references(client)
    stand(client, Truth.of(noon(TODAY), DAYS, 1.0), noon(TODAY))
    refresh_marts(client, noon(TODAY))


def answers(client: Client) -> dict[str, pl.DataFrame]:
    tables = {name: f"SELECT * EXCEPT _ver FROM {name} ORDER BY ALL" for name in (*DATA, *META)}
    return {name: select(client, sql) for name, sql in (tables | views()).items()}


def views() -> dict[str, str]:
    left_out = {name: f"EXCEPT {OF_THE_CLOCK[name]}" if name in OF_THE_CLOCK else "" for name in VIEWS}
    return {name: f"SELECT * {left_out[name]} FROM {name} ORDER BY ALL" for name in VIEWS}


def test_tables_views_and_checks_say_the_same(kept: tuple[Client, Client]) -> None:
    both, one = kept
    spread, single = answers(both), answers(one)

    assert [name for name in single if not spread[name].equals(single[name])] == []
    assert {name for name in single if single[name].is_empty()} == {"v_sales_14d", "meta_quarantine"}
    for check in checks():
        assert judge(both, check, TODAY, {}) == judge(one, check, TODAY, {}), check.name


def test_a_reader_without_our_settings_reads_every_view_on_every_server(
    kept: tuple[Client, Client], shards: Shards
) -> None:
    """As DataLens does: nothing in a view depends on what the loads' connection sets."""
    single = answers(kept[1])
    for server in shards.servers:
        with clickhouse_connect.get_client(dsn=server.dsn, database=KEPT) as reader:
            for name, sql in views().items():
                assert select(reader, sql).equals(single[name]), name


def test_marts_are_mended_and_defects_found_on_both_shards(client: Client) -> None:
    marketing = "SELECT * EXCEPT _ver FROM agg_marketing_daily ORDER BY ALL"
    whole = select(client, marketing)
    client.command(f"DELETE FROM {stored(client, 'agg_marketing_daily')} WHERE toYYYYMM(d) = {TODAY:%Y%m}")
    assert select(client, marketing).height < whole.height

    refresh_marts(client, noon(TODAY))

    assert select(client, marketing).equals(whole)

    columns = "* REPLACE (amount + 1 AS refunded_amount, event_id + 1000000 AS event_id)"
    client.command(f"INSERT INTO {TICKETS.name} SELECT {columns} FROM {TICKETS.name} WHERE state = 'paid'")

    paid = select(client, f"SELECT count() AS n FROM {TICKETS.name} FINAL WHERE state = 'paid'").item()
    results = {check.name: judge(client, check, TODAY, {}) for check in checks()}
    assert results["refunds_above_revenue"].observed == paid > 5000
    assert results["events_unknown"].observed > 10
    assert results["reconcile_tickets"].status == "broken"
