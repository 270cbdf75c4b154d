"""A view of the promoter's world at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sandbox.bulk import garbage_kept
from sandbox.world import catalogue, personal, view
from sandbox.world.ads import ads_of
from sandbox.world.clock import moscow_day, season_of
from sandbox.world.orders import orders_of_day
from sandbox.world.programme import Ad, Event
from sandbox.world.sales import Order


@dataclass(slots=True)
class World:
    """Events, orders and ads as they stood at ``until``; a later ``until`` shows the same world, older.

    ``orders`` covers the ``days`` Moscow days that end with the day of ``until``, ascending by id and time. To
    keep the first day when ``until`` moves on, let ``days`` grow with it. ``events`` also holds played events
    of the season before and announced ones without any order.
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
        if until.tzinfo is None:
            raise ValueError("until must carry a time zone, e.g. datetime.now(UTC)")
        until = until.astimezone(UTC)
        covered = _days_until(moscow_day(until), days)
        with garbage_kept():
            drafts = (order for day in covered for order in orders_of_day(seed, scale, day))
            orders = [order for order in (view.as_of(draft, until) for draft in drafts) if order]
        events = _events(seed, covered[0], until)
        ads = [ad for event in events for ad in _running(event, moscow_day(until))]
        return cls(seed, until, days, scale, events, orders, ads)

    def personal_strings(self) -> set[str]:
        """Every personal or secret value in this world (see ``sandbox.world.personal``)."""
        return personal.personal_strings(self.orders, self.events)

    def event(self, event_id: int) -> Event:
        return next(event for event in self.events if event.id == event_id)


def _days_until(last: date, days: int) -> list[date]:
    if days < 1:
        raise ValueError("days must be at least 1")
    return [last - timedelta(days=back) for back in reversed(range(days))]


def _running(event: Event, day: date) -> list[Ad]:
    """The ads that have started by that day, those of deleted events and deleted ones too."""
    return [ad for ad in ads_of(event) if ad.starts <= day]


def _events(seed: int, first_day: date, until: datetime) -> list[Event]:
    seasons = range(season_of(first_day) - 1, season_of(moscow_day(until)) + 2)
    known = (catalogue.as_of(event, until) for season in seasons for event in catalogue.season_events(seed, season))
    return [event for event in known if event]
