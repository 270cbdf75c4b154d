"""Filters of lists, and what becomes of deleted ads."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from sandbox import World
from sandbox.vk import Cabinet, VkAdsApi


def found(get, name: str, **params) -> list[int]:
    return [item["id"] for item in get(f"{name}.json", limit=50, **params).json()["items"]]


def some(cabinet: Cabinet, count: int = 3) -> list[int]:
    return sorted(cabinet.banners)[5 : 5 + count]


def test_by_ids(get, cabinet: Cabinet):
    wanted = some(cabinet)
    assert found(get, "banners", _id__in=",".join(map(str, [*wanted, 1]))) == wanted
    assert found(get, "banners", _id=wanted[0]) == wanted[:1]
    groups = {cabinet.banners[one].group_id for one in wanted}
    assert set(wanted) <= set(found(get, "banners", _ad_group_id__in=",".join(map(str, groups))))


def test_by_status(get, cabinet: Cabinet):
    of = {
        status: {b.id for b in cabinet.banners.values() if b.status == status} for status in ("active", "deleted")
    }
    assert of["active"]
    assert set(found(get, "banners", _status="active")) == of["active"]
    assert set(found(get, "banners", _status__in="active,deleted")) == of["active"] | of["deleted"]
    assert not set(found(get, "banners", _status__ne="active")) & of["active"]


def test_deleted_ads_come_unasked_unless_the_server_keeps_them_back(get, api: VkAdsApi, vk_world: World):
    gone = {ad.ad_id for ad in vk_world.ads if ad.source == "vk_ads" and ad.state(api.cabinet.today) == "deleted"}
    assert gone
    assert gone <= set(found(get, "banners"))
    api.switches.lists_include_deleted = False
    assert not gone & set(found(get, "banners"))
    assert set(found(get, "banners", _status="deleted")) == gone


def test_by_time_of_the_last_change(get, cabinet: Cabinet):
    first = min(banner.updated for banner in cabinet.banners.values())
    late = [one.id for one in cabinet.banners.values() if one.updated > first]
    earliest = first.astimezone(ZoneInfo("Europe/Moscow")).strftime("%Y-%m-%d %H:%M:%S")
    assert found(get, "banners", _updated__gt=earliest) == sorted(late)[:50]
    assert len(found(get, "banners", _updated__lte=earliest)) == len(cabinet.banners) - len(late)
    assert found(get, "ad_groups", _last_updated__lt="2000-01-01 00:00:00") == []


def test_by_parent_link_and_text(get, cabinet: Cabinet):
    banner = cabinet.banners[some(cabinet)[0]]
    banner.text, banner.urls = "купить насос", {"primary": "https://pumps.example.invalid/"}
    assert found(get, "banners", _textblock="насос") == found(get, "banners", _url="pumps.") == [banner.id]
    cabinet.groups[banner.group_id].status = "deleted"
    assert banner.id in found(get, "banners", _ad_group_status="deleted")


def test_an_unknown_filter_is_ignored_or_refused(get, api: VkAdsApi, cabinet: Cabinet):
    everything = found(get, "ad_groups")
    assert found(get, "ad_groups", _name="x") == everything
    plan = min(cabinet.campaigns)
    assert len(found(get, "ad_groups", _ad_plan_id=plan)) < len(everything)
    api.switches.filters_groups_by_plan = False
    assert found(get, "ad_groups", _ad_plan_id=plan) == everything
    api.switches.refuses_unknown_filters = True
    assert get("ad_groups.json", _name="x").status_code == 400


@pytest.mark.parametrize("wrong", [{"_id": "x"}, {"_status": "paused"}, {"_updated__gt": "2026-01-01"}])
def test_a_senseless_value_is_a_validation_error(get, wrong: dict):
    answer = get("banners.json", **wrong)
    assert answer.json()["error"]["fields"][next(iter(wrong))]["code"] == "bad_value"
