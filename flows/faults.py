"""Faults of Prefect, in words: its server that dies, hangs or refuses, its home that cannot be written."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from prefect.settings import get_current_settings

_NOT_ALLOWED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_FAILS = httpx.codes.INTERNAL_SERVER_ERROR
_AWAY = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)


def fault_of(error: BaseException) -> str | None:
    """In words, what is wrong with Prefect, by what its client raises; None for another error. Of our own calls no
    such error gets here."""
    name, text, home = _server(), str(error), str(_home())
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
    of_home = isinstance(error, OSError) and str(error.filename or "").startswith(home)
    found = {
        f"{name} does not answer.": isinstance(error, httpx.TimeoutException | TimeoutError),
        f"{name} cannot be reached.": isinstance(error, httpx.TransportError) or "Failed to reach API" in text,
        f"{name} refuses PREFECT_API_AUTH_STRING (status {status}).": status in _NOT_ALLOWED,
        f"{name} takes no requests (status {status}): it is starting, or gone behind a proxy.": status in _AWAY,
        f"{name} fails (status {status}): see its log, and whether its disk is full.": status >= _FAILS,
        f"Prefect cannot write {home} (PREFECT_HOME): {getattr(error, 'strerror', '')}.": of_home,
        # It answered so late that it was asked again, and then with less.
        f"{name} was too busy to say how the run ended.": type(error).__name__ == "MissingResult",
    }
    return next((words for words, is_it in found.items() if is_it), None)


def _home() -> Path:
    return get_current_settings().home


def _server() -> str:
    # Some put a password into it.
    return f"The Prefect server {re.sub('//[^/]*@', '//', get_current_settings().api.url or '')}"
