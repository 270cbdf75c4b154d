"""What a report request may not ask for, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.direct.helpers import HEADERS, Send, error

ACCOUNT, CAMPAIGN, ADGROUP, AD, REACH = (
    f"{level}_PERFORMANCE_REPORT" for level in ("ACCOUNT", "CAMPAIGN", "ADGROUP", "AD", "REACH_AND_FREQUENCY")
)
MANY_CLICKS = {"Field": "Clicks", "Operator": "GREATER_THAN", "Values": ["1"]}
BAD: dict[str, tuple[dict[str, Any], int]] = {
    "no field": ({"FieldNames": []}, 8000),
    "unknown field": ({"FieldNames": ["Href"]}, 8000),
    "field twice": ({"FieldNames": ["Date", "Date"]}, 8000),
    "two periods": ({"FieldNames": ["Date", "Month"]}, 8000),
    "field not served": ({"FieldNames": ["Device"]}, 8000),
    "keyword listed": ({"FieldNames": ["Keyword"]}, 4000),
    "query in a custom report": ({"FieldNames": ["Query"]}, 8000),
    "ad in a campaign report": ({"FieldNames": ["AdId"], "ReportType": CAMPAIGN}, 8000),
    "group in a campaign report": ({"FieldNames": ["AdGroupName"], "ReportType": CAMPAIGN}, 8000),
    "ad in a group report": ({"FieldNames": ["AdId"], "ReportType": ADGROUP}, 8000),
    "campaign in an account report": ({"FieldNames": ["CampaignId"], "ReportType": ACCOUNT}, 8000),
    "criterion in an ad report": ({"FieldNames": ["CriterionId"], "ReportType": AD}, 8000),
    "reach without campaign": ({"FieldNames": ["Cost"], "ReportType": REACH}, 8000),
    "unknown type": ({"ReportType": "PLACES"}, 8000),
    "not TSV": ({"Format": "CSV"}, 8000),
    "no format": ({"Format": None}, 8000),
    "no name": ({"ReportName": None}, 8000),
    "empty name": ({"ReportName": ""}, 8000),
    "no VAT": ({"IncludeVAT": None}, 8000),
    "VAT as bool": ({"IncludeVAT": True}, 8000),
    "unknown key": ({"Method": "get"}, 8000),
    "campaign ids in the criteria": ({"SelectionCriteria": {"CampaignIds": [1]}, "DateRangeType": "AUTO"}, 8000),
    "unknown range": ({"DateRangeType": "LAST_4_DAYS"}, 8000),
    "dates with a named range": ({"DateRangeType": "TODAY", "DateFrom": "2026-11-01"}, 8000),
    "one date": ({"SelectionCriteria": {"DateFrom": "2026-11-01"}}, 8000),
    "no date": ({"DateFrom": "2026-13-01"}, 8000),
    "date without dashes": ({"DateFrom": "20261101"}, 8000),
    "dates upside down": ({"DateFrom": "2026-11-20", "DateTo": "2026-11-19"}, 4001),
    "too long ago": ({"DateFrom": "2023-10-31"}, 4001),
    "page without limit": ({"Page": {"Offset": 1}}, 4002),
    "page of nothing": ({"Page": {"Limit": 0}}, 4002),
    "order by an unlisted field": ({"OrderBy": [{"Field": "Ctr"}]}, 8000),
    "unknown order": ({"OrderBy": [{"Field": "Date", "SortOrder": "UP"}]}, 8000),
    "eleven goals": ({"Goals": [str(number) for number in range(11)]}, 8000),
    "goal as int": ({"Goals": [1]}, 8000),
    "unknown model": ({"AttributionModels": ["XX"]}, 8000),
    "filter by date": ({"Filter": [{"Field": "Date", "Operator": "EQUALS", "Values": ["2026-11-01"]}]}, 8000),
    "filter with ints": ({"Filter": [{"Field": "Clicks", "Operator": "EQUALS", "Values": [1]}]}, 8000),
    "filter without values": ({"Filter": [{"Field": "Clicks", "Operator": "IN", "Values": []}]}, 8000),
    "unknown operator": ({"Filter": [{"Field": "Clicks", "Operator": "LIKE", "Values": ["1"]}]}, 8000),
    "two filters on a field": ({"Filter": [MANY_CLICKS] * 2}, 8000),
    "too many values": ({"Filter": [{"Field": "AdId", "Operator": "IN", "Values": ["1"] * 10_001}]}, 8000),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_a_400_with_its_code(report: Send, case: str):
    changes, code = BAD[case]
    answer = report(**changes)
    assert error(answer)[:2] == (400, code)
    assert set(answer.json()["error"]) == {"request_id", "error_code", "error_detail", "error_string"}
    assert error(answer)[2]


def test_broken_json_is_told_as_seen_live(client):
    answer = client.post("/json/v5/reports", content=b"{", headers=HEADERS)
    assert answer.status_code == 400
    told = answer.json()["error"]
    assert told["error_code"] == "8000"
    assert (told["error_detail"], told["error_string"]) == ("JSON can't be processed", "Invalid request")


@pytest.mark.parametrize("kept", ["2023-11-01", "2026-11-23", "2027-01-01"])
def test_three_years_before_this_month_and_the_future_may_be_asked_for(report: Send, kept: str):
    assert report({"processingMode": "offline"}, DateFrom=kept, DateTo="2027-01-01").status_code == 201


def test_the_obsolete_discount_flag_is_taken(report: Send):
    assert report(IncludeDiscount="NO").status_code == 200
    assert error(report(IncludeDiscount="MAYBE"))[:2] == (400, 8000)


def test_legacy_attribution_models_are_converted(report: Send):
    names = report(FieldNames=["Conversions"], Goals=["7"], AttributionModels=["FC", "LSC", "LYDC"]).text
    assert "Conversions_7_FCCD\tConversions_7_LSCCD\tConversions_7_AUTO" in names
