"""Rate limits of today's API: by method, on calendar windows, told on every answer."""

from __future__ import annotations

import pytest

from sandbox.vk import VkAdsApi


def headers(answer, window: str) -> tuple[str, str]:
    prefix = f"x-ratelimit-{window}"
    return answer.headers[f"{prefix}-limit"], answer.headers[f"{prefix}-remaining"]


@pytest.fixture
def limited(api: VkAdsApi) -> VkAdsApi:
    api.throttle.limits = {1: 2, 3600: 5, 86400: 7}
    return api


def test_the_usual_limits_are_twenty_a_second(cabinet):
    assert VkAdsApi(cabinet).throttle.limits == {1: 20, 3600: 5000, 86400: 50_000}


def test_every_answer_tells_all_windows_refusals_too(get, oauth, limited: VkAdsApi):
    first = get("banners.json")
    assert (headers(first, "rps"), headers(first, "hourly"), headers(first, "daily")) == (
        ("2", "1"),
        ("5", "4"),
        ("7", "6"),
    )
    for answer in (
        get("banners.json", limit="x"),
        get("banners.json"),
        get("banners.json", token="x"),
        get("statistics/banners/day.json"),
        oauth("token", grant_type="x"),
    ):
        assert headers(answer, "rps")[0] == "2"
        assert answer.headers["x-request-id"]


def test_a_used_up_second_is_429_with_that_window_and_over_with_the_calendar_second(get, limited: VkAdsApi, clock):
    assert [get("banners.json").status_code for _ in range(3)] == [200, 200, 429]
    answer = get("banners.json")
    assert answer.json() == {"remaining": {"1": 0}, "limits": {"1": 2}}
    assert "retry-after" not in answer.headers
    clock.now += 0.8
    assert get("banners.json").status_code == 200


def test_methods_are_counted_apart(get, limited: VkAdsApi):
    assert [get("banners.json").status_code for _ in range(3)] == [200, 200, 429]
    assert get("ad_plans.json").status_code == 200
    dates = {"date_from": "2026-11-22"}
    assert get("v3/statistics/users/day.json", **dates).status_code == 200


def test_hours_and_days_end_with_the_clock_hour_and_the_moscow_day(get, limited: VkAdsApi, clock):
    statuses = []
    for _ in range(6):
        statuses.append(get("banners.json").status_code)
        clock.now += 1
    assert statuses == [200] * 5 + [429]
    assert get("banners.json").json()["remaining"] == {"3600": 0}
    clock.now += 1800
    assert [get("banners.json").status_code for _ in range(2)] == [200, 200]
    clock.now += 2
    assert get("banners.json").json() == {"remaining": {"86400": 0}, "limits": {"86400": 7}}
    # Half past six in the evening plus half an hour: five hours are left.
    clock.now += 5 * 3600
    assert get("banners.json").status_code == 200


def test_a_429_may_have_no_body_and_may_tell_when_to_come_back(get, limited: VkAdsApi):
    limited.switches.bodiless_429 = limited.switches.sends_retry_after = True
    limited.throttle.limits = {3600: 0}
    answer = get("banners.json")
    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (429, b"", "1800")


def test_a_429_can_be_scheduled_without_any_limit(get, api: VkAdsApi):
    api.faults.add("status", "/api/v2/banners.json", status=429)
    assert get("banners.json").json() == {"remaining": {"3600": 0}, "limits": {"3600": 3}}
    api.faults.add("status", "/api/v2/banners.json", status=429, body=b"")
    assert get("banners.json").content == b""


def test_throttling_tells_limits_by_resource_and_version(get, limited: VkAdsApi):
    get("ad_plans.json")
    read = get("throttling.json").json()["ADPLANS"]["v2"]["READ"]
    assert read == {
        "remaining": {"1": 1, "3600": 4, "86400": 6},
        "limits": {"1": 2, "3600": 5, "86400": 7},
    }
