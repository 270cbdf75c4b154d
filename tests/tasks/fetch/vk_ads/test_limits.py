"""Limits of today's API: of a second and a minute are waited for, of an hour and a day end the run in one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.vk import Cabinet, VkAdsApi
from tasks.errors import SourceError
from tasks.window import Window
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, Pauses, asked, only

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
ONE_DAY = Window(first=FORTNIGHT.last, last=FORTNIGHT.last)
STATISTICS = "/api/v2/statistics/banners/day.json"


class Time:
    """Stands at a quarter past a whole second, ten seconds past a whole minute, and moves by the pauses made."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 20, 15, 30, 10, 250_000, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def busy(cabinet: Cabinet, pauses: Pauses, monkeypatch: pytest.MonkeyPatch) -> VkAdsApi:
    """An account whose statistics take five calls, and its total one; loader and server go by one clock, which
    pauses move."""
    time = Time()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(time.now, tz)

    monkeypatch.setattr("tasks.fetch.vk_ads.today.datetime", Clock)
    pauses.passed = time.pass_by
    only(cabinet, 1000, first=ONE_DAY.first)
    api = VkAdsApi(cabinet, clock=time)
    api.switches.list_cap = 1000
    return api


def fetched(fetch: Fetch, api: VkAdsApi, **settings: object) -> int:
    return len({row["ad_id"] for row in fetch(api, ONE_DAY, vk_page_size=1000, **settings).rows})


def refused(fetch: Fetch, api: VkAdsApi, **settings: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetched(fetch, api, **settings)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_limit_of_a_second_is_waited_for_until_the_next_one(
    fetch: Fetch, busy: VkAdsApi, pauses: Pauses
) -> None:
    busy.throttle.limits = {SECOND: 2}

    assert fetched(fetch, busy) == 1000
    assert pauses == pytest.approx([0.85, 1.0], abs=0.01), "to a tenth after the full second"
    assert asked(busy)["day"] == 6 + len(pauses)


def test_the_limit_of_a_minute_is_waited_for_until_the_next_one(
    fetch: Fetch, busy: VkAdsApi, pauses: Pauses
) -> None:
    busy.throttle.limits = {MINUTE: 4}

    assert fetched(fetch, busy) == 1000
    assert pauses == pytest.approx([49.85], abs=0.01)


def test_without_a_body_the_usual_growing_pauses_are_made(fetch: Fetch, busy: VkAdsApi, pauses: Pauses) -> None:
    busy.switches.bodiless_429 = True
    busy.throttle.limits = {SECOND: 4}

    assert fetched(fetch, busy, http_backoff=1000) == 1000
    assert pauses


@pytest.mark.parametrize(
    ("window", "again"), [(HOUR, "run again after the next full hour"), (DAY, "run again tomorrow")]
)
@pytest.mark.parametrize("second_too", [False, True])
def test_the_limit_of_an_hour_or_a_day_ends_the_run_at_once(
    fetch: Fetch, busy: VkAdsApi, pauses: Pauses, window: int, again: str, second_too: bool
) -> None:
    def limit(_: Cabinet) -> None:
        busy.throttle.limits = {SECOND: 0, window: 0} if second_too else {window: 3}

    busy.faults.mutate(limit, path=STATISTICS)

    error = refused(fetch, busy)

    assert str(error) == f"VK Ads allows no more requests for now; {again}."
    assert error.transient
    assert pauses == []
    assert busy.requests[-1].status == 429
    assert [request.status for request in busy.requests].count(429) == 1


def test_a_limit_on_tokens_is_no_endless_wait(fetch: Fetch, busy: VkAdsApi, pauses: Pauses) -> None:
    busy.throttle.limits = {HOUR: 0}

    assert refused(fetch, busy).transient
    assert asked(busy) == {"token": 1}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        '{"remaining": null}',
        '{"remaining": {"x": 0}}',
        '{"remaining": {"1": "x"}}',
    ],
)
def test_an_answer_that_cannot_be_read_is_tried_again(fetch: Fetch, busy: VkAdsApi, body: str) -> None:
    busy.faults.add("status", STATISTICS, times=2, status=429, body=body)

    assert fetched(fetch, busy) == 1000
    assert asked(busy)["day"] == 6 + 2


@pytest.mark.parametrize("left", ["0", 0, -1])
def test_numbers_may_come_as_text(fetch: Fetch, busy: VkAdsApi, left: Any) -> None:
    body = json.dumps({"remaining": {"1": 10, "3600": left, "86400": 4200}, "limits": {"3600": 3}})
    busy.faults.add("status", STATISTICS, status=429, body=body)

    assert "after the next full hour" in str(refused(fetch, busy))


def test_a_limit_that_never_ends_is_given_up_after_a_few_tries(
    fetch: Fetch, busy: VkAdsApi, pauses: Pauses
) -> None:
    busy.faults.add("status", STATISTICS, times=99, status=429, body='{"remaining": {"1": 0}, "limits": {"1": 1}}')

    assert refused(fetch, busy, http_attempts=4).transient
    assert asked(busy)["day"] == 4
    assert all(0 < pause <= 1.2 for pause in pauses)
