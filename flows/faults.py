"""Faults of Prefect, in words: its server that dies, hangs or refuses, its home that cannot be written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import httpx
from prefect.settings import get_current_settings

_NOT_ALLOWED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_FAILS = httpx.codes.INTERNAL_SERVER_ERROR
_UNREACHED = "Failed to reach API"
_START = "Start it (`make up`), set PREFECT_API_URL right, or unset it to run without a server."
_KEY = "Set it right; after `make up`: `. secrets/prefect.env`."
_LATER = "It is starting, or gone behind a proxy: see both logs, or unset PREFECT_API_URL to run without a server."
_ROOM = "Give this user the right to write there, or room on its disk."
_AWAY = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)


class Fault(NamedTuple):
    """What is wrong with Prefect, and what to do."""

    words: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.words} {self.remedy}"


def fault_of(error: BaseException) -> Fault | None:
    """By what Prefect's client raises; None for another error. Of our own calls no such error gets here."""
    name, text, home = _server(), str(error), str(_home())
    status = _status_of(error)
    of_home = isinstance(error, OSError) and str(error.filename or "").startswith(home)
    found = {
        Fault(f"{name} refuses PREFECT_API_AUTH_STRING (status {status}).", _KEY): status in _NOT_ALLOWED,
        Fault(f"{name} takes no requests (status {status}).", _LATER): status in _AWAY,
        Fault(f"{name} fails (status {status}).", "See its log, and whether its disk is full."): status >= _FAILS,
        Fault(f"{name} does not answer.", _START): isinstance(error, httpx.TimeoutException | TimeoutError),
        Fault(f"{name} cannot be reached.", _START): isinstance(error, httpx.TransportError) or _UNREACHED in text,
        Fault(f"Prefect cannot write {home} (PREFECT_HOME): {getattr(error, 'strerror', '')}.", _ROOM): of_home,
        # It answered so late that it was asked again, and then with less.
        Fault(f"{name} was too busy to say how the run ended.", "Look at the run in its UI."): type(error).__name__
        == "MissingResult",
    }
    return next((fault for fault, is_it in found.items() if is_it), None)


def _status_of(error: BaseException) -> int:
    """Of the reply that Prefect's client gave up on, also where it says no more than that it failed."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, httpx.HTTPStatusError):
            return seen.response.status_code
        # Behind other errors there may be a reply of a source.
        seen = seen.__context__ if _UNREACHED in str(error) else None
    return 0


def _home() -> Path:
    return get_current_settings().home


def _server() -> str:
    # Some put a password into it.
    return f"The Prefect server {re.sub('//[^/]*@', '//', get_current_settings().api.url or '')}"
