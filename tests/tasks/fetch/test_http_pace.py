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

from sandbox import QticketsApi
from tasks.fetch.http import ApiClient
from tasks.settings import Settings
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import Ask, described


@pytest.fixture
def api() -> QticketsApi:
    return QticketsApi([], [])


def pauses(api: QticketsApi) -> list[float]:
    return [later.clock - earlier.clock for earlier, later in pairwise(api.requests)]


def test_retry_after_as_a_number_is_waited_for(ask: Ask, api: QticketsApi) -> None:
    api.faults.add("status", status=429, retry_after=1)

    assert ask(api, token=api.token).error is None
    assert 1 <= pauses(api)[0] < 1.9


def test_retry_after_as_a_date_is_waited_for(ask: Ask, api: QticketsApi) -> None:
    until = (datetime.now(UTC) + timedelta(seconds=1.999)).replace(microsecond=0)
    api.faults.add("status", status=503, retry_after=format_datetime(until, usegmt=True))

    assert ask(api, token=api.token).error is None
    assert until <= api.requests[1].at < until + timedelta(seconds=0.5)


@pytest.mark.parametrize("text", ["Wed, 21 Oct 2015 07:28:00 GMT", "0", "soon", "-5", "1.5", ""])
def test_retry_after_in_the_past_or_unreadable_makes_nobody_wait(ask: Ask, api: QticketsApi, text: str) -> None:
    api.faults.add("status", status=429, retry_after=text)

    assert ask(api, token=api.token, http_backoff=0.01).error is None
    assert pauses(api)[0] < 0.9


@pytest.mark.parametrize(
    "asked_for",
    ["3600", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)],
    ids=["seconds", "date"],
)
def test_retry_after_beyond_the_deadline_ends_the_call_at_once(ask: Ask, api: QticketsApi, asked_for: str) -> None:
    api.faults.add("status", status=429, retry_after=asked_for, times=99)
    begun = time.monotonic()

    asked = ask(api, token=api.token, http_deadline=2)

    assert asked.error is not None
    assert asked.error.transient
    assert len(api.requests) == 1
    assert time.monotonic() - begun < 1


def test_pauses_double_from_try_to_try(ask: Ask, api: QticketsApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _, high: high)  # the longest the jitter may give
    api.faults.add("status", status=500, times=4)

    assert ask(api, token=api.token, http_backoff=0.05).error is None
    assert all(0.05 * 2**n <= pause < 0.05 * 2**n + 0.35 for n, pause in enumerate(pauses(api)))
    assert len(pauses(api)) == 4


def test_pauses_are_jittered(ask: Ask, api: QticketsApi) -> None:
    """Several loaders that failed together must not come back together."""
    api.faults.add("status", status=500, times=5)

    ask(api, token=api.token, http_backoff=0.02)

    assert all(pause <= 0.02 * 2**n + 0.35 for n, pause in enumerate(pauses(api)))
    assert len({round(pause, 4) for pause in pauses(api)}) == 5


def test_no_call_outlasts_its_deadline_however_many_tries_are_left(ask: Ask, api: QticketsApi) -> None:
    api.faults.add("status", status=500, times=9999)
    begun = time.monotonic()

    asked = ask(api, token=api.token, http_backoff=0.05, http_attempts=9999, http_deadline=0.6)

    assert asked.error is not None
    assert time.monotonic() - begun < 1.2


def test_a_reply_that_trickles_in_ends_with_the_deadline(ask: Ask) -> None:
    """Each byte comes within the time-out; together they would take four seconds."""
    begun = time.monotonic()

    asked = ask(Raw(b'{"data": []' + b" " * 30 + b"}", pause=0.1), http_timeout=0.5, http_deadline=0.7)

    assert asked.error is not None
    assert asked.error.transient
    assert time.monotonic() - begun < 2


def test_no_more_requests_start_in_any_stretch_than_the_rate_allows(
    make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str], api: QticketsApi
) -> None:
    """Retried ones included: a server that is in trouble must not be asked faster than one that is well."""
    api.faults.add("status", status=500, times=5, after=5)
    described_api = described(base_url_of(api), api.token, rate=25)

    async def many() -> None:
        async with ApiClient(described_api, make_settings(http_backoff=0)) as client:
            await asyncio.gather(*(client.get("orders") for _ in range(20)))

    asyncio.run(many())

    starts = [request.clock for request in api.requests]
    assert len(starts) == 25
    for first in starts:
        # 25 a second are 10 in 0.4 s; one more may stand on the edge, one have been held up on its way.
        assert sum(first <= start < first + 0.4 for start in starts) <= 12
    assert starts[-1] - starts[0] >= 24 / 25 * 0.95
