"""Counts the requests that all clients send during a piece of work, also when the work fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


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
