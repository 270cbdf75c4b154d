"""Whatever is loaded in whatever order, repeated, overtaken or broken off: the table is what a dict would be. The model knows a
ticket by its account, its id and the version that wrote it, and nothing of parts, partitions or FINAL.

Then two runs at once, step by step, the other one started by hand from inside ours: what another run does meanwhile is
neither lost nor doubled, and what a later read found is right, whoever writes last. A row under another key or in another
month stays once, though FINAL looks at each month alone."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

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

# Five days across two monthly partitions, beginning at midnight in Moscow, which is 21:00 UTC the day before.
DAY_ONE = date(2026, 1, 30)
MIDNIGHT = utc("2026-01-29T21:00")
DAY = st.integers(0, 4)
IDS = st.integers(1, 3)
CHANGE = st.tuples(IDS, st.sampled_from(["is lost", "is unpaid", "is paid"]), DAY, st.sampled_from(["0", "1"]))


Key = tuple[str, int]
"""Account and ticket."""


class Broken(Exception):
    """The process died here."""


@dataclass(frozen=True)
class Fetch:
    """What an account sent of the days `first` to `last`; `version`: when it was read."""

    account: str
    first: int
    last: int
    version: int
    rejected: frozenset[int]
    tickets: tuple[Ticket, ...] = ()

    @property
    def scope(self) -> Scope:
        return days(DAY_ONE + timedelta(days=self.first), DAY_ONE + timedelta(days=self.last), self.account)

    def holds(self, row: Ticket) -> bool:
        booked = (row["paid_at"] or row["ordered_at"]) - MIDNIGHT
        is_in = timedelta(days=self.first) <= booked < timedelta(days=self.last + 1)
        return is_in and row["account"] == self.account


# Before which step a load breaks off, and what of it is done by then.
BREAKS = {"insert": (False, False), "remove": (True, False), "_reconcile": (True, True)}


class Warehouse(RuleBasedStateMachine):
    client: Client
    fetches: Bundle[Fetch] = Bundle("fetches")

    def __init__(self) -> None:
        super().__init__()
        for table in (TICKETS.name, "meta_removals"):
            self.client.command(f"TRUNCATE TABLE {table}")
        self.source: dict[Key, Ticket] = {}
        self.model: dict[Key, tuple[Ticket, int]] = {}
        self.removals: dict[Key, list[Fetch]] = {}
        self.clock = 0

    @rule(
        target=fetches, account=st.sampled_from(["main", "spb"]), changes=st.lists(CHANGE, min_size=2, max_size=6),
        window=st.tuples(st.integers(0, 2), st.integers(2, 4)), rejected=st.frozensets(IDS, max_size=2),
        at_once=st.booleans(),
    )  # fmt: skip
    def the_source_changes_and_is_read(
        self, account: str, changes: Any, window: tuple[int, int], rejected: frozenset[int], at_once: bool
    ) -> Fetch:
        for ticket_id, what, day, amount in changes:
            if what == "is lost":
                self.source.pop((account, ticket_id), None)
                continue
            # A ticket was ordered when it was; all else about it may change.
            ordered = MIDNIGHT + timedelta(days=ticket_id % 5, hours=ticket_id)
            paid = f"{MIDNIGHT + timedelta(days=day, hours=23):%Y-%m-%dT%H:%M}" if what == "is paid" else None
            changed = ticket(ticket_id, account=account, paid=paid, amount=amount, ordered_at=ordered)
            self.source[account, ticket_id] = changed
        self.clock += 1
        asked = Fetch(account, *window, self.clock, rejected)
        good = (row for (_, number), row in self.source.items() if number not in rejected)
        fetch = replace(asked, tickets=tuple(filter(asked.holds, good)))
        if at_once:
            self.it_is_loaded_now_or_late_or_again(fetch, None, merged=False)
        return fetch

    @rule(fetch=fetches, breaks=st.none() | st.sampled_from(sorted(BREAKS)), merged=st.booleans())
    def it_is_loaded_now_or_late_or_again(self, fetch: Fetch, breaks: str | None, merged: bool) -> None:
        if breaks:
            # What changes nothing is not read back.
            broken = suppress(Broken) if breaks == "_reconcile" else pytest.raises(Broken)
            with patch.object(steps, breaks, side_effect=Broken), broken:
                self._load(fetch)
        else:
            self._load(fetch)
            assert self._load(fetch).written == 0
        inserted, removed = BREAKS.get(breaks or "", (True, True))
        self._expect(fetch, inserted, removed)
        if merged:
            steps.merge(self.client, TICKETS.name)
            assert stored(self.client, final=False) == self._expected()

    @invariant()
    def the_table_is_the_model(self) -> None:
        assert stored(self.client) == self._expected()

    def _load(self, fetch: Fetch) -> steps.Upserted:
        return load(self.client, list(fetch.tickets), fetch.version, fetch.scope, tuple(fetch.rejected))

    def _expect(self, fetch: Fetch, inserted: bool, removed: bool) -> None:
        brought = {(row["account"], row["ticket_id"]): row for row in fetch.tickets}
        for key, row in brought.items() if inserted else ():
            held, version = self.model.get(key, (None, 0))
            no_more = any(r.version > fetch.version and r.holds(row) for r in self.removals.get(key, []))
            if version <= fetch.version and held != row and not no_more:
                self.model[key] = (row, fetch.version)
        for key, (row, version) in list(self.model.items()) if inserted else ():
            vanished = key not in brought and key[1] not in fetch.rejected
            if vanished and version <= fetch.version and fetch.holds(row):
                # Noted before it is removed: what a later read no longer found, an earlier one does not bring back.
                self.removals.setdefault(key, []).append(fetch)
                if removed:
                    del self.model[key]

    def _expected(self) -> list[dict[str, Any]]:
        return [written(self.model[key][0]) for key in sorted(self.model)]


def test_the_table_is_what_a_dict_would_be(client: Client) -> None:
    how = {"deadline": None, "derandomize": True, "report_multiple_bugs": False}
    few = hypothesis_settings(max_examples=6, stateful_step_count=15, **how)
    run_state_machine_as_test(type("Machine", (Warehouse,), {"client": client}), settings=few)


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
    with patch.object(steps, "_KEYS_A_DELETE", most):
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
