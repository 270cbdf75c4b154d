"""Two runs in any order, or at once, step by step, the other one started by hand from inside ours: what another run does
meanwhile is neither lost nor doubled, and what a later read found is right, whoever writes last. A row under another key
or in another month stays once, though FINAL looks at each month alone."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import ReconcileError, WarehouseError
from tasks.load import upsert as steps
from tasks.load.tables import Scope
from tasks.load.upsert import Upserted, merge, remove_strays_of_days, upsert
from tasks.sources.qtickets import TICKETS
from tasks.sources.vk_ads import SOURCE
from tasks.window import Window
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import Ticket, days, frame, ids, load, march, stored, ticket, utc, written
from tests.validation.frames import ad_days


def before(step: str, other_run: Callable[[], object]) -> object:
    """Let `other_run` go ahead just before this step of ours, once."""
    original = getattr(steps, step)
    waiting = [other_run]

    def interrupted(*arguments: object) -> object:
        if waiting:
            waiting.pop()()
        return original(*arguments)

    return patch.object(steps, step, interrupted)


def insert(client: Client, ticket_id: int, amount: str, version: int) -> None:
    """A writer who follows no rule of ours."""
    client.command(
        f"INSERT INTO {TICKETS.name} (account, ticket_id, paid_at, booked_at, quantity, amount, _ver) VALUES "
        f"('main', {ticket_id}, '2026-03-10 12:00:00', '2026-03-10 12:00:00', 1, {amount}, {version})"
    )


def test_an_earlier_read_that_is_loaded_last_changes_removes_and_brings_back_nothing(client: Client) -> None:
    """It knew another amount of 1, nothing of 2 and still 3. Of another account and of other days nothing is touched."""
    others = [ticket(1, account="spb"), ticket(4, paid="2026-02-20T12:00")]
    load(client, others, version=1, scope=Scope())
    load(client, [ticket(1), ticket(3)], version=8)
    load(client, [ticket(1, amount="600"), ticket(2)], version=10)
    assert load(client, [ticket(1), ticket(3)], version=9) == Upserted(overtaken=3)
    merge(client, TICKETS.name)
    right = [ticket(1, amount="600"), ticket(2), others[1], others[0]]
    assert stored(client, final=False) == [written(row) for row in right]


@pytest.mark.parametrize("others_version", [5, 9, 11])
@pytest.mark.parametrize("step", ["insert", "remove", "_reconcile"])
def test_a_ticket_that_leaves_the_window_meanwhile_is_not_lost(
    client: Client, step: str, others_version: int
) -> None:
    """It left the day that we load, and another run has just written it to the day on which it was paid."""
    load(client, [ticket(1, paid=None), ticket(2)], version=1)
    load(client, [ticket(1, paid=None), ticket(2), ticket(3)], version=8)
    moved = ticket(1, paid="2026-03-14T12:00")
    with before(step, lambda: load(client, [moved], others_version, march(14, 14))):
        load(client, [ticket(2)], 10, march(10, 10))
    assert stored(client) == [written(moved), written(ticket(2))]
    merge(client, TICKETS.name)
    assert stored(client, final=False) == [written(moved), written(ticket(2))]


@pytest.mark.parametrize("step", ["insert", "note_removals", "remove"])
def test_a_removal_by_the_later_run_holds_whichever_looked_first(client: Client, step: str) -> None:
    older, newer = [ticket(1, amount="600"), ticket(2)], [ticket(2)]
    load(client, [ticket(1), ticket(2)], version=1)
    # Either the later one removes between the older one's look and its insert, or the older one writes while the
    # later one removes.
    ours, theirs = ((older, 10), (newer, 11)) if step == "insert" else ((newer, 11), (older, 10))
    with before(step, lambda: load(client, *theirs)):
        load(client, *ours)
    assert ids(client) == [2]


@pytest.mark.parametrize(
    ("ticket_id", "amount", "words"),
    [
        (99, "0.01", "rows 2 instead of 1, .*amount 500.01 instead of 500.00"),
        (1, "500.01", "stg_qtickets_tickets was read back with amount 500.01 instead of 500.00. "),
    ],
    ids=["a row", "a kopeck"],
)
def test_another_program_that_writes_fails_the_run_and_the_next_run_mends_it(
    client: Client, ticket_id: int, amount: str, words: str
) -> None:
    writes = before("_reconcile", lambda: insert(client, ticket_id, amount, version=10))
    with writes, pytest.raises(ReconcileError, match=words):
        load(client, [ticket(1)], version=10)
    assert load(client, [ticket(1)], version=11).written == 1
    assert stored(client) == [written(ticket(1))]


def test_a_clock_that_ran_ahead_is_named_instead_of_keeping_its_rows_for_ever(client: Client) -> None:
    hour_ahead = int(time.time() + 3600) * 1000
    load(client, [ticket(1)], version=hour_ahead)
    with pytest.raises(WarehouseError, match=r"by a clock that was (59|60) minutes ahead of the warehouse's"):
        load(client, [ticket(1, amount="600")], version=int(time.time()) * 1000)


def read_later(rows: pl.DataFrame) -> pl.DataFrame:
    """The `later` of a load: a good run has read the tenth of March since."""
    assert TICKETS.day is not None
    return rows.filter(TICKETS.day == date(2026, 3, 10))


LATER = ticket(2, paid="2026-03-20T12:00")


@pytest.mark.parametrize(
    ("held", "brought", "result", "left"),
    [
        # It came and went between the two: nothing was there to be removed, the day was read all the same.
        ([], [ticket(1), LATER], Upserted(new=1, overtaken=1), [2]),
        # 500, then 600, then 500 again: the run that read 600 writes last.
        ([ticket(1)], [ticket(1, amount="600")], Upserted(overtaken=1), [1]),
        # Nothing is removed from days that were read later.
        ([ticket(1), LATER], [], Upserted(removed=1, overtaken=1), [1]),
    ],
    ids=["new", "changed", "vanished"],
)
def test_days_that_a_good_run_has_read_later_are_left_to_it(
    client: Client, held: list[Ticket], brought: list[Ticket], result: Upserted, left: list[int]
) -> None:
    load(client, held, version=1)
    assert upsert(client, TICKETS, frame(brought), march(1, 31), 10, later=read_later) == result
    assert ids(client) == left
    assert {row["amount"] for row in stored(client)} == {"500.00"}


ADS, *_ = SOURCE.outputs
JANUARY = ADS.table.scope("main", Window(first=date(2026, 1, 1), last=date(2026, 1, 31)), utc("2026-02-01T00:00"))

MOVED = Upserted(new=1, removed=1, kept=1)


def ad(number: int, campaign: int, day: int = 19) -> dict[str, Any]:
    """Ten roubles of one ad and day."""
    return {"ad_id": number, "campaign_id": campaign, "stat_date": date(2026, 1, day)}


def load_ads(client: Client, *ads: Any, version: int, rejected: tuple[int, ...] = (), **table: Any) -> Upserted:
    protected = pl.DataFrame({"ad_id": rejected}, schema={"ad_id": pl.UInt64})
    kept = replace(ADS.table, **table)
    return upsert(client, kept, ad_days(*ads), JANUARY, version, [protected], same=ADS.identity)


@pytest.mark.parametrize(
    ("held", "brought", "options", "result", "left"),
    [
        # The campaign was not known, or was another: the old row goes though another day of the ad is rejected.
        ([ad(5, 0), ad(5, 0, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 0, 20), (5, 7, 19)]),
        ([ad(5, 6), ad(5, 6, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 6, 20), (5, 7, 19)]),
        # It goes though the load may remove nothing that it did not see.
        ([ad(5, 6), ad(8, 6)], ad(5, 7), {"keeps_vanished": True}, MOVED, [(5, 7, 19), (8, 6, 19)]),
        # Ads without a number are told apart by their campaign.
        ([ad(0, 6)], ad(0, 7), {"keeps_vanished": True}, Upserted(new=1, kept=1), [(0, 6, 19), (0, 7, 19)]),
    ],
)
def test_the_row_under_the_old_campaign_goes_whatever_else_stays(
    client: Client, held: list[Any], brought: Any, options: dict[str, Any], result: Upserted, left: list[Any]
) -> None:
    load_ads(client, *held, version=1)
    assert load_ads(client, brought, version=2, **options) == result
    found = f"SELECT ad_id, campaign_id, toDayOfMonth(stat_date) FROM {ADS.table.name} FINAL ORDER BY ALL"
    assert values(client, found) == left


FEBRUARY, MARCH = date(2026, 2, 20), date(2026, 3, 10)


def february(ticket_id: int, account: str = "main") -> Ticket:
    return ticket(ticket_id, paid="2026-02-20T12:00", account=account)


@pytest.fixture
def moved(client: Client) -> list[Ticket]:
    """Tickets 1 and 3 as the source has them in March. In February are 2, and another account's of the same numbers."""
    for account, version in (("main", 1), ("spb", 2)):
        held = [february(number, account) for number in (1, 2, 3)]
        load(client, held, version, days(FEBRUARY, FEBRUARY, account))
    return [ticket(1), ticket(3)]


def left(moved: list[Ticket]) -> list[Ticket]:
    rows = [moved[0], february(2), moved[1], *(february(number, "spb") for number in (1, 2, 3))]
    return [written(row) for row in rows]


@pytest.mark.parametrize("most", [2_000, 1])
def test_the_older_version_goes_and_both_days_are_told(client: Client, moved: list[Ticket], most: int) -> None:
    """`most`: the keys that are looked up one by one; of more, all rows between them are looked at."""
    with patch.object(steps, "_KEYS_A_QUERY", most):
        done = load(client, moved, 3, march(10, 10))
    assert (done.new, done.days) == (2, {FEBRUARY, MARCH})
    assert stored(client) == stored(client, final=False) == left(moved)


def test_what_a_dead_run_has_left_is_found_by_the_days_that_it_noted(client: Client, moved: list[Ticket]) -> None:
    with patch.object(steps, "remove_strays", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        load(client, moved, 3, march(10, 10))
    assert len(stored(client)) == 8
    assert remove_strays_of_days(client, TICKETS, "spb", [MARCH]) == frozenset()
    assert remove_strays_of_days(client, TICKETS, "main", [MARCH]) == {FEBRUARY, MARCH}
    assert stored(client) == left(moved)
