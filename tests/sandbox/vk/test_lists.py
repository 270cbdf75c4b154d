"""Lists of campaigns, groups and ads: fields, pages, caps, order."""

from __future__ import annotations

import pytest

from sandbox import World
from sandbox.vk import VkAdsApi

NAMES = ("ad_plans", "ad_groups", "banners")


def ids(answer) -> list[int]:
    return [item["id"] for item in answer.json()["items"]]


def walk(get, path: str, **params) -> list[int]:
    found: list[int] = []
    while True:
        page = get(path, offset=len(found), **params).json()
        found += [item["id"] for item in page["items"]]
        if not page["items"] or len(found) >= page["count"]:
            return found


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ad_plans", {"id", "name"}),
        ("ad_groups", {"id", "name", "package_id", "last_updated"}),
        ("campaigns", {"id", "name", "package_id", "last_updated"}),
        ("banners", {"id", "ad_group_id"}),
    ],
)
def test_only_few_fields_come_unasked(get, name: str, fields: set[str]):
    assert {frozenset(item) for item in get(f"{name}.json").json()["items"]} == {frozenset(fields)}


def test_fields_bring_what_was_asked_and_nothing_else(get):
    for item in get("banners.json", fields="status,urls", limit=5).json()["items"]:
        assert set(item) == {"status", "urls"}


@pytest.mark.parametrize(
    ("name", "field"), [("banners", "utm"), ("ad_groups", "banners"), ("ad_plans", "ad_groups")]
)
def test_an_unknown_field_fails_the_request_and_names_the_allowed(get, name: str, field: str):
    answer = get(f"{name}.json", fields=f"id,{field}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_resource_field")
    assert field in answer.json()["error"]["message"]
    assert "status" in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", NAMES)
def test_pages_cover_everything_once_and_count_is_the_total(get, vk_world: World, name: str):
    key = {"ad_plans": "campaign_id", "ad_groups": "group_id", "banners": "ad_id"}[name]
    expected = sorted({getattr(ad, key) for ad in vk_world.ads if ad.source == "vk_ads"})
    assert len(expected) > 40
    assert walk(get, f"{name}.json", limit=7) == expected
    answer = get(f"{name}.json").json()
    assert (answer["count"], answer["offset"], answer["limit"], len(answer["items"])) == (len(expected), 0, 20, 20)
    beyond = get(f"{name}.json", offset=1000).json()
    assert (beyond["items"], beyond["count"]) == ([], len(expected))


def test_limit_need_not_be_told(get, api: VkAdsApi):
    api.switches.tells_limit = False
    assert list(get("banners.json").json()) == ["count", "offset", "items"]


def test_above_the_cap_is_refused_or_cut(get, api: VkAdsApi):
    assert len(ids(get("banners.json", limit=50))) == 50
    answer = get("banners.json", limit=51)
    assert (answer.status_code, answer.json()["error"]["fields"]["limit"]["code"]) == (400, "max_value")
    api.switches.clamp_limit = True
    answer = get("banners.json", limit=250)
    assert (len(ids(answer)), answer.json()["limit"]) == (50, 50)
    api.switches.list_cap = 250
    assert len(ids(get("banners.json", limit=250))) == get("banners.json").json()["count"]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "x"}, {"offset": -1}, {"sorting": "created"}])
def test_a_senseless_parameter_is_a_validation_error(get, wrong: dict):
    answer = get("banners.json", **wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_failed")
    assert list(answer.json()["error"]["fields"]) == list(wrong)


def test_sorting_by_several_fields(get):
    items = get("ad_plans.json", sorting="-status,-id", fields="id,status", limit=50).json()["items"]
    pairs = [(item["status"], item["id"]) for item in items]
    assert pairs == sorted(pairs, reverse=True)
    assert len({status for status, _ in pairs}) > 1


def test_without_sorting_pages_may_overlap(get, api: VkAdsApi):
    api.switches.stable_order = False
    assert len(set(walk(get, "banners.json", limit=7))) < get("banners.json").json()["count"]
    assert len(set(walk(get, "banners.json", limit=7, sorting="id"))) == get("banners.json").json()["count"]


def test_money_dates_and_times_are_text(get):
    plan = get("ad_plans.json", fields="budget_limit_day,budget_limit,max_price,date_start,created,updated").json()
    item = plan["items"][0]
    assert item["budget_limit_day"].endswith(".00")
    assert (item["budget_limit"], item["max_price"]) == (None, "0")
    assert len(item["date_start"]) == 10
    assert len(item["created"]) == len("2026-01-10 12:00:00")


def test_a_single_campaign_does_not_tell_its_status(get):
    first = ids(get("ad_plans.json"))[0]
    assert get(f"ad_plans/{first}.json", fields="id,name,status").json().keys() == {"id", "name"}
    banner = get("banners.json", fields="id,status,name", limit=1).json()["items"][0]
    assert get(f"banners/{banner['id']}.json", fields="id,status,name").json() == banner


def test_lists_are_compressed_when_asked(get):
    assert get("banners.json", fields="id,urls").headers["content-encoding"] == "gzip"
