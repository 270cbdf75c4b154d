"""A cluster and a single server are not mixed up, and what is wrong with CLICKHOUSE_CLUSTER is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import clickhouse_connect
import pytest
from pydantic import SecretStr, ValidationError

from flows.qtickets import TICKETS
from tasks.errors import SettingsError, WarehouseError
from tasks.load.migrate import migrate
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.cluster.fixtures import drop_database
from tests.cluster.servers import Shards
from tests.tasks.load.tickets import ids, load, stored, ticket

Make = Callable[..., Settings]


def test_an_embedded_warehouse_is_no_cluster(make_settings: Make) -> None:
    with (
        pytest.raises(SettingsError, match="CLICKHOUSE_CLUSTER needs a server"),
        warehouse(make_settings(clickhouse_cluster="any")),
    ):
        pass


@pytest.mark.parametrize("name", ["a b", "a`; DROP DATABASE x", "1st", "it's"])
def test_a_name_is_a_word(make_settings: Make, name: str) -> None:
    with pytest.raises(ValidationError, match="clickhouse_cluster"):
        make_settings(clickhouse_cluster=name)


@pytest.mark.slow
def test_a_database_of_one_server_does_not_become_one_of_a_cluster(settings: Settings, shards: Shards) -> None:
    name = settings.clickhouse_database
    for server in shards.servers:
        alone = {"clickhouse_cluster": None, "clickhouse_dsn": SecretStr(server.dsn)}
        with warehouse(settings.model_copy(update=alone)) as client:
            migrate(client)

    with pytest.raises(WarehouseError, match=f"{name} was made for a single server"), warehouse(settings) as client:
        migrate(client)


@pytest.mark.slow
def test_a_database_of_a_cluster_is_not_loaded_without_it(settings: Settings) -> None:
    with warehouse(settings) as client:
        migrate(client)

    with (
        pytest.raises(WarehouseError, match="is spread over a cluster"),
        warehouse(settings.model_copy(update={"clickhouse_cluster": None})) as client,
    ):
        migrate(client)


@pytest.mark.slow
def test_a_cluster_that_the_server_does_not_know_is_named(
    make_settings: Make, clickhouse_dsn: str, clickhouse_database: str
) -> None:
    settings = make_settings(
        clickhouse_dsn=clickhouse_dsn, clickhouse_database=clickhouse_database, clickhouse_cluster="nowhere"
    )
    with pytest.raises(WarehouseError, match=r"CLICKHOUSE_CLUSTER is no cluster .*'nowhere'"), warehouse(settings):
        pass


@pytest.mark.slow
def test_a_database_of_one_server_moves_into_a_cluster(settings: Settings, shards: Shards) -> None:
    """As docs/scale-out.md says."""
    server, old = shards.servers[0], f"{settings.clickhouse_database}_old"
    alone = {"clickhouse_cluster": None, "clickhouse_dsn": SecretStr(server.dsn), "clickhouse_database": old}
    with warehouse(settings.model_copy(update=alone)) as client:
        migrate(client)
        load(client, [ticket(n) for n in range(1, 101)], version=1)
        load(client, [ticket(n, amount="600.00") for n in range(1, 51)], version=2)
        before = stored(client)
        with warehouse(settings) as cluster:
            migrate(cluster)
            move = f"INSERT INTO {settings.clickhouse_database}.{{0}} SELECT * FROM {old}.{{0}} FINAL"
            for table in client.query("SHOW TABLES LIKE 'stg%'").result_columns[0]:
                client.command(move.format(table), settings={"distributed_foreground_insert": 1})

            assert stored(cluster) == before
            assert load(cluster, [ticket(n, amount="600.00") for n in range(1, 51)], version=3).written == 0
    drop_database(shards, old)


@pytest.mark.slow
def test_a_database_restored_under_another_name_is_its_own(settings: Settings, shards: Shards) -> None:
    """What the engine restores stands for the tables of the first database, until it is migrated."""
    first, copy = settings.clickhouse_database, f"{settings.clickhouse_database}_copy"
    with warehouse(settings) as client:
        migrate(client)
        load(client, [ticket(n) for n in range(1, 101)], version=1)
        for server in shards.servers:
            with clickhouse_connect.get_client(dsn=server.dsn) as one:
                one.command(f"BACKUP DATABASE {first} TO Memory('{first}')")
                one.command(f"RESTORE DATABASE {first} AS {copy} FROM Memory('{first}')")

        with warehouse(settings.model_copy(update={"clickhouse_database": copy})) as restored:
            migrate(restored)
            load(restored, [ticket(n) for n in range(1, 11)], version=2)
            merge(restored, TICKETS.name)

            assert ids(restored, final=False) == list(range(1, 11))
        assert ids(client, final=False) == list(range(1, 101))
    drop_database(shards, copy)
