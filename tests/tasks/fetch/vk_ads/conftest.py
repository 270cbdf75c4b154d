"""A small account of VK, served by both of its APIs, and fetches from whatever stands in for them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from sandbox import World
from sandbox.vk import (
    VK_ACCOUNT_ID,
    VK_CLIENT_ID,
    VK_CLIENT_SECRET,
    VK_LEGACY_TOKEN,
    Cabinet,
    VkAdsApi,
    VkLegacyApi,
)
from sandbox.vk.objects import Figures
from tasks.fetch.vk_ads import fetch_ad_days
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.account import UNTIL
from tests.tasks.fetch.vk_ads.helpers import TWO_DAYS, Account, only


@pytest.fixture
def cabinet(world: World) -> Cabinet:
    """The world's account, which the test may change."""
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
def settings_for(
    make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str], token_file: Path
) -> Callable[..., Settings]:
    """Serves today's API, or whatever stands in for it, and gives settings that lead to it."""

    def settings(app: ASGIApp, **values: object) -> Settings:
        known = {
            "vk_base_url": base_url_of(app),
            "vk_client_id": VK_CLIENT_ID,
            "vk_client_secret": VK_CLIENT_SECRET,
            "vk_token_file": token_file,
            "vk_rate": 10_000,
            "vk_page_size": 50,
        }
        return make_settings(**known | values)

    return settings


@pytest.fixture
def vk(cabinet: Cabinet, settings_for: Callable[..., Settings]) -> Account:
    """Behind today's API, without limits that a quick test would meet."""

    def fetch(app: ASGIApp, window: Window, **values: object) -> Fetched:
        return fetch_ad_days(settings_for(app, **values), window, UNTIL)

    api = VkAdsApi(cabinet)
    api.throttle.limits = {1: 10_000}
    return Account(api, fetch)


@pytest.fixture
def old(cabinet: Cabinet, settings_for: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str]) -> Account:
    """Behind the legacy API."""

    def fetch(app: ASGIApp, window: Window, **values: object) -> Fetched:
        known = {"vk_api": "legacy", "vk_legacy_base_url": base_url_of(app), "vk_token": VK_LEGACY_TOKEN}
        settings = settings_for(app, **known | {"vk_account_id": str(VK_ACCOUNT_ID)} | values)
        return fetch_ad_days(settings, window, UNTIL)

    api = VkLegacyApi(cabinet)
    api.throttle.limits = {1: 10_000}
    return Account(api, fetch)
