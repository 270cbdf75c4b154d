"""A view of the promoter's world at one instant."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox.world import catalogue, lifecycle
from sandbox.world.ads import Ad, ads_of
from sandbox.world.catalogue import Event
from sandbox.world.clock import moscow_day, season_of
from sandbox.world.orders import orders_of_day
from sandbox.world.promo import promo_codes_of
from sandbox.world.sales import Order


@dataclass(slots=True)
class World:
    """Events, orders and ads as they stood at ``until``; a later ``until`` shows the same world, older.

    ``orders`` covers the ``days`` Moscow days that end with the day of ``until``, ascending by id and time. To
    keep the first day when ``until`` moves on, let ``days`` grow with it. ``events`` also holds played events
    of the season before and announced ones without any order, ``ads`` those that have started, deleted ones too.
    """

    seed: int
    until: datetime
    days: int
    scale: float
    events: list[Event]
    orders: list[Order]
    ads: list[Ad]

    @classmethod
    def generate(cls, *, until: datetime, seed: int = 7, days: int = 90, scale: float = 1.0) -> World:
        """The world at ``until`` (aware). ``scale`` 1 is about 120 orders a day; another is another world."""
        if until.tzinfo is None or days < 1:
            raise ValueError("until must carry a time zone, e.g. datetime.now(UTC), and days be at least 1")
        until = until.astimezone(UTC)
        last = moscow_day(until)
        covered = [last - timedelta(days=back) for back in reversed(range(days))]
        with garbage_kept():
            drafts = (order for day in covered for order in orders_of_day(seed, scale, day))
            orders = [order for order in (lifecycle.as_of(draft, until) for draft in drafts) if order]
        seasons = range(season_of(covered[0]) - 1, season_of(last) + 2)
        planned = (event for season in seasons for event in catalogue.season_events(seed, season))
        events = [event for event in (catalogue.as_of(plan, until) for plan in planned) if event]
        ads = [ad for event in events for ad in ads_of(event) if ad.starts <= last]
        return cls(seed, until, days, scale, events, orders, ads)

    def emptied(self) -> World:
        """The world of an account in which nothing happened yet."""
        return replace(self, events=[], orders=[], ads=[])

    def personal_strings(self) -> set[str]:
        """Every personal or secret value, as an API would send it, so that a test can search for each of them."""
        found = {event.payee for event in self.events}
        found.update(value for order in self.orders for value in order.personal())
        found.update(one.code for one in promo_codes_of(self.orders) if one.personal)
        return {value for value in found if value}


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Switch cyclic collection off for the block: making three years of orders then takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
