"""Whatever is loaded in whatever order, repeated, overtaken or broken off: the table is what a dict would be.

The model knows a ticket by its account, its id and the version that wrote it, and nothing of parts, partitions or
FINAL. Two accounts use the same ids.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tasks.load import upsert as steps
from tasks.load.tables import Scope
from tasks.sources.qtickets import TICKETS
from tests.tasks.load.tickets import Ticket, days, load, stored, ticket, utc, written

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
