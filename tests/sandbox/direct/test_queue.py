"""The life of an offline report: accepted, built, finished, kept, forgotten."""

from __future__ import annotations

import pytest

from sandbox.direct import DirectApi
from tests.sandbox.direct.helpers import BARE, Clock, Send, error, row, table

OFFLINE = {"processingMode": "offline"}


def test_an_online_report_is_there_at_once_and_is_not_kept(api: DirectApi, report: Send):
    answer = report({"processingMode": "online"})
    assert answer.status_code == 200
    assert answer.headers["reportsInQueue"] == "0"
    assert "retryIn" not in answer.headers
    assert api.queue.reports == {}


def test_an_offline_report_takes_a_201_some_202_and_a_200(report: Send, clock: Clock):
    seen = []
    for _ in range(4):
        answer = report(OFFLINE)
        seen.append((answer.status_code, answer.headers.get("retryIn"), answer.headers["reportsInQueue"]))
        clock.now += float(answer.headers.get("retryIn", 0))
    assert seen == [(201, "1", "1"), (202, "2", "1"), (200, None, "0"), (200, None, "0")]


def test_the_body_of_201_and_202_is_empty(report: Send):
    assert [report(OFFLINE).content for _ in range(2)] == [b"", b""]


def test_polling_too_early_does_not_bring_the_report_nearer(report: Send, clock: Clock):
    report(OFFLINE)
    assert [report(OFFLINE).status_code for _ in range(5)] == [202] * 5
    clock.now += 10
    assert report(OFFLINE).status_code == 202
    clock.now += 10
    assert report(OFFLINE).status_code == 200


def test_auto_queues_long_periods_only(report: Send):
    short = report(DateFrom="2026-11-01", DateTo="2026-11-20")
    long = report(ReportName="long", DateFrom="2026-08-01", DateTo="2026-11-20")
    assert (short.status_code, long.status_code) == (200, 201)


def test_the_mode_defaults_to_auto_and_must_be_known(report: Send):
    assert report({"processingMode": None}).status_code == 200
    assert error(report({"processingMode": "later"}))[:2] == (400, 8000)


@pytest.mark.parametrize("retry_in", [("soon", "7"), (None, "7"), ("0.5", "7")])
def test_retry_in_may_be_missing_or_garbage(api: DirectApi, report: Send, retry_in):
    api.switches.retry_in = retry_in
    assert report(OFFLINE).headers.get("retryIn") == retry_in[0]
    assert report(OFFLINE).headers.get("retryIn") == "7"


def test_the_sixth_unfinished_report_is_refused_and_fits_in_later(report: Send, clock: Clock):
    for number in range(5):
        answer = report(OFFLINE, ReportName=f"r{number}")
        assert (answer.status_code, answer.headers["reportsInQueue"]) == (201, str(number + 1))
    refused = report(OFFLINE, ReportName="r5")
    assert error(refused)[:2] == (400, 9000)
    assert refused.headers["reportsInQueue"] == "5"
    for _ in range(2):
        clock.now += 5
        report(OFFLINE, ReportName="r0")
    assert report(OFFLINE, ReportName="r5").status_code == 201


def test_a_report_nobody_polls_leaves_the_queue(report: Send, clock: Clock):
    for number in range(5):
        report(OFFLINE, ReportName=f"r{number}")
    clock.now += 61
    assert report(OFFLINE, ReportName="r5").headers["reportsInQueue"] == "1"
    assert report(OFFLINE, ReportName="r0").status_code == 200


def test_a_name_may_not_be_used_again_with_other_parameters(report: Send):
    report(OFFLINE)
    status, code, detail = error(report(OFFLINE, IncludeVAT="YES"))
    assert (status, code) == (400, 4000)
    assert "change ReportName" in detail
    assert report(OFFLINE, IncludeVAT="YES", ReportName="r2").status_code == 201


def finish(report: Send, clock: Clock, **changes: object) -> list[dict[str, str]]:
    while (answer := report({**BARE, **OFFLINE}, **changes)).status_code != 200:
        clock.now += 5
    return table(answer)


def test_a_repeat_within_five_hours_gets_the_stored_figures(api: DirectApi, report: Send, clock: Clock, ads):
    api.rows[:] = [row(ads[0], "2026-11-11", clicks=5)]
    assert [line["Clicks"] for line in finish(report, clock)] == ["5"]
    api.rows[:] = [row(ads[0], "2026-11-11", clicks=4)]
    clock.now += 5 * 3600 - 10
    assert [line["Clicks"] for line in finish(report, clock)] == ["5"]
    assert [line["Clicks"] for line in finish(report, clock, ReportName="fresh")] == ["4"]
    clock.now += 20
    assert report(OFFLINE).status_code == 201
    assert [line["Clicks"] for line in finish(report, clock)] == ["4"]


def test_the_headers_of_the_poll_word_the_stored_report(report: Send, clock: Clock):
    finish(report, clock)
    assert report(OFFLINE).text.startswith('"r1 (')
    assert report({**OFFLINE, **BARE}).text.startswith("Date\t")


def test_an_online_report_of_a_very_long_period_is_a_502(api: DirectApi, report: Send):
    dates = {"DateFrom": "2024-01-01", "DateTo": "2026-11-01"}
    assert error(report({"processingMode": "online"}, **dates))[0] == 502
    assert report({"processingMode": "offline"}, **dates).status_code == 201
    api.switches.html_on_bad_gateway = True
    answer = report({"processingMode": "online"}, **dates)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (502, "text/html")


def test_an_offline_report_may_fail_when_it_should_be_ready(api: DirectApi, report: Send, clock: Clock):
    api.switches.offline_days_limit = 5
    statuses = []
    for _ in range(3):
        statuses.append(report(OFFLINE).status_code)
        clock.now += 5
    assert statuses == [201, 202, 502]
    assert api.queue.unfinished() == 0


def test_search_queries_are_reported_offline_only(report: Send):
    query = {"ReportType": "SEARCH_QUERY_PERFORMANCE_REPORT", "FieldNames": ["Query", "Clicks"]}
    assert error(report({"processingMode": "online"}, **query))[:2] == (400, 8000)
    assert report(**query).status_code == 201
