"""A small world that lives and is changed by hand, shown by all APIs; each view of it is kept as the truth of then.

Changes outlive the passing of time: they are made again on each later view. Holds no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sandbox.vk.objects import Figures
from sandbox.world import Order, World
from sandbox.world.cities import City
from sandbox.world.spend import AdDay, ad_days
from tests.flows import ad_truth, truth
from tests.support.stage import Stage

SOURCES = ("qtickets", "vk_ads", "direct")
_SCALE, _ADS = 0.04, 9
_KOPECK = Decimal("0.01")

Key = tuple[object, ...]
Value = tuple[object, ...]
"""Of a ticket: state, amount, Moscow day on which it is booked. Of an ad day: its figures and its day."""


@dataclass(frozen=True)
class View:
    """What the sources say at one time, by source; `blind`: tickets whose order holds a wrong value."""

    rows: dict[str, dict[Key, Value]]
    blind: frozenset[Key]


@dataclass
class Scene:
    stage: Stage
    seed: int
    first: date
    until: datetime
    vanished: set[int] = field(default_factory=set)
    changed: dict[int, list[Callable[[Order], None]]] = field(default_factory=dict)
    spoiled: set[int] = field(default_factory=set)
    restated: dict[tuple[date, int], Decimal] = field(default_factory=dict)
    toured: dict[int, City] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)

    @property
    def today(self) -> date:
        return truth.moscow_day(self.until)

    def show(self) -> None:
        """Make the view of now and serve it."""
        days = (self.today - self.first).days + 1
        world = World.generate(until=self.until, seed=self.seed, days=days, scale=_SCALE)
        ads = {name: [ad for ad in world.ads if ad.source == name and not ad.deleted_on] for name in SOURCES[1:]}
        world.ads = [ad for of_source in ads.values() for ad in of_source[-_ADS:]]
        world.orders = [order for order in world.orders if order.id not in self.vanished]
        for order in world.orders:
            for change in self.changed.get(order.id, ()):
                change(order)
        world.events = [replace(event, city=self.toured.get(event.id, event.city)) for event in world.events]
        self.world, self.rows = world, [row for row in map(self._restate, ad_days(world)) if row.impressions]
        self._serve()
        self.views.append(self._view())

    def orders(self, wanted: Callable[[Order], bool]) -> list[Order]:
        return [order for order in self.world.orders if order.id not in self.spoiled and wanted(order)]

    def ad_rows(self, source: str) -> list[AdDay]:
        """Those that are over: a load of ads ends with yesterday."""
        return [row for row in self.rows if row.ad.source == source and row.day < self.today]

    def _restate(self, row: AdDay) -> AdDay:
        factor = self.restated.get((row.day, row.ad.ad_id), Decimal(1))
        spent, kept = (row.spent * factor).quantize(_KOPECK), int(bool(factor))
        return replace(row, spent=spent, impressions=row.impressions * kept, clicks=row.clicks * kept)

    def _serve(self) -> None:
        self.stage.show(self.world)
        with self.stage.qtickets.change() as api:
            for order in api.orders:
                if order["id"] in self.spoiled:
                    order["baskets"][0]["price"] = "oops"
        with self.stage.vk.cabinet.change() as cabinet:
            for days in cabinet.days.values():
                days.clear()
            for row in [row for row in self.rows if row.ad.source == "vk_ads"]:
                figures = Figures(row.impressions, row.clicks, row.spent, row.conversions)
                cabinet.days[row.ad.ad_id][row.day] = figures
        with self.stage.direct.change() as direct:
            direct.rows[:] = [row for row in self.rows if row.ad.source == "direct"]

    def _view(self) -> View:
        tickets: dict[Key, Value] = {(number,): value for number, value in truth.tickets(self.world).items()}
        blind = {(b.id,) for order in self.world.orders if order.id in self.spoiled for b in order.baskets}
        ads = {source: self.facts(source) for source in SOURCES[1:]}
        return View({"qtickets": tickets, **ads}, frozenset(blind))

    def facts(self, source: str) -> dict[Key, Value]:
        """(day, campaign, group, ad) -> impressions, clicks, spent as the source reports it, conversions, day."""
        found: dict[Key, list[Decimal | int]] = {}
        for row in self.ad_rows(source):
            ad = row.ad
            key = (row.day, ad.campaign_id, 0 if ad.wizard else ad.group_id, 0 if ad.wizard else ad.ad_id)
            spent = ad_truth.with_vat(row.spent, row.day) if source == "direct" else row.spent
            line = found.setdefault(key, [0, 0, Decimal(0), 0])
            for place, figure in enumerate((row.impressions, row.clicks, spent, row.conversions)):
                line[place] += figure
        return {key: (*line, key[0]) for key, line in found.items()}

    def marketing(self) -> dict[Key, Value]:
        over = [row for row in self.rows if self.first <= row.day < self.today]
        return dict(ad_truth.marketing(self.world, over, ad_truth.contents(self.world, self.today)))


def move(order: Order, days: int) -> None:
    """Another date of the same order, in the same life."""
    by = timedelta(days=days)
    order.created_at += by
    order.payed_at = order.payed_at + by if order.payed_at else None


def refund(order: Order) -> None:
    for basket in order.baskets[:1]:
        basket.refunded_at, basket.refunded_amount = order.payed_at, basket.total
        basket.deleted_at = None


def cancel(order: Order) -> None:
    order.deleted_at = order.payed_at or order.created_at
