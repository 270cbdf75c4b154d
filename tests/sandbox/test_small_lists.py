"""The small endpoints: buyers, discounts, promo codes, seats and barcodes of a show."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox import QticketsApi, World


@pytest.fixture
def show_id(small_world: World) -> int:
    """The best-selling show."""
    return Counter(line.show_id for order in small_world.orders for line in order.baskets).most_common(1)[0][0]


def valid_lines(world: World, show_id: int) -> list[Any]:
    return [
        line
        for order in world.orders
        if order.payed_at and not order.deleted_at
        for line in order.baskets
        if line.show_id == show_id and not line.deleted_at and not line.refunded_at
    ]


def test_barcodes_are_a_bare_list_of_valid_tickets(get, small_world: World, show_id: int):
    expected = {line.barcode for line in valid_lines(small_world, show_id)}
    answer = get(f"/shows/{show_id}/barcodes").json()
    assert isinstance(answer, list)
    assert {ticket["barcode"] for ticket in answer} == expected
    assert {tuple(ticket) for ticket in answer} == {("id", "barcode")}
    selected = get(f"/shows/{show_id}/barcodes", {"select": ["price", "seat_name"]}).json()
    assert {tuple(ticket) for ticket in selected} == {("seat_name", "price")}


def test_seats_count_sold_places(get, small_world: World, show_id: int):
    wanted = ["id", "max_quantity", "free_quantity", "payed_quantity"]
    seats = get(f"/shows/{show_id}/seats", {"flat": True, "select": wanted}).json()["data"]
    assert all(list(seat) == wanted and seat["id"] == key for key, seat in seats.items())
    sold = sum(line.quantity for line in valid_lines(small_world, show_id))
    assert sum(seat["payed_quantity"] for seat in seats.values()) == sold
    assert all(seat["max_quantity"] - seat["payed_quantity"] == seat["free_quantity"] for seat in seats.values())


def test_seats_without_select_tell_almost_nothing(get, show_id: int):
    zones = get(f"/shows/{show_id}/seats").json()["data"]
    for name, zone in zones.items():
        assert list(zone) == ["zone_id", "name", "description", "seats"]
        assert zone["zone_id"] == name
        assert all(set(seat) == {"seat_id", "admission"} for seat in zone["seats"].values())


def test_clients_are_the_buyers_of_orders(get, api: QticketsApi):
    clients = get("/clients", {"perPage": 500}).json()
    assert clients["paging"]["total"] == len({order["client_id"] for order in api.orders})
    assert list(clients["data"][0]) == ["id", "email", "details"]


def test_discounts_do_not_tell_their_percentage(get):
    for discount in get("/discounts").json()["data"]:
        assert list(discount) == (
            "id is_active name active_from active_to type events shows created_at updated_at deleted_at".split()
        )


def test_orders_name_known_discounts_and_codes(get, small_world: World):
    discounts = {discount["id"] for discount in get("/discounts").json()["data"]}
    codes = {code["id"]: code["discount_id"] for code in get("/promo-codes").json()["data"]}
    used = [order for order in small_world.orders if order.promo_code_id]
    assert used
    assert {order.discount_id for order in used} <= discounts
    assert all(codes[order.promo_code_id or 0] == order.discount_id for order in used)
