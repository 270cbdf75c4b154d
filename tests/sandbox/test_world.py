"""The default world holds every case that a loader must survive, in believable proportions."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest

from sandbox import World
from sandbox.world import Basket, Order

MOSCOW = timezone(timedelta(hours=3))
HOUR = timedelta(hours=1)


def day(moment: datetime) -> date:
    return moment.astimezone(MOSCOW).date()


@pytest.fixture(scope="module")
def paid(world: World) -> list[Order]:
    return [order for order in world.orders if order.payed_at]


@pytest.fixture(scope="module")
def lines(world: World) -> list[Basket]:
    return [line for order in world.orders for line in order.baskets]


def share(part: int, whole: int) -> float:
    return part / whole


def test_a_day_has_100_to_150_orders_of_about_two_lines(world: World, lines: list[Basket]):
    assert 100 <= len(world.orders) / world.days <= 150
    assert 1.6 <= share(len(lines), len(world.orders)) <= 2.0


def test_every_covered_day_sells_and_weekends_sell_more(world: World):
    by_day = Counter(day(order.created_at) for order in world.orders)
    assert len(by_day) == world.days
    weekend = [count for when, count in by_day.items() if when.weekday() >= 4]
    week = [count for when, count in by_day.items() if when.weekday() < 4]
    assert sum(weekend) / len(weekend) > 1.1 * sum(week) / len(week)


def test_some_orders_are_paid_on_another_moscow_day(paid: list[Order]):
    later = [order for order in paid if order.payed_at and day(order.payed_at) != day(order.created_at)]
    across_midnight = [order for order in later if order.payed_at and order.payed_at - order.created_at < HOUR]
    assert 0.02 < share(len(later), len(paid)) < 0.15
    assert len(across_midnight) > 10
    assert max(order.payed_at - order.created_at for order in later if order.payed_at) <= 30 * HOUR


def test_discounts_leave_kopecks(lines: list[Basket]):
    assert any(line.price % 1 for line in lines)
    assert Decimal("841.50") in {line.price for line in lines}
    assert all(line.price == line.original_price - line.discount for line in lines)


def test_a_fifth_is_free_and_some_orders_mix(world: World):
    free = sum(order.price == 0 for order in world.orders)
    mixed = [order for order in world.orders if order.price and any(line.price == 0 for line in order.baskets)]
    assert 0.15 < share(free, len(world.orders)) < 0.3
    assert len(mixed) > 50
    assert all(order.payed_at for order in world.orders if order.price == 0 and order.id < world.orders[-50].id)


def test_some_lines_hold_several_tickets_and_some_orders_several_shows(world: World, lines: list[Basket]):
    assert 0 < share(sum(line.quantity > 1 for line in lines), len(lines)) < 0.03
    assert any(len({line.show_id for line in order.baskets}) > 1 for order in world.orders)


def test_refunds_are_partial_or_full_with_and_without_deduction(paid: list[Order]):
    refunded = [order for order in paid if any(line.refunded_at for line in order.baskets)]
    partial = [order for order in refunded if not all(line.refunded_at for line in order.baskets)]
    back = [line for order in refunded for line in order.baskets if line.refunded_at]
    assert len(partial) > 10
    assert len(refunded) > 2 * len(partial)
    assert any(line.refunded_deduction for line in back)
    assert any(not line.refunded_deduction for line in back)
    for line in back:
        assert line.refunded_amount is not None and line.refunded_deduction is not None
        assert line.refunded_amount + line.refunded_deduction == line.price * line.quantity
        assert line.refunded_amount > 0


def test_refunds_come_from_hours_to_two_months_after_payment(paid: list[Order]):
    delays = [
        line.refunded_at - order.payed_at
        for order in paid
        for line in order.baskets
        if line.refunded_at and order.payed_at
    ]
    assert min(delays) < 24 * HOUR
    assert max(delays) > 24 * 30 * HOUR
    assert len({day(datetime(2026, 1, 1, tzinfo=UTC) + delay) for delay in delays}) > 20


def test_unpaid_reservations_end_a_quarter_of_an_hour_after_their_term(world: World):
    given_up = [order for order in world.orders if order.deleted_at and not order.payed_at]
    automatic = [order for order in given_up if order.deleted_at and order.deleted_at > order.reserved_to]
    assert 0.5 < share(len(automatic), len(given_up)) < 0.95
    for order in automatic:
        assert order.deleted_at is not None
        assert timedelta(minutes=15) <= order.deleted_at - order.reserved_to <= timedelta(minutes=16)
    terms = Counter(order.reserved_to - order.created_at for order in automatic)
    assert set(terms) == {24 * HOUR, 48 * HOUR}
    assert all(line.deleted_at == order.deleted_at for order in given_up for line in order.baskets)


def test_rare_states_exist(world: World, paid: list[Order]):
    assert any(order.deleted_at for order in paid), "paid, then cancelled without refund"
    assert any(line.deleted_at for order in paid if not order.deleted_at for line in order.baskets)
    assert any(not order.payed_at and not order.deleted_at for order in world.orders), "open reservation"
    invitations = [order for order in world.orders if order.backend_user_id]
    assert invitations
    assert all(order.price == 0 and order.payed_at for order in invitations)


def test_scans_follow_the_doors_and_are_younger_than_the_orders_own_update(world: World):
    doors = {show.id: show.opens_at for event in world.events for show in event.shows}
    scanned = [(order, line) for order in world.orders for line in order.baskets if line.checked_at]
    assert len(scanned) > 1000
    for order, line in scanned:
        assert line.checked_at and line.checked_at > doors[line.show_id]
        assert line.updated_at >= line.checked_at > order.updated_at or order.deleted_at


def test_the_tour_plays_in_ten_russian_cities_over_several_zones(world: World):
    roubles = {event.city.name: event.city.timezone for event in world.events if event.currency == "RUB"}
    expected = {"Москва", "Санкт-Петербург", "Томск", "Барнаул", "Новосибирск", "Екатеринбург", "Казань"}
    assert expected | {"Краснодар", "Владивосток", "Калининград"} <= set(roubles)
    assert len(set(roubles.values())) >= 5
    assert {event.city.name for event in world.events if event.currency != "RUB"} == {"Алматы", "Минск"}


def test_event_name_and_city_are_unique_together(world: World):
    pairs = Counter((event.name, event.city.name) for event in world.events)
    assert set(pairs.values()) == {1}
    assert max(Counter(event.name for event in world.events).values()) > 1


def test_events_carry_the_captured_oddities(world: World):
    shows = [show for event in world.events for show in event.shows]
    sold = {line.show_id for order in world.orders for line in order.baskets}
    counts = Counter(len(event.shows) for event in world.events)
    assert counts[1] and counts[13]
    assert any(not event.is_active for event in world.events)
    assert any(event.deleted_at for event in world.events)
    assert any(not show.is_active and show.id in sold for show in shows)
    assert any(not show.shows_prices for show in shows)
    assert any(show.scheme_seats > 1000 for show in shows)
    assert any(event.payee is None for event in world.events)


def test_every_order_belongs_to_a_known_event_and_its_shows(world: World):
    events = {event.id: event for event in world.events}
    for order in world.orders:
        event = events[order.event_id]
        assert order.currency == event.currency
        assert order.created_at >= event.sale_starts_at
        assert {line.show_id for line in order.baskets} <= {show.id for show in event.shows}


def test_foreign_currencies_sell_too(world: World):
    assert {"RUB", "KZT", "BYN"} == {order.currency for order in world.orders}


def test_ages_do_not_thin_the_world_out():
    for year in (2021, 2024, 2030):
        orders = World.generate(until=datetime(year, 3, 1, 20, tzinfo=UTC), days=70, scale=0.1).orders
        by_day = [day(order.created_at) for order in orders]
        assert len(set(by_day)) == 70
        assert all(before <= after for before, after in pairwise(by_day))


def test_ninety_days_are_made_within_three_seconds():
    """Of this thread's own time: whatever else the machine does is not counted."""
    started = time.thread_time()
    World.generate(until=datetime(2026, 6, 1, tzinfo=UTC))
    assert time.thread_time() - started < 3
