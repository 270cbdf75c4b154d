"""After a merge a reader who never heard of FINAL gets right answers, and only what needs it is rewritten."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import TICKETS
from tasks.load import upsert as steps
from tasks.load.upsert import merge
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import ids, load, refunded, stored, ticket, utc, written


def parts(client: Client) -> dict[str, tuple[str, int, int]]:
    """The table's parts: name, rows and whether deleted ones are still in it, by partition; one part each."""
    found = values(
        client,
        "SELECT partition_id, name, rows, has_lightweight_delete FROM system.parts "
        f"WHERE active AND database = currentDatabase() AND table = '{TICKETS.name}'",
    )
    assert len(found) == len({partition for partition, *_ in found})
    return {partition: (name, rows, deleted) for partition, name, rows, deleted in found}


def test_superseded_and_removed_rows_are_gone_for_good(client: Client) -> None:
    load(client, [ticket(1), ticket(2), ticket(3)], version=1)
    load(client, [refunded(1, back="500"), ticket(3)], version=2)

    merge(client, TICKETS.name)

    assert stored(client, final=False) == [written(refunded(1, back="500")), written(ticket(3))]
    ((_, rows, deleted),) = parts(client).values()
    assert (rows, deleted) == (2, 0)


def test_a_partition_without_superseded_rows_is_left_alone(client: Client) -> None:
    february = ticket(1, ordered_at=utc("2026-02-10T00:00"))
    load(client, [february, ticket(2)], version=1)
    before = parts(client)

    load(client, [february, ticket(2, amount="600")], version=2)
    merge(client, TICKETS.name)

    assert parts(client)["202602"] == before["202602"]
    assert parts(client)["202603"] != before["202603"]


def test_merging_twice_does_nothing_the_second_time(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    load(client, [ticket(1, amount="600")], version=2)
    merge(client, TICKETS.name)
    before = parts(client)

    merge(client, TICKETS.name)

    assert parts(client) == before


def test_all_rows_of_a_partition_may_vanish(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    load(client, [], version=2)

    merge(client, TICKETS.name)

    assert ids(client, final=False) == []
    assert values(client, f"SELECT count() FROM {TICKETS.name}") == [(0,)]


def test_rows_that_vanished_leave_the_disk_although_nothing_was_written(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    merge(client, TICKETS.name)
    load(client, [ticket(1)], version=2)

    merge(client, TICKETS.name)

    ((_, rows, deleted),) = parts(client).values()
    assert (rows, deleted) == (1, 0)


def test_what_a_run_left_that_died_before_its_merge_is_merged_by_the_next(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    with patch.object(steps, "_reconcile", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        load(client, [ticket(1, amount="600")], version=2)

    assert load(client, [ticket(1, amount="600")], version=3).written == 0
    merge(client, TICKETS.name)

    assert stored(client, final=False) == [written(ticket(1, amount="600"))]


def test_many_partitions_are_merged(client: Client) -> None:
    months = [ticket(n, ordered_at=utc(f"{2015 + n // 12}-{1 + n % 12:02}-15T00:00")) for n in range(1, 60)]
    load(client, months, version=1)
    load(client, [row | {"show_id": 5} for row in months], version=2)

    merge(client, TICKETS.name)

    assert len(parts(client)) == len(ids(client, final=False)) == 59
