"""Watches the calls of a probe: lets reads through, twenty an account at most, and notes the shape of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch.redirects import target_of
from tasks.unknowns import shapes

MOST_CALLS = 20
"""Of one account in one probe, retries and logins too."""


class NotAsked(SourceError):
    """The call was not sent: it is no read, or one too many."""


@dataclass(frozen=True)
class Read:
    """A call that changes nothing: method, end of the path and, where the path does not tell, what the body must be
    like. `name` stands for it in the file of shapes."""

    name: str
    method: str
    path: str
    is_read: Callable[[bytes], bool] = lambda _body: True

    def allows(self, request: httpx.Request) -> bool:
        is_here = request.method == self.method and re.search(rf"{self.path}\Z", request.url.path)
        return bool(is_here) and self.is_read(request.content)


@dataclass(frozen=True)
class Exchange:
    """`seen`: what goes into the file of shapes. `target`: of a redirect, for the judges."""

    name: str
    status: int
    headers: frozenset[str]
    seen: dict[str, Any] = field(repr=False)
    target: httpx.URL | None = field(repr=False, default=None)

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


class Watch:
    """`hosts`: where the calls may go. `question`: the one that is being asked."""

    def __init__(self, reads: tuple[Read, ...], hosts: tuple[str, ...], shaper: shapes.Shaper) -> None:
        self._reads, self._hosts, self._shaper = reads, hosts, shaper
        self._sent = 0
        self.question = ""
        self.exchanges: list[Exchange] = []

    @property
    def last_status(self) -> int:
        """0 where nothing came yet."""
        return self.exchanges[-1].status if self.exchanges else 0

    def before(self, request: httpx.Request) -> None:
        self._read_of(request)
        self._sent += 1
        if self._sent > MOST_CALLS:
            raise NotAsked(f"More than {MOST_CALLS} calls: the rest is not asked this time.")

    def after(self, reply: httpx.Response) -> None:
        request = reply.request
        name = self._read_of(request).name
        headers = frozenset(header for header in reply.headers if header in shapes.HEADERS)
        seen = {
            "question": self.question,
            "call": name,
            "query": " ".join(sorted({key.partition("[")[0] for key in request.url.params})),
            "body": " ".join(_names_in(request)),
            "status": reply.status_code,
            "headers": " ".join(sorted(headers)),
            "reply": self._shaper.of_reply(reply),
        }
        self.exchanges.append(Exchange(name, reply.status_code, headers, seen, target_of(reply)))

    def _read_of(self, request: httpx.Request) -> Read:
        read = next((one for one in self._reads if one.allows(request)), None)
        if read is None or request.url.host not in self._hosts:
            raise NotAsked("A probe only reads: this call was not sent.")
        return read


def _names_in(request: httpx.Request) -> list[str]:
    """Names of parameters, which are our own, and no value."""
    if not request.content:
        return []
    if "json" not in request.headers.get("Content-Type", ""):
        return sorted(httpx.QueryParams(request.content.decode("ascii", "replace")))
    body = json.loads(request.content)
    params = body.get("params")
    return sorted([*(name for name in body if name != "params"), *(params if isinstance(params, dict) else ())])
