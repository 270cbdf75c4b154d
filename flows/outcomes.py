"""What became of the work of one command, told by the work itself: so that a command whose Prefect server is lost
knows what it did, and one that is stopped knows which runs to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

flow_runs: set[Any] = set()
"""The flow runs of this process."""


def note_flow_run(_flow: object, flow_run: Any, _state: object) -> None:
    """A hook for on_running: the Prefect server is to know of the end of this run."""
    flow_runs.add(flow_run.id)


class Watch:
    """Of one command."""

    def __init__(self) -> None:
        self.outcomes: list[object] = []
        self._ended: float | None = None

    def begin(self) -> None:
        self._ended = None

    def end(self, outcome: object) -> None:
        self.outcomes.append(outcome)
        self._ended = time.monotonic()

    def ended_ago(self) -> float:
        """Seconds since the work was recorded; 0 where it was not."""
        return time.monotonic() - self._ended if self._ended is not None else 0


current: ContextVar[Watch | None] = ContextVar("watch", default=None)


def note(outcome: object) -> None:
    """What a command is to give back where only Prefect fails from now on."""
    if watch := current.get():
        watch.end(outcome)


@contextmanager
def noted() -> Iterator[Callable[[object], None]]:
    """Around work that is recorded in the warehouse. Gives what to call with its result, once that is recorded."""
    watch = current.get() or Watch()
    watch.begin()
    try:
        yield watch.end
    except BaseException as error:
        watch.end(error)
        raise
