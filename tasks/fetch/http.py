"""The one HTTP client: rate limit, retries, Retry-After, errors without secrets or bodies.

This is the inner ring of retries, which honours what the server asks for; the outer, slower ring is the retry
of a whole Prefect task. Knows no API.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypeVar

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
from tasks.fetch import traffic
from tasks.settings import Settings

logger = logging.getLogger("zakaz.fetch")

_TRANSIENT = {429, 500, 502, 503, 504}
# 503 is also this class of API's answer to a request it cannot process: more than three tries only annoy it.
_FEW_TRIES = 3
_LONGEST_PAUSE = 60

T = TypeVar("T")
Query = list[tuple[str, str | int | float | bool | None]]


class TryAgain(Exception):
    """One attempt failed in a way that the next may not. `few`: three tries at most."""

    def __init__(self, reason: str, *, retry_after: float | None = None, few: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.few = few


@dataclass(frozen=True)
class Api:
    """What the client must know of an API: its name for messages, address, headers, rate and hints.

    `hints` maps an HTTP status that no retry can mend to what the reader should do. `judge` sees every reply first
    and raises TryAgain or SourceError for what the status alone does not tell.
    """

    title: str
    base_url: str
    headers: Mapping[str, str]
    rate: float
    hints: Mapping[int, str]
    judge: Callable[[httpx.Response], None] = lambda _reply: None
    auth: httpx.Auth | None = None


class ApiClient:
    """Talks to one API."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        # One request each 1/rate seconds rather than bursts of `rate`: servers count in windows of their own.
        self._limiter = AsyncLimiter(1, 1 / api.rate)
        self._client = httpx.AsyncClient(
            base_url=api.base_url.rstrip("/") + "/",
            headers=dict(api.headers),
            auth=api.auth,
            timeout=httpx.Timeout(settings.http_timeout, connect=min(10, settings.http_timeout)),
            limits=httpx.Limits(max_connections=4),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, query: Query | None = None, body: object = None) -> Any:
        """The reply's JSON; see `send`."""
        return await self.send("GET", path, as_json, query=query, json=body)

    async def send(
        self,
        method: str,
        path: str,
        read: Callable[[httpx.Response], T],
        *,
        query: Query | None = None,
        accept: Collection[int] = (200,),
        **content: Any,
    ) -> T:
        """What `read` makes of a reply with a status in `accept`; `content` is httpx's json, data or headers.

        Raises SourceError at once for what no retry can mend, and when tries or time are used up.
        """
        deadline = self._settings.http_deadline
        try:
            # httpx's own timeout is between two bytes: a reply that trickles in would never meet it.
            async with asyncio.timeout(deadline):
                async for attempt in self._retrying(f"{method} /{path}"):
                    with attempt:
                        reply = await self._once(method, path, query, content)
                        self._judge(f"{method} /{path}", reply, accept)
                        return read(reply)
        except TryAgain as error:
            tries = f"{self._tries(error)} tries or the time allowed: {error}"
            raise self._gave_up(f"{method} /{path}", tries) from None
        except TimeoutError:
            raise self._gave_up(f"{method} /{path}", f"the {deadline:g} s allowed") from None
        raise AssertionError("unreachable: the retry loop returns or raises")

    def _gave_up(self, call: str, within: str) -> SourceError:
        return SourceError(
            f"{self._api.title} did not answer {call} in {within}. Nothing was loaded; the next run tries again.",
            transient=True,
        )

    def _tries(self, error: TryAgain) -> int:
        return min(_FEW_TRIES, self._settings.http_attempts) if error.few else self._settings.http_attempts

    async def _once(self, method: str, path: str, query: Query | None, content: dict[str, Any]) -> httpx.Response:
        async with self._limiter:
            traffic.count(calls=1)
            try:
                return await self._client.request(method, path, params=query, **content)
            except httpx.TimeoutException:
                raise TryAgain(f"no answer within {self._settings.http_timeout:g} s") from None
            except httpx.DecodingError:
                raise TryAgain("a damaged compressed body", few=True) from None
            except httpx.TransportError as error:
                raise TryAgain(f"{self._client.base_url.host} cannot be reached ({_kind(error)})") from None

    def _judge(self, call: str, reply: httpx.Response, accept: Collection[int]) -> None:
        self._api.judge(reply)
        if reply.status_code in _TRANSIENT:
            raise TryAgain(
                f"HTTP {reply.status_code}",
                retry_after=retry_after(reply),
                few=reply.status_code == 503,  # noqa: PLR2004
            )
        if reply.status_code not in accept:
            hint = self._api.hints.get(reply.status_code, "See the API's documentation.")
            raise SourceError(f"{self._api.title} refused {call} with HTTP {reply.status_code}. {hint}")

    def _retrying(self, call: str) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(TryAgain),
            stop=self._enough,
            wait=self._pause,
            before_sleep=lambda state: self._note(call, state),
            reraise=True,
        )

    def _enough(self, state: RetryCallState) -> bool:
        out_of_time = stop_before_delay(self._settings.http_deadline)
        return state.attempt_number >= self._tries(_error(state)) or out_of_time(state)

    def _pause(self, state: RetryCallState) -> float:
        asked = _error(state).retry_after
        if asked is not None:
            return asked
        backoff = wait_random_exponential(multiplier=self._settings.http_backoff, max=_LONGEST_PAUSE)
        return float(backoff(state))

    def _note(self, call: str, state: RetryCallState) -> None:
        traffic.count(retries=1)
        logger.warning(
            "%s: %s, try %d: %s; again in %.1f s",
            self._api.title,
            call,
            state.attempt_number,
            _error(state),
            state.upcoming_sleep,
        )


def as_json(reply: httpx.Response) -> Any:
    """The JSON of a reply, floats kept as the text they came in."""
    try:
        return json.loads(reply.content, parse_float=str)
    except ValueError:
        # A gateway's page or a cut connection: often gone a moment later, never an empty page of data.
        raise TryAgain(f"HTTP {reply.status_code} with something that is not JSON", few=True) from None


def _error(state: RetryCallState) -> TryAgain:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TryAgain)
    return error


def _kind(error: httpx.TransportError) -> str:
    words = {"ConnectError": "connection refused or unknown host", "ReadError": "connection broken off"}
    return words.get(type(error).__name__, type(error).__name__)


def retry_after(reply: httpx.Response) -> float | None:
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
