"""What the tests of fetching share: applications behind one real HTTP server, and one call to any of them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import ASGIApp

from sandbox import World
from sandbox import vk as of_vk
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.server import Running, serve
from sandbox.vk import Cabinet, VkAdsApi, VkLegacyApi
from sandbox.vk.objects import Figures
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.traffic import counted
from tasks.settings import Settings
from tests.tasks.fetch.applications import TWO_DAYS, UNTIL, Ask, Asked, Clock, DirectAccount, Stage, VkAccount, only

SettingsFor = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Of any test here, however it ends. All secrets of the sandbox contain the mark."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not [line for record in caplog.get_records("call") if MARK in (line := record.getMessage())]


@pytest.fixture(scope="session")
def world() -> World:
    """Two months up to 2026-01-20 18:30 in Moscow, over a change of VAT. Not to be changed."""
    return World.generate(until=UNTIL, days=60, scale=0.1)


@pytest.fixture(scope="session")
def _running() -> Iterator[Running[Stage]]:
    with serve(Stage()) as running:
        yield running


@pytest.fixture
def base_url_of(_running: Running[Stage]) -> Iterator[Callable[[ASGIApp], str]]:
    yield lambda app: _running.base_url + _running.app.add(app)
    _running.app.clear()


@pytest.fixture
def settings_for(make_settings: SettingsFor, base_url_of: Callable[[ASGIApp], str]) -> SettingsFor:
    """`settings_for(app, **values)`: every API's address leads to the application."""

    def settings(app: ASGIApp | str, **values: Any) -> Settings:
        names = ("qtickets_base_url", "vk_base_url", "vk_legacy_base_url", "direct_base_url")
        known = {
            **dict.fromkeys(names, app if isinstance(app, str) else base_url_of(app)),
            **{"vk_token": "a-vk-token", "vk_account_id": "1", "vk_rate": 1000},
            **{"direct_login": "promoter", "direct_token": "a-direct-token", "direct_rate": 1000},
        }
        return make_settings(**known | values)

    return settings


@pytest.fixture
def error_of(settings_for: SettingsFor) -> Callable[..., SourceError]:
    """`error_of(fetch, app, **values)`: the error of a fetch that tries each call once, which is one line."""

    def error(fetch: Callable[[Settings], Any], app: ASGIApp, **values: Any) -> SourceError:
        with pytest.raises(SourceError) as caught:
            found = fetch(settings_for(app, **{"http_attempts": 1} | values))
            if isinstance(found, Coroutine):
                asyncio.run(found)
        assert "\n" not in str(caught.value)
        return caught.value

    return error


@pytest.fixture
def ask(settings_for: SettingsFor) -> Ask:
    """`ask(app, rate=1000, token="…", **settings)`: one GET /orders and what came of it."""

    async def once(settings: Settings, token: str, rate: float) -> Asked:
        headers = {"Authorization": f"Bearer {token}"}
        url = settings.qtickets_base_url
        api = Api("Somewhere", url, headers, rate, {}, setting="SOME_BASE_URL")
        with counted() as traffic:
            async with ApiClient(api, settings) as client:
                try:
                    reply, error = await client.get("orders"), None
                except SourceError as refused:
                    reply, error = None, refused
            return Asked(reply, error, traffic.calls, traffic.retries)

    def run(app: ASGIApp | str, *, token: str = "a-secret-token", rate: float = 1000, **settings: object) -> Asked:
        return asyncio.run(once(settings_for(app, **settings), token, rate))

    return run


@pytest.fixture
def cabinet(world: World) -> Cabinet:
    return Cabinet.of(world)


@pytest.fixture
def four(cabinet: Cabinet) -> list[int]:
    """Ads 1001 to 1004 with 100.00 on each of two days: 800.00 in all."""
    ids = only(cabinet, 4)
    with cabinet.change():
        spent = Figures(shows=1000, clicks=10, spent=Decimal(100), goals=1)
        cabinet.days = {ad: {TWO_DAYS.first: spent, TWO_DAYS.last: spent} for ad in ids}
    return ids


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "vk_token.json"


@pytest.fixture
def vk(cabinet: Cabinet, settings_for: SettingsFor, token_file: Path) -> VkAccount:
    """Behind today's API."""
    given = {
        "vk_token": None, "vk_account_id": None, "vk_client_id": of_vk.VK_CLIENT_ID, "vk_client_secret": of_vk.VK_CLIENT_SECRET,
        "vk_token_file": token_file, "vk_page_size": 50,
    }  # fmt: skip
    api = VkAdsApi(cabinet)
    api.throttle.limits = {1: 10_000}
    return VkAccount(api, lambda app, **values: settings_for(app, **given | values))


@pytest.fixture
def old(cabinet: Cabinet, settings_for: SettingsFor) -> VkAccount:
    given = {"vk_api": "legacy", "vk_token": of_vk.VK_LEGACY_TOKEN, "vk_account_id": str(of_vk.VK_ACCOUNT_ID)}
    return VkAccount(VkLegacyApi(cabinet), lambda app, **values: settings_for(app, **given | values))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of Direct and of its loader."""
    clock = Clock(asyncio.sleep)
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    monkeypatch.setattr("tasks.fetch.direct.reports.time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def direct(world: World, clock: Clock, settings_for: SettingsFor) -> DirectAccount:
    """Every request to it is at once, unless a switch says otherwise; any report is built online."""
    api = DirectApi.of(world, DirectSwitches(auto_online_days=400))
    api.clock = clock
    api.reset()
    given = {"direct_login": DIRECT_LOGIN, "direct_token": DIRECT_TOKEN}
    return DirectAccount(api, lambda app, **values: settings_for(app, **given | values))
