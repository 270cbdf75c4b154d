"""Campaigns, groups and ads: what may be asked for, in which pages, and where the tags of an ad are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import World
from sandbox.direct import DirectApi
from sandbox.direct.objects import is_combinatorial
from tests.sandbox.direct.helpers import UNTIL, Send, error

ID = ["Id"]


def get(call: Send, service: str, criteria: dict[str, Any] | None, **params: Any) -> dict[str, Any]:
    sent = {"FieldNames": ID, **({} if criteria is None else {"SelectionCriteria": criteria}), **params}
    return call(service, sent).json()["result"]


def ids(api: DirectApi, name: str) -> list[int]:
    """Without those of the campaign wizard, which only reports tell of."""
    return sorted({getattr(ad, name) for ad in api.world.ads if not ad.wizard})


@pytest.mark.parametrize("criteria", [None, {}])
def test_campaigns_need_no_criteria(api: DirectApi, call: Send, criteria):
    found = get(call, "campaigns", criteria)["Campaigns"]
    assert [item["Id"] for item in found] == ids(api, "campaign_id")


@pytest.mark.parametrize("service", ["ads", "adgroups"])
def test_ads_and_groups_need_some_ids(call: Send, service: str):
    assert error(call(service, {"FieldNames": ID}))[:2] == (200, 8000)
    assert error(call(service, {"FieldNames": ID, "SelectionCriteria": {}}))[:2] == (200, 4001)
    only_statuses = {"FieldNames": ID, "SelectionCriteria": {"Statuses": ["ACCEPTED"]}}
    assert error(call(service, only_statuses))[:2] == (200, 4001)


@pytest.mark.parametrize(
    ("service", "name", "most"),
    [
        ("ads", "CampaignIds", 10), ("ads", "AdGroupIds", 1000), ("ads", "Ids", 10_000),
        ("adgroups", "CampaignIds", 10), ("adgroups", "Ids", 10_000), ("campaigns", "Ids", 1000),
    ],
)  # fmt: skip
def test_more_ids_than_measured_are_4001(call: Send, service: str, name: str, most: int):
    accepted = call(service, {"SelectionCriteria": {name: list(range(1, most + 1))}, "FieldNames": ID})
    assert "result" in accepted.json()
    refused = call(service, {"SelectionCriteria": {name: list(range(1, most + 2))}, "FieldNames": ID})
    text = f"Exceed the maximum number of IDs per array SelectionCriteria.{name}"
    assert error(refused) == (200, 4001, text)


def test_pages_are_followed_by_limited_by(api: DirectApi, call: Send):
    found, offset, pages = [], 0, 0
    while True:
        result = get(call, "campaigns", {}, Page={"Limit": 3, "Offset": offset})
        found += [item["Id"] for item in result["Campaigns"]]
        pages += 1
        if "LimitedBy" not in result:
            break
        offset = result["LimitedBy"]
    assert found == ids(api, "campaign_id")
    assert pages == -(-len(found) // 3)


def test_the_server_may_give_shorter_pages_than_asked(api: DirectApi, call: Send):
    api.switches.objects_page_limit = 2
    assert get(call, "campaigns", {}, Page={"Limit": 100})["LimitedBy"] == 2


@pytest.mark.parametrize("page", [{"Limit": 0}, {"Limit": 10_001}, {"Limit": "5"}, {"Offset": -1}])
def test_an_impossible_page_is_4002(call: Send, page):
    assert error(call("campaigns", {"FieldNames": ID, "Page": page}))[:2] == (200, 4002)


def test_nothing_found_is_an_empty_list_or_no_key(api: DirectApi, call: Send):
    assert get(call, "ads", {"Ids": [1]}) == {"Ads": []}
    api.switches.empty_result_without_key = True
    assert get(call, "ads", {"Ids": [1]}) == {}


BAD: list[dict[str, Any]] = [
    {},
    {"FieldNames": []},
    {"FieldNames": ["Href"]},
    {"FieldNames": ID, "TextCampaignFieldNames": ["Href"]},
    {"FieldNames": ID, "Limit": 5},
    {"FieldNames": ID, "SelectionCriteria": {"Ids": ["1"]}},
    {"FieldNames": ID, "SelectionCriteria": {"States": ["GONE"]}},
    {"FieldNames": ID, "SelectionCriteria": {"Names": ["x"]}},
]


@pytest.mark.parametrize("params", BAD)
def test_what_is_not_in_the_schema_is_8000(call: Send, params: dict[str, Any]):
    assert error(call("campaigns", params))[:2] == (200, 8000)


def test_only_fields_asked_for_come_and_unset_ones_are_null(call: Send, api: DirectApi):
    item = get(call, "campaigns", {}, FieldNames=["Id", "Name", "EndDate", "Funds"])["Campaigns"][0]
    assert set(item) == {"Id", "Name", "EndDate", "Funds"}
    assert item["Funds"] is None
    name = next(ad.campaign_name for ad in api.world.ads if ad.campaign_id == item["Id"])
    assert item["Name"] == name


def test_states_and_types_select(api: DirectApi, call: Send):
    fields = ["Id", "State", "Type"]
    everything = get(call, "campaigns", {}, FieldNames=fields)["Campaigns"]
    assert {item["Type"] for item in everything} == {"TEXT_CAMPAIGN", "UNIFIED_CAMPAIGN"}
    for criteria, name in (({"States": ["ON"]}, "State"), ({"Types": ["UNIFIED_CAMPAIGN"]}, "Type")):
        wanted = next(iter(criteria.values()))
        found = get(call, "campaigns", criteria, FieldNames=fields)["Campaigns"]
        assert found == [item for item in everything if item[name] in wanted]
        assert 0 < len(found) < len(everything)


def test_unified_campaigns_may_be_hidden_from_v5(api: DirectApi, call: Send):
    api.switches.unified_on_v5 = False
    seen = {
        version: len(call("campaigns", {"FieldNames": ID}, version=version).json()["result"]["Campaigns"])
        for version in ("v5", "v501")
    }
    assert seen["v5"] < seen["v501"] == len(ids(api, "campaign_id"))


@pytest.fixture
def long_world(api: DirectApi) -> World:
    """Half a year, so every oddity has been there."""
    api.show(World.generate(until=UNTIL, days=180, scale=0.05))
    return api.world


def test_deleted_ads_and_those_of_the_wizard_are_not_shown_but_reported(
    api: DirectApi, call: Send, long_world: World
):
    gone = {ad.ad_id for ad in long_world.ads if ad.state(UNTIL.date()) == "deleted"}
    hidden = {ad.ad_id for ad in long_world.ads if ad.wizard} | gone
    assert get(call, "ads", {"Ids": sorted(hidden)}) == {"Ads": []}
    reported = {row.ad.ad_id for row in api.rows}
    assert gone & reported
    assert hidden - gone & reported
    campaigns = {ad.campaign_id for ad in long_world.ads if ad.ad_id in hidden}
    wizards = {ad.campaign_id for ad in long_world.ads if ad.wizard}
    shown = get(call, "campaigns", {"Ids": sorted(campaigns)})["Campaigns"]
    assert {item["Id"] for item in shown} == campaigns - wizards
    api.switches.wizard_listed = True
    assert len(get(call, "campaigns", {"Ids": sorted(campaigns)})["Campaigns"]) == len(campaigns)


def test_combinatorial_ads_have_their_link_in_v501_only(api: DirectApi, call: Send, long_world: World):
    """v5 shows them as text ads, with their link or without it, or not at all."""
    alive = [ad for ad in long_world.ads if not ad.wizard and ad.state(UNTIL.date()) != "deleted"]
    combinatorial = {ad.ad_id: ad.link for ad in alive if is_combinatorial(ad)}
    assert combinatorial
    asked = {"FieldNames": ["Id", "Type"], "SelectionCriteria": {"Ids": sorted(combinatorial)}}
    asked |= {"TextAdFieldNames": ["Href"], "ResponsiveAdFieldNames": ["Href"]}

    def shown(version: str) -> dict[int, Any]:
        return {item.pop("Id"): item for item in call("ads", asked, version=version).json()["result"]["Ads"]}

    responsive = {n: {"Type": "RESPONSIVE_AD", "ResponsiveAd": {"Href": h}} for n, h in combinatorial.items()}
    assert shown("v501") == responsive
    assert shown("v5") == {n: {"Type": "TEXT_AD", "TextAd": {"Href": h}} for n, h in combinatorial.items()}
    api.switches.combinatorial_on_v5 = "bare"
    assert shown("v5") == {number: {"Type": "TEXT_AD"} for number in combinatorial}
    api.switches.combinatorial_on_v5 = "hidden"
    assert shown("v5") == {}
    assert shown("v501") == responsive


def test_tags_of_every_ad_can_be_worked_out_from_link_group_and_campaign(
    api: DirectApi, call: Send, long_world: World
):
    """By the vendor's rule: parameters of the group, else of the campaign, win over those of the link."""
    sets = {"TextCampaignFieldNames": ["TrackingParams"], "UnifiedCampaignFieldNames": ["TrackingParams"]}
    campaigns = {
        item["Id"]: (item.get("TextCampaign") or item.get("UnifiedCampaign"))["TrackingParams"]
        for item in get(call, "campaigns", {}, **sets)["Campaigns"]
    }
    group_ids = ids(api, "group_id")
    groups = {
        item["Id"]: item["TrackingParams"]
        for item in get(call, "adgroups", {"Ids": group_ids}, FieldNames=["Id", "TrackingParams"])["AdGroups"]
    }
    links = {"TextAdFieldNames": ["Href"], "TextImageAdFieldNames": ["Href"]}
    fields = ["Id", "CampaignId", "AdGroupId", "Type"]
    shown = get(call, "ads", {"AdGroupIds": group_ids}, FieldNames=fields, **links)["Ads"]
    ads = {ad.ad_id: ad for ad in long_world.ads}
    seen = set()
    for item in shown:
        href = (item.get("TextAd") or item.get("TextImageAd"))["Href"]
        override = groups[item["AdGroupId"]] or campaigns[item["CampaignId"]] or ""
        tags = {**dict(parse_qsl(urlsplit(href or "").query)), **dict(parse_qsl(override))}
        known = {"{campaign_id}": str(item["CampaignId"]), "{ad_id}": str(item["Id"])}
        found = {key: known.get(value, value) for key, value in tags.items()}
        expected = dict(ads[item["Id"]].tags)
        if "utm_term" in expected:
            expected["utm_term"] = "{keyword}"
        assert found == expected
        seen.add((item["Type"], href is None, bool(groups[item["AdGroupId"]]), bool(campaigns[item["CampaignId"]])))
    assert {kind for kind, *_ in seen} == {"TEXT_AD", "IMAGE_AD"}
    assert any(no_link for _, no_link, _, _ in seen)
    assert any(group for _, _, group, _ in seen)
    assert any(campaign for *_, campaign in seen)
