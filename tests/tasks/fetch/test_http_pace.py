"""How fast the HTTP client sends and how long it waits: rate limit, Retry-After, back-off, deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from tenacity import RetryCallState

from sandbox import QticketsApi
from tasks.fetch import traffic
from tasks.fetch.http import Api, ApiClient, retry_after
from tasks.settings import Settings
from tests.tasks.fetch.applications import Ask


@pytest.fixture
def api() -> QticketsApi:
    return QticketsApi([], [], token="a-secret-token")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of the client between tries, in seconds."""
    made: list[float] = []
    log_retry = ApiClient._log_retry

    def noted(client: ApiClient, call: str, state: RetryCallState) -> None:
        made.append(state.upcoming_sleep)
        log_retry(client, call, state)

    monkeypatch.setattr(ApiClient, "_log_retry", noted)
    return made


SECONDS = {"1": 1, "00.30": 0.3, "0": 0, "9" * 20: 1e20, "Wed, 21 Oct 2015 07:28:00 GMT": 0}
UNREADABLE = [
    "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 -0000", "soon", "-5", "1e3", "nan", "inf",
    "5 s", "5, 5", "٣", "(", "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), [*SECONDS.items(), *((text, None) for text in UNREADABLE)])
def test_retry_after_is_a_number_a_date_or_nothing(text: str, seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"Retry-After": text.encode()})) == seconds

    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    until_then = retry_after(httpx.Response(503, headers={"Retry-After": ahead}))
    assert until_then is not None and 3540 < until_then <= 3600


def test_retry_after_is_waited_for(ask: Ask, api: QticketsApi, pauses: list[float]) -> None:
    api.faults.add("status", status=429, retry_after=0.3)

    assert ask(api).error is None
    assert pauses == [0.3]
    first, second = api.requests
    assert second.clock - first.clock >= 0.3


def test_retry_after_beyond_the_deadline_ends_the_call_at_once(
    ask: Ask, api: QticketsApi, pauses: list[float]
) -> None:
    api.faults.add("status", status=429, retry_after=3600, times=99)

    asked = ask(api, http_deadline=5)

    assert asked.error is not None and asked.error.transient
    assert "in the 5 s allowed: HTTP 429, and asks to wait 3600 s." in str(asked.error)
    assert (asked.calls, pauses) == (1, [])


def test_pauses_double_from_try_to_try(
    ask: Ask, api: QticketsApi, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most: the jitter keeps loaders that failed together from coming back together."""
    monkeypatch.setattr("random.uniform", lambda _, high: high)
    api.faults.add("status", status=500, times=4)

    assert ask(api, http_backoff=0.05).error is None
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4])


def test_no_more_requests_start_in_any_stretch_than_the_rate_allows(
    settings_for: Callable[..., Settings], api: QticketsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retried ones included: a server that is in trouble must not be asked faster than one that is well.

    By the client's clock, as it lets go of each: what happens to them on their way is not its doing.
    """
    starts: list[float] = []
    monkeypatch.setattr(traffic, "count", lambda calls=0, **_: starts.append(time.monotonic()) if calls else None)
    api.faults.add("status", status=500, times=5, after=5)
    settings = settings_for(api, http_backoff=0)
    headers = {"Authorization": f"Bearer {api.token}"}

    async def many() -> None:
        async with ApiClient(Api("x", settings.qtickets_base_url, headers, 25, {}), settings) as client:
            await asyncio.gather(*(client.get("orders") for _ in range(20)))

    asyncio.run(many())

    assert len(starts) == len(api.requests) == 25
    for first in starts:
        # 25 a second are 10 in 0.4 s; one more may be on the edge.
        assert sum(first <= start < first + 0.4 for start in starts) <= 11
    assert starts[-1] - starts[0] >= 24 / 25 * 0.95
