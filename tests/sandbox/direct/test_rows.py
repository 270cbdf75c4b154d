"""Which rows of a report come, and in which order: filters, sorting, pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.direct import DirectApi
from tests.sandbox.direct.helpers import BARE, Send, row, table

SEPTEMBER = {"DateFrom": "2026-09-01", "DateTo": "2026-09-30"}

FILTERS = [
    ("CampaignId", "IN", ["0"], [0]),
    ("CampaignId", "EQUALS", ["1"], [1]),
    ("CampaignId", "NOT_EQUALS", ["0"], [1]),
    ("CampaignId", "NOT_IN", ["0", "1"], []),
    ("Clicks", "GREATER_THAN", ["5"], [1]),
    ("Clicks", "LESS_THAN", ["6"], [0]),
    ("Cost", "GREATER_THAN", ["15000000"], [1]),
    ("CampaignType", "EQUALS", ["SMART_CAMPAIGN"], []),
]


@pytest.mark.parametrize(("field", "operator", "values", "expected"), FILTERS)
def test_a_filter_selects(api: DirectApi, report: Send, ads, field, operator, values, expected):
    """Money is compared in micros whatever the reader wants to see."""
    api.rows[:] = [row(ads[0], "2026-09-01"), row(ads[1], "2026-09-01", "20.00", clicks=7)]
    if field == "CampaignId":
        values = [str(ads[int(value)].campaign_id) for value in values]
    condition = [{"Field": field, "Operator": operator, "Values": values}]
    found = table(report(BARE, FieldNames=["CampaignId", "Clicks"], Filter=condition, **SEPTEMBER))
    assert {line["CampaignId"] for line in found} == {str(ads[number].campaign_id) for number in expected}


def test_a_filter_on_figures_looks_at_the_finished_row(api: DirectApi, report: Send, ads):
    api.rows[:] = [row(ads[0], f"2026-09-0{day}") for day in range(1, 5)]
    condition = [{"Field": "Clicks", "Operator": "GREATER_THAN", "Values": ["10"]}]
    assert len(table(report(BARE, FieldNames=["CampaignId", "Clicks"], Filter=condition, **SEPTEMBER))) == 1
    assert table(report(BARE, FieldNames=["Date", "Clicks"], Filter=condition, **SEPTEMBER)) == []


def test_rows_come_in_the_order_asked_for_and_else_in_none(api: DirectApi, report: Send):
    by_cost = [
        Decimal(line["Cost"])
        for line in table(report(BARE, OrderBy=[{"Field": "Cost", "SortOrder": "DESCENDING"}]))
    ]
    assert by_cost == sorted(by_cost, reverse=True)
    two = [
        (line["Date"], line["CampaignId"])
        for line in table(report(BARE, OrderBy=[{"Field": "Date"}, {"Field": "CampaignId"}]))
    ]
    assert two == sorted(two)
    without = [line["Date"] for line in table(report(BARE))]
    assert without != sorted(without)
    assert without == [line["Date"] for line in table(report(BARE))]


def test_pages_of_a_report_together_are_the_whole(report: Send):
    order = [{"Field": "Date"}, {"Field": "CampaignId"}, {"Field": "AdId"}]
    whole = table(report(BARE, OrderBy=order))
    pages = [table(report(BARE, OrderBy=order, Page={"Limit": 40, "Offset": start})) for start in range(0, 400, 40)]
    assert [line for page in pages for line in page] == whole
    assert len(pages[0]) == 40


def test_without_a_page_more_rows_than_the_default_limit_are_left_out_silently(api: DirectApi, report: Send):
    api.switches.default_report_limit = 3
    assert len(table(report(BARE))) == 3
    assert len(table(report(BARE, Page={"Limit": 1000}))) > 3
