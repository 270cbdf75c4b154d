"""What goes wrong on the way: statuses, silence, half answers, bodies that only look like an answer."""

from __future__ import annotations

import time

import httpx
import pytest

from sandbox.direct import DirectApi
from tests.sandbox.direct.helpers import HEADERS, Clock, Send, error

REPORTS, CAMPAIGNS = "/json/v5/reports", "/json/v5/campaigns"
ALL = {"FieldNames": ["Id"]}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_an_error_status_has_a_json_error_unless_told_otherwise(api: DirectApi, report: Send, status: int):
    api.faults.add("status", REPORTS, status=status)
    api.faults.add("status", REPORTS, status=status, body=b"")
    api.faults.add("status", REPORTS, status=status, html=True)
    with_body, without, html = report(), report(), report()
    assert error(with_body)[:2] == (status, 1002)
    assert (without.status_code, without.content) == (status, b"")
    assert html.text.startswith("<!DOCTYPE html>")
    assert report().status_code == 200


def test_a_failure_while_polling_is_over_at_the_next_poll(api: DirectApi, report: Send, clock: Clock):
    api.faults.add("status", REPORTS, after=1, status=500)
    statuses = []
    for _ in range(4):
        statuses.append(report({"processingMode": "offline"}).status_code)
        clock.now += 5
    assert statuses == [201, 500, 202, 200]


def test_a_429_may_say_when_to_come_back(api: DirectApi, report: Send):
    api.faults.add("status", REPORTS, status=429, headers={"retryIn": "3"}, retry_after=2)
    answer = report()
    assert (answer.headers["retryIn"], answer.headers["Retry-After"]) == ("3", "2")


def test_an_error_may_come_with_status_200_on_reports_too(api: DirectApi, report: Send, call: Send):
    api.faults.add("error_as_page", REPORTS, code=53, detail="Invalid OAuth token")
    api.faults.add("error_as_page", CAMPAIGNS, code=1000)
    assert error(report()) == (200, 53, "Invalid OAuth token")
    assert error(call("campaigns", ALL))[:2] == (200, 1000)


def test_html_may_come_with_status_200(api: DirectApi, report: Send):
    api.faults.add("html", REPORTS)
    answer = report()
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_a_truncated_report_is_well_formed_http_of_the_usual_type(api: DirectApi, report: Send):
    whole = report({"Accept-Encoding": "identity"})
    api.faults.add("truncated", REPORTS, keep=0.7)
    half = report()
    assert half.status_code == 200
    assert whole.content.startswith(half.content)
    assert half.headers["content-type"] == whole.headers["content-type"]
    assert "Total rows" not in half.text


def test_a_report_may_lose_its_rows_or_lie_about_their_number(api: DirectApi, report: Send):
    good = report().text.splitlines()
    api.faults.add("no_data", REPORTS)
    api.faults.add("wrong_total", REPORTS, by=2)
    assert report().text.splitlines() == [*good[:2], good[-1]]
    assert report().text.splitlines()[-1] == f"Total rows: {len(good) - 3 + 2}"


def test_a_get_may_answer_without_its_list(api: DirectApi, call: Send):
    api.faults.add("no_data", CAMPAIGNS)
    assert call("campaigns", ALL).json() == {"result": {}}


@pytest.mark.parametrize("partial", [False, True])
def test_a_connection_may_break(api: DirectApi, report: Send, partial: bool):
    api.faults.add("disconnect", REPORTS, partial=partial)
    with pytest.raises(httpx.RemoteProtocolError):
        report()


def test_silence_lasts_until_the_client_gives_up(api: DirectApi, client: httpx.Client):
    api.faults.add("timeout", CAMPAIGNS, seconds=30)
    begun = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        client.post(CAMPAIGNS, json={"method": "get", "params": ALL}, headers=HEADERS, timeout=0.2)
    assert time.monotonic() - begun < 5
