"""Each key is on one shard with all its versions, and what is inserted, removed or merged is so on every shard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import TICKETS
from tasks.load.frames import insert
from tasks.load.migrate import migrate
from tasks.load.upsert import Upserted, merge
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.cluster.servers import LIMPING, Shards
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import frame, ids, load, stored, ticket, utc, written

pytestmark = pytest.mark.slow
LOCAL = f"{TICKETS.name}_local"
MANY = range(1, 201)


@pytest.fixture
def on_each(shards: Shards, settings: Settings, client: Client) -> Iterator[list[Client]]:
    """A plain client of each server, with none of our settings."""
    database = settings.clickhouse_database
    clients = [clickhouse_connect.get_client(dsn=server.dsn, database=database) for server in shards.servers]
    yield clients
    for each in clients:
        each.close()


def asked(clients: list[Client], sql: str) -> list[list[tuple[Any, ...]]]:
    return [values(each, sql) for each in clients]


def test_each_ticket_is_on_one_shard_and_the_shards_share_them(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)
    load(client, [ticket(n, amount="600.00") for n in MANY], version=2)

    held = asked(on_each, f"SELECT ticket_id, uniqExact(_ver) FROM {LOCAL} GROUP BY ticket_id")

    shards = Counter(number for rows in held for number, _ in rows)
    assert shards == Counter(MANY)
    assert {versions for rows in held for _, versions in rows} == {2}
    assert min(len(rows) for rows in held) > 50


def test_every_server_tells_the_whole(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)

    assert asked(on_each, f"SELECT count(), sum(ticket_id) FROM {TICKETS.name} FINAL") == [[(200, 20100)]] * 2


def test_removed_and_superseded_rows_leave_every_disk(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)
    left = [ticket(n, amount="600.00" if n % 2 else "500.00") for n in range(1, 151)]
    assert load(client, left, version=2) == Upserted(changed=75, removed=50, unchanged=75)

    merge(client, TICKETS.name)

    assert stored(client, final=False) == [written(one) for one in left]
    parts = asked(on_each, _parts("count(), sum(rows), sum(has_lightweight_delete)"))
    assert sum(rows for ((_, rows, _),) in parts) == 150
    assert {(count, deleted) for ((count, _, deleted),) in parts} == {(1, 0)}


def test_a_shard_without_superseded_rows_is_merged_no_second_time(client: Client, on_each: list[Client]) -> None:
    load(client, [ticket(n) for n in MANY], version=1)
    merge(client, TICKETS.name)
    before = asked(on_each, _parts("name"))

    merge(client, TICKETS.name)

    assert asked(on_each, _parts("name")) == before


def test_many_partitions_are_merged_on_both_shards(client: Client, on_each: list[Client]) -> None:
    months = [ticket(n, ordered_at=utc(f"{2015 + n // 12}-{1 + n % 12:02}-15T00:00")) for n in range(1, 60)]
    load(client, months, version=1)
    load(client, [row | {"show_id": 5} for row in months], version=2)

    merge(client, TICKETS.name)

    assert len(ids(client, final=False)) == 59
    parts = asked(on_each, _parts("uniqExact(partition_id), count()"))
    assert sum(partitions for ((partitions, _),) in parts) == sum(count for ((_, count),) in parts) == 59


def test_rows_that_were_removed_may_come_again(client: Client) -> None:
    """A deduplication window is on, as it is for replicated tables: the block was seen before."""
    tickets = [ticket(n) for n in MANY]
    for version in (1, 3):
        load(client, tickets, version)
        assert ids(client) == list(MANY)
        load(client, [], version + 1)
        assert ids(client) == []


def test_a_repeat_of_one_insert_is_dropped_on_every_shard(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uuid.uuid4", lambda: type("Id", (), {"hex": "the same"}))
    rows = frame([ticket(n) for n in MANY]).with_columns(_ver=1)

    for _ in range(3):
        insert(client, TICKETS.name, rows)

    assert ids(client, final=False) == list(MANY)


def test_loads_go_on_while_a_replica_is_down(settings: Settings) -> None:
    """The first replica of a shard does not answer: the second is written and read."""
    with warehouse(settings.model_copy(update={"clickhouse_cluster": LIMPING})) as client:
        migrate(client)
        load(client, [ticket(n) for n in MANY], version=1)
        load(client, [ticket(n, amount="600.00") for n in range(1, 151)], version=2)

        merge(client, TICKETS.name)

        assert ids(client, final=False) == list(range(1, 151))


def _parts(what: str) -> str:
    return (
        f"SELECT {what} FROM system.parts "
        f"WHERE active AND database = currentDatabase() AND table = '{LOCAL}' ORDER BY ALL"
    )
