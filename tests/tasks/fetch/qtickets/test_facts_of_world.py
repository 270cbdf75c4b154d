"""From the wire to tickets and days of sales, against the world's own truth, whatever convention the API keeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl
import pytest

from sandbox import QticketsApi, World
from sandbox.world import Basket, Order
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.landing import Landing
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.qtickets import events, tickets
from tasks.window import Window
from tests.tasks.fetch.qtickets.truth import MOSCOW
from validation import qtickets as must
from validation.split import split

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ALL = Window(first=date(2026, 4, 20), last=date(2026, 7, 1))
SWITCHES = ("price_per_line", "price_reduced_after_refund", "deleted_after_refund")
SettingsFor = Callable[..., Settings]


def landed(settings: Settings, fetch: Any, folder: str) -> pl.DataFrame:
    landing = Landing(folder)
    return landing.read(landing.write("qtickets", "x", ALL, NOW, fetch(settings, ALL, NOW)))


def state(order: Order, basket: Basket) -> str:
    if order.payed_at and basket.refunded_at:
        return "refunded"
    if order.deleted_at or basket.deleted_at:
        return "cancelled"
    return "paid" if order.payed_at else "reserved"


@pytest.mark.parametrize("chosen", list(product([False, True], repeat=3)), ids=str)
def test_every_ticket_and_every_day_is_the_worlds_own(
    world: World,
    api_of_world: Callable[..., QticketsApi],
    settings_for: SettingsFor,
    tmp_path: Any,
    chosen: tuple[bool, ...],
) -> None:
    api = api_of_world(max_per_page=5000, **dict(zip(SWITCHES, chosen, strict=True)))
    raw = landed(settings_for(api, qtickets_page_size=5000), fetch_orders, str(tmp_path))

    parts = split(raw, must.raw_orders)
    facts = tickets(parts.valid)

    assert parts.rejected.height == split(facts, must.tickets).rejected.height == 0
    columns = ("ticket_id", "order_id", "event_id", "show_id", "state", "currency", "quantity", "amount")
    assert set(facts.select(*columns, "refunded_amount", "paid_at", "ordered_at", "refunded_at").iter_rows()) == {
        (
            *(basket.id, order.id, order.event_id, basket.show_id, state(order, basket)),
            *(order.currency, basket.quantity, basket.price * basket.quantity),
            basket.refunded_amount if state(order, basket) == "refunded" else Decimal(0),
            *(order.payed_at, order.created_at),
            basket.refunded_at if state(order, basket) == "refunded" else None,
        )
        for order in world.orders
        for basket in order.baskets
    }
    assert _by_day(facts) == _days_of(world)


def _days_of(world: World) -> dict[tuple[date, int, str], tuple[int, Decimal, Decimal]]:
    days: dict[tuple[date, int, str], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for order in world.orders:
        for basket in order.baskets:
            if order.payed_at and state(order, basket) in ("paid", "refunded"):
                figures = days[order.payed_at.astimezone(MOSCOW).date(), order.event_id, order.currency]
                figures[0] += basket.quantity
                figures[1] += basket.price * basket.quantity
                figures[2] += basket.refunded_amount or 0
    return {key: tuple(figures) for key, figures in days.items()}  # type: ignore[misc]


def _by_day(facts: pl.DataFrame) -> dict[tuple[date, int, str], tuple[int, Decimal, Decimal]]:
    sold = facts.filter(pl.col("state").is_in(["paid", "refunded"]))
    day = pl.col("paid_at").dt.convert_time_zone("Europe/Moscow").dt.date().alias("day")
    grouped = sold.group_by(day, "event_id", "currency").agg(
        pl.col("quantity").cast(pl.Int64).sum(), pl.col("amount").sum(), pl.col("refunded_amount").sum()
    )
    return {row[:3]: row[3:] for row in grouped.iter_rows()}


def test_the_world_of_the_tests_has_what_the_test_above_must_survive(world: World) -> None:
    lines = [(order, basket) for order in world.orders for basket in order.baskets]
    assert {state(*line) for line in lines} == {"paid", "refunded", "cancelled", "reserved"}
    assert any(basket.quantity > 1 and basket.price for _, basket in lines)
    assert any(basket.price % 1 for _, basket in lines), "kopecks"
    assert any(basket.price == 0 and order.payed_at for order, basket in lines)
    assert len({order.currency for order, _ in lines}) > 1
    assert any(
        order.payed_at and order.payed_at.astimezone(MOSCOW).date() > order.created_at.astimezone(MOSCOW).date()
        for order, _ in lines
    )


def test_every_event_is_the_worlds_own(
    world: World, api_of_world: Callable[..., QticketsApi], settings_for: SettingsFor, tmp_path: Any
) -> None:
    parts = split(landed(settings_for(api_of_world()), fetch_events, str(tmp_path)), must.raw_events)
    facts = events(parts.valid, cities())

    assert parts.rejected.height == split(facts, must.events).rejected.height == 0
    assert set(facts.iter_rows()) == {
        (
            *(event.id, event.name, event.city.name.lower(), event.venue, event.city.timezone, event.currency),
            int(event.is_active and event.deleted_at is None),
            *(min(show.starts_at for show in event.shows), max(show.starts_at for show in event.shows)),
        )
        for event in world.events
    }
