"""The queue of things that shall go wrong: which request, what, how often. Knows no API and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

KINDS = {
    "status": "an error status: status=503, body=None (the API's usual error), retry_after, headers, html=False",
    "timeout": "silence before the normal answer: seconds=60",
    "disconnect": "the connection closes: partial=False (nothing was sent) or True (within the body)",
    "truncated": "status 200 and well-formed HTTP, but the body ends early: keep=0.5 of its bytes",
    "html": "status 200 with an HTML page",
    "no_data": "a page without its data",
    "wrong_total": "a page whose total is off: by=1",
    "error_as_page": "status 200 with an error body",
    "edit": "the normal answer, edited: call=callable(bytes) -> bytes, status=, headers=",
    "drift": "before the answer the set shifts: mode='insert' or 'remove' (its front)",
    "mutate": "before the answer: call=callable(documents)",
}


@dataclass(slots=True)
class Fault:
    """One entry of the queue. ``path`` is a pattern below the API's base: ``/orders``, ``/orders/*``.

    With ``account`` it happens to requests of that account alone, else to those of any.
    """

    kind: str
    path: str
    times: int
    after: int
    options: dict[str, Any]
    account: str | None = None
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def counts(self, path: str, account: str) -> bool:
        """Whether this fault is due at this request, which it counts if it matches."""
        if self.fired >= self.times or not fnmatchcase(path, self.path) or self.account not in (None, account):
            return False
        self.seen += 1
        return self.seen > self.after


class Faults:
    """Thread-safe: tests add from their thread while the server takes from its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queue: list[Fault] = []

    def add(
        self,
        kind: str,
        path: str = "/orders",
        times: int = 1,
        after: int = 0,
        *,
        account: str | None = None,
        **options: Any,
    ) -> Fault:
        """Schedule a fault (see ``KINDS``) for ``times`` requests, after ``after`` matching ones have passed.

        Every waiting fault counts every matching request; when several are due, the one added first happens.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
        fault = Fault(kind, path, times, after, options, account)
        with self._lock:
            self._queue.append(fault)
        return fault

    def mutate(
        self,
        call: Callable[[list[Any]], object],
        path: str = "/orders",
        after: int = 0,
        account: str | None = None,
    ) -> Fault:
        """Let ``call`` change the documents behind ``path`` just before a request is answered."""
        return self.add("mutate", path, after=after, account=account, call=call)

    def take(self, path: str, account: str) -> Fault | None:
        """The fault that happens to this request, if any."""
        with self._lock:
            due = [fault for fault in self._queue if fault.counts(path, account)]
            if not due:
                return None
            due[0].fired += 1
            return due[0]

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
