"""Campaigns, ads and links of the legacy API: types as recorded, deleted ones only when asked for."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import World
from sandbox.vk import Cabinet, VkLegacyApi


def response(call, method: str, **params) -> list[dict]:
    return call(method, **params).json()["response"]


def test_a_campaign_has_text_for_limits_and_times(call, cabinet: Cabinet, legacy: VkLegacyApi):
    campaign = response(call, "ads.getCampaigns")[0]
    assert isinstance(campaign["id"], int)
    assert campaign["all_limit"] == campaign["stop_time"] == "0"
    assert campaign["create_time"] == str(int(cabinet.campaigns[campaign["id"]].created.timestamp()))
    legacy.switches.times_as_ints = True
    assert response(call, "ads.getCampaigns")[0]["stop_time"] == 0


def test_an_ad_has_a_text_id_and_no_link(call, cabinet: Cabinet):
    ad = response(call, "ads.getAds")[0]
    assert isinstance(ad["id"], str)
    assert isinstance(ad["campaign_id"], int)
    assert ad["cpm"].isdecimal()
    assert not any("link" in key for key in ad)
    assert ad["campaign_id"] == cabinet.groups[cabinet.banners[int(ad["id"])].group_id].campaign_id


def test_ids_of_the_layout_are_text_or_not(call, legacy: VkLegacyApi):
    assert isinstance(response(call, "ads.getAdsLayout")[0]["id"], str)
    legacy.switches.layout_ids_as_ints = True
    assert isinstance(response(call, "ads.getAdsLayout")[0]["id"], int)


@pytest.mark.parametrize("method", ["ads.getAds", "ads.getAdsLayout"])
def test_deleted_ads_come_only_when_asked_for(call, cabinet: Cabinet, method: str):
    gone = max(cabinet.banners)
    cabinet.delete(gone)
    assert gone not in {int(ad["id"]) for ad in response(call, method)}
    assert gone in {int(ad["id"]) for ad in response(call, method, include_deleted=1)}
    deleted = response(call, method, only_deleted=1)
    assert gone in {int(ad["id"]) for ad in deleted}
    assert len(deleted) < len(cabinet.banners) / 2


def test_deleted_campaigns_come_only_when_asked_for(call, cabinet: Cabinet):
    gone = max(cabinet.campaigns)
    cabinet.campaigns[gone].status = "deleted"
    assert gone not in {campaign["id"] for campaign in response(call, "ads.getCampaigns")}
    status = {one["id"]: one["status"] for one in response(call, "ads.getCampaigns", include_deleted=1)}
    assert status[gone] == 2
    assert {0, 1, 2} == set(status.values())


def test_filters_are_json_arrays_of_ids(call, cabinet: Cabinet):
    first, second = sorted(cabinet.campaigns)[:2]
    assert [one["id"] for one in response(call, "ads.getCampaigns", campaign_ids=f"[{first},{second}]")] == [
        first,
        second,
    ]
    everything = len(response(call, "ads.getAds", include_deleted=1))
    assert everything == len(response(call, "ads.getAds", campaign_ids="null", include_deleted=1))
    ad = max(cabinet.banners)
    assert [one["id"] for one in response(call, "ads.getAds", ad_ids=f"[{ad},1]")] == [str(ad)]


@pytest.mark.parametrize("wrong", ['[{"campaign_id":1}]', "1,2", "x", '{"a":1}'])
def test_anything_else_is_error_100(call, wrong: str):
    assert call("ads.getCampaigns", campaign_ids=wrong).json()["error"]["error_code"] == 100


def test_pages_work_only_for_a_single_campaign(call, cabinet: Cabinet):
    everything = len(response(call, "ads.getAds"))
    assert len(response(call, "ads.getAds", limit=1)) == everything
    campaign = next(
        one for one in sorted(cabinet.campaigns) if len(response(call, "ads.getAds", campaign_ids=f"[{one}]")) == 2
    )
    pages = [
        response(call, "ads.getAds", campaign_ids=f"[{campaign}]", limit=1, offset=number) for number in range(3)
    ]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert pages[0] != pages[1]


def test_links_carry_the_tags_of_the_orders(call, vk_world: World):
    found = {int(ad["id"]): ad for ad in response(call, "ads.getAdsLayout", include_deleted=1)}
    for ad in vk_world.ads:
        if ad.source == "vk_ads":
            link = found[ad.ad_id]["link_url"]
            tags = dict(parse_qsl(urlsplit(link).query)) if link.startswith("http") else {}
            values = {"{campaign_id}": str(ad.campaign_id), "{ad_id}": str(ad.ad_id)}
            assert {key: values.get(value, value) for key, value in tags.items()} == ad.tags
            assert "{{" not in link
    assert any("{ad_id}" in ad["link_url"] for ad in found.values())
