"""Statistics v3: totals of a period in pages, in spite of the path."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.vk import VkAdsApi

PATH = "v3/statistics/banners/day.json"
DATES = {"date_from": "2026-11-01", "date_to": "2026-11-20"}


def test_items_are_totals_without_rows_and_agree_with_v2(get, api: VkAdsApi):
    ids = ",".join(map(str, api.cabinet.known("banners")))
    daily = get("statistics/banners/day.json", id=ids, **DATES).json()
    answer = get(PATH, limit=250, **DATES).json()
    assert [(item["id"], item["total"]) for item in answer["items"]] == [
        (item["id"], item["total"]) for item in daily["items"]
    ]
    assert answer["total"] == daily["total"]
    assert {frozenset(item) for item in answer["items"]} == {frozenset({"id", "user_id", "total"})}


def test_count_is_of_the_page_or_of_everything(get, api: VkAdsApi):
    total = len(api.cabinet.banners)
    last = get(PATH, offset=total - 3, **DATES).json()
    assert (last["count"], last["limit"], last["offset"], len(last["items"])) == (3, 20, total - 3, 3)
    api.switches.v3_count_is_total = True
    assert get(PATH, **DATES).json()["count"] == total


def test_fields_sorting_and_filters(get, api: VkAdsApi):
    params = {"fields": "base.spent,base.clicks,events", "sort_by": "base.spent", "d": "desc", **DATES}
    items = get(PATH, limit=250, **params).json()["items"]
    spent = [Decimal(item["total"]["base"]["spent"]) for item in items]
    assert spent == sorted(spent, reverse=True)
    assert items[0]["total"]["base"].keys() == {"spent", "clicks"}
    first = items[0]["id"]
    assert first not in [item["id"] for item in get(PATH, id_ne=first, limit=250, **params).json()["items"]]
    banner = api.cabinet.banners[first]
    same = get(PATH, ad_group_id=banner.group_id, banner_status=banner.status, **params).json()["items"]
    assert first in [item["id"] for item in same]
    banner.status = "deleted"
    gone = get(PATH, banner_status="deleted", limit=250, **params).json()["items"]
    assert first in [item["id"] for item in gone]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 251}, "ERR_WRONG_PARAMETER"),
        ({"limit": 0}, "ERR_WRONG_PARAMETER"),
        ({"offset": "x"}, "ERR_WRONG_PARAMETER"),
        ({"fields": "base.nothing"}, "ERR_WRONG_PARAMETER"),
        ({"sort_by": "nothing"}, "ERR_WRONG_PARAMETER"),
        ({"id": 77}, "ERR_WRONG_BANNERS"),
        ({"date_from": "2020-01-01"}, "ERR_LIMIT_EXCEEDED"),
    ],
)
def test_what_is_wrong_is_refused(get, params: dict, code: str):
    assert get(PATH, **{**DATES, **params}).json()["error"]["code"] == code


def test_only_the_first_day_is_required(get):
    assert get(PATH, date_from="2026-11-01").status_code == 200
    assert get(PATH).json()["error"]["code"] == "ERR_WRONG_PARAMETER"
