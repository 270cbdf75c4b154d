"""The HTTP client of all sources: rate limit, retries, Retry-After, errors without secrets or bodies.

These retries honour Retry-After; the retry of a whole Prefect task comes on top of them and is slower. Knows no
API; what statuses and exceptions mean is in `troubles`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.fetch import bodies, redirects, traffic
from tasks.fetch.decode import TooLarge, Undecodable, json_of
from tasks.fetch.pace import pace_of
from tasks.fetch.troubles import IN_BETWEEN, PAGE, Tries, Trouble, body_of, of_exception, of_status
from tasks.settings import Settings

logger = logging.getLogger("zakaz.fetch")

_FEW_TRIES = 3
_LONGEST_PAUSE = 60

T = TypeVar("T")
Query = list[tuple[str, str | int | float | bool | None]]


class TryAgain(Exception):
    """This try failed and the next may succeed. `few`: three tries at most. `hint`: what the reader should do when
    the tries are used up. `of_form`: the error is then FormRefused."""

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        few: bool = False,
        hint: str = "",
        of_form: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.few = few
        self.hint = hint
        self.of_form = of_form


class FormRefused(SourceError):
    """Refused by a server in between, or for its form: the same request in another form may get through."""


def _has_error(body: Mapping[str, Any]) -> bool:
    return "error" in body


@dataclass(frozen=True)
class Api:
    """An API as the client needs it: name for messages, base URL, headers, requests per second and hints.

    `hints` maps an HTTP status that no retry can mend to what the reader should do. `judge` sees each reply of the
    API first and raises TryAgain or SourceError for errors that the status does not show. `is_own` tells the JSON
    of the API's own errors from that of a gateway. `setting` is the name of the base URL's setting, `hosts` are
    other known hosts of the API. `most_bytes` is the longest plausible reply, `smaller` what to do about a longer
    one. `counts_by_address`: `rate` is that of all accounts of this address, and not of one.
    """

    title: str
    base_url: str
    headers: Mapping[str, str]
    rate: float
    hints: Mapping[int, str]
    judge: Callable[[httpx.Response], None] = lambda _reply: None
    auth: httpx.Auth | None = None
    setting: str = "its base URL"
    hosts: tuple[str, ...] = ()
    is_own: Callable[[Mapping[str, Any]], bool] = _has_error
    most_bytes: int = bodies.MOST
    smaller: str = "Load a narrower window."
    counts_by_address: bool = False


class ApiClient:
    """Sends requests to one API. Raises SettingsError for an invalid base URL, proxy or list of certificates."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._pace = pace_of(f"{api.title} {api.base_url}" if api.counts_by_address else "", api.rate)
        self._timeout = httpx.Timeout(settings.http_timeout, connect=min(10, settings.http_timeout))
        self._client = _client(api, self._timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, query: Query | None = None, body: object = None) -> Any:
        """The JSON of the reply; see `send`."""
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
        """Sends a request until a reply has a status in `accept`, and returns `read` of that reply.

        `content` is httpx's json, data or headers. Raises SourceError at once for what no retry can mend, and when
        tries or time are used up.
        """
        deadline = self._settings.http_deadline
        call = f"{method} /{path}"
        tried = 0
        try:
            # httpx's own timeout is between two bytes: a slow enough reply would never reach it.
            async with asyncio.timeout(deadline):
                async for attempt in self._retrying(call):
                    tried = attempt.retry_state.attempt_number
                    with attempt:
                        reply = await self._request(call, method, path, query, content)
                        self._judge(call, reply, accept)
                        return read(reply)
        except TryAgain as error:
            all_tried = tried >= self._tries(error)
            within = f"{tried} {'try' if tried == 1 else 'tries'}" if all_tried else f"the {deadline:g} s allowed"
            wait = f", and asks to wait {error.retry_after:.0f} s" if error.retry_after and not all_tried else ""
            raise self._gave_up(call, f"{within}: {error}{wait}", error) from None
        except TimeoutError:
            raise self._gave_up(call, f"the {deadline:g} s allowed") from None
        except TooLarge as error:
            line = f"{self._api.title} answered {call} with {error}, which is no plausible reply."
            raise SourceError(f"{line} Nothing was loaded. {self._api.smaller}") from None
        raise AssertionError("unreachable: the retry loop returns or raises")

    def _gave_up(self, call: str, within: str, error: TryAgain | None = None) -> SourceError:
        line = f"{self._api.title} did not answer {call} in {within}. Nothing was loaded; the next run tries again."
        kind = FormRefused if error and error.of_form else SourceError
        return kind(f"{line} {error.hint if error else ''}".rstrip(), transient=True)

    def _tries(self, error: TryAgain) -> int:
        return min(_FEW_TRIES, self._settings.http_attempts) if error.few else self._settings.http_attempts

    async def _request(
        self, call: str, method: str, path: str, query: Query | None, content: dict[str, Any]
    ) -> httpx.Response:
        """One try: the reply, after redirects within the same origin."""
        url: str | httpx.URL = path
        for _ in range(1 + redirects.MOST):
            async with self._pace:
                traffic.count(calls=1)
                try:
                    reply = await self._client.request(method, url, params=query, **content)
                except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, OSError, UnicodeError) as error:
                    raise self._exception(call, error) from None
            target = redirects.to_follow(reply)
            if target is None:
                break
            url, query = target, None  # the query is in the target
        return reply

    def _exception(self, call: str, error: Exception) -> TryAgain | ZakazError:
        if isinstance(error, OSError) and error.filename:  # raised by `auth`, which may keep a token in a file
            return SourceError(f"{self._api.title}: {error.filename} cannot be used ({error.strerror}).")
        trouble = of_exception(error, self._client.base_url, self._timeout)
        if trouble.of_settings:
            return SettingsError(_not_sendable(self._api))
        return self._error(trouble, f"{self._api.title} did not answer {call}: {trouble.words}.")

    def _error(self, trouble: Trouble, line: str, pause: float | None = None) -> TryAgain | SourceError:
        """`line` is the message where there is no retry."""
        hint = trouble.hint.replace("{title}", self._api.title).replace("{setting}", self._api.setting)
        if trouble.tries is Tries.ONCE:
            kind = FormRefused if trouble.of_form else SourceError
            return kind(f"{line} {hint}".rstrip())
        few = trouble.tries is Tries.FEW
        return TryAgain(trouble.words, retry_after=pause, few=few, hint=hint, of_form=trouble.of_form)

    def _judge(self, call: str, reply: httpx.Response, accept: Collection[int]) -> None:
        api, status = self._api, reply.status_code
        if reply.has_redirect_location:
            raise redirects.moved(api.title, api.setting, self._client.base_url, api.hosts, reply)
        is_own = reply.is_success or self._is_own(reply)
        trouble = of_status(status, is_own)
        if trouble is not IN_BETWEEN:
            api.judge(reply)
        if status in accept:
            return
        words = f"HTTP {status}"
        if trouble.tries is not Tries.ALL and not is_own:
            words += f" and {body_of(reply)}"
        if hint := api.hints.get(status) if is_own or status == httpx.codes.NOT_FOUND else None:
            trouble = replace(trouble, hint=hint)
        line = f"{api.title} refused {call} with {words}." if is_own else f"{call} of {api.title} gave {words}."
        raise self._error(replace(trouble, words=words), line, retry_after(reply))

    def _is_own(self, reply: httpx.Response) -> bool:
        try:
            body = json_of(reply.content)
        except Undecodable:
            return False
        return isinstance(body, dict) and self._api.is_own(body)

    def _retrying(self, call: str) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(TryAgain),
            stop=self._is_over,
            wait=self._pause,
            before_sleep=lambda state: self._log_retry(call, state),
            reraise=True,
        )

    def _is_over(self, state: RetryCallState) -> bool:
        out_of_time = stop_before_delay(self._settings.http_deadline)
        return state.attempt_number >= self._tries(_error(state)) or out_of_time(state)

    def _pause(self, state: RetryCallState) -> float:
        if seconds := _error(state).retry_after:  # None or 0 is no hint, nor is a date that is over by our clock.
            return seconds
        backoff = wait_random_exponential(multiplier=self._settings.http_backoff, max=_LONGEST_PAUSE)
        return float(backoff(state))

    def _log_retry(self, call: str, state: RetryCallState) -> None:
        traffic.count(retries=1)
        logger.warning(
            "%s: %s, try %d: %s; again in %.1f s",
            self._api.title,
            call,
            state.attempt_number,
            _error(state),
            state.upcoming_sleep,
        )


def _client(api: Api, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """Raises SettingsError, without the value of the setting: an address may hold a password."""
    try:
        base = httpx.URL(api.base_url.strip().rstrip("/") + "/")
        base.host.encode("idna")
        is_address = (
            base.scheme in ("http", "https")
            and base.host
            and (base.port or 0) <= 65_535  # noqa: PLR2004
            and not (base.query or base.fragment)
        )
    except (httpx.InvalidURL, ValueError):
        is_address = False
    if not is_address:
        raise SettingsError(
            f"{api.setting} is no address of an API. It looks like https://host/path; the sample is in configs/."
        )
    try:
        headers = httpx.Headers({**api.headers, "Accept-Encoding": bodies.ENCODING})
    except UnicodeError:
        raise SettingsError(_not_sendable(api)) from None
    try:
        return httpx.AsyncClient(
            base_url=base,
            headers=headers,
            auth=api.auth,
            timeout=timeout,
            limits=httpx.Limits(max_connections=4),
            verify=_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            event_hooks={
                "request": [traffic.on_request],
                "response": [bodies.limited(api.most_bytes), traffic.on_response],
            },
        )
    except (ssl.SSLError, OSError):
        raise SettingsError("SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read.") from None
    except (httpx.InvalidURL, ValueError, ImportError):
        raise SettingsError(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy that can be used. It looks like "
            "http://host:port."
        ) from None


@cache
def _certificates(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Read once a process, not by each client. From the settings that httpx itself reads in the environment."""
    return httpx.create_ssl_context()


def _not_sendable(api: Api) -> str:
    return f"A token or login of {api.title}, or {api.setting}, holds characters that cannot be sent. Copy it anew."


def as_json(reply: httpx.Response) -> Any:
    """The JSON of a reply, see `json_of`."""
    try:
        return json_of(reply.content)
    except TooLarge:
        raise
    except Undecodable as error:
        # A gateway's page or a cut connection: often gone a moment later, never an empty page of data.
        is_page = body_of(reply) == PAGE
        words = body_of(reply) if is_page or not reply.content.strip() else str(error)
        raise TryAgain(f"HTTP {reply.status_code} with {words}", few=True, of_form=is_page) from None


def _error(state: RetryCallState) -> TryAgain:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TryAgain)
    return error


def retry_after(reply: httpx.Response) -> float | None:
    """The seconds of Retry-After, a number or a date; None where it is neither."""
    text = reply.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
