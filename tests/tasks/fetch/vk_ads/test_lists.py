"""The lists of campaigns, groups and ads come whole, deleted ones too, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import ceil
from typing import Any

import pytest

from sandbox import World
from sandbox.vk import Cabinet, VkAdsApi
from tasks.errors import SourceError
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, by_ad_day, of_ad, only
from tests.tasks.fetch.vk_ads.truth import rows_of

LISTS = ("banners", "ad_groups", "ad_plans")


def path(name: str) -> str:
    return f"/api/v2/{name}.json"


def ads(rows: Any) -> set[int]:
    return {int(row["ad_id"]) for row in rows}


def offsets(api: VkAdsApi, name: str) -> list[tuple[str, str]]:
    found = (request.params for request in api.requests if request.path == path(name))
    return [(params["limit"], params["offset"]) for params in found]


@pytest.mark.parametrize(
    ("cap", "clamp", "expected"),
    [
        (250, False, [("250", "0")]),
        (50, False, [("250", "0"), ("50", "0"), ("50", "50"), ("50", "100")]),
        (50, True, [("250", "0"), ("250", "50"), ("250", "100")]),
        (40, True, [("250", "0"), ("250", "40"), ("250", "80")]),
    ],
)
@pytest.mark.parametrize("tells_limit", [True, False])
def test_whatever_the_server_makes_of_a_large_page_every_ad_comes(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, cap: int, clamp: bool, tells_limit: bool, expected: Any
) -> None:
    ids = only(cabinet, 120, first=FORTNIGHT.last)
    api.switches.list_cap, api.switches.clamp_limit, api.switches.tells_limit = cap, clamp, tells_limit

    assert ads(fetch(api).rows) == set(ids)
    assert offsets(api, "banners") == expected


def test_a_server_that_refuses_even_small_pages_is_told(fetch: Fetch, api: VkAdsApi) -> None:
    api.switches.list_cap = 20

    with pytest.raises(SourceError, match="refuses pages of 50 banners"):
        fetch(api)
    assert asked(api)["banners"] == 2


@pytest.mark.parametrize("number", [0, 1, 50, 51, 100])
def test_no_page_is_asked_for_beyond_the_last(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, number: int) -> None:
    only(cabinet, number, first=FORTNIGHT.last)

    fetch(api, vk_page_size=50)

    assert asked(api)["banners"] == max(1, ceil(number / 50))


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_not_as_long_as_it_says_ends_the_fetch(
    fetch: Fetch, api: VkAdsApi, name: str, by: int
) -> None:
    api.switches.list_cap = 250
    api.faults.add("wrong_total", path(name), times=9, by=by)

    with pytest.raises(SourceError, match=f"{name} but sent") as caught:
        fetch(api)
    assert caught.value.transient
    assert asked(api)["day"] == 0


@pytest.mark.parametrize("mode", ["insert", "remove"])
@pytest.mark.parametrize("before_page", [1, 2])
def test_a_list_that_shifts_between_two_pages_is_never_short_unseen(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, mode: str, before_page: int
) -> None:
    """An ad that leaves the first page moves another out of the second, and the sums are right all the same."""
    only(cabinet, 120, first=FORTNIGHT.last)
    api.faults.add("drift", path("banners"), after=before_page, mode=mode)

    with pytest.raises(SourceError, match="banners but sent") as caught:
        fetch(api, vk_page_size=50)

    assert caught.value.transient
    assert ads(fetch(api, vk_page_size=50).rows) == set(cabinet.banners), "the next fetch finds the list at rest"


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        '{"count": 5, "offset": 0, "items": []}',
        '{"items": []}',
        '{"count": null, "items": []}',
        '{"count": 0, "items": null}',
        '{"error": {"code": "ERR_INTERNAL", "message": "x"}}',
    ],
)
@pytest.mark.parametrize("name", ["banners", "ad_plans"])
def test_what_is_no_page_ends_the_fetch(fetch: Fetch, api: VkAdsApi, name: str, body: str) -> None:
    api.faults.add("status", path(name), times=9, status=200, body=body)

    with pytest.raises(SourceError) as caught:
        fetch(api)
    assert caught.value.transient


def test_deleted_ads_are_among_them(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, world: World) -> None:
    for ad in cabinet.banners:
        cabinet.delete(ad)

    assert by_ad_day(fetch(api).rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)


def test_lists_without_an_order_of_their_own_are_read_in_one(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet) -> None:
    ids = only(cabinet, 120, first=FORTNIGHT.last)
    api.switches.stable_order = False

    assert ads(fetch(api, vk_page_size=50).rows) == set(ids)


def test_what_is_made_while_the_lists_are_read_is_not_half_known(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet
) -> None:
    """A campaign with a group and an ad appears before each answer."""

    def appear(_: Cabinet) -> None:
        new = max(cabinet.campaigns) + 1, max(cabinet.groups) + 1, max(cabinet.banners) + 1
        campaign, group = next(iter(cabinet.campaigns.values())), next(iter(cabinet.groups.values()))
        banner = next(iter(cabinet.banners.values()))
        cabinet.campaigns[new[0]] = replace(campaign, id=new[0])
        cabinet.groups[new[1]] = replace(group, id=new[1], campaign_id=new[0])
        cabinet.banners[new[2]] = replace(banner, id=new[2], group_id=new[1])

    for name in LISTS:
        api.faults.mutate(appear, path=path(name))

    for row in fetch(api, vk_page_size=1000, vk_account_id="1").rows:
        group = cabinet.groups[int(row["ad_group_id"] or -1)]
        assert row["campaign_id"] == str(group.campaign_id)
        assert row["link"] is not None


def test_odd_ads_are_told_like_any_other(fetch: Fetch, world: World) -> None:
    """A group with the number 0, an old ad that names its group otherwise, and three that lead to no site."""
    api = VkAdsApi.of(world, oddities=True)
    rows = fetch(api).rows
    odd = {number: of_ad(rows, 264_000_000 + number) for number in range(1, 7)}

    assert all(len(days) == FORTNIGHT.days for days in odd.values())
    told = {
        number: (days[0]["ad_group_id"], days[0]["ad_group_name"], days[0]["link"]) for number, days in odd.items()
    }
    site = "https://afisha.example.invalid/odd"
    assert told == {
        1: ("0", "Группа ноль", f"{site}?utm_source=vk&utm_content=msk_01_10"),
        2: ("164000001", "Сообщество", "https://vk.com/club1"),
        3: ("164000002", "Только клип", ""),
        4: ("164000003", "Макросы зрителя", site),
        5: ("164000004", "Форма с метками", "leadads://1000201/14/"),
        6: ("164000005", "Старый баннер", f"{site}?a=1#kupit"),
    }
    assert {row["campaign_id"] for days in odd.values() for row in days} == {"14000001"}
    assert {
        row["spent"] for days in odd.values() for row in days if row["stat_date"] == str(date(2026, 1, 19))
    } == {"10.50"}
