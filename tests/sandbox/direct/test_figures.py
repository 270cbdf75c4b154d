"""The figures of a report are those of the world: summed exactly, grouped, filtered, with VAT of their day."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox import World
from sandbox.direct import DirectApi
from tests.sandbox.direct.helpers import BARE, Send, error, row, table

AUTUMN = {"DateFrom": "2026-10-01", "DateTo": "2026-11-30"}
SEPTEMBER = {"DateFrom": "2026-09-01", "DateTo": "2026-09-30"}


def test_a_report_by_ad_and_day_is_the_ground_truth(report: Send, truth):
    expected = {
        (str(item.day), str(item.ad.campaign_id), "--" if item.ad.wizard else str(item.ad.ad_id)): (
            str(item.impressions),
            str(item.clicks),
            item.spent,
            str(item.conversions) if item.conversions else "--",
        )
        for item in truth
        if "2026-11-10" <= str(item.day) <= "2026-11-20"
    }
    found = {
        (line["Date"], line["CampaignId"], line["AdId"]): (
            line["Impressions"], line["Clicks"], Decimal(line["Cost"]), line["Conversions"],
        )
        for line in table(report(BARE))
    }  # fmt: skip
    assert found == expected
    assert any(ad == "--" for _, _, ad in found)


def test_micros_and_decimals_tell_the_same_money(report: Send):
    micros = table(report({**BARE, "returnMoneyInMicros": None}))
    decimals = table(report(BARE))
    assert [Decimal(line["Cost"]) / 1_000_000 for line in micros] == [Decimal(line["Cost"]) for line in decimals]
    assert all(line["Cost"].isdecimal() for line in micros)


@pytest.mark.parametrize(
    ("day", "net", "gross"),
    [("2025-12-31", "100.00", "120.00"), ("2026-01-01", "100.00", "122.00"), ("2026-05-05", "33.33", "40.66")],
)
def test_vat_is_that_of_the_day(api: DirectApi, report: Send, ads, day: str, net: str, gross: str):
    api.rows[:] = [row(ads[0], day, net)]
    for vat, expected in (("NO", net), ("YES", gross)):
        found = table(report(BARE, DateFrom=day, DateTo=day, IncludeVAT=vat))
        assert [line["Cost"] for line in found] == [expected]


def test_vat_is_rounded_by_row_so_sums_may_be_kopecks_off(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], "2026-09-01", "0.02"), row(ads[1], "2026-09-01", "0.02")]
    found = table(report(BARE, FieldNames=["Cost"], IncludeVAT="YES", **SEPTEMBER))
    assert found == [{"Cost": "0.04"}]  # 0.04 * 1.22 would be 0.05


def test_rows_are_grouped_by_the_fields_listed(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], "2026-09-01"), row(ads[0], "2026-09-30", "5.50"), row(ads[1], "2026-09-30")]
    fields = ["CampaignId", "Impressions", "Clicks", "Cost", "Conversions"]
    found = table(report(BARE, FieldNames=fields, OrderBy=[{"Field": "CampaignId"}], **SEPTEMBER))
    assert [list(line.values()) for line in found] == [
        [str(ads[0].campaign_id), "200", "10", "15.50", "2"],
        [str(ads[1].campaign_id), "100", "5", "10.00", "1"],
    ]


def test_a_report_type_splits_rows_by_an_id_that_is_not_listed(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], "2026-09-01"), row(ads[1], "2026-09-01")]
    for kind, rows in (("ACCOUNT_PERFORMANCE_REPORT", 1), ("AD_PERFORMANCE_REPORT", 2), ("CUSTOM_REPORT", 1)):
        assert len(table(report(BARE, ReportType=kind, FieldNames=["Date", "Cost"], **SEPTEMBER))) == rows


def test_wizard_campaigns_show_neither_group_nor_ad(report: Send, truth):
    wizards = {str(item.ad.campaign_id) for item in truth if item.ad.wizard}
    assert len(wizards) > 1
    for kind in ("AD_PERFORMANCE_REPORT", "CUSTOM_REPORT"):
        fields = ["CampaignId", "AdGroupId", "AdGroupName", "AdId", "Cost"]
        found = table(report({**BARE, "processingMode": "online"}, ReportType=kind, FieldNames=fields, **AUTUMN))
        hidden = [line for line in found if line["AdId"] == "--"]
        assert {line["CampaignId"] for line in hidden} == wizards
        assert all(line["AdGroupId"] == line["AdGroupName"] == "--" for line in hidden)


@pytest.mark.parametrize(
    ("field", "value"),
    [("Week", "2026-09-28"), ("Month", "2026-10-01"), ("Quarter", "2026-10-01"), ("Year", "2026-01-01")],
)
def test_longer_spans_are_told_by_their_first_day(api: DirectApi, report: Send, ads, field: str, value: str):
    api.rows[:] = [row(ads[0], "2026-10-01"), row(ads[0], "2026-10-03")]
    dates = {"DateFrom": "2026-10-01", "DateTo": "2026-10-05"}
    assert table(report(BARE, FieldNames=[field, "Clicks"], **dates)) == [{field: value, "Clicks": "10"}]


def test_shares_are_worked_out_from_sums_and_missing_ones_are_dashes(api: DirectApi, report: Send, ads):
    fields = ["CampaignId", "Ctr", "AvgCpc", "ConversionRate", "CostPerConversion", "Revenue", "GoalsRoi"]
    api.rows[:] = [
        row(ads[0], "2026-09-01", "10.00", impressions=300, clicks=3, conversions=2),
        row(ads[1], "2026-09-01", "0.00", impressions=120, clicks=0, conversions=0),
    ]
    busy, idle = table(report(BARE, FieldNames=fields, OrderBy=[{"Field": "CampaignId"}], **SEPTEMBER))
    assert list(busy.values())[1:] == ["1.00", "3.33", "66.67", "5.00", "--", "--"]
    assert list(idle.values())[1:] == ["0.00", "--", "--", "--", "--", "--"]


def test_a_day_without_clicks_costs_zero_and_has_dashes_for_conversions(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], "2026-09-02", "0.00", impressions=120, clicks=0, conversions=0)]
    fields = ["Clicks", "Cost", "Conversions"]
    assert list(table(report(BARE, FieldNames=fields, **SEPTEMBER))[0].values()) == ["0", "0.00", "--"]
    micros = table(report({**BARE, "returnMoneyInMicros": None}, FieldNames=fields, **SEPTEMBER))
    assert list(micros[0].values()) == ["0", "0", "--"]
    api.switches.zero_money, api.switches.dashes_for_no_conversions = "0", False
    assert list(table(report(BARE, FieldNames=fields, **SEPTEMBER))[0].values()) == ["0", "0", "0"]


def test_goals_replace_their_columns_by_one_for_each_goal_and_model(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], "2026-09-01", conversions=3)]
    answer = report(
        BARE,
        FieldNames=["Clicks", "Conversions"],
        Goals=["300100500", "12345"],
        AttributionModels=["LC", "AUTO"],
        **SEPTEMBER,
    )
    assert table(answer) == [
        {
            "Clicks": "5",
            "Conversions_300100500_LC": "3",
            "Conversions_300100500_AUTO": "3",
            "Conversions_12345_LC": "--",
            "Conversions_12345_AUTO": "--",
        }
    ]


def test_a_later_view_restates_the_newest_day(api: DirectApi, report: Send, direct_world):
    def clicks() -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        fields = ["Date", "Clicks"]
        for line in table(report(BARE, FieldNames=fields, DateFrom="2026-11-15", DateTo="2026-11-23")):
            found[line["Date"]] += int(line["Clicks"])
        return found

    before = clicks()
    api.show(World.generate(until=direct_world.until + timedelta(days=1), days=41))
    after = clicks()
    assert {day for day in before if before[day] != after[day]} <= {"2026-11-21", "2026-11-22", "2026-11-23"}
    assert after["2026-11-23"] > before["2026-11-23"]


def test_a_mutated_row_is_served(api: DirectApi, report: Send, ads):
    api.faults.mutate(lambda rows: rows.clear(), path="/json/v5/reports")
    assert table(report(BARE)) == []
    assert error(report(BARE, FieldNames=[])) == (400, 8000, "FieldNames must contain at least one field")
