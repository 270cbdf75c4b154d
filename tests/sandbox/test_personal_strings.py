"""``personal_strings`` is complete and exact: a text search for its values finds every leak and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import QticketsApi, World

ORDER_PATHS = (
    "uniqid client.email client.details.name client.details.middlename client.details.surname client.details.phone "
    "client.details.vk_id client.details.facebook_id client.details.telegram_user.id "
    "client.details.telegram_user.first_name client.details.telegram_user.last_name "
    "client.details.telegram_user.username payment_card_number payment_url cancel_url custom.comment fields.value "
    "integrations.roistat.roistat_visit baskets.series baskets.barcode baskets.client_email baskets.client_phone "
    "baskets.client_name baskets.client_surname baskets.client_middlename baskets.organization_name "
    "baskets.legal_name baskets.work_position baskets.inn baskets.kpp baskets.comment baskets.pdf_url "
    "baskets.passbook_url"
).split()
MARK = "zqpd"
# Barcode, tax numbers, Telegram id; series and tax code; phone; card.
SHAPES = re.compile(r"(87|89|99)\d{10}|8[89]\d77\d{4}|\+70000\d{6}|987654\*{6}\d{4}")


@pytest.fixture(scope="module")
def personal(world: World) -> set[str]:
    return world.personal_strings()


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value not in (None, ""):
        yield path, value


@pytest.fixture(scope="module")
def by_path(full: QticketsApi) -> dict[str, set[str]]:
    """Every value of the orders, by where it stands."""
    found = defaultdict(set)
    for order in full.orders:
        for path, value in leaves(order):
            found[path].add(str(value))
    return found


@pytest.mark.parametrize("path", ORDER_PATHS)
def test_every_personal_field_is_filled_somewhere_and_covered(path: str, by_path, personal: set[str]):
    assert by_path[path], "never filled"
    assert by_path[path] <= personal


def test_payees_and_personal_codes_are_covered(full: QticketsApi, personal: set[str], get):
    assert {payment["name"] for event in full.events for payment in event["payments"]} <= personal
    codes = {promo["code"] for promo in get("/promo-codes").json()["data"]}
    assert len(codes & personal) > 1


def test_every_personal_value_is_marked_or_has_a_shape_of_its_own(personal: set[str]):
    assert all(MARK in value or SHAPES.fullmatch(value) for value in personal)


def test_no_innocent_value_contains_a_personal_one(full: QticketsApi, by_path, personal: set[str]):
    innocent = {value for path, values in by_path.items() if path not in ORDER_PATHS for value in values}
    innocent |= {str(value) for event in full.events for path, value in leaves(event) if path != "payments.name"}
    assert len(innocent) > 50_000
    assert not any(hits(value, personal) for value in innocent)


def test_ids_of_ads_are_innocent_too(world: World, personal: set[str]):
    numbers = {number for ad in world.ads for number in (ad.campaign_id, ad.group_id, ad.ad_id)}
    assert not any(hits(str(number), personal) for number in numbers)


@pytest.mark.parametrize("year", [2021, 2024, 2026, 2029])
def test_other_dates_have_no_false_positives_either(year: int):
    world = World.generate(until=datetime(year, 3, 1, tzinfo=UTC), days=60, scale=0.3)
    personal = world.personal_strings()
    numbers = {order.id for order in world.orders} | {line.id for order in world.orders for line in order.baskets}
    assert not any(hits(str(number), personal) for number in numbers)


def hits(text: str, personal: set[str]) -> set[str]:
    """What a search for every personal value would find. (By shape: a search for each takes minutes.)"""
    if MARK in text or "+70000" in text or "******" in text:
        return {text}
    windows = {text[start : start + size] for size in (9, 12) for start in range(len(text) - size + 1)}
    return {window for window in windows if window.isdecimal()} & personal
