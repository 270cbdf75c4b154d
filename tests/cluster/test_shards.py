"""Each key is on one shard with all its versions, and what is inserted, removed or merged is so on every shard; a cluster and a
single server are not mixed up. The servers run no ON CLUSTER: whether that is understood the parser is asked."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.errors import WarehouseError
from tasks.load import cluster
from tasks.load.access import try_rights
from tasks.load.frames import insert
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.upsert import Upserted, merge
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources.qtickets import TICKETS
from tests.cluster.servers import CLUSTER, Shards, users_of_cluster
from tests.quality.healthy import set_references
from tests.tasks.load.engines import emptied, values
from tests.tasks.load.tickets import frame, ids, load, stored, ticket, written

pytestmark = pytest.mark.slow
LOCAL = f"{TICKETS.name}_local"
MANY = range(1, 201)
DEARER = [ticket(n, amount="600.00") for n in range(1, 151)]


@pytest.fixture(scope="module")
def place(shards: Shards) -> Settings:
    """A database on both shards, with the schema."""
    where = {"clickhouse_dsn": shards.dsn, "clickhouse_database": "shared", "clickhouse_cluster": CLUSTER}
    settings = Settings(_env_file=None, **where)
    with warehouse(settings) as client:
        migrate(client)
    return settings


@pytest.fixture
def client(shards: Shards, place: Settings) -> Iterator[Client]:
    """Without a row."""
    for server in shards.servers:
        with clickhouse_connect.get_client(dsn=server.dsn, database=place.clickhouse_database) as one:
            emptied(one)
    with warehouse(place) as client:
        yield client


@pytest.fixture
def on_each(shards: Shards, client: Client) -> Iterator[list[Client]]:
    """A plain client of each server, with none of our settings."""
    name = client.database
    with ExitStack() as stack:
        yield [stack.enter_context(clickhouse_connect.get_client(dsn=s.dsn, database=name)) for s in shards.servers]


def asked(clients: list[Client], sql: str) -> list[list[tuple[Any, ...]]]:
    return [values(each, sql) for each in clients]


def parts(clients: list[Client], what: str) -> list[list[tuple[Any, ...]]]:
    where = f"active AND database = currentDatabase() AND table = '{LOCAL}'"
    return asked(clients, f"SELECT {what} FROM system.parts WHERE {where} ORDER BY ALL")


def test_each_ticket_is_on_one_shard_and_each_server_tells_all(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)
    load(client, [ticket(n, amount="600.00") for n in MANY], version=2)
    held = asked(on_each, f"SELECT ticket_id, uniqExact(_ver) FROM {LOCAL} GROUP BY ticket_id")
    assert Counter(number for rows in held for number, _ in rows) == Counter(MANY)
    assert {versions for rows in held for _, versions in rows} == {2}
    assert min(len(rows) for rows in held) > 50
    assert asked(on_each, f"SELECT count(), sum(ticket_id) FROM {TICKETS.name} FINAL") == [[(200, 20100)]] * 2


def test_removed_and_superseded_rows_leave_every_disk_once(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)
    left = [ticket(n, amount="600.00" if n % 2 else "500.00") for n in range(1, 151)]
    assert load(client, left, version=2) == Upserted(changed=75, removed=50, unchanged=75)
    merge(client, TICKETS.name)
    assert stored(client, final=False) == [written(one) for one in left]
    found = parts(on_each, "count(), sum(rows), sum(has_lightweight_delete)")
    assert sum(rows for ((_, rows, _),) in found) == 150
    assert {(count, deleted) for ((count, _, deleted),) in found} == {(1, 0)}
    names = parts(on_each, "name")
    merge(client, TICKETS.name)
    assert parts(on_each, "name") == names


def test_a_repeated_insert_is_dropped_and_removed_rows_may_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deduplication window is on, as it is for replicated tables: the block was seen before."""
    tickets = [ticket(n) for n in MANY]
    for version in (1, 3):
        load(client, tickets, version)
        assert ids(client) == list(MANY)
        load(client, [], version + 1)
        assert ids(client) == []
    merge(client, TICKETS.name)
    monkeypatch.setattr("uuid.uuid4", lambda: type("Id", (), {"hex": "the same"}))
    for _ in range(3):
        insert(client, TICKETS.name, frame(tickets).with_columns(_ver=9))
    assert ids(client, final=False) == list(MANY)


def test_a_database_of_a_cluster_is_not_loaded_without_it(place: Settings) -> None:
    alone = place.model_copy(update={"clickhouse_cluster": None})
    with pytest.raises(WarehouseError, match="is spread over a cluster"), warehouse(alone) as client:
        migrate(client)


def test_the_loader_may_work_and_the_reader_reads_views_alone(shards: Shards) -> None:
    users = users_of_cluster()
    dsn = shards.dsn_of(users["etl_writer"])
    with warehouse(Settings(_env_file=None, clickhouse_dsn=dsn, clickhouse_cluster=CLUSTER)) as client:
        migrate(client)
        set_references(client)
        load(client, [ticket(n) for n in range(1, 101)], version=1)
        load(client, DEARER[:50], version=2)
        merge(client, TICKETS.name)
        try_rights(client)
        assert ids(client, final=False) == list(range(1, 51))
    for server in shards.servers:
        dsn_of_reader = server.dsn_of(users["datalens_reader"])
        with clickhouse_connect.get_client(dsn=dsn_of_reader, database="zakaz") as reader:
            for view in sql_files("views"):
                reader.query(f"SELECT * FROM {view.name} LIMIT 1")
            assert reader.query("SELECT count() FROM v_attributed_tickets").first_row == (50,)
            for table in (TICKETS.name, LOCAL):
                with pytest.raises(ClickHouseError, match="Not enough privileges"):
                    reader.query(f"SELECT count() FROM {table}")


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
        name, (local, spread) = made[1], understood
        assert local.startswith(f"CREATE TABLE IF NOT EXISTS {name}_local ON CLUSTER {CLUSTER} ")
        assert spread.startswith(f"CREATE TABLE IF NOT EXISTS {name} ON CLUSTER {CLUSTER} AS {name}_local ")
        assert "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', " in local
        # A row is sharded by all that makes it the same row.
        (key,) = re.findall(r"ORDER BY (?:\(([^()]*)\)|(\w+))", local)
        assert f"Distributed('{CLUSTER}', 'zakaz', '{name}_local', cityHash64({''.join(key)}))" in spread


def parsed(client: Client, sql: str) -> str:
    """The statement as the engine's own parser writes it, on one line. Raises where it does not understand it."""
    return str(client.query("SELECT formatQuerySingleLine({sql:String})", parameters={"sql": sql}).first_row[0])
