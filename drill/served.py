"""What the sources say of a life at an instant, and how the stand-ins are made to say it."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from random import Random
from typing import Any

from drill.lives import Life
from sandbox.direct.reports.queue import ReportQueue
from sandbox.qtickets.documents import event_document, order_document
from sandbox.vk.cabinet import USERS, Cabinet
from sandbox.vk.objects import NOTHING, Figures
from sandbox.world import Ad, Order, World, catalogue
from sandbox.world.ads import DIRECT, VK, ads_of
from sandbox.world.catalogue import season_events
from sandbox.world.clock import moscow_day, season_of
from sandbox.world.lifecycle import as_of
from sandbox.world.randomness import stream
from sandbox.world.spend import CONVERSIONS_SETTLED_AFTER_DAYS, AdDay, ad_days
from tests.support.stage import Stage

_OPEN_DAYS = max(CONVERSIONS_SETTLED_AFTER_DAYS.values()) + 1
"""Days whose figures may still change."""
_CONVERSIONS, _CLICKS = 0.03, 20
"""A click's usual chance, and how many clicks it weighs against those of an ad's day."""
_KOPECK = Decimal("0.01")
Document = dict[str, Any]


@dataclass(frozen=True)
class View:
    """`orders` and `events` as QTickets words them; `rows`: ad days; `totals`: those of which the sources' own totals
    are made; `world`: its ads and its instant. Documents are shared between views: copy before a change."""

    now: datetime
    world: World
    orders: list[Document]
    events: list[Document]
    rows: list[AdDay]
    totals: list[AdDay]
    currencies: dict[str, str] = field(default_factory=dict)
    """Of advertising accounts, by source, where they are not in roubles."""


class Promoter:
    """A life as the sources know it; `at` may go back in time."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._orders = life.orders()
        self._instants = [_instants(order) for order in self._orders]
        self._documents: dict[int, tuple[int, Document]] = {}
        self._settled: dict[date, list[AdDay]] = {}
        self._first = moscow_day(self._orders[0].created_at) if self._orders else life.first

    def at(self, now: datetime) -> View:
        life, today = self.life, moscow_day(now)
        world = self._world(now, _OPEN_DAYS)
        ads, world.ads = world.ads, [shown for ad in world.ads if (shown := self._ad(ad, today))]
        rows = [row for row in map(self._row, ad_days(replace(world, ads=ads))) if row.impressions]
        day = today - timedelta(days=_OPEN_DAYS)
        while day >= self._first:
            rows += self._long_ago(day)
            day -= timedelta(days=1)
        events = [event_document(event) for event in world.events]
        if life.over.get("qtickets", date.max) <= today:
            events = [event | {"is_active": 0} for event in events]
        return View(now, world, self._known(now), events, rows, rows)

    def _world(self, until: datetime, days: int) -> World:
        """As the sandbox makes it, with the events and ads of the whole life and without orders, which take long."""
        last, seed = moscow_day(until), self.life.seed
        planned = [season_events(seed, n) for n in range(season_of(self._first) - 1, season_of(last) + 2)]
        events = [event for season in planned for plan in season if (event := catalogue.as_of(plan, until))]
        ads = [ad for event in events for ad in ads_of(event) if ad.starts <= last]
        return World(seed, until, days, self.life.scale, events, [], ads)

    def _ad(self, ad: Ad, today: date) -> Ad | None:
        """With the state that follows from the rules: one that spends nothing today is paused or has ended."""
        over = self.life.over.get(ad.source, date.max)
        if ad.starts >= over:
            return None
        if ad.ends >= over:
            return replace(ad, ends=over - timedelta(days=1), deleted_on=None)
        return ad if self.life.spend(today, ad) else replace(ad, paused=(today, today))

    def _row(self, row: AdDay) -> AdDay:
        factor = self.life.spend(row.day, row.ad)
        return row if factor == 1 else scaled(row, factor)

    def _long_ago(self, day: date) -> list[AdDay]:
        if day not in self._settled:
            later = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=_OPEN_DAYS)
            world = self._world(later, _OPEN_DAYS + 1)
            then = [ad for ad in world.ads if ad.state(day) == "running"]
            rows = [row for row in ad_days(replace(world, ads=then)) if row.day == day]
            self._settled[day] = [row for row in map(self._row, rows) if row.impressions]
        return self._settled[day]

    def _known(self, now: datetime) -> list[Document]:
        """Worded anew only where something happened since it was worded."""
        found = []
        for number, order in enumerate(self._orders):
            if order.created_at > now:
                break
            age = sum(at <= now for at in self._instants[number])
            if self._documents.get(number, (-1,))[0] != age:
                then = copy(order)
                then.baskets = [copy(basket) for basket in order.baskets]
                self._documents[number] = age, order_document(as_of(then, now) or then)
            found.append(self._documents[number][1])
        return found


def _instants(order: Order) -> list[datetime]:
    baskets = [at for one in order.baskets for at in (one.deleted_at, one.refunded_at)]
    return [at for at in (order.payed_at, order.deleted_at, *baskets) if at]


def scaled(row: AdDay, factor: float) -> AdDay:
    """All figures, so that prices and rates stay. What is more has its own chance: a day of few that had none of them by
    chance is no day of many that has none."""
    rng = stream(row.ad.ad_id, "scaled", row.day)
    shown = int(row.impressions * factor)
    clicks = min(_clicks(row, factor, rng), shown)
    rate = (row.conversions + _CONVERSIONS * _CLICKS) / (row.clicks + _CLICKS)
    tries, chance = (row.conversions, factor) if factor < 1 else (clicks, rate)
    conversions = sum(rng.random() < chance for _ in range(tries))
    return replace(row, impressions=shown, clicks=clicks, spent=times(row.spent, factor), conversions=conversions)


def _clicks(row: AdDay, factor: float, rng: Random) -> int:
    if factor <= 1 or row.ad.clickless:
        return int(row.clicks * factor + rng.random())
    more = (factor - 1) * (row.clicks + 1)
    return row.clicks + max(round(rng.gauss(more, sqrt(more))), 0)


def times(money: Decimal, factor: float) -> Decimal:
    return (money * Decimal(str(factor))).quantize(_KOPECK)


def serve(stage: Stage, view: View) -> None:
    """Let all stand-ins say what the view holds."""
    with stage.qtickets.change() as api:
        api.orders[:], api.events[:] = view.orders, view.events
    stage.vk.cabinet.show(view.world)
    stage.direct.show(view.world)
    stage.direct.reset()
    with stage.vk.cabinet.change() as cabinet:
        cabinet.currency = view.currencies.get(VK, "RUB")
        for days in cabinet.days.values():
            days.clear()
        for row in _of(view.rows, VK):
            cabinet.days.setdefault(row.ad.ad_id, {})
            cabinet.days[row.ad.ad_id][row.day] = _figures(row)
    with stage.direct.change() as direct:
        direct.currency = view.currencies.get(DIRECT, "RUB")
        direct.rows[:] = _of(view.rows, DIRECT)
    _tell_totals(stage, view)


def _tell_totals(stage: Stage, view: View) -> None:
    """The accounts' own totals, which may be right where the rows are not."""
    cabinet, queue = stage.vk.cabinet, stage.direct.queue

    def figures(level: str, wanted: int) -> dict[date, Figures]:
        if level != USERS:
            return Cabinet.figures(cabinet, level, wanted)
        found: dict[date, Figures] = {}
        for row in _of(view.totals, VK):
            found[row.day] = found.get(row.day, NOTHING) + _figures(row)
        return found

    def answer(params: Any, headers: Any, rows: Iterable[AdDay], today: date) -> Any:
        is_total = isinstance(params, dict) and params.get("ReportType") == "ACCOUNT_PERFORMANCE_REPORT"
        return ReportQueue.answer(queue, params, headers, _of(view.totals, DIRECT) if is_total else rows, today)

    vars(cabinet)["figures"], vars(queue)["answer"] = figures, answer


def _of(rows: Iterable[AdDay], source: str) -> list[AdDay]:
    return [row for row in rows if row.ad.source == source]


def _figures(row: AdDay) -> Figures:
    return Figures(row.impressions, row.clicks, row.spent, row.conversions)
