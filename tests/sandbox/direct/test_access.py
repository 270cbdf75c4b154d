"""Who may call, how often and how many at a time; what every answer carries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox.direct import DIRECT_LOGIN, DirectApi
from tests.sandbox.direct.helpers import HEADERS, Clock, Send, error

ALL = {"FieldNames": ["Id"]}
ADS = {"SelectionCriteria": {"Ids": [1]}, "FieldNames": ["Id"]}


@pytest.mark.parametrize(
    ("token", "detail"),
    [(None, "OAuth token is missing"), ("Bearer wrong", "Invalid OAuth token"), ("sandbox", "Invalid OAuth token")],
)
def test_a_bad_token_is_53_with_200_on_services_and_400_on_reports(call: Send, report: Send, token, detail: str):
    headers = {"Authorization": token}
    regular, on_reports = call("campaigns", ALL, headers=headers), report(headers)
    assert error(regular) == (200, 53, detail)
    assert error(on_reports) == (400, 53, detail)
    assert regular.json()["error"]["error_code"] == 53
    assert on_reports.json()["error"]["error_code"] == "53"


def test_a_token_may_expire_in_the_midst(api: DirectApi, call: Send):
    assert "result" in call("campaigns", ALL).json()
    api.token = "another"
    assert error(call("campaigns", ALL))[:2] == (200, 53)


def test_the_types_of_codes_and_the_status_of_reports_are_switches(api: DirectApi, call: Send, report: Send):
    api.switches.codes_as_strings, api.switches.report_codes_as_strings = True, False
    api.switches.report_statuses[53] = 401
    assert call("campaigns", ALL, headers={"Authorization": None}).json()["error"]["error_code"] == "53"
    answer = report({"Authorization": None})
    assert (answer.status_code, answer.json()["error"]["error_code"]) == (401, 53)


def test_a_foreign_login_is_refused_and_an_absent_one_is_the_token_s_own(api: DirectApi, call: Send, report: Send):
    foreign = {"Client-Login": "somebody"}
    assert error(call("campaigns", ALL, headers=foreign))[:2] == (200, 54)
    assert error(report(foreign))[:2] == (400, 54)
    assert "result" in call("campaigns", ALL, headers={"Client-Login": None}).json()
    assert "result" in call("campaigns", ALL, headers={"Client-Login": DIRECT_LOGIN.upper()}).json()
    api.switches.wrong_login_code, api.switches.login_required = 8800, True
    assert error(call("campaigns", ALL, headers=foreign))[:2] == (200, 8800)
    assert error(call("campaigns", ALL, headers={"Client-Login": None}))[:2] == (200, 8000)


@pytest.mark.parametrize("path", ["/json/v5/reports", "/json/v5/campaigns", "/json/v501/ads"])
def test_anything_but_post_is_405(client: httpx.Client, path: str):
    assert client.get(path, headers=HEADERS).status_code == 405


@pytest.mark.parametrize("path", ["/json/v5/Reports", "/json/v5/keywords", "/json/v4/reports", "/"])
def test_an_unknown_or_misspelt_service_is_404(client: httpx.Client, path: str):
    assert client.post(path, json={}, headers=HEADERS).status_code == 404


def test_every_answer_has_a_request_id_of_its_own(api: DirectApi, call: Send, report: Send):
    answers = [call("campaigns", ALL), report(), report(FieldNames=[]), call("ads", {})]
    ids = [answer.headers["RequestId"] for answer in answers]
    assert len(set(ids)) == 4
    assert all(number.isdecimal() and len(number) <= 19 for number in ids)
    assert answers[2].json()["error"]["request_id"] == ids[2]
    assert answers[2].headers["X-Accel-Info"].endswith("cmd:direct.json-api/reports.create,appcode:8000")
    assert "cmd:direct.api5/campaigns.get,appcode:0" in answers[0].headers["X-Accel-Info"]


def test_points_are_charged_for_calls_objects_and_the_caller_s_errors(api: DirectApi, call: Send, report: Send):
    left = 160_000
    campaigns = _campaigns(api)
    calls = [
        (call("campaigns", ALL), 10 + campaigns),
        (call("ads", ADS), 15),
        (call("ads", {**ADS, "SelectionCriteria": {"Ids": [api.world.ads[0].ad_id]}}), 16),
        (call("adgroups", ADS), 15),
        (call("changes", {}, "checkDictionaries"), 10),
        (call("ads", {"SelectionCriteria": {}, "FieldNames": ["Id"]}), 20),
        (call("campaigns", ALL, headers={"Authorization": None}), 0),
    ]
    for answer, price in calls:
        left -= price
        assert answer.headers["Units"] == f"{price}/{left}/160000"
        assert answer.headers["Units-Used-Login"] == DIRECT_LOGIN
    assert "Units" not in report().headers
    api.switches.units_on_reports = True
    assert report().headers["Units"] == f"0/{left}/160000"


def test_without_points_services_answer_152_until_an_hour_grants_some(
    api: DirectApi, call: Send, report: Send, clock
):
    api.points.left = 9
    refused = call("campaigns", ALL)
    assert error(refused)[:2] == (200, 152)
    assert refused.headers["Units"] == "0/9/160000"
    assert report().status_code == 200
    clock.now += 3599
    assert error(call("campaigns", ALL))[1] == 152
    clock.now += 1
    assert call("campaigns", ALL).headers["Units"].split("/")[1] == str(9 + 6666 - 10 - _campaigns(api))
    clock.now += 48 * 3600
    assert call("ads", ADS).headers["Units"] == "15/159985/160000"


def _campaigns(api: DirectApi) -> int:
    return len({ad.campaign_id for ad in api.world.ads if not ad.wizard})


def test_the_twenty_first_report_request_within_ten_seconds_is_too_many(report: Send, clock: Clock):
    for _ in range(20):
        assert report().status_code == 200
        clock.now += 0.4
    assert error(report())[:2] == (400, 56)
    clock.now = 1000 + 10
    assert report().status_code == 200
    assert error(report())[:2] == (400, 56)


@pytest.mark.parametrize(("answer", "empty"), [("429", False), ("429 empty", True)])
def test_too_many_may_also_be_a_429_with_or_without_a_body(api: DirectApi, report: Send, answer: str, empty: bool):
    api.switches.reports_in_ten_seconds, api.switches.rate_limit_answer = 0, answer
    refused = report()
    assert refused.status_code == 429
    assert (refused.content == b"") is empty


def test_the_pace_of_other_services_is_not_limited(api: DirectApi, call: Send):
    api.switches.reports_in_ten_seconds = 0
    assert "result" in call("campaigns", ALL).json()


def test_the_sixth_request_at_a_time_is_506(api: DirectApi, call: Send):
    api.switches.seconds_per_request = 2
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call("campaigns", ALL).json(), range(8)))
    codes = sorted(answer["error"]["error_code"] for answer in answers if "error" in answer)
    assert codes == [506, 506, 506]
    assert "result" in call("campaigns", ALL).json()


def test_error_texts_are_in_the_language_asked_for(call: Send):
    texts = [
        call("ads", {}, headers={"Accept-Language": language}).json()["error"]["error_string"]
        for language in ("ru", "en", "fr", None)
    ]
    assert texts == ["Некорректный запрос", "Invalid request", "Invalid request", "Invalid request"]


def test_every_request_is_recorded_without_its_token(api: DirectApi, call: Send, report: Send):
    report(ReportName="named")
    call("campaigns", ALL)
    call("campaigns", {"Campaigns": []}, "add")
    first, second, third = api.requests
    assert (first.path, first.params["params"]["ReportName"], first.status) == ("/json/v5/reports", "named", 200)
    assert (second.path, second.params["method"]) == ("/json/v5/campaigns", "get")
    assert api.writes == [third]
    assert HEADERS["Authorization"] not in repr(api.requests)


def test_writes_are_refused(call: Send):
    assert error(call("campaigns", {"Campaigns": []}, "add"))[:2] == (200, 54)
    assert error(call("campaigns", ALL, "getAll"))[:2] == (200, 55)
