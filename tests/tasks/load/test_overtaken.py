"""A run that read the source earlier and writes later: what a later read found is right, row by row."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.upsert import Upserted, upsert
from tasks.sources.qtickets import TICKETS
from tests.tasks.load.tickets import frame, ids, load, march, stored, ticket


def read_later(*days: int) -> Any:
    """The `later` of a load: a good run has read these days of March since."""
    read = pl.DataFrame({"day": [date(2026, 3, day) for day in days]}, schema={"day": pl.Date})

    def judged(rows: pl.DataFrame) -> pl.DataFrame:
        assert TICKETS.day is not None
        return rows.with_columns(TICKETS.day.alias("day")).join(read, on="day", how="semi").drop("day")

    return judged


@pytest.mark.parametrize(
    ("held", "brought", "result", "left"),
    [
        # It came and went between the two: nothing was there to be removed, the day was read all the same.
        ([], [ticket(1), ticket(2, paid="2026-03-20T12:00")], Upserted(new=1, overtaken=1), [2]),
        # 500, then 600, then 500 again: the run that read 600 writes last.
        ([ticket(1)], [ticket(1, amount="600")], Upserted(overtaken=1), [1]),
        # Nothing is removed from days that were read later.
        ([ticket(1), ticket(2, paid="2026-03-20T12:00")], [], Upserted(removed=1, overtaken=1), [1]),
    ],
    ids=["new", "changed", "vanished"],
)
def test_days_that_a_good_run_has_read_later_are_left_to_it(
    client: Client, held: list[Any], brought: list[Any], result: Upserted, left: list[int]
) -> None:
    load(client, held, version=1)

    assert upsert(client, TICKETS, frame(brought), march(1, 31), 10, later=read_later(10)) == result
    assert ids(client) == left
    assert {row["amount"] for row in stored(client)} == {"500.00"}
