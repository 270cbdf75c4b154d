"""Counts the requests that all clients send during a piece of work, also when the work fails, and shows each one,
with its reply, to whoever watches that work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import httpx


@dataclass
class Traffic:
    """`calls`: requests sent, retries among them. `retries`: requests sent again."""

    calls: int = 0
    retries: int = 0


_traffic: ContextVar[Traffic | None] = ContextVar("traffic", default=None)


@contextmanager
def counted() -> Iterator[Traffic]:
    """Counts the requests sent in this thread until the block ends."""
    traffic = Traffic()
    before = _traffic.set(traffic)
    try:
        yield traffic
    finally:
        _traffic.reset(before)


def count(*, calls: int = 0, retries: int = 0) -> None:
    if traffic := _traffic.get():
        traffic.calls += calls
        traffic.retries += retries


class Watcher(Protocol):
    """Sees every request that goes out, those of a login, a retry and a redirect too."""

    def before(self, request: httpx.Request) -> None:
        """Raises what keeps the request from being sent."""

    def after(self, reply: httpx.Response) -> None:
        """`reply` has its body."""


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Until the block ends, in this thread."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


async def on_request(request: httpx.Request) -> None:
    """A hook of httpx."""
    if watcher := _watcher.get():
        watcher.before(request)


async def on_response(reply: httpx.Response) -> None:
    """A hook of httpx."""
    if watcher := _watcher.get():
        await reply.aread()
        watcher.after(reply)
