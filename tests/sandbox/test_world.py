"""The world holds what a loader must survive, and personal data where they belong."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi
from sandbox.world import Basket, Order, World
from sandbox.world.clock import moscow_day
from sandbox.world.seats import levels_of
from sandbox.world.secrets import MARK
from tests.flows.truth import state

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
PERSONAL = {
    "client.email", "client.details.name", "client.details.surname", "client.details.phone", "payment_card_number",
    "cancel_url", "custom.comment", "fields.value", "integrations.roistat.roistat_visit", "baskets.barcode",
    "baskets.client_email", "baskets.client_phone", "baskets.client_name", "baskets.client_surname",
    "baskets.organization_name", "baskets.comment", "baskets.pdf_url", "payments.name",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(until=UNTIL)


@pytest.fixture(scope="module")
def lines(world: World) -> list[tuple[Order, Basket]]:
    return [(order, line) for order in world.orders for line in order.baskets]


def test_the_world_holds_every_case_that_a_loader_must_survive(
    world: World, lines: list[tuple[Order, Basket]]
) -> None:
    paid = [order for order in world.orders if order.payed_at]
    shows = [show for event in world.events for show in event.shows]
    refunded = [order for order in paid if any(line.refunded_at for line in order.baskets)]
    assert {order.currency for order in paid} == {"RUB", "KZT", "BYN"}
    assert any(moscow_day(order.payed_at or UNTIL) != moscow_day(order.created_at) for order in paid)
    assert any(line.price % 1 for _, line in lines), "kopecks"
    assert any(line.quantity > 1 for _, line in lines)
    assert any(len({line.show_id for line in order.baskets}) > 1 for order in paid)
    assert any(order.price and any(line.price == 0 for line in order.baskets) for order in paid)
    assert any(order.price == 0 for order in paid)
    assert any(all(line.refunded_at for line in order.baskets) for order in refunded)
    assert any(not all(line.refunded_at for line in order.baskets) for order in refunded)
    assert any(line.refunded_deduction for _, line in lines)
    assert any(order.deleted_at for order in paid)
    assert any(not order.payed_at and not order.deleted_at for order in world.orders), "open reservation"
    assert any(order.utm_as_list for order in world.orders)
    assert any(not show.is_active and show.id in {line.show_id for _, line in lines} for show in shows)
    assert any(event.deleted_at for event in world.events)
    assert any(not event.is_active for event in world.events)
    assert len({(event.name, event.city.name) for event in world.events}) == len(world.events)


def test_personal_strings_are_where_they_belong_and_nowhere_else(world: World) -> None:
    """So that a search for them finds every leak and nothing else."""
    personal, api = world.personal_strings(), QticketsApi.of(world)
    values = [leaf for document in (*api.orders, *api.events) for leaf in leaves(document)]
    assert {path for path, _ in values} >= PERSONAL
    assert all(value in personal for path, value in values if path in PERSONAL)
    shapes = re.compile(r"87\d{10}|\+70000\d{6}|987654\*{6}\d{4}")
    assert all(MARK in value or shapes.fullmatch(value) for value in personal)
    innocent = {value for path, value in values if path not in PERSONAL}
    innocent |= {str(number) for ad in world.ads for number in (ad.campaign_id, ad.group_id, ad.ad_id)}
    assert not [value for value in innocent if MARK in value or shapes.search(value)]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value not in (None, ""):
        yield path, str(value)


def test_the_seats_of_a_show_are_those_of_its_orders_and_a_hall_never_grows() -> None:
    """At two instants, of the shows whose sale began within the days that are looked at."""
    totals: list[dict[int, int]] = []
    for until in (datetime(2026, 10, 20, 15, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)):
        world = World.generate(until=until, days=140, scale=0.1)
        paid: Counter[int] = Counter()
        for order in world.orders:
            for basket in order.baskets:
                paid[basket.show_id] += basket.quantity * (state(order, basket) == "paid")
        first = moscow_day(until) - timedelta(days=139)
        shows = [
            show for event in world.events for show in event.shows if moscow_day(event.sale_starts_at) >= first
        ]
        halls = {show.id: levels for show in shows if (levels := levels_of(world, show))}
        assert {show: sum(level.sold for level in levels) for show, levels in halls.items()} == {
            show: paid[show] for show in halls
        }
        assert all(
            one.sold + one.ordered + one.disabled <= one.total for levels in halls.values() for one in levels
        )
        totals.append({show: sum(level.total for level in levels) for show, levels in halls.items()})
    assert sum(before == totals[1].get(show) for show, before in totals[0].items()) > 30
    assert all(totals[1].get(show, before) == before for show, before in totals[0].items())
