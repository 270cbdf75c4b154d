"""How a command ends that is stopped by SIGINT, SIGTERM or SIGHUP: recorded, in a line, at once, with nothing left.

A command works in a thread of its own, so that a signal finds the main thread free whatever the work waits for: a
reply, a lock, a query, a pause between tries. The work is not unwound but ended with the process, as by a kill,
which it survives at any moment; before, its runs are recorded as failed and what it started is ended.

A run of a worker is no command: Prefect ends its process.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import copy_context
from threading import Event, Thread, Timer
from types import FrameType
from typing import NoReturn, TypeVar

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RECORD_SECONDS = 1.5
"""For the record, in the warehouse and at the Prefect server, while a person waits. What is not done in them the
next run finds out."""
_SECONDS_TO_SEND = 15
"""For what Prefect sends in the background, as its logs, at the end of a command that was not stopped."""

T = TypeVar("T")
_at_end: list[Callable[[], object]] = []
_moving: list[Callable[[], object]] = []
_on_stop: list[Callable[[str], object]] = []
_prefect_is_lost = Event()
_is_still = Event()
_status: list[int] = []
"""With which the process ends, once that is known."""


class Stopped(KeyboardInterrupt):
    """One of the signals came."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


class HeldUp(TimeoutError):
    """The work is recorded, but Prefect does not finish its own part."""


def handle_signals() -> None:
    """From now on a signal raises Stopped in the main thread. One that is ignored, as by nohup, stays ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ignore_signals() -> None:
    """From now on no signal counts: the end has begun, and takes seconds."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def run_interruptibly(work: Callable[[], T], is_held_up: Callable[[], bool] = lambda: False) -> T:
    """The result of `work`, done in a thread. Raises what it raises, Stopped on a signal, and HeldUp when
    `is_held_up` says so; the work goes on, as long as the process does."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised in the main thread
            future.set_exception(error)

    thread = Thread(target=copy_context().run, args=(run,), name="command", daemon=True)
    thread.start()
    while thread.is_alive():
        # Not without end: the embedded engine passes SIGINT on, but so that it wakes nobody up.
        thread.join(0.2)
        if thread.is_alive() and is_held_up():
            raise HeldUp
    return future.result()


@contextmanager
def on_stop(call: Callable[[str], object]) -> Iterator[None]:
    """Call it with how a signal stopped the command, if one does meanwhile, beside what is recorded."""
    _on_stop.append(call)
    try:
        yield
    finally:
        _on_stop.remove(call)


@contextmanager
def moving(stop: Callable[[], object]) -> Iterator[None]:
    """Around what moves in the terminal: a signal stops it before anything is said."""
    _moving.append(stop)
    try:
        yield
    finally:
        _moving.remove(stop)


def stand_still() -> None:
    """Nothing moves or begins to, and the cursor is there again."""
    _is_still.set()
    for stop in list(_moving):
        stop()


def is_still() -> bool:
    return _is_still.is_set()


def at_end(call: Callable[[], object]) -> None:
    """Call it when a signal has stopped the command, whose own `finally` is not reached."""
    _at_end.append(call)


def lose_prefect() -> None:
    """The Prefect server is gone: the command ends without waiting for what Prefect still wants to send."""
    _prefect_is_lost.set()


def exit_with(status: int) -> NoReturn:
    """End the process. As Python ends, Prefect sends what its server has not heard yet, maybe for minutes."""
    # All is done and recorded; a signal while Python ends would show a traceback.
    ignore_signals()
    if _prefect_is_lost.is_set():
        _exit(status)
    _status.append(status)
    timer = Timer(_SECONDS_TO_SEND, _exit, (status,))
    timer.daemon = True
    timer.start()
    sys.exit(status)


def finish() -> None:
    """End the process once all that was registered with atexit is done; itself is registered first, so called last.

    Python would go on to take itself apart under its daemon threads: one that is within Rust or C++ then aborts the
    process, after all went well.
    """
    for status in _status:
        _exit(status)


def exit_after_signal(how: str, status: int) -> NoReturn:
    """End the process with all its threads, after a signal."""
    logging.disable()  # What the threads meet now is no news.
    recorders = [Thread(target=_quietly, args=(record, how), daemon=True) for record in (_record, *_on_stop)]
    for recorder in recorders:
        recorder.start()
    deadline = time.monotonic() + RECORD_SECONDS
    for recorder in recorders:
        recorder.join(max(0, deadline - time.monotonic()))
    for call in _at_end:
        _quietly(call)
    _exit(status)


def _quietly(call: Callable[..., object], *arguments: object) -> None:
    with suppress(Exception):
        call(*arguments)


def _exit(status: int) -> NoReturn:
    logging.disable()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    ignore_signals()
    raise Stopped(number)


def _record(how: str) -> None:
    if "tasks.load.runs" not in sys.modules:
        return
    from tasks.load import runs  # noqa: PLC0415 - only where it was of use, since it takes long
    from tasks.load.warehouse import warehouse  # noqa: PLC0415
    from tasks.settings import load_settings  # noqa: PLC0415

    if runs.under_way():
        with warehouse(load_settings()) as client:
            runs.end_under_way(client, how)
