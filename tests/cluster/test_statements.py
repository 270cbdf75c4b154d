"""What is made for a cluster is what the engine understands, and the same tables as on a single server.

The tests' servers run no ON CLUSTER: such statements are parsed by the engine here, which is as far as it gets.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import WarehouseError
from tasks.load import cluster
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources.qtickets import TICKETS
from tests.cluster.servers import CLUSTER, Shards
from tests.tasks.load.tickets import load, ticket

SCHEMA = [statement for file in sql_files("schema") for statement in file.statements]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Client]:
    """A client that is told it had a cluster: enough to see what it would say."""
    with warehouse(Settings(_env_file=None, clickhouse_dsn=f"chdb://{tmp_path / 'warehouse'}")) as client:
        cluster.spread(client, CLUSTER)
        yield client


def test_every_table_of_the_schema_becomes_two_that_the_engine_understands(embedded: Client) -> None:
    for sql in SCHEMA:
        understood = [parsed(embedded, text) for text in cluster.statements(embedded, sql)]
        if (made := re.search(r"CREATE TABLE IF NOT EXISTS (\w+)", sql)) is None:
            continue
        name = made[1]
        assert len(understood) == 2
        assert understood[0].startswith(f"CREATE TABLE IF NOT EXISTS {name}_local ON CLUSTER {CLUSTER} ")
        assert understood[1].startswith(f"CREATE TABLE IF NOT EXISTS {name} ON CLUSTER {CLUSTER} AS {name}_local ")
        assert "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', " in understood[0]
        # A row is sharded by all that makes it the same row.
        (key,) = re.findall(r"ORDER BY (?:\(([^()]*)\)|(\w+))", understood[0])
        assert (
            f"ENGINE = Distributed('{CLUSTER}', 'zakaz', '{name}_local', cityHash64({''.join(key)}))"
            in understood[1]
        )


@pytest.mark.parametrize("sql", ["CREATE TABLE IF NOT EXISTS t (x UInt8) ENGINE = Log", "TRUNCATE TABLE t"])
def test_what_a_cluster_has_no_counterpart_of_is_refused(embedded: Client, sql: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be run on a cluster"):
        cluster.statements(embedded, sql)


@pytest.mark.slow
def test_all_that_is_said_is_understood(cluster_settings: Settings, shards: Shards, embedded: Client) -> None:
    """A migration, a load that removes rows and a merge, as they were sent."""
    with warehouse(cluster_settings) as client:
        migrate(client)
        load(client, [ticket(1), ticket(2)], version=1)
        load(client, [ticket(1, amount="600.00")], version=2)
        merge(client, TICKETS.name)

    said = shards.everywhere
    for beginning in ("CREATE DATABASE", "CREATE TABLE", "CREATE OR REPLACE VIEW", "DELETE FROM", "OPTIMIZE TABLE"):
        assert any(statement.lstrip().startswith(beginning) for statement in said), beginning
    assert all(f" ON CLUSTER {CLUSTER}" in parsed(embedded, text) for text in said if CLUSTER in text)


def parsed(client: Client, sql: str) -> str:
    """The statement as the engine's own parser writes it, on one line. Raises where it does not understand it."""
    return str(client.query("SELECT formatQuerySingleLine({sql:String})", parameters={"sql": sql}).first_row[0])
