"""What today's API refuses ends the run in one line, without a retry. Limits of a second and a minute are waited for,
those of an hour and a day end the run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.vk import VK_CLIENT_SECRET
from tasks.errors import SourceError
from tasks.fetch.http import TryAgain
from tasks.fetch.vk_ads.today import _judge_limit
from tests.tasks.fetch.vk_ads.helpers import Account, path


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("status", "hint"), [(400, "report it"), (403, "the scope read_ads"), (404, "VK_BASE_URL")]
)
def test_a_refusal_is_not_retried_and_says_what_to_do(vk: Account, status: int, hint: str) -> None:
    body = json.dumps({"error": {"code": VK_CLIENT_SECRET, "message": "ivanova@example.invalid"}})
    vk.fail("status", path("statistics/banners/day"), status=status, body=body)

    error = vk.refused()

    assert f"HTTP {status}" in str(error)
    assert hint in str(error)
    assert "ivanova" not in str(error)
    assert not error.transient
    assert [request.status for request in vk.api.requests].count(status) == 1


class Clock(datetime):
    """A quarter of a second after a full second, ten seconds after a full minute."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 1, 20, 15, 30, 10, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("remaining", "then"),
    [
        ({"1": 0, "60": 5, "86400": 5}, 0.85),
        ({"1": 0, "60": 0}, 49.85),
        ({"1": 0, "3600": 0}, "run again after the next full hour"),
        ({"1": 0, "86400": 0}, "run again tomorrow"),
    ],
    ids=["second", "minute", "hour", "day"],
)
def test_a_short_limit_is_waited_for_and_a_long_one_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, remaining: dict[str, int], then: float | str
) -> None:
    """To a tenth of a second after the next full one, by the longest that is used up."""
    monkeypatch.setattr("tasks.fetch.vk_ads.today.datetime", Clock)

    with pytest.raises((TryAgain, SourceError)) as caught:
        _judge_limit(httpx.Response(429, json={"remaining": remaining}))

    if isinstance(caught.value, TryAgain):
        assert caught.value.retry_after == pytest.approx(then, abs=0.01)
    else:
        assert isinstance(caught.value, SourceError)
        assert str(then) in str(caught.value)
        assert caught.value.transient
