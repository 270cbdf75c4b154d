"""The one HTTP client: rate limit, retries, Retry-After, errors without secrets or bodies.

This is the inner ring of retries, which honours what the server asks for; the outer, slower ring is the retry
of a whole Prefect task. Knows no API.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from aiolimiter import AsyncLimiter
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from tasks.errors import SourceError
from tasks.settings import Settings

logger = logging.getLogger("zakaz.fetch")

_TRANSIENT = {429, 500, 502, 503, 504}
# 503 is also this class of API's answer to a request it cannot process: more than three tries only annoy it.
_FEW_TRIES = 3
_LONGEST_PAUSE = 60

Query = list[tuple[str, str | int | float | bool | None]]


class _TryAgain(Exception):
    """One attempt failed in a way that the next may not."""

    def __init__(self, reason: str, *, retry_after: float | None = None, few: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.few = few


@dataclass(frozen=True)
class Api:
    """What the client must know of an API: its name for messages, address, headers, rate and hints.

    `hints` maps an HTTP status that no retry can mend to what the reader should do.
    """

    title: str
    base_url: str
    headers: Mapping[str, str]
    rate: float
    hints: Mapping[int, str]


class ApiClient:
    """Asks one API for JSON. `calls` and `retries` count what went over the wire."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        # One request each 1/rate seconds rather than bursts of `rate`: servers count in windows of their own.
        self._limiter = AsyncLimiter(1, 1 / api.rate)
        self._client = httpx.AsyncClient(
            base_url=api.base_url.rstrip("/") + "/",
            headers=dict(api.headers),
            timeout=httpx.Timeout(settings.http_timeout, connect=min(10, settings.http_timeout)),
            limits=httpx.Limits(max_connections=4),
        )
        self.calls = 0
        self.retries = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, query: Query | None = None, body: object = None) -> Any:
        """The reply's JSON, floats kept as the text they came in.

        Raises SourceError at once for what no retry can mend, and when tries or time are used up.
        """
        deadline = self._settings.http_deadline
        try:
            # httpx's own timeout is between two bytes: a reply that trickles in would never meet it.
            async with asyncio.timeout(deadline):
                async for attempt in self._retrying(path):
                    with attempt:
                        return await self._once(path, query, body)
        except _TryAgain as error:
            raise self._gave_up(path, f"{self.retries_of(error)}: {error}") from None
        except TimeoutError:
            raise self._gave_up(path, f"the {deadline:g} s allowed") from None
        raise AssertionError("unreachable: the retry loop returns or raises")

    def _gave_up(self, path: str, within: str) -> SourceError:
        return SourceError(
            f"{self._api.title} did not answer GET /{path} in {within}. "
            "Nothing was loaded; the next run tries again.",
            transient=True,
        )

    def retries_of(self, error: _TryAgain) -> str:
        return f"{_FEW_TRIES if error.few else self._settings.http_attempts} tries or the time allowed"

    async def _once(self, path: str, query: Query | None, body: object) -> Any:
        async with self._limiter:
            self.calls += 1
            try:
                reply = await self._client.request("GET", path, params=query, json=body)
            except httpx.TimeoutException:
                raise _TryAgain(f"no answer within {self._settings.http_timeout:g} s") from None
            except httpx.DecodingError:
                raise _TryAgain("a damaged compressed body", few=True) from None
            except httpx.TransportError as error:
                raise _TryAgain(f"{self._client.base_url.host} cannot be reached ({_kind(error)})") from None
        return self._read(path, reply)

    def _read(self, path: str, reply: httpx.Response) -> Any:
        if reply.status_code in _TRANSIENT:
            raise _TryAgain(
                f"HTTP {reply.status_code}",
                retry_after=_retry_after(reply),
                few=reply.status_code == 503,  # noqa: PLR2004
            )
        if reply.status_code != httpx.codes.OK:
            hint = self._api.hints.get(reply.status_code, "See the API's documentation.")
            raise SourceError(f"{self._api.title} refused GET /{path} with HTTP {reply.status_code}. {hint}")
        try:
            return json.loads(reply.content, parse_float=str)
        except ValueError:
            # A gateway's page or a cut connection: often gone a moment later, never an empty page of data.
            raise _TryAgain("HTTP 200 with something that is not JSON", few=True) from None

    def _retrying(self, path: str) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(_TryAgain),
            stop=self._enough,
            wait=self._pause,
            before_sleep=lambda state: self._note(path, state),
            reraise=True,
        )

    def _enough(self, state: RetryCallState) -> bool:
        limit = min(_FEW_TRIES, self._settings.http_attempts) if _error(state).few else self._settings.http_attempts
        out_of_time = stop_before_delay(self._settings.http_deadline)
        return state.attempt_number >= limit or out_of_time(state)

    def _pause(self, state: RetryCallState) -> float:
        asked = _error(state).retry_after
        if asked is not None:
            return asked
        backoff = wait_random_exponential(multiplier=self._settings.http_backoff, max=_LONGEST_PAUSE)
        return float(backoff(state))

    def _note(self, path: str, state: RetryCallState) -> None:
        self.retries += 1
        logger.warning(
            "%s: GET /%s, try %d: %s; again in %.1f s",
            self._api.title,
            path,
            state.attempt_number,
            _error(state),
            state.upcoming_sleep,
        )


def _error(state: RetryCallState) -> _TryAgain:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _TryAgain)
    return error


def _kind(error: httpx.TransportError) -> str:
    words = {"ConnectError": "connection refused or unknown host", "ReadError": "connection broken off"}
    return words.get(type(error).__name__, type(error).__name__)


def _retry_after(reply: httpx.Response) -> float | None:
    """Seconds asked for by Retry-After, which comes as a number or as a date."""
    text = reply.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
