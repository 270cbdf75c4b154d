"""How fast the HTTP client asks and how long it waits: rate limit, Retry-After, back-off, deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from starlette.types import ASGIApp
from tenacity import RetryCallState

from sandbox import QticketsApi
from tasks.fetch import traffic
from tasks.fetch.http import ApiClient
from tasks.settings import Settings
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import Ask, described


@pytest.fixture
def api() -> QticketsApi:
    return QticketsApi([], [])


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client makes between tries, in seconds, as it goes to sleep for them."""
    made: list[float] = []
    note = ApiClient._log_retry

    def noted(client: ApiClient, call: str, state: RetryCallState) -> None:
        made.append(state.upcoming_sleep)
        note(client, call, state)

    monkeypatch.setattr(ApiClient, "_log_retry", noted)
    return made


def waited(api: QticketsApi) -> list[float]:
    """The same as the server saw it: never less."""
    return [later.clock - earlier.clock for earlier, later in pairwise(api.requests)]


def test_retry_after_as_a_number_is_waited_for(ask: Ask, api: QticketsApi, pauses: list[float]) -> None:
    api.faults.add("status", status=429, retry_after=1)

    assert ask(api, token=api.token).error is None
    assert pauses == [1]
    assert waited(api)[0] >= 1


def test_retry_after_as_a_date_is_waited_for(ask: Ask, api: QticketsApi, pauses: list[float]) -> None:
    until = (datetime.now(UTC) + timedelta(seconds=1.999)).replace(microsecond=0)
    api.faults.add("status", status=503, retry_after=format_datetime(until, usegmt=True))

    assert ask(api, token=api.token).error is None
    assert until <= api.requests[1].at
    assert len(pauses) == 1 and 0 <= pauses[0] < 2


@pytest.mark.parametrize("text", ["0.3", "00.30"])
def test_retry_after_with_a_fraction_is_waited_for(
    ask: Ask, api: QticketsApi, pauses: list[float], text: str
) -> None:
    api.faults.add("status", status=503, retry_after=text)

    assert ask(api, token=api.token).error is None
    assert pauses == [0.3]


ODD_TIMES = [
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
    "Wed, 21 Oct 2015 07:28:00 -0000",
    "0", "0.0", "soon", "-5", "-0.5", "1e3", "nan", "inf", "Infinity", "5 s", "5, 5", "٣", ",", "(", "",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD_TIMES)
def test_retry_after_in_the_past_or_unreadable_makes_nobody_wait(
    ask: Ask, api: QticketsApi, pauses: list[float], text: str
) -> None:
    api.faults.add("status", status=429, retry_after=text)

    assert ask(api, token=api.token, http_backoff=0.01).error is None
    assert len(pauses) == 1 and 0 <= pauses[0] <= 0.01


@pytest.mark.parametrize("kind", ["seconds", "digits", "fraction", "date"])
def test_retry_after_beyond_the_deadline_ends_the_call_at_once(
    ask: Ask, api: QticketsApi, pauses: list[float], kind: str
) -> None:
    asked_for = {
        "seconds": "3600",
        "digits": "9" * 400,
        "fraction": "3600.5",
        "date": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True),
    }
    api.faults.add("status", status=429, retry_after=asked_for[kind], times=99)

    asked = ask(api, token=api.token, http_deadline=2)

    assert asked.error is not None
    assert asked.error.transient
    assert str(asked.error).startswith(
        "Somewhere did not answer GET /orders in the 2 s allowed: HTTP 429, and asks to wait "
    )
    assert len(api.requests) == 1
    assert pauses == []


def test_pauses_double_from_try_to_try(
    ask: Ask, api: QticketsApi, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda _, high: high)  # the longest the jitter may give
    api.faults.add("status", status=500, times=4)

    assert ask(api, token=api.token, http_backoff=0.05).error is None
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4])
    assert all(server >= client for server, client in zip(waited(api), pauses, strict=True))


def test_pauses_are_jittered(ask: Ask, api: QticketsApi, pauses: list[float]) -> None:
    """Several loaders that failed together must not come back together."""
    api.faults.add("status", status=500, times=5)

    ask(api, token=api.token, http_backoff=0.02)

    assert all(0 <= pause <= 0.02 * 2**n for n, pause in enumerate(pauses))
    assert len(set(pauses)) == 5


def test_no_call_outlasts_its_deadline_however_many_tries_are_left(
    ask: Ask, api: QticketsApi, pauses: list[float]
) -> None:
    api.faults.add("status", status=500, times=9999)
    begun = time.monotonic()

    asked = ask(api, token=api.token, http_backoff=0.05, http_attempts=9999, http_deadline=0.6)

    assert asked.error is not None
    assert 0 < sum(pauses) < 0.6
    assert time.monotonic() - begun < 2


def test_a_reply_that_trickles_in_ends_with_the_deadline(ask: Ask) -> None:
    """Each byte comes within the time-out; together they would take four seconds."""
    begun = time.monotonic()

    asked = ask(Raw(b'{"data": []' + b" " * 30 + b"}", pause=0.1), http_timeout=0.5, http_deadline=0.7)

    assert asked.error is not None
    assert asked.error.transient
    assert time.monotonic() - begun < 2


def test_no_more_requests_start_in_any_stretch_than_the_rate_allows(
    make_settings: Callable[..., Settings],
    base_url_of: Callable[[ASGIApp], str],
    api: QticketsApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Retried ones included: a server that is in trouble must not be asked faster than one that is well.

    By the client's clock, as it lets go of each: what happens to them on their way is not its doing.
    """
    starts: list[float] = []
    monkeypatch.setattr(traffic, "count", lambda calls=0, **_: starts.append(time.monotonic()) if calls else None)
    api.faults.add("status", status=500, times=5, after=5)
    described_api = described(base_url_of(api), api.token, rate=25)

    async def many() -> None:
        async with ApiClient(described_api, make_settings(http_backoff=0)) as client:
            await asyncio.gather(*(client.get("orders") for _ in range(20)))

    asyncio.run(many())

    assert len(starts) == len(api.requests) == 25
    for first in starts:
        # 25 a second are 10 in 0.4 s; one more may stand on the edge.
        assert sum(first <= start < first + 0.4 for start in starts) <= 11
    assert starts[-1] - starts[0] >= 24 / 25 * 0.95
