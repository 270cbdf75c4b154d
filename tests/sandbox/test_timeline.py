"""A world is a view of one timeline: whatever the view, it tells the same of what had happened by then."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox import World

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))
HAPPENINGS = ("payed_at", "deleted_at", "extended_at", "checked_at", "refunded_at")
FOLLOWS = ("updated_at", "reserved_to", "card_mask", "refunded_amount", "refunded_deduction", "baskets")


def make(until: datetime, days: int, **options: Any) -> World:
    return World.generate(until=until, days=days, scale=0.25, **options)


def test_same_arguments_give_the_same_world():
    assert make(UNTIL, 20) == make(UNTIL, 20)


def test_another_seed_gives_other_sales():
    def sales(world: World) -> list[Any]:
        return [(order.created_at, order.price) for order in world.orders]

    assert sales(make(UNTIL, 5)) != sales(make(UNTIL, 5, seed=8))


def test_hash_randomisation_of_the_process_does_not_matter():
    program = (
        "import hashlib; from datetime import datetime, UTC; from sandbox import World;"
        "w = World.generate(until=datetime(2026, 11, 23, tzinfo=UTC), days=3, scale=0.5);"
        "print(hashlib.sha256(repr(w).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("days", [1, 10])
def test_fewer_days_are_the_end_of_more_days(days: int):
    shorter, longer = make(UNTIL, days).orders, make(UNTIL, 20).orders
    assert shorter
    assert longer[-len(shorter) :] == shorter


@pytest.mark.parametrize("later", [timedelta(minutes=7), timedelta(days=1), timedelta(days=61)])
@pytest.mark.parametrize("until", [UNTIL, datetime(2026, 10, 1, 20, 59, 59, tzinfo=UTC)])
def test_a_later_view_agrees_on_everything_that_had_happened(until: datetime, later: timedelta):
    days = 10
    grown = ((until + later).astimezone(MOSCOW).date() - until.astimezone(MOSCOW).date()).days
    before, after = make(until, days).orders, make(until + later, days + grown).orders
    assert [order.id for order in after if order.created_at <= until] == [order.id for order in before]
    for early, late in zip(before, after, strict=False):
        assert_grew(early, late, until)
        for early_line, late_line in zip(early.baskets, late.baskets, strict=True):
            assert_grew(early_line, late_line, until)


def assert_grew(early: Any, late: Any, until: datetime) -> None:
    for field in fields(early):
        was, became = getattr(early, field.name), getattr(late, field.name)
        if field.name in HAPPENINGS:
            assert was == (became if became and became <= until else None), field.name
        elif field.name not in FOLLOWS:
            assert was == became, field.name


def test_a_later_view_restates_old_orders():
    before = {order.id: order for order in make(UNTIL, 30).orders}
    after = make(UNTIL + timedelta(days=20), 50).orders
    changed = [order for order in after if order.id in before and order != before[order.id]]
    assert any(line.refunded_at and line.refunded_at > UNTIL for order in changed for line in order.baskets)
    assert any(order.payed_at and order.payed_at > UNTIL for order in changed)


def test_nothing_is_later_than_the_view():
    world = make(UNTIL, 30)
    for order in world.orders:
        for thing in (order, *order.baskets):
            moments = [getattr(thing, name, None) for name in (*HAPPENINGS, "created_at", "updated_at")]
            assert all(moment <= UNTIL for moment in moments if moment)
    assert all(event.created_at <= UNTIL and event.updated_at <= UNTIL for event in world.events)


def test_ids_grow_with_creation_and_are_unique(world: World):
    ids = [order.id for order in world.orders]
    assert ids == sorted(set(ids))
    assert [order.created_at for order in world.orders] == sorted(order.created_at for order in world.orders)
    lines = [line.id for order in world.orders for line in order.baskets]
    assert len(lines) == len(set(lines))
    assert len({line.barcode for order in world.orders for line in order.baskets}) == len(lines)
    assert max(lines) < 2**63


def test_a_view_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        World.generate(until=datetime(2026, 11, 23))  # noqa: DTZ001
