"""What goes wrong on the way from today's API costs retries or ends the run in one line, never a row. Limits of a
second and a minute are waited for, those of an hour and a day end the run."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from sandbox.vk import VK_CLIENT_SECRET, VkAdsApi
from tasks.fetch.traffic import Traffic
from tests.tasks.fetch.vk_ads.helpers import Account, Pauses, only, path, spent

pytestmark = pytest.mark.usefixtures("four")

DAY = path("statistics/banners/day")
SECOND, MINUTE, HOUR = 1, 60, 3600
# A fault, and the attempts after which it ends the fetch.
FAULTS: list[tuple[str, dict[str, Any], int]] = [
    ("status", {"status": 500}, 4),
    ("status", {"status": 502, "html": True}, 4),
    ("status", {"status": 503}, 3),
    ("html", {}, 3),
    ("truncated", {"keep": 0.9}, 3),
    ("disconnect", {"partial": True}, 4),
]


@pytest.mark.parametrize("name", ["banners", "statistics/banners/day"])
@pytest.mark.parametrize(("kind", "options", "attempts"), FAULTS, ids=str)
def test_a_passing_failure_costs_a_retry_and_a_lasting_one_the_run(
    vk: Account, kind: str, options: Any, attempts: int, name: str, traffic: Traffic
) -> None:
    vk.api.faults.add(kind, path(name), **options)
    assert spent(vk.fetch().rows) == 800
    assert (traffic.retries, traffic.calls) == (1, len(vk.api.requests))

    vk.api.requests.clear()
    vk.fail(kind, path(name), **options)
    assert vk.refused(http_attempts=4).transient
    assert vk.calls()[name.rsplit("/", 1)[-1]] == attempts


@pytest.mark.parametrize(
    ("status", "hint"),
    [(400, "report it"), (403, "the scope read_ads"), (404, "VK_BASE_URL"), (405, "documentation")],
)
@pytest.mark.parametrize("name", ["ad_groups", "statistics/banners/day"])
def test_a_refusal_is_not_retried_and_says_what_to_do(vk: Account, name: str, status: int, hint: str) -> None:
    body = json.dumps({"error": {"code": VK_CLIENT_SECRET, "message": "ivanova@example.invalid"}})
    vk.fail("status", path(name), status=status, body=body)

    error = vk.refused()

    assert f"HTTP {status}" in str(error)
    assert hint in str(error)
    assert "ivanova" not in str(error)
    assert not error.transient
    assert [request.status for request in vk.api.requests].count(status) == 1


@pytest.fixture
def busy(vk: Account, pauses: Pauses, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account whose statistics take five calls, and its total one. Loader and server have one clock, which only
    pauses move; it starts a quarter of a second after a full second, ten seconds after a full minute."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(pauses.now, tz)

    monkeypatch.setattr("tasks.fetch.vk_ads.today.datetime", Clock)
    only(vk.cabinet, 1000)
    vk.api = VkAdsApi(vk.cabinet, clock=lambda: pauses.now)
    vk.api.switches.list_cap = 1000
    return vk


@pytest.mark.parametrize(
    ("limits", "expected"), [({SECOND: 2}, [0.85, 1.0]), ({MINUTE: 4}, [49.85])], ids=["second", "minute"]
)
def test_a_short_limit_is_waited_for_until_the_next_full_one(
    busy: Account, pauses: Pauses, limits: dict[int, int], expected: list[float]
) -> None:
    busy.api.throttle.limits = limits

    assert len(busy.fetch(vk_page_size=1000).rows) == 2000
    assert pauses == pytest.approx(expected, abs=0.01), "to a tenth after it"
    assert busy.calls()["day"] == 6 + len(pauses)


@pytest.mark.parametrize(
    ("limits", "again"),
    [
        ({HOUR: 3}, "after the next full hour"),
        ({24 * HOUR: 3}, "tomorrow"),
        ({SECOND: 0, 24 * HOUR: 0}, "tomorrow"),
    ],
)
def test_the_limit_of_an_hour_or_a_day_ends_the_run_at_once(
    busy: Account, pauses: Pauses, limits: dict[int, int], again: str
) -> None:
    busy.api.faults.mutate(lambda _: setattr(busy.api.throttle, "limits", limits), path=DAY)

    error = busy.refused(vk_page_size=1000)

    assert str(error) == f"VK Ads allows no more requests for now; run again {again}."
    assert error.transient
    assert pauses == []
    assert [request.status for request in busy.api.requests].count(429) == 1


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", '{"remaining": null}', '{"remaining": {"x": 0}}', '{"remaining": {"-5": 0, "0": 0}}'],
)
def test_a_limit_that_cannot_be_read_is_retried_a_few_times(vk: Account, pauses: Pauses, body: str) -> None:
    vk.api.faults.add("status", DAY, times=2, status=429, body=body)
    assert spent(vk.fetch().rows) == 800
    assert vk.calls()["day"] == 2 + 2

    vk.fail("status", DAY, status=429, body=body)
    assert vk.refused(http_attempts=4).transient
    assert vk.calls()["day"] == 4 + 4
