"""A report as text: title, columns, rows, summary - each at the reader's will."""

from __future__ import annotations

from itertools import product

import pytest

from sandbox.direct import DirectApi
from tests.sandbox.direct.helpers import Send, row

DAYS = {"DateFrom": "2026-09-01", "DateTo": "2026-09-02"}
FIELDS = ["Date", "CampaignId", "CampaignName", "AdGroupId", "AdId", "Impressions", "Clicks", "Cost", "Conversions"]


@pytest.fixture
def two_rows(api: DirectApi, ads) -> list[str]:
    """Rows as they are worded in micros."""
    ad = ads[0]
    api.rows[:] = [
        row(ad, "2026-09-01", "5222.40", impressions=3955, clicks=132, conversions=4),
        row(ad, "2026-09-02", "0.00", impressions=120, clicks=0, conversions=0),
    ]
    head = f"{ad.campaign_id}\t{ad.campaign_name}\t{ad.group_id}\t{ad.ad_id}"
    return [f"2026-09-01\t{head}\t3955\t132\t5222400000\t4", f"2026-09-02\t{head}\t120\t0\t0\t--"]


@pytest.mark.parametrize(("title", "columns", "summary"), list(product((True, False), repeat=3)))
def test_each_part_is_left_out_by_its_own_header(report: Send, two_rows, title: bool, columns: bool, summary: bool):
    skip = {
        "skipReportHeader": None if title else "true",
        "skipColumnHeader": None if columns else "true",
        "skipReportSummary": None if summary else "true",
    }
    answer = report(skip, FieldNames=FIELDS, ReportName="ads daily", OrderBy=[{"Field": "Date"}], **DAYS)
    expected = [
        *(['"ads daily (2026-09-01 - 2026-09-02)"'] if title else []),
        *(["\t".join(FIELDS)] if columns else []),
        *two_rows,
        *(["Total rows: 2"] if summary else []),
    ]
    assert answer.content.decode() == "".join(f"{line}\n" for line in expected)
    assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"


def test_a_skip_header_of_false_skips_nothing(report: Send, two_rows):
    answer = report(
        {"skipReportHeader": "false", "skipColumnHeader": "false", "skipReportSummary": "false"}, **DAYS
    )
    assert len(answer.text.splitlines()) == 5


def test_decimals_are_asked_for_by_their_own_header(report: Send, two_rows):
    assert "\t5222.40\t" in report({"returnMoneyInMicros": "false"}, **DAYS).text
    assert "\t5222400000\t" in report({"returnMoneyInMicros": "true"}, **DAYS).text


def test_an_empty_report_is_a_report(api: DirectApi, report: Send):
    api.rows.clear()
    skip = {"skipReportHeader": "true", "skipReportSummary": "true"}
    answer = report(skip, FieldNames=["CampaignId", "Impressions", "Clicks", "Cost"])
    assert answer.status_code == 200
    assert answer.content == b"CampaignId\tImpressions\tClicks\tCost\n"
    assert report().text.splitlines()[-1] == "Total rows: 0"


def test_title_punctuation_and_a_blank_line_are_switches(api: DirectApi, report: Send, two_rows):
    api.switches.quoted_title, api.switches.blank_line_after_title = False, True
    lines = report(**DAYS).text.split("\n")
    assert lines[:2] == ["r1 (2026-09-01 - 2026-09-02)", ""]


def test_names_are_utf_8_without_a_mark_and_unescaped(report: Send, two_rows, ads):
    skip = {"skipReportHeader": "true"}
    content = report(skip, FieldNames=["CampaignName", "Date", "Clicks"], **DAYS).content
    assert content.startswith(b"CampaignName\tDate\tClicks\n")
    assert f"{ads[0].campaign_name}\t2026-09-01\t132\n" in content.decode("utf-8")


def test_header_names_are_matched_without_case(report: Send, two_rows):
    answer = report({"SKIPREPORTHEADER": "TRUE", "returnmoneyinmicros": "FALSE"}, **DAYS)
    assert answer.text.startswith("Date\t")
    assert "5222.40" in answer.text


def test_an_answer_is_compressed_only_if_asked(report: Send):
    assert report({"Accept-Encoding": "gzip"}).headers.get("content-encoding") == "gzip"
    assert "content-encoding" not in report({"Accept-Encoding": "identity"}).headers
