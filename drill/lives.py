"""Kinds of healthy life: the sandbox's world, changed by rules of the day. None of them is a defect."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import cos, exp, pi
from random import Random
from typing import Any

from sandbox.world import Ad, Order, World
from sandbox.world.ads import DIRECT, VK
from sandbox.world.cities import CITIES
from sandbox.world.clock import day_start, moscow_day
from sandbox.world.randomness import stream

SOURCES = ("qtickets", VK, DIRECT)
ORDERS_A_DAY = 120
"""Of a world of scale 1."""
_NEVER_SOLD = 35
"""A city whose event the sandbox takes down before its sale."""
_NEXT, _ENOUGH, _A_WHILE = timedelta(days=10), 30, 600
_KOPECK, _IDS_A_DAY, _IDS_AN_ORDER = Decimal("0.01"), 100_000, 10


def _always(_day: date, _thing: Any) -> float:
    return 1.0


@dataclass(frozen=True)
class Life:
    """`sales`, `price` and `spend` are factors by day, of an order's chance, of its prices and of an ad's figures.
    `over`: from that day on all ads of a source have ended, or all events are switched off. `history`: days before the
    first morning that the first load reads."""

    kind: str
    seed: int
    scale: float
    first: date
    mornings: int
    history: int = 75
    sources: tuple[str, ...] = SOURCES
    sales: Callable[[date, Order], float] = _always
    price: Callable[[date, Order], float] = _always
    spend: Callable[[date, Ad], float] = _always
    over: dict[str, date] = field(default_factory=dict)
    backfill_on: date | None = None

    @property
    def days(self) -> list[date]:
        """The days on whose mornings is judged."""
        return [self.first + timedelta(days=number) for number in range(self.mornings)]

    @property
    def history_begins(self) -> date:
        return self.first - timedelta(days=self.history)

    def orders(self) -> list[Order]:
        """All orders of the life, as planned to its end, ascending by id and time."""
        before = 366 if self.backfill_on else self.history
        end, days = day_start(self.days[-1] + timedelta(days=1)), self.mornings + before
        world = World.generate(until=end + _NEXT, seed=self.seed, days=days + _NEXT.days, scale=self.scale)
        planned = sorted(world.orders, key=_moment)
        of_events: dict[int, list[Order]] = {}
        for order in planned:
            of_events.setdefault(order.event_id, []).append(order)
        known = planned[: bisect_left(planned, end, key=_moment)]
        lived = (one for order in known for one in self._lived(order, of_events[order.event_id], planned))
        found = sorted(lived, key=_moment)
        numbers: dict[date, int] = {}
        for order in found:
            day = moscow_day(order.created_at)
            numbers[day] = number = numbers.get(day, -1) + 1
            order.id = day.toordinal() * _IDS_A_DAY + number
            for line, basket in enumerate(order.baskets):
                basket.id = order.id * _IDS_AN_ORDER + line
        return found

    def _lived(self, order: Order, of_event: Sequence[Order], of_all: Sequence[Order]) -> Iterator[Order]:
        """The order, or none; where more are sold, others beside it as the event's next days had them: buyers come at
        hours as all have them, from other places, for other tickets. Both sequences ascend."""
        day, rng = moscow_day(order.created_at), stream(self.seed, "lived", order.id)
        price = Decimal(str(round(self.price(day, order), 4)))
        for number in range(int(self.sales(day, order) + rng.random())):
            one = rng.choice(_next(of_event, order)) if number else order
            at = rng.choice(_next(of_all, order)).created_at if number else order.created_at
            to = at - timedelta(days=(moscow_day(at) - day).days, seconds=rng.randrange(_A_WHILE) if number else 0)
            yield _priced(_moved(one, to - one.created_at), price)


def _moment(order: Order) -> datetime:
    return order.created_at


def _next(orders: Sequence[Order], order: Order) -> Sequence[Order]:
    """From this order on, for some days; where these are few, those nearest to it: many copies of one are no buyers."""
    first = bisect_left(orders, order.created_at, key=_moment)
    last = bisect_left(orders, order.created_at + _NEXT, key=_moment)
    return orders[first:last] if last - first >= _ENOUGH else orders[max(first - _ENOUGH, 0) : first + _ENOUGH]


def _moved(order: Order, by: timedelta) -> Order:
    """A copy of the order, all of whose moments are that much later."""

    def moved(at: datetime | None) -> datetime | None:
        return at + by if at else None

    baskets = [
        replace(
            one,
            created_at=one.created_at + by,
            deleted_at=moved(one.deleted_at),
            refunded_at=moved(one.refunded_at),
        )
        for one in order.baskets
    ]
    created_at, payed_at, deleted_at = order.created_at + by, moved(order.payed_at), moved(order.deleted_at)
    return replace(order, created_at=created_at, payed_at=payed_at, deleted_at=deleted_at, baskets=baskets)


def _priced(order: Order, price: Decimal) -> Order:
    for basket in order.baskets if price != 1 else ():
        basket.price = (basket.price * price).quantize(_KOPECK)
        basket.original_price = (basket.original_price * price).quantize(_KOPECK)
        if basket.refunded_amount is not None:
            basket.refunded_amount = min((basket.refunded_amount * price).quantize(_KOPECK), basket.total)
    return order


Rules = dict[str, Any]
Kind = Callable[[Random, list[date]], Rules]


def _season(rng: Random, days: list[date]) -> Rules:
    low, period, phase = rng.uniform(0.15, 0.4), rng.uniform(70, 120), rng.uniform(0, 2 * pi)

    def level(day: date, _thing: object) -> float:
        return low + (1.2 - low) * (1 + cos(phase + 2 * pi * (day - days[0]).days / period)) / 2

    return {"sales": level, "spend": level}


def _rush(rng: Random, days: list[date]) -> Rules:
    """One event goes on sale: its city sells 10 to 30 times what all do on a usual day."""
    on, times, city = rng.choice(days[10:-10]), rng.uniform(10, 30), rng.choice(CITIES[:2])
    share = 1.6 * city.weight / sum(one.weight for one in CITIES)

    def sales(day: date, order: Order) -> float:
        age = (day - on).days
        of_city = city_of(order.event_id).id == city.id
        return 1 + (times - 1) * exp(-age / 1.5) / share if of_city and 0 <= age < 14 else 1.0

    return {"sales": sales, "scale": rng.uniform(0.3, 0.9)}


def _new_year(*, paused: bool) -> Kind:
    def rules(rng: Random, _days: list[date]) -> Rules:
        """People buy much in December and little in the first week of January."""
        high, eve = rng.uniform(1.4, 2.2), date(rng.choice((2024, 2025)), 12, 31)

        def sales(day: date, _order: Order) -> float:
            age = (day - eve).days
            return high if -18 <= age < 0 else 0.35 if 0 <= age <= 2 else 0.7 if 2 < age <= 8 else 1.0

        spend = (lambda day, _ad: float(not 0 <= (day - eve).days <= 8)) if paused else _always
        return {"sales": sales, "spend": spend, "first": eve - timedelta(days=30)}

    return rules


def _touring(rng: Random, days: list[date]) -> Rules:
    """A city a week or so: sold out in a few days, then the next one; ads run for the city and a bit for the next."""
    stay, cities = (
        rng.randint(6, 11),
        [city for city in CITIES if city.currency == "RUB" and city.id != _NEVER_SOLD],
    )
    rng.shuffle(cities)
    whole = sum(one.weight for one in CITIES)

    def level(day: date, name: str, weight: float) -> float:
        turn = (day.toordinal() - days[0].toordinal()) // stay
        share = {cities[turn % len(cities)].name: 0.8, cities[(turn + 1) % len(cities)].name: 0.2}.get(name, 0.0)
        return share * whole / weight

    def sales(day: date, order: Order) -> float:
        city = city_of(order.event_id)
        return level(day, city.name, city.weight)

    def spend(day: date, ad: Ad) -> float:
        return min(level(day, ad.city, city_of(ad.event_id).weight), 8.0)

    return {"sales": sales, "spend": spend}


def city_of(event_id: int) -> Any:
    """The first fourteen events of a season play in the cities in turn, four more in some of them."""
    slot = event_id % 100
    return CITIES[slot] if slot < len(CITIES) else CITIES[(0, 1, 4, 5)[slot - len(CITIES)]]


def _ends(rng: Random, days: list[date]) -> Rules:
    """An advertising account ends, or all of them with the last event."""
    on, source = rng.choice(days[15:-15]), rng.choice((VK, DIRECT, "all"))
    if source != "all":
        return {"over": {source: on}, "spend": lambda day, ad: float(day < on or ad.source != source)}

    def sales(day: date, _order: Order) -> float:
        return min(1.0, max(0.0, (on - day).days / 14))

    return {"over": dict.fromkeys(SOURCES, on), "sales": sales, "spend": lambda day, _ad: float(day < on)}


def _price_change(rng: Random, days: list[date]) -> Rules:
    on, by = rng.choice(days[10:-10]), rng.choice((rng.uniform(0.5, 0.8), rng.uniform(1.25, 2)))
    return {"price": lambda day, _order: by if day >= on else 1.0}


def _vip(rng: Random, _days: list[date]) -> Rules:
    """One to three boxes a day."""
    scale = rng.uniform(0.4, 1.5)
    chance = 2 / (ORDERS_A_DAY * scale)
    return {
        "scale": scale,
        "price": lambda _day, order: 20.0 if stream("vip", order.id).random() < chance else 1.0,
    }


def _quiet(rng: Random, days: list[date]) -> Rules:
    on, low = rng.choice(days[10:-25] or days), rng.uniform(0.1, 0.3)

    def level(day: date, _thing: object) -> float:
        return low if 0 <= (day - on).days < 21 else 1.0

    return {"sales": level, "spend": level if rng.random() < 0.5 else _always}


KINDS: dict[str, Kind] = {
    "usual": lambda _rng, _days: {},
    "tiny promoter": lambda rng, _days: {"scale": rng.uniform(0.03, 0.12)},
    "large promoter": lambda rng, _days: {"scale": rng.uniform(4, 7)},
    "season and off-season": _season,
    "announcement rush": _rush,
    "New Year, ads paused": _new_year(paused=True),
    "New Year, ads go on": _new_year(paused=False),
    "weekends without Direct": lambda _rng, _days: {
        "spend": lambda day, ad: float(ad.source != DIRECT or day.weekday() < 5)
    },
    "touring": _touring,
    "one source": lambda rng, _days: {"sources": (rng.choice(SOURCES),)},
    "first weeks": lambda rng, _days: {"history": rng.randint(2, 14)},
    "an account that ends": _ends,
    "price change": _price_change,
    "backfill of a year": lambda rng, days: {
        "backfill_on": rng.choice(days[20:-20] or days),
        "scale": rng.uniform(0.1, 0.5),
    },
    "boxes of 20 times the price": _vip,
    "three quiet weeks": _quiet,
}


def life(kind: str, seed: int, mornings: int, scale: float | None = None) -> Life:
    """The same one for the same seed. In the past, since ClickHouse has a clock of its own."""
    rng = Random(f"life {kind} {seed}")
    first = date(2025, 3, 1) + timedelta(days=rng.randrange(300))
    rules = KINDS[kind](rng, [first + timedelta(days=number) for number in range(mornings)])
    given = {"scale": rng.uniform(0.5, 1.5), "first": first, **rules}
    given |= {"scale": scale} if scale else {}
    # Documents of some weeks of a large promoter are a gigabyte.
    given.setdefault("history", 50 if given["scale"] > 3 else 75)
    return Life(kind, rng.randrange(10**6), mornings=mornings, **given)
