"""A run that read the source earlier and writes later: what a later read found is right, row by row."""

from __future__ import annotations

from datetime import date
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import TICKETS
from tasks.load import upsert as steps
from tasks.load.upsert import Upserted, merge, upsert
from tests.tasks.load.tickets import frame, ids, load, march, stored, ticket, utc, written


def later(*days: int) -> Any:
    """What a load is given for days that a good run has read later."""
    read = pl.DataFrame({"day": [date(2026, 3, day) for day in days]}, schema={"day": pl.Date})

    def judged(rows: pl.DataFrame) -> pl.DataFrame:
        assert TICKETS.day is not None
        return rows.with_columns(TICKETS.day.alias("day")).join(read, on="day", how="semi").drop("day")

    return judged


def test_what_a_later_and_narrower_load_removed_does_not_come_back(client: Client) -> None:
    wide = [ticket(1), ticket(2), ticket(3, paid="2026-03-20T12:00")]
    load(client, wide, version=1)
    assert load(client, [ticket(2)], 11, march(10, 10)) == Upserted(removed=1, unchanged=1)

    assert load(client, [*wide, ticket(4, paid="2026-03-21T12:00")], 10) == Upserted(
        new=1, unchanged=2, overtaken=1
    )
    assert ids(client) == [2, 3, 4]


def test_a_row_that_only_the_late_run_ever_saw_is_not_brought_in_where_a_later_read_did_not_find_it(
    client: Client,
) -> None:
    """It came and went between the two: nothing was there to be removed, the days were read all the same."""
    result = upsert(client, TICKETS, frame([ticket(1), ticket(2, paid="2026-03-20T12:00")]), march(1, 31), 10,
                    later=later(10))  # fmt: skip

    assert result == Upserted(new=1, overtaken=1)
    assert ids(client) == [2]


def test_a_row_that_a_later_read_found_unchanged_stays_as_it_is(client: Client) -> None:
    """500, then 600, then 500 again: who read 600 writes last."""
    load(client, [ticket(1)], version=1)

    assert upsert(client, TICKETS, frame([ticket(1, amount="600")]), march(1, 31), 10, later=later(10)) == Upserted(
        overtaken=1
    )
    assert stored(client) == [written(ticket(1))]


def test_a_late_run_removes_nothing_from_days_that_were_read_later(client: Client) -> None:
    load(client, [ticket(1), ticket(2, paid="2026-03-20T12:00")], version=1)

    upsert(client, TICKETS, frame([]), march(1, 31), 10, later=later(10))

    assert ids(client) == [1]


def test_a_removal_is_seen_by_a_run_that_looked_just_before_it(client: Client) -> None:
    """The other run removes the row between our look and our insert."""
    load(client, [ticket(1), ticket(2)], version=1)
    insert, waiting = steps.insert, [True]

    def interrupted(*arguments: Any) -> None:
        if waiting:
            waiting.pop()
            load(client, [ticket(2)], version=11)
        insert(*arguments)

    with patch.object(steps, "insert", interrupted):
        load(client, [ticket(1, amount="600"), ticket(2)], version=10)

    assert ids(client) == [2]
    merge(client, TICKETS.name)
    assert ids(client, final=False) == [2]


def test_a_row_that_the_source_has_again_comes_back(client: Client) -> None:
    load(client, [ticket(1)], version=1)
    load(client, [], version=2)

    assert load(client, [ticket(1)], version=3) == Upserted(new=1)
    assert ids(client) == [1]


@pytest.mark.parametrize("window", [march(1, 31), march(10, 10)], ids=["wide", "the day alone"])
def test_an_order_that_is_dated_into_another_month_leaves_no_older_version(client: Client, window: Any) -> None:
    """The table is partitioned by the day of order: without FINAL the ticket would count twice for ever."""
    february = utc("2026-02-27T12:00")
    load(client, [ticket(1, ordered_at=february), ticket(2)], version=1)

    assert load(client, [ticket(1), ticket(2)], 2, window) == Upserted(changed=1, unchanged=1)
    merge(client, TICKETS.name)
    assert stored(client, final=False) == [written(ticket(1)), written(ticket(2))]


def test_a_run_that_died_after_dating_an_order_is_mended_by_the_next_of_that_day(client: Client) -> None:
    load(client, [ticket(1, ordered_at=utc("2026-02-27T12:00"))], version=1)
    with patch.object(steps, "_remove_strays", side_effect=OSError), pytest.raises(OSError):
        load(client, [ticket(1)], version=2)

    assert load(client, [ticket(1)], version=3) == Upserted(unchanged=1)
    merge(client, TICKETS.name)
    assert ids(client, final=False) == [1]


def test_each_row_may_be_as_old_as_its_own_read(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=10)
    versions = pl.Series("_ver", [9, 11], dtype=pl.UInt64)

    late = frame([ticket(1, amount="600"), ticket(2, amount="600")]).with_columns(versions)

    assert upsert(client, TICKETS, late, march(1, 31), 11) == Upserted(changed=1, overtaken=1)
    assert stored(client) == [written(ticket(1)), written(ticket(2, amount="600"))]
