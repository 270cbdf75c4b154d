"""Served documents have the keys, the order of keys, the types and the polymorphism of captured replies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi, World

ORDER = (
    "id uniqid payed payed_at client_id client site_id site payment_id payment_type_id "
    "payment_card_number payment_url cancel_url basket_user_id backend_user_id access_code_id discount_id "
    "promo_code_id reserved reserved_to reserve_extended event_id price original_price currency_id utm "
    "custom fields baskets refunds integrations created_at updated_at deleted_at"
).split()
BASKET = (
    "id series barcode show_id seat_id seat_name original_price ticket_original_price discount_value "
    "price ticket_amount service_fee_amount multiprice_code quantity client_email client_phone "
    "client_name client_surname client_middlename organization_name legal_name work_position inn kpp "
    "comment pdf_url passbook_url related_baskets services checked_at created_at updated_at deleted_at "
    "refunded_at refunded_amount refunded_deduction_amount refunds"
).split()
CLIENT = ["id", "email", "details"]
DETAILS = "id name middlename surname phone vk_id facebook_id".split()
EVENT = (
    "id is_active name scheme_id currency_id place_name place_address place_description city_id "
    "description site_url external_id ticket_id mail_template_id age shows payments poster event_type_id "
    "city ticket mail_template slug place_coordinates url created_at updated_at deleted_at"
).split()
SHOW = (
    "id name is_active sale_start_date sale_finish_date open_date start_date finish_date "
    "scheme_properties prices min_price max_price created_at updated_at deleted_at"
).split()
PRICE = ["id", "default_price", "color_theme", "modifiers"]
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+03:00$")


@pytest.fixture(scope="module")
def baskets(full: QticketsApi) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(order, basket) for order in full.orders for basket in order["baskets"]]


def test_orders_have_all_captured_keys_in_their_order(get):
    for order in get("/orders", {"perPage": 500}).json()["data"]:
        assert list(order) == ORDER
        assert list(order["client"]) == CLIENT
        assert [key for key in order["client"]["details"] if key != "telegram_user"] == DETAILS
        assert list(order["site"]) == ["id", "host"]
        assert all(list(basket) == BASKET for basket in order["baskets"])


def test_events_have_all_captured_keys_in_their_order(get):
    for event in get("/events").json()["data"]:
        assert list(event) == EVENT
        assert list(event["city"]) == ["id", "name", "timezone"]
        for show in event["shows"]:
            assert list(show) == SHOW
            assert all(list(price) == PRICE for price in show["prices"])


def test_every_instant_has_the_moscow_offset_in_every_city(full: QticketsApi):
    zones = {event["city"]["timezone"] for event in full.events}
    assert {"Asia/Krasnoyarsk", "Asia/Vladivostok", "Europe/Kaliningrad"} <= zones
    found = [
        value for key, value in walk([full.orders, full.events]) if key.endswith(("_at", "_to", "_date")) and value
    ]
    assert len(found) > 1000
    assert all(INSTANT.match(value) for value in found)


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, key)
    else:
        yield key, value


def test_empty_objects_are_php_lists(full: QticketsApi):
    assert {type(order["utm"]) for order in full.orders} == {dict, list}
    assert any(order["utm"] == [] for order in full.orders)
    assert any(isinstance(order["utm"], list) and order["utm"] and order["utm"][0] for order in full.orders)
    assert all(order["utm"] for order in full.orders if isinstance(order["utm"], dict))
    assert {type(order["custom"]) for order in full.orders} == {str, dict}
    assert {order["custom"] for order in full.orders if isinstance(order["custom"], str)} == {""}
    assert {type(order["integrations"]) for order in full.orders} == {dict, list}
    rows = [zone["rows"] for event in full.events for show in event["shows"] for zone in zones_of(show)]
    assert {type(row) for row in rows} == {dict, list}


def zones_of(show: dict[str, Any]) -> list[dict[str, Any]]:
    return list(show["scheme_properties"]["zones"].values())


def test_flags_are_bool_on_orders_and_payments_but_int_on_events(full: QticketsApi):
    for order in full.orders[:200]:
        assert {type(order[flag]) for flag in ("payed", "reserved", "reserve_extended")} == {bool}
    for event in full.events:
        assert type(event["is_active"]) is int
        assert {type(show["is_active"]) for show in event["shows"]} == {int}
        assert {type(payment["is_active"]) for payment in event["payments"]} <= {bool}


def test_money_is_int_where_whole(baskets):
    prices = [basket["price"] for _, basket in baskets]
    assert {type(price) for price in prices} == {int, float}
    assert all(price % 1 for price in prices if isinstance(price, float))


def test_order_price_is_the_sum_of_unit_prices_times_quantity(full: QticketsApi):
    assert any(basket["quantity"] > 1 for order in full.orders for basket in order["baskets"])
    for order in full.orders:
        kopecks = sum(round(basket["price"] * 100) * basket["quantity"] for basket in order["baskets"])
        assert round(order["price"] * 100) == kopecks


def test_a_cancelled_unpaid_ticket_has_zeros_and_no_barcode(baskets):
    cancelled = [basket for order, basket in baskets if order["deleted_at"] and not order["payed"]]
    assert cancelled
    for basket in cancelled:
        assert (basket["refunded_at"], basket["refunded_amount"], basket["refunded_deduction_amount"]) == (
            None,
            0,
            0,
        )
        assert basket["ticket_amount"] == 0
        assert (basket["barcode"], basket["pdf_url"], basket["passbook_url"]) == (None, None, None)


def test_a_sold_ticket_has_nulls_and_a_barcode(baskets):
    sold = [b for o, b in baskets if o["payed"] and not b["deleted_at"] and not b["refunded_at"]]
    for basket in sold:
        assert (basket["refunded_amount"], basket["refunded_deduction_amount"]) == (None, None)
        assert basket["ticket_amount"] == basket["price"]
        assert re.fullmatch(r"87\d{10}", basket["barcode"])
        assert re.fullmatch(r"88\d{7}", basket["series"])


def test_prices_of_a_show_may_be_unknown_and_its_scheme_enormous(full: QticketsApi):
    shows = [show for event in full.events for show in event["shows"]]
    assert any(show["min_price"] is None and show["max_price"] is None for show in shows)
    assert any(show["min_price"] for show in shows)
    assert max(len(json.dumps(show["scheme_properties"])) for show in shows) > 200_000
    assert any("seats" not in show["scheme_properties"] for show in shows)
    assert any(price["modifiers"] for show in shows for price in show["prices"])


def test_bodies_are_escaped_as_php_does(get):
    raw = get("/events").content
    assert raw.isascii()
    assert b"https:\\/\\/" in raw
    assert b"https://" not in raw
    assert re.search(rb"\\u04[0-9a-f]{2}", raw)
    assert raw.startswith(b'{"data":[{"id":')


def test_documents_tell_what_the_world_holds(full: QticketsApi, world: World):
    for order, document in zip(world.orders, full.orders, strict=True):
        assert document["payed"] is (order.payed_at is not None)
        assert moment(document["payed_at"]) == order.payed_at
        assert moment(document["deleted_at"]) == order.deleted_at
        assert round(document["price"] * 100) == order.price * 100
        for line, basket in zip(order.baskets, document["baskets"], strict=True):
            assert moment(basket["refunded_at"]) == line.refunded_at
            assert round((basket["refunded_amount"] or 0) * 100) == (line.refunded_amount or 0) * 100


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def test_scans_do_not_move_the_orders_own_update(full: QticketsApi):
    scanned = [order for order in full.orders if any(basket["checked_at"] for basket in order["baskets"])]
    assert scanned
    for order in scanned:
        basket = next(basket for basket in order["baskets"] if basket["checked_at"])
        if not order["deleted_at"]:
            assert order["updated_at"] < basket["checked_at"] <= basket["updated_at"]


def test_reservation_lasts_a_day_or_two(full: QticketsApi):
    for order in full.orders:
        length = datetime.fromisoformat(order["reserved_to"]) - datetime.fromisoformat(order["created_at"])
        assert length == timedelta(hours=48 if order["reserve_extended"] else 24)
