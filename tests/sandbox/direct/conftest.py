"""One server for all tests; each test has a fresh Direct over one small account, and a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox import World, serve
from sandbox.direct import DirectApi
from sandbox.world import Ad
from sandbox.world.spend import AdDay, ad_days
from tests.sandbox.direct.helpers import HEADERS, UNTIL, Clock, Send


class Slot:
    """A place on the server, into which each test puts its API."""

    mount = DirectApi.mount
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def direct_world() -> World:
    return World.generate(until=UNTIL, days=40)


@pytest.fixture(scope="session")
def truth(direct_world: World) -> list[AdDay]:
    return [row for row in ad_days(direct_world) if row.ad.source == "direct"]


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[Slot, httpx.Client]]:
    slot = Slot()
    with serve(slot) as running, httpx.Client(base_url=running.base_url, timeout=10) as client:
        yield slot, client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(_served: tuple[Slot, httpx.Client], direct_world: World, clock: Clock) -> DirectApi:
    api = DirectApi.of(direct_world)
    api.clock = clock
    api.reset()
    _served[0].app = api
    return api


@pytest.fixture
def client(api: DirectApi, _served: tuple[Slot, httpx.Client]) -> httpx.Client:
    return _served[1]


@pytest.fixture
def call(client: httpx.Client) -> Send:
    """``call("campaigns", {"FieldNames": ["Id"]})`` calls ``get``; ``headers`` are added, None takes one away."""

    def send(
        service: str,
        params: Any,
        method: str = "get",
        version: str = "v5",
        headers: dict[str, str | None] | None = None,
    ) -> httpx.Response:
        merged = {**HEADERS, **(headers or {})}
        sent = {name: value for name, value in merged.items() if value is not None}
        return client.post(f"/json/{version}/{service}", json={"method": method, "params": params}, headers=sent)

    return send


@pytest.fixture
def report(client: httpx.Client) -> Send:
    """``report(headers, DateFrom=..., FieldNames=...)``; a parameter that is None is left out."""

    def send(headers: dict[str, str | None] | None = None, **changes: Any) -> httpx.Response:
        criteria = {name: changes.pop(name) for name in ("DateFrom", "DateTo", "Filter") if name in changes}
        if changes.get("DateRangeType", "CUSTOM_DATE") == "CUSTOM_DATE":
            criteria = {"DateFrom": "2026-11-10", "DateTo": "2026-11-20", **criteria}
        params = {
            "SelectionCriteria": criteria,
            "FieldNames": ["Date", "CampaignId", "AdId", "Impressions", "Clicks", "Cost", "Conversions"],
            "ReportName": "r1",
            "ReportType": "CUSTOM_REPORT",
            "DateRangeType": "CUSTOM_DATE",
            "Format": "TSV",
            "IncludeVAT": "NO",
            **changes,
        }
        merged = {**HEADERS, **(headers or {})}
        return client.post(
            "/json/v5/reports",
            json={"params": {name: value for name, value in params.items() if value is not None}},
            headers={name: value for name, value in merged.items() if value is not None},
        )

    return send


@pytest.fixture
def ads(api: DirectApi) -> list[Ad]:
    """Two ordinary ads of different campaigns, to make up rows with."""
    found = [ad for ad in api.world.ads if not ad.wizard and not ad.deleted_on]
    return [found[0], next(ad for ad in found if ad.campaign_id != found[0].campaign_id)]
