"""Where tags are: a reader who knows the three rules and the macros finds what orders carry."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import World
from sandbox.vk import Cabinet, VkAdsApi
from sandbox.vk.oddities import ODD_CAMPAIGN_ID, ODD_DAYS, ODD_FIGURES

DEFAULT = "utm_medium=cpc&utm_source=vk_ads&utm_campaign={{campaign_id}}&utm_content={{banner_id}}"


def read(get, name: str, fields: str) -> dict[int, dict]:
    found: list[dict] = []
    while True:
        page = get(f"{name}.json", fields=f"id,{fields}", limit=50, offset=len(found), sorting="id").json()
        found += page["items"]
        if len(found) >= page["count"]:
            return {item["id"]: item for item in found}


def tags_of(banner: dict, group: dict) -> dict[str, str]:
    url = banner["urls"].get("primary", {}).get("url", "")
    if urlsplit(url).scheme not in ("http", "https"):
        return {}
    tags = dict(parse_qsl(urlsplit(url).query))
    if group["enable_utm"]:
        tags.update(parse_qsl(group["utm"] or DEFAULT))
    values = {
        "{{ad_plan_id}}": group["ad_plan_id"],
        "{{campaign_id}}": group["id"],
        "{{ad_group_id}}": group["id"],
        "{{banner_id}}": banner["id"],
    }
    return {key: str(values.get(value, value)) for key, value in tags.items() if key.startswith("utm_")}


def test_the_three_rules_give_the_tags_of_the_orders(get, vk_world: World):
    banners, groups = read(get, "banners", "ad_group_id,urls"), read(get, "ad_groups", "ad_plan_id,enable_utm,utm")
    ads = [ad for ad in vk_world.ads if ad.source == "vk_ads"]
    for ad in ads:
        banner = banners[ad.ad_id]
        assert tags_of(banner, groups[banner["ad_group_id"]]) == ad.tags


def test_every_rule_and_trap_occurs(get):
    banners, groups = read(get, "banners", "ad_group_id,urls"), read(get, "ad_groups", "enable_utm,utm")
    pairs = [(one["urls"]["primary"]["url"], groups[one["ad_group_id"]]) for one in banners.values()]
    assert any(not group["enable_utm"] and group["utm"] and "utm_" in url for url, group in pairs)
    assert any(group["enable_utm"] and group["utm"] and "utm_" not in url for url, group in pairs)
    assert any(group["enable_utm"] and group["utm"] and "utm_" in url for url, group in pairs)
    assert any(group["enable_utm"] and group["utm"] == "" for url, group in pairs)
    assert any("{{banner_id}}" in url for url, _ in pairs)
    assert any(url.startswith("leadads://") for url, _ in pairs)


def test_an_url_can_be_read_on_its_own(get):
    url = get("banners.json", fields="urls", limit=1).json()["items"][0]["urls"]["primary"]
    assert get(f"urls/{url['id']}.json").json() == {
        "id": url["id"],
        "url": url["url"],
        "url_types": ["external"],
        "counters": [],
        "has_goals": False,
    }
    assert get("urls/1.json").status_code == 404


@pytest.fixture
def odd(vk_world: World, cabinet: Cabinet) -> Cabinet:
    cabinet.show(vk_world, oddities=True)
    return cabinet


def test_oddities_are_extra(odd: Cabinet, get, api: VkAdsApi):
    group_ids = [group.id for group in odd.groups.values() if group.campaign_id == ODD_CAMPAIGN_ID]
    assert 0 in group_ids
    groups = {
        item["id"]: item for item in get("ad_groups.json", fields="id,ad_plan_id,utm", limit=10).json()["items"]
    }
    assert groups[0]["ad_plan_id"] == ODD_CAMPAIGN_ID
    fields = "id,ad_group_id,campaign_id,urls"
    of_group = {
        item.get("ad_group_id", item.get("campaign_id")): item
        for item in get("banners.json", fields=fields, limit=50).json()["items"]
    }
    assert "ad_group_id" not in of_group[164_000_005]
    assert list(of_group[164_000_002]["urls"]) == ["vk_clip"]
    assert of_group[164_000_001]["urls"]["primary"]["url"].startswith("https://vk.com/")


def test_oddities_have_figures_of_their_own(odd: Cabinet, get):
    total = get("statistics/ad_groups/summary.json", id=0).json()["total"]["base"]
    assert (total["shows"], total["clicks"]) == (ODD_FIGURES.shows * ODD_DAYS, ODD_FIGURES.clicks * ODD_DAYS)
    assert total["spent"] == "105.00"
