"""What today's API refuses ends the run in one line, without a retry. Limits of a second and a minute are waited for,
those of an hour and a day end the run."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.vk import VK_CLIENT_SECRET, VkAdsApi
from tests.tasks.fetch.vk_ads.helpers import Account, only, path, spent

pytestmark = pytest.mark.usefixtures("four")

DAY = path("statistics/banners/day")
SECOND, MINUTE, HOUR = 1, 60, 3600


@pytest.mark.parametrize(("status", "hint"), [(400, "report it"), (403, "the scope read_ads"), (404, "VK_BASE_URL")])
def test_a_refusal_is_not_retried_and_says_what_to_do(vk: Account, status: int, hint: str) -> None:
    body = json.dumps({"error": {"code": VK_CLIENT_SECRET, "message": "ivanova@example.invalid"}})
    vk.fail("status", DAY, status=status, body=body)

    error = vk.refused()

    assert f"HTTP {status}" in str(error)
    assert hint in str(error)
    assert "ivanova" not in str(error)
    assert not error.transient
    assert [request.status for request in vk.api.requests].count(status) == 1


class Pauses(list[float]):
    """Pauses of half a second or more, which take no time and move `now`. It starts a quarter of a second after a
    full second, ten seconds after a full minute."""

    now = datetime(2026, 1, 20, 15, 30, 10, 250_000, tzinfo=UTC).timestamp()


@pytest.fixture
def pauses(vk: Account, monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """Loader and server have one clock, which only pauses move; statistics take five calls, and the total one."""
    pauses, pause = Pauses(), asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds >= 0.5:
            pauses.append(seconds)
            pauses.now += seconds
            seconds = 0
        await pause(seconds)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(pauses.now, tz)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr("tasks.fetch.vk_ads.today.datetime", Clock)
    only(vk.cabinet, 1000)
    vk.api = VkAdsApi(vk.cabinet, clock=lambda: pauses.now)
    vk.api.switches.list_cap = 1000
    return pauses


@pytest.mark.parametrize(("limits", "expected"), [({SECOND: 2}, [0.85, 1.0]), ({MINUTE: 4}, [49.85])])
def test_a_short_limit_is_waited_for_until_the_next_full_one(
    vk: Account, pauses: Pauses, limits: dict[int, int], expected: list[float]
) -> None:
    vk.api.throttle.limits = limits

    assert len(vk.fetch(vk_page_size=1000).rows) == 2000
    assert pauses == pytest.approx(expected, abs=0.01), "to a tenth after it"
    assert vk.calls()["day"] == 6 + len(pauses)


@pytest.mark.parametrize(
    ("limits", "again"), [({HOUR: 3}, "after the next full hour"), ({SECOND: 0, 24 * HOUR: 0}, "tomorrow")]
)
def test_the_limit_of_an_hour_or_a_day_ends_the_run_at_once(
    vk: Account, pauses: Pauses, limits: dict[int, int], again: str
) -> None:
    vk.api.faults.mutate(lambda _: setattr(vk.api.throttle, "limits", limits), path=DAY)

    error = vk.refused(vk_page_size=1000)

    assert str(error) == f"VK Ads allows no more requests for now; run again {again}."
    assert error.transient
    assert pauses == []
    assert [request.status for request in vk.api.requests].count(429) == 1


@pytest.mark.parametrize("body", ["", '{"remaining": {"x": 0}}'])
def test_a_limit_that_cannot_be_read_is_retried(vk: Account, body: str) -> None:
    vk.api.faults.add("status", DAY, status=429, body=body)

    assert spent(vk.fetch().rows) == 800
