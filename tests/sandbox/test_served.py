"""Where the sandbox has personal data, and the command that serves it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

import sandbox
from sandbox import QticketsApi, World
from sandbox.world.secrets import MARK

UNTIL = datetime(2026, 12, 24, 20, 30, tzinfo=UTC)
ROOT = Path(sandbox.__file__).parents[1]
PERSONAL = {
    "client.email", "client.details.name", "client.details.surname", "client.details.phone", "payment_card_number",
    "cancel_url", "custom.comment", "fields.value", "integrations.roistat.roistat_visit", "baskets.barcode",
    "baskets.client_email", "baskets.client_phone", "baskets.client_name", "baskets.client_surname",
    "baskets.organization_name", "baskets.comment", "baskets.pdf_url", "payments.name",
}  # fmt: skip


def test_personal_strings_are_where_they_belong_and_nowhere_else() -> None:
    """So that a search for them finds every leak and nothing else."""
    world = World.generate(until=UNTIL, days=30, scale=0.3)
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


def test_the_command_announces_serves_and_ends_quietly() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--days", "2", "--scale", "0.1", "--live"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['qtickets_token']}"}
        assert httpx.get(f"{told['qtickets']}/events", headers=headers).json()["data"]
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")
