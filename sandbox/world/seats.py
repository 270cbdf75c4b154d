"""How many seats a show has, by price level, and how many of them are sold and held at an instant.

A show has as many for all of its life, and never fewer than it sells in the end: so the orders of the whole season
are made, also those to come. Knows all orders, unlike a ``World``, which has those of some days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil

from sandbox.world.catalogue import IDS_A_SEASON, IDS_AN_EVENT, Show, season_events
from sandbox.world.clock import moscow_day, season_start
from sandbox.world.orders import orders_of_day
from sandbox.world.randomness import happens, stream
from sandbox.world.world import World, garbage_kept

_SOLD_OUT_SHARE, _LEAST_SOLD, _MOST_SOLD = 0.15, 0.35, 0.95
"""Of the seats, in the end."""
_FEWEST, _KEPT_BACK = 10, 40
"""Seats of a level; one of so many is kept from sale."""
_WITHOUT_A_PLAN = 17
"""Each so many-th show has no seats in the vendor's list."""


@dataclass(frozen=True, slots=True)
class Level:
    """The seats of a show at one price. All but the sold, ordered and disabled ones are free."""

    label: str
    price: Decimal
    admission: bool
    total: int
    sold: int
    ordered: int
    disabled: int


@dataclass(frozen=True, slots=True)
class _Line:
    show_id: int
    label: str
    quantity: int
    ordered_at: datetime
    paid_at: datetime | None
    gone_at: datetime | None


def levels_of(world: World, show: Show) -> list[Level]:
    """As at ``world.until``; none where the show has no plan."""
    if show.id % _WITHOUT_A_PLAN == 0:
        return []
    lines = [line for line in _lines(world.seed, world.scale, season_of_show(show)) if line.show_id == show.id]
    in_the_end: Counter[str] = Counter()
    sold, ordered = in_the_end.copy(), in_the_end.copy()
    for line in lines:
        if line.paid_at:
            in_the_end[line.label] += line.quantity
        if line.ordered_at > world.until or (line.gone_at and line.gone_at <= world.until):
            continue
        is_paid = line.paid_at and line.paid_at <= world.until
        (sold if is_paid else ordered)[line.label] += line.quantity
    rng = stream("seats", show.id)
    share = 1.0 if happens(rng, _SOLD_OUT_SHARE) else rng.uniform(_LEAST_SOLD, _MOST_SOLD)
    found = []
    for price in show.prices:
        for_sale = max(_FEWEST, ceil(in_the_end[price.label] / share))
        disabled = for_sale // _KEPT_BACK
        waiting = min(ordered[price.label], for_sale - sold[price.label])
        found.append(
            Level(
                price.label,
                price.amount,
                price.admission,
                for_sale + disabled,
                sold[price.label],
                waiting,
                disabled,
            )
        )
    return found


def season_of_show(show: Show) -> int:
    """An event's id begins with it, and a show's with that."""
    return show.id // IDS_A_SEASON // IDS_AN_EVENT


@lru_cache(maxsize=8)
def _lines(seed: int, scale: float, season: int) -> tuple[_Line, ...]:
    with garbage_kept():
        return tuple(_made(seed, scale, season))


def _made(seed: int, scale: float, season: int) -> Iterator[_Line]:
    """Of all orders for the season's events."""
    events = season_events(seed, season)
    ids = {event.id for event in events}
    day, last = min(moscow_day(event.sale_starts_at) for event in events), season_start(season + 1)
    while day < last:
        for order in orders_of_day(seed, scale, day):
            for basket in order.baskets if order.event_id in ids else ():
                ends = [at for at in (basket.refunded_at, basket.deleted_at, order.deleted_at) if at]
                label = basket.seat_name.partition(":")[0]
                gone_at = min(ends, default=None)
                yield _Line(basket.show_id, label, basket.quantity, order.created_at, order.payed_at, gone_at)
        day += timedelta(days=1)
