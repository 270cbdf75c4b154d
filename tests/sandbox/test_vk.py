"""What the stand-ins of VK refuse, leave out and remember, where no test of the product would notice otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox import World, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, Cabinet, VkAdsApi, VkLegacyApi

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
"""Half past six in the evening in Moscow."""
DAYS = {"date_from": "2026-11-10", "date_to": "2026-11-22"}


class Vk:
    """Both APIs of one account, by a clock that moves only when told to."""

    client: httpx.Client

    def __init__(self, world: World) -> None:
        self.now = UNTIL.timestamp() + 0.25
        self.cabinet = Cabinet.of(world)
        self.ads = VkAdsApi(self.cabinet, clock=lambda: self.now)
        self.legacy = VkLegacyApi(self.cabinet, clock=lambda: self.now)
        self.legacy.throttle.limits = {1: 1000}
        self.token = self.ads.tokens.issue()

    def get(self, path: str, token: str | None = None, **params: Any) -> httpx.Response:
        """``get("banners", limit=5)`` of today's API."""
        headers = {"Authorization": f"Bearer {token or self.token.access}"}
        return self.client.get(f"/vk/api/v2/{path}.json", params=params, headers=headers)

    def call(self, method: str, **params: Any) -> Any:
        """``call("ads.getAds", include_deleted=1)`` of the legacy one: its response, or the code of its error."""
        form = {"v": "5.131", "access_token": self.legacy.token, "account_id": VK_ACCOUNT_ID, **params}
        told = self.client.post(f"/vk-legacy/method/{method}", data=form).json()
        return told["response"] if "response" in told else told["error"]["error_code"]


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(until=UNTIL, days=20, scale=0.2)


@pytest.fixture
def vk(world: World) -> Iterator[Vk]:
    vk = Vk(world)
    with serve(vk.ads, vk.legacy) as running, httpx.Client(base_url=running.origin) as vk.client:
        yield vk


def test_a_refresh_kills_the_old_token_at_once_and_takes_no_slot(vk: Vk) -> None:
    old = vk.token.access
    form = {"grant_type": "refresh_token", "client_id": VK_CLIENT_ID, "client_secret": VK_CLIENT_SECRET}
    form |= {"refresh_token": vk.token.refresh}
    fresh = vk.client.post("/vk/api/v2/oauth2/token.json", data=form).json()["access_token"]

    assert vk.get("user", token=fresh).json()["id"] == VK_ACCOUNT_ID
    refused = vk.get("user", token=old)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert len(vk.ads.tokens.issued) == 1


def test_limits_are_of_a_method_and_end_with_the_calendar_second_and_the_moscow_day(vk: Vk) -> None:
    vk.ads.throttle.limits = {1: 1, 86400: 2}

    assert [vk.get("banners").status_code for _ in range(2)] == [200, 429]
    assert vk.get("ad_plans").status_code == 200
    vk.now += 0.8
    assert vk.get("banners").status_code == 200
    vk.now += 1
    assert vk.get("banners").json() == {"remaining": {"86400": 0}, "limits": {"86400": 2}}
    vk.now += timedelta(hours=5, minutes=30).total_seconds()
    assert vk.get("banners").status_code == 200


def test_a_list_gives_what_was_asked_for_and_no_more(vk: Vk) -> None:
    assert set(vk.get("ad_groups").json()["items"][0]) == {"id", "name"}
    assert set(vk.get("ad_groups", fields="id,utm").json()["items"][0]) == {"id", "utm"}
    for wrong in ({"fields": "id,spent"}, {"limit": 51}, {"sorting": "name"}):
        assert vk.get("ad_groups", **wrong).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"id": ""}, "ERR_WRONG_PARAMETER"),
        ({"id": "1"}, "ERR_WRONG_BANNERS"),
        ({"id": ",".join(map(str, range(201)))}, "ERR_LIMIT_EXCEEDED"),
        ({"date_from": "2025-11-21"}, "ERR_LIMIT_EXCEEDED"),
        ({"date_from": "soon"}, "ERR_WRONG_DATE"),
    ],
)
def test_statistics_are_refused_as_a_whole(vk: Vk, wrong: dict[str, str], code: str) -> None:
    right = {"id": vk.cabinet.known("banners")[0], "metrics": "base", **DAYS}

    assert len(vk.get("statistics/banners/day", **right).json()["items"][0]["rows"]) == 13
    refused = vk.get("statistics/banners/day", **right | wrong)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


def test_both_apis_tell_the_same_and_the_old_one_leaves_out_what_is_nothing(vk: Vk) -> None:
    today = vk.get("statistics/users/day", id=VK_ACCOUNT_ID, metrics="base", **DAYS).json()["items"][0]["rows"]
    (old,) = vk.call("ads.getStatistics", ids_type="office", ids=VK_ACCOUNT_ID, period="day", **DAYS)
    shown = {row["date"]: (row["base"]["shows"], Decimal(row["base"]["spent"])) for row in today}
    assert {row["day"]: (row["impressions"], Decimal(row["spent"])) for row in old["stats"]} == shown

    ads = ",".join(map(str, vk.cabinet.known("banners")))
    found = vk.call("ads.getStatistics", ids_type="ad", ids=ads, period="day", **DAYS)
    rows = [row for one in found for row in one["stats"]]
    assert any("conversion_count" not in row for row in rows)
    assert all(value for row in rows for value in row.values())


def test_the_old_api_tells_of_deleted_ads_only_when_asked_and_of_links_apart(vk: Vk) -> None:
    gone = vk.cabinet.known("banners")[-1]
    vk.cabinet.delete(gone)

    for include, is_there in ((0, False), (1, True)):
        found = vk.call("ads.getAds", include_deleted=include)
        assert (str(gone) in {one["id"] for one in found}) == is_there
        assert not any("link_url" in one for one in found)


def test_whatever_would_change_the_account_is_refused_and_remembered(vk: Vk) -> None:
    assert vk.client.post("/vk/api/v2/ad_plans.json", json={"name": "x"}).status_code == 405
    assert vk.client.post("/vk/api/v2/oauth2/token/delete.json", data={}).status_code == 404
    assert vk.call("ads.deleteAds", ids="[1]") == 3
    assert [len(api.writes) for api in (vk.ads, vk.legacy)] == [2, 1]
