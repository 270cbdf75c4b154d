"""What is made for a cluster is what the engine understands, and the same tables as on a single server.

The tests' servers run no ON CLUSTER: such statements are parsed by the engine here, and a replicated table is made
where a server has a Keeper in its memory, which is as far as it gets.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
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
from tests.support.clickhouse_server import clickhouse_server
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import load, ticket

SCHEMA = [statement for file in sql_files("schema") for statement in file.statements]
_KEEPER = """<clickhouse>
    <zookeeper><implementation>testkeeper</implementation></zookeeper>
    <macros><shard>7</shard><replica>first</replica></macros>
</clickhouse>"""


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
        assert f"ENGINE = Distributed('{CLUSTER}', 'zakaz', '{name}_local', cityHash64(" in understood[1]


def test_a_row_is_sharded_by_all_that_makes_it_the_same_row(embedded: Client) -> None:
    ads = next(sql for sql in SCHEMA if "fact_vk_ads_daily\n" in sql)
    tickets = next(sql for sql in SCHEMA if "EXISTS stg_qtickets_tickets" in sql)

    whole = [cluster.statements(embedded, sql)[1] for sql in (ads, tickets)]

    assert whole[0].endswith("cityHash64(stat_date, account_id, campaign_id, ad_group_id, ad_id))")
    assert whole[1].endswith("cityHash64(ticket_id))")


def test_a_column_is_added_to_both_tables(embedded: Client) -> None:
    added = cluster.statements(
        embedded, "-- Why.\nALTER TABLE dim_events ADD COLUMN IF NOT EXISTS hall String AFTER venue"
    )

    assert [parsed(embedded, sql).split(" (")[0] for sql in added] == [
        f"ALTER TABLE dim_events_local ON CLUSTER {CLUSTER}",
        f"ALTER TABLE dim_events ON CLUSTER {CLUSTER}",
    ]


REFUSED = """
CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x
CREATE TABLE IF NOT EXISTS t (x UInt8) ENGINE = Log
CREATE TABLE IF NOT EXISTS t (x UInt8, _ver UInt64) ENGINE = ReplacingMergeTree(_ver) ORDER BY abs(x)
TRUNCATE TABLE t
RENAME TABLE a TO b
ALTER TABLE t DELETE WHERE x = 1
"""


@pytest.mark.parametrize("sql", REFUSED.strip().splitlines())
def test_what_a_cluster_has_no_counterpart_of_is_refused(embedded: Client, sql: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be run on a cluster"):
        cluster.statements(embedded, sql)


def test_for_a_single_server_no_statement_changes(tmp_path: Path) -> None:
    with warehouse(Settings(_env_file=None, clickhouse_dsn=f"chdb://{tmp_path / 'warehouse'}")) as client:
        assert [cluster.statements(client, sql) for sql in SCHEMA] == [[sql] for sql in SCHEMA]
        assert cluster.everywhere(client) == ""
        assert cluster.stored(client, "t") == "`t`"


@pytest.mark.slow
def test_all_that_is_said_is_understood_and_both_layouts_have_the_same_tables(
    cluster_settings: Settings, shards: Shards, embedded: Client
) -> None:
    """A migration, a load that removes rows and a merge, as they were sent; then columns with their types, partitions and
    sorting keys, of the table that holds the rows and of the whole."""
    tables = "SELECT name, partition_key, sorting_key FROM system.tables WHERE database = currentDatabase() AND engine = {}"
    columns = "SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase() AND {} ORDER BY table, position"
    merge_tree = tables.format("'ReplacingMergeTree' ORDER BY name")
    with warehouse(cluster_settings) as client:
        migrate(client)
        load(client, [ticket(1), ticket(2)], version=1)
        load(client, [ticket(1, amount="600.00")], version=2)
        merge(client, TICKETS.name)
        held, local = values(client, merge_tree), values(client, columns.format("endsWith(table, '_local')"))
        whole = values(client, columns.format("NOT endsWith(table, '_local')"))
        distributed = values(client, tables.format("'Distributed' ORDER BY name"))

    said = shards.everywhere
    for beginning in ("CREATE DATABASE", "CREATE TABLE", "CREATE OR REPLACE VIEW", "DELETE FROM", "OPTIMIZE TABLE"):
        assert any(statement.lstrip().startswith(beginning) for statement in said), beginning
    assert all(f" ON CLUSTER {CLUSTER}" in parsed(embedded, text) for text in said if CLUSTER in text)
    cluster._clusters.pop(embedded)
    migrate(embedded)
    single, expected = values(embedded, merge_tree), values(embedded, columns.format("1"))
    assert [(name.removesuffix("_local"), *rest) for name, *rest in held] == single
    assert [name for name, *_ in distributed] == [name for name, *_ in single]
    assert whole == expected
    assert [(table.removesuffix("_local"), *rest) for table, *rest in local] == [
        row for row in expected if not row[0].startswith("v_")
    ]


@pytest.mark.slow
def test_the_replicated_tables_are_made_where_there_is_a_keeper(tmp_path: Path, embedded: Client) -> None:
    """Arguments, macros and the path in Keeper, of a shard's first replica."""
    (tmp_path / "config.d").mkdir()
    (tmp_path / "config.d" / "keeper.xml").write_text(_KEEPER)
    with clickhouse_server(tmp_path) as server, clickhouse_connect.get_client(dsn=server.dsn) as client:
        client.command("CREATE DATABASE zakaz")
        client.database = "zakaz"
        for sql in SCHEMA:
            local = cluster.statements(embedded, sql)[0]
            # What ON CLUSTER gives to all replicas alike.
            if not local.startswith("CREATE"):
                continue  # A table of one replica takes no change before it is done with its start.
            alone = local.replace(f" ON CLUSTER `{CLUSTER}`", f" UUID '{uuid.uuid4()}'")
            client.command(alone.replace(" AS fact_vk_ads_daily\n", " AS fact_vk_ads_daily_local\n"))

        made = values(client, "SELECT table, zookeeper_path, replica_name FROM system.replicas ORDER BY table")

    names = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", "\n".join(SCHEMA))
    assert [table for table, _, _ in made] == sorted(f"{name}_local" for name in names)
    assert all(re.fullmatch(r"/clickhouse/tables/[0-9a-f-]{36}/7", path) for _, path, _ in made)
    assert {replica for *_, replica in made} == {"first"}


def parsed(client: Client, sql: str) -> str:
    """The statement as the engine's own parser writes it, on one line. Raises where it does not understand it."""
    return str(client.query("SELECT formatQuerySingleLine({sql:String})", parameters={"sql": sql}).first_row[0])
