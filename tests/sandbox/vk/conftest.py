"""One server for all tests; each test has fresh APIs over its own copy of one small account, and its own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox import World, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, Cabinet, VkAdsApi, VkLegacyApi
from sandbox.vk.from_world import Contents, contents

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
Send = Callable[..., httpx.Response]


class Clock:
    """Starts within a second, an hour and a Moscow day, and moves only when told to."""

    now = datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp() + 0.25

    def __call__(self) -> float:
        return self.now


@dataclass
class Slot:
    """A place on the server, into which each test puts its API."""

    mount: str
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@dataclass
class Served:
    ads: Slot
    legacy: Slot
    client: httpx.Client


@pytest.fixture(scope="session")
def vk_world() -> World:
    return World.generate(until=UNTIL, days=40)


@pytest.fixture(scope="session")
def _contents(vk_world: World) -> Contents:
    return contents(vk_world)


@pytest.fixture(scope="session")
def _served() -> Iterator[Served]:
    ads, legacy = Slot(VkAdsApi.mount), Slot(VkLegacyApi.mount)
    with serve(ads, legacy) as running, httpx.Client(base_url=running.origin, timeout=10) as client:
        yield Served(ads, legacy, client)


@pytest.fixture
def cabinet(_contents: Contents) -> Cabinet:
    return Cabinet(
        Contents(
            _contents.today,
            {key: replace(value) for key, value in _contents.campaigns.items()},
            {key: replace(value) for key, value in _contents.groups.items()},
            {key: replace(value) for key, value in _contents.banners.items()},
            {key: dict(value) for key, value in _contents.days.items()},
        )
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(_served: Served, cabinet: Cabinet, clock: Clock) -> VkAdsApi:
    """Without limits that a quick test would meet."""
    _served.ads.app = VkAdsApi(cabinet, clock=clock)
    _served.ads.app.throttle.limits = {1: 1000}
    return _served.ads.app


@pytest.fixture
def legacy(_served: Served, cabinet: Cabinet, clock: Clock) -> VkLegacyApi:
    """Without limits that a quick test would meet."""
    _served.legacy.app = VkLegacyApi(cabinet, clock=clock)
    _served.legacy.app.throttle.limits = {1: 1000}
    return _served.legacy.app


@pytest.fixture
def oauth(api: VkAdsApi, _served: Served) -> Send:
    """``oauth("token", grant_type=...)`` posts a form with the client's id and secret, unless others are given."""

    def send(path: str, **form: str) -> httpx.Response:
        known = {"client_id": VK_CLIENT_ID, "client_secret": VK_CLIENT_SECRET}
        return _served.client.post(f"/vk/api/v2/oauth2/{path}.json", data={**known, **form})

    return send


@pytest.fixture
def get(api: VkAdsApi, _served: Served) -> Send:
    """``get("banners.json", limit=5)`` with a token of its own; ``token=`` sends another, ``path`` may name v3."""
    issued = api.tokens.issue().access

    def send(path: str, token: str | None = issued, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        prefix = "/vk/api/" if path.startswith("v3/") else "/vk/api/v2/"
        return _served.client.get(prefix + path, params=params, headers=headers)

    return send


@pytest.fixture
def call(legacy: VkLegacyApi, _served: Served) -> Send:
    """``call("ads.getAds", limit=5)`` with version, token and account; None leaves a parameter out."""

    def send(method: str, verb: str = "GET", **params: Any) -> httpx.Response:
        known = {"v": "5.131", "access_token": legacy.token, "account_id": VK_ACCOUNT_ID}
        sent = {name: value for name, value in {**known, **params}.items() if value is not None}
        where = {"params": sent} if verb == "GET" else {"data": sent}
        return _served.client.request(verb, f"/vk-legacy/method/{method}", **where)

    return send


@pytest.fixture
def post(_served: Served) -> Callable[..., httpx.Response]:
    """Anything else: ``post("/vk/api/v2/ad_plans.json", json={})``."""
    return _served.client.post
