"""The changes service names the days whose figures are not what they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sandbox.direct import DirectApi
from sandbox.world.spend import ad_days
from tests.sandbox.direct.helpers import UNTIL, Send, error

FIELDS = ["CampaignIds", "AdGroupIds", "AdIds", "CampaignsStat"]
YESTERDAY = "2026-11-22T15:30:00Z"


def check(call: Send, **params):
    return call("changes", {"Timestamp": YESTERDAY, "FieldNames": FIELDS, **params}, "check").json()["result"]


def campaigns(api: DirectApi) -> list[int]:
    return sorted({ad.campaign_id for ad in api.world.ads if not ad.wizard})


def test_the_border_is_the_first_day_whose_figures_changed_since(api: DirectApi, call: Send):
    result = check(call, CampaignIds=campaigns(api))
    borders = {item["CampaignId"]: item["BorderDate"] for item in result["Modified"]["CampaignsStat"]}
    was = {
        (row.day, row.ad.ad_id): row
        for row in ad_days(replace(api.world, until=UNTIL - timedelta(days=1), days=39))
    }
    expected: dict[int, str] = {}
    for row in api.rows:
        if not row.ad.wizard and was.get((row.day, row.ad.ad_id)) != row:
            number = row.ad.campaign_id
            expected[number] = min(expected.get(number, "9999"), str(row.day))
    assert borders == expected
    assert min(borders.values()) < "2026-11-20"  # conversions are restated longer than traffic


def test_a_campaign_at_rest_has_no_border(api: DirectApi, call: Send):
    running = {row.ad.campaign_id for row in api.rows if row.day >= date(2026, 11, 10)}
    at_rest = [number for number in campaigns(api) if number not in running]
    assert at_rest
    assert "CampaignsStat" not in check(call, CampaignIds=at_rest)["Modified"]


def test_a_correction_of_an_old_day_is_told(api: DirectApi, call: Send):
    number = next(i for i, row in enumerate(api.rows) if row.day == date(2026, 10, 20))
    api.rows[number] = replace(api.rows[number], clicks=api.rows[number].clicks + 1)
    campaign_id = api.rows[number].ad.campaign_id
    found = check(call, CampaignIds=[campaign_id], Timestamp="2026-11-23T15:30:00Z")
    assert found["Modified"]["CampaignsStat"] == [{"CampaignId": campaign_id, "BorderDate": "2026-10-20"}]


def test_unknown_ids_are_not_found_and_nothing_is_modified(call: Send):
    assert check(call, CampaignIds=[700012672]) == {
        "Modified": {},
        "Timestamp": "2026-11-23T15:30:00Z",
        "NotFound": {"CampaignIds": [700012672]},
    }


def test_campaigns_of_the_wizard_are_not_found(api: DirectApi, call: Send):
    wizard = next(row.ad.campaign_id for row in api.rows if row.ad.wizard and row.day >= date(2026, 11, 20))
    result = check(call, CampaignIds=[wizard])
    assert (result["Modified"], result["NotFound"]) == ({}, {"CampaignIds": [wizard]})
    api.switches.wizard_listed = True
    assert check(call, CampaignIds=[wizard])["Modified"]["CampaignsStat"]


def test_ads_that_started_ended_or_paused_are_named(api: DirectApi, call: Send):
    since = date(2026, 11, 1)
    turned = {ad.ad_id for ad in api.world.ads if ad.state(since) != ad.state(UNTIL.date())}
    result = check(call, CampaignIds=campaigns(api), Timestamp="2026-11-01T10:00:00Z")
    assert set(result["Modified"].get("AdIds", [])) == turned


def test_requests_outside_the_rules_are_refused(call: Send):
    good = {"CampaignIds": [1], "Timestamp": YESTERDAY, "FieldNames": FIELDS}
    for changes, code in (
        ({"Timestamp": "2026-11-22"}, 8000),
        ({"FieldNames": []}, 8000),
        ({"FieldNames": ["Clicks"]}, 8000),
        ({"AdIds": [1]}, 8000),
        ({"CampaignIds": []}, 8000),
        ({"CampaignIds": list(range(3001))}, 4001),
    ):
        assert error(call("changes", {**good, **changes}, "check"))[:2] == (200, code)


def test_dictionaries_and_campaigns_can_be_checked_too(api: DirectApi, call: Send):
    stamp = {"Timestamp": "2026-11-23T15:30:00Z"}
    assert call("changes", {}, "checkDictionaries").json()["result"] == stamp
    known = call("changes", {"Timestamp": YESTERDAY}, "checkDictionaries").json()["result"]
    assert known == {"TimeZonesChanged": "NO", "RegionsChanged": "NO", "InterestsChanged": "NO", **stamp}
    result = call("changes", {"Timestamp": YESTERDAY}, "checkCampaigns").json()["result"]
    stat = {item["CampaignId"] for item in result["Campaigns"] if "STAT" in item["ChangesIn"]}
    borders = check(call, CampaignIds=campaigns(api))["Modified"]["CampaignsStat"]
    assert stat == {item["CampaignId"] for item in borders}
