"""A small account of VK behind both of its APIs."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

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
from tasks.settings import Settings
from tests.tasks.fetch.vk_ads.helpers import TWO_DAYS, Account, only


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
def vk(cabinet: Cabinet, settings_for: Callable[..., Settings], token_file: Path) -> Account:
    """Behind today's API."""
    given = {
        "vk_token": None,
        "vk_account_id": None,
        "vk_client_id": VK_CLIENT_ID,
        "vk_client_secret": VK_CLIENT_SECRET,
        "vk_token_file": token_file,
        "vk_page_size": 50,
    }
    return Account(VkAdsApi(cabinet), lambda app, **values: settings_for(app, **given | values))


@pytest.fixture
def old(cabinet: Cabinet, settings_for: Callable[..., Settings]) -> Account:
    given = {"vk_api": "legacy", "vk_token": VK_LEGACY_TOKEN, "vk_account_id": str(VK_ACCOUNT_ID)}
    return Account(VkLegacyApi(cabinet), lambda app, **values: settings_for(app, **given | values))
