"""More pages than one load reads end the fetch in one line after a bounded number of calls."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox import QticketsApi, Switches, World
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi
from tasks.errors import SourceError
from tasks.fetch import direct, paging, qtickets, vk_ads
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.ad_accounts import UNTIL

WINDOW = Window(first=UNTIL.date() - timedelta(days=30), last=UNTIL.date() - timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "fetch", "words"),
    [
        ("QTickets", qtickets.fetch_orders, " records of /orders on "),
        ("QTickets, walked", qtickets.fetch_orders, "4 records of /orders on 4 pages"),
        ("VK Ads", vk_ads.fetch_ad_days, " banners on 4 pages"),
        ("Yandex Direct", direct.fetch_ad_days, "on 4 pages"),
    ],
)
def test_pages_without_end_end_in_one_line(
    error_of: Callable[..., SourceError],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    fetch: Callable[..., object],
    words: str,
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 1)
    apis = {
        "QTickets": QticketsApi.of(world),
        "QTickets, walked": QticketsApi.of(world, Switches(honour_filters=False)),
        "VK Ads": VkAdsApi.of(world),
        "Yandex Direct": DirectApi.of(world, DirectSwitches(auto_online_days=400)),
    }

    def load(settings: Settings) -> object:
        return fetch(settings, WINDOW, UNTIL)

    given = {
        "vk_client_id": VK_CLIENT_ID, "vk_client_secret": VK_CLIENT_SECRET, "vk_token": None, "vk_account_id": None,
    }  # fmt: skip
    login = {"direct_login": DIRECT_LOGIN, "direct_token": DIRECT_TOKEN}
    error = error_of(load, apis[name], qtickets_page_size=1, vk_page_size=1, **given, **login)

    assert re.match(
        f"{name.partition(',')[0]} sent, or says that it has, .*{words}.*; one load reads at most ", str(error)
    )
    assert error.transient, "as of any total that is odd: it may be a fault of the moment"
    assert len(apis[name].requests) <= 12
