"""The stand-ins over HTTP: what QTickets answers, where personal data are, a living world, the command."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import sandbox
from sandbox import SANDBOX_TOKEN, QticketsApi, World, serve
from sandbox.living import Living
from sandbox.world.clock import day_start, moscow_day
from sandbox.world.secrets import MARK

# Half an hour before a day ends in Moscow, a week before the year and the season do.
UNTIL = datetime(2026, 12, 24, 20, 30, tzinfo=UTC)
PACKAGE = Path(sandbox.__file__).parent
PERSONAL = {
    "client.email", "client.details.name", "client.details.surname", "client.details.phone", "payment_card_number",
    "cancel_url", "custom.comment", "fields.value", "integrations.roistat.roistat_visit", "baskets.barcode",
    "baskets.client_email", "baskets.client_phone", "baskets.client_name", "baskets.client_surname",
    "baskets.organization_name", "baskets.comment", "baskets.pdf_url", "payments.name",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(until=UNTIL, days=30, scale=0.3)


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with (
        serve(QticketsApi.of(world)) as running,
        httpx.Client(base_url=running.base_url, headers=headers) as client,
    ):
        yield client


@pytest.mark.parametrize("form", ["body", "query"])
def test_filters_order_select_and_pages_are_obeyed(client: httpx.Client, world: World, form: str) -> None:
    where = {"column": "payed_at", "operator": ">=", "value": "2026-12-20T00:00:00+03:00"}
    wants = {
        "where": [where],
        "orderBy": {"id": "desc"},
        "perPage": 7,
        "page": 2,
        "select": ["id", "baskets.price"],
    }
    bracketed = {f"where[0][{name}]": value for name, value in where.items()}
    bracketed |= {"orderBy[id]": "desc", "perPage": 7, "page": 2, "select[0]": "id", "select[1]": "baskets.price"}

    answer = client.request("GET", "/orders", **({"json": wants} if form == "body" else {"params": bracketed}))

    start = datetime(2026, 12, 19, 21, tzinfo=UTC)
    found = [order for order in world.orders if order.payed_at and order.payed_at >= start][::-1]
    assert answer.json()["paging"] == {"perPage": 7, "currentPage": 2, "total": len(found)}
    assert answer.json()["data"] == [
        {"id": order.id, "baskets": [{"price": float(line.price)} for line in order.baskets]}
        for order in found[7:14]
    ]


def test_what_it_does_not_know_is_ignored_refused_or_no_page_at_all(client: httpx.Client, world: World) -> None:
    ignored = client.get("/orders", params={"where": '[{"column":"payed","value":1}]', "per_page": 3}).json()
    assert ignored["paging"] == {"perPage": 50, "currentPage": 1, "total": len(world.orders)}
    assert client.request("GET", "/orders", json={"where": [{"column": "nope", "value": 1}]}).status_code == 503
    assert client.post("/orders", json={"data": {}}).status_code == 405
    assert client.get("/orders/1").json()["info"] == {"id": 1, "resource": "Order"}
    assert client.get("/orders/filter/by").headers["content-type"].startswith("text/html")
    assert client.get("/orders", headers={"Authorization": "Bearer x"}).status_code == 403


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


@dataclass
class Clock:
    """Time that passes only while somebody waits for ``stop``, which is set after so many waits."""

    now: datetime
    left: int
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.left -= 1
        return self.left < 0


def test_a_living_world_keeps_its_first_day_and_moves_when_a_day_begins() -> None:
    world = World.generate(until=UNTIL, days=3, scale=0)
    shown: list[World] = []
    clock = Clock(UNTIL, left=3)

    Living(world, shown.append).live(clock, 50_000, lambda: clock.now)  # type: ignore[arg-type]

    midnight = day_start(moscow_day(UNTIL) + timedelta(days=1))
    moments = [midnight, midnight + timedelta(seconds=50_000), midnight + timedelta(days=1)]
    assert [view.until for view in shown] == moments
    assert [view.days for view in shown] == [4, 4, 5]
    assert clock.waits == [1800, 50_000, 36_400, 50_000]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.Popen(command, cwd=PACKAGE.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_announces_serves_and_ends_quietly() -> None:
    with start("--port", "0", "--days", "2", "--scale", "0.1", "--live") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['qtickets_token']}"}
        assert httpx.get(f"{told['qtickets']}/events", headers=headers).json()["data"]
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_taken_port_and_wrong_usage_are_told_without_a_traceback() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for status, arguments in (1, ["--port", str(taken.getsockname()[1]), "--days", "1"]), (2, ["--days", "0"]):
            with start(*arguments) as process:
                output, errors = process.communicate(timeout=60)
            assert (process.returncode, output) == (status, "")
            assert "Traceback" not in errors
