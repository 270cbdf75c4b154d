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
def test_pages_without_end_end_in_one_line(  # type: ignore[no-untyped-def]
    error_of, world: World, monkeypatch, name: str, fetch: Callable[..., object], words: str
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 1)
    apis = {
        "QTickets": QticketsApi.of(world),
        "QTickets, walked": QticketsApi.of(world, Switches(honour_filters=False)),
        "VK Ads": VkAdsApi.of(world),
        "Yandex Direct": DirectApi.of(world, DirectSwitches(auto_online_days=400)),
    }
    given = {"vk_client_id": VK_CLIENT_ID, "vk_client_secret": VK_CLIENT_SECRET, "vk_token": None}
    given |= {"direct_login": DIRECT_LOGIN, "direct_token": DIRECT_TOKEN, "vk_account_id": None}
    given |= dict.fromkeys(("qtickets_page_size", "vk_page_size"), 1)
    error: SourceError = error_of(lambda settings: fetch(settings, WINDOW, UNTIL), apis[name], **given)

    who = name.partition(",")[0]
    assert re.match(f"{who} sent, or says that it has, .*{words}.*; one load reads at most ", str(error))
    assert error.transient, "as of any total that is odd: it may be a fault of the moment"
    assert len(apis[name].requests) <= 12
