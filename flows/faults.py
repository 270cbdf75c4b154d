"""Faults of Prefect: what a command says, and how soon, where its Prefect server dies, hangs or refuses.

The data and their record are in the warehouse; Prefect only shows them. So a load whose work is recorded is done,
with a warning, and a command does not wait long for a server that is gone. A run of a worker is not watched: there
nobody waits, and Prefect's many tries outlast a server that starts anew.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import httpx

from flows import stopping
from flows.terminal import complain
from tasks.errors import PrefectError

_PATIENCE = 20
"""Seconds that Prefect has for its own part once the work is recorded. On an idle machine it takes one."""

_NOT_ALLOWED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_FAILS = httpx.codes.INTERNAL_SERVER_ERROR
_DATABASE = 2**20
"""Bytes that a new database of Prefect's needs, at the least."""

T = TypeVar("T")


class _Watch:
    """What became of the work of one command, told by the work itself."""

    def __init__(self) -> None:
        self.outcomes: list[object] = []
        self._ended: float | None = None

    def begin(self) -> None:
        self._ended = None

    def end(self, outcome: object) -> None:
        self.outcomes.append(outcome)
        self._ended = time.monotonic()

    def is_held_up(self) -> bool:
        """Whether the work ended so long ago that it must be Prefect that the command waits for."""
        return self._ended is not None and time.monotonic() - self._ended > _PATIENCE


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


def note(outcome: object) -> None:
    """What a command is to give back where only Prefect fails from now on."""
    if watch := _watch.get():
        watch.end(outcome)


@contextmanager
def noted() -> Iterator[Callable[[object], None]]:
    """Around work that is recorded in the warehouse. Gives what to call with its result, once that is recorded."""
    watch = _watch.get() or _Watch()
    watch.begin()
    try:
        yield watch.end
    except BaseException as error:
        watch.end(error)
        raise


def carried(what: str, flow: Callable[..., object], kind: type[T], **given: object) -> T:
    """The flow's result, which is of this kind; the one that its work noted where only Prefect failed. Raises what
    the flow raises, and PrefectError. `what`, e.g. `qtickets`: for the message."""
    _require_room(what)
    watch = _Watch()
    token = _watch.set(watch)
    try:
        result = stopping.apart(lambda: flow(**given), watch.is_held_up)
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        stopping.lose_prefect()
        result = _despite(what, fault, kind, watch.outcomes)
    finally:
        _watch.reset(token)
    assert isinstance(result, kind)
    return result


def _despite(what: str, fault: str, kind: type[T], outcomes: list[Any]) -> T:
    last = outcomes[-1] if outcomes else None
    if isinstance(last, kind):
        complain(f"{what}: loaded, and recorded in the warehouse. {fault} {_shown()}".rstrip())
        return last
    if isinstance(last, Exception) and fault_of(last) is None:
        complain(f"{what}: {fault} {_shown()}".rstrip())
        raise last from None
    if done := sum(not isinstance(outcome, BaseException) for outcome in outcomes):
        raise PrefectError(
            f"{what}: {done} windows were loaded, the others not. {fault} Started again, it goes on."
        )
    raise PrefectError(f"{what}: not loaded. {fault} {_what_to_do()}")


def _require_room(what: str) -> None:
    """A server of the command's own would try for minutes to start on a full disk."""
    if _address():
        return
    try:
        _home().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=_home()) as file:
            file.write(bytes(_DATABASE))
    except OSError as error:
        raise PrefectError(
            f"{what}: not loaded. Prefect cannot write {_home()} (PREFECT_HOME): {error.strerror}."
        ) from None


def told(error: BaseException) -> str | None:
    """One line for a fault of Prefect that no load is concerned with; None for another error."""
    fault = fault_of(error)
    if fault is None:
        return None
    stopping.lose_prefect()
    return f"{fault} {_what_to_do()}"


def fault_of(error: BaseException) -> str | None:
    """In words, what is wrong with Prefect, by what its client raises; None for another error. Of our own calls no
    such error gets here."""
    name, text, home = _server(), str(error), str(_home())
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
    of_home = isinstance(error, OSError) and str(error.filename or "").startswith(home)
    found = {
        f"{name} does not answer.": isinstance(error, httpx.TimeoutException | stopping.HeldUp),
        f"{name} cannot be reached.": isinstance(error, httpx.TransportError) or "Failed to reach API" in text,
        f"{name} refuses PREFECT_API_AUTH_STRING (status {status}).": status in _NOT_ALLOWED,
        f"{name} fails (status {status}): see its log, and whether its disk is full.": status >= _FAILS,
        f"The Prefect server that a command starts where PREFECT_API_URL is not set did not start: the machine "
        f"is too busy, or {home} (PREFECT_HOME) is full or not writable.": "ephemeral Prefect API server" in text,
        f"Prefect cannot write {home} (PREFECT_HOME): {getattr(error, 'strerror', '')}.": of_home,
        # It answered so late that it was asked again, and then with less.
        f"{name} was too busy to say how the run ended.": type(error).__name__ == "MissingResult",
    }
    return next((words for words, is_it in found.items() if is_it), None)


def _address() -> str | None:
    """None where a command starts a server of its own."""
    from prefect.settings import get_current_settings  # noqa: PLC0415 - it takes seconds, and most commands end well

    return get_current_settings().api.url


def _home() -> Path:
    from prefect.settings import get_current_settings  # noqa: PLC0415 - as above

    return get_current_settings().home


def _server() -> str:
    # Some put a password into it.
    address = _address()
    return (
        f"The Prefect server {re.sub('//[^/@]*@', '//', address)}" if address else "This command's Prefect server"
    )


def _shown() -> str:
    """Of a server of the command's own nobody looks at the runs."""
    return "Its UI may show the run as running, later as crashed." if _address() else ""


def _what_to_do() -> str:
    if _address():
        return "Start it (`make up`), set PREFECT_API_URL right, or unset it to run without a server."
    return "Try again."
