"""The world holds personal data where they belong, so that a search for them means something."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox import QticketsApi
from sandbox.world import World
from sandbox.world.secrets import MARK

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
PERSONAL = {
    "client.email", "client.details.name", "client.details.surname", "client.details.phone", "payment_card_number",
    "cancel_url", "custom.comment", "fields.value", "integrations.roistat.roistat_visit", "baskets.barcode",
    "baskets.client_email", "baskets.client_phone", "baskets.client_name", "baskets.client_surname",
    "baskets.organization_name", "baskets.comment", "baskets.pdf_url", "payments.name",
}  # fmt: skip


def test_personal_strings_are_where_they_belong_and_nowhere_else() -> None:
    """So that a search for them finds every leak and nothing else."""
    world = World.generate(until=UNTIL)
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
