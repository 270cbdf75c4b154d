"""A load in a process of its own, which dies by SIGKILL at a given request to ClickHouse."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from datetime import date, datetime
from functools import cache
from multiprocessing.context import ForkServerContext

from tasks.settings import Settings
from tests.support.product import Clock, Product, in_process


@cache
def _context() -> ForkServerContext:
    """Each child is forked from a process without threads that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.child"])
    return context


def killed_load(
    settings: Settings, source: str, first: date, last: date, now: datetime, kill: int, after: bool
) -> bool:
    """Whether it died; it may be done before."""
    process = _context().Process(target=_load, args=(settings, source, first, last, now, kill, after))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def _load(settings: Settings, source: str, first: date, last: date, now: datetime, kill: int, after: bool) -> None:
    logging.disable(logging.CRITICAL)
    left = kill

    def die(phase: str) -> None:
        nonlocal left
        left -= phase == "before"
        if left <= 0 and phase == ("after" if after else "before"):
            os.kill(os.getpid(), signal.SIGKILL)

    with in_process(Clock(now)):
        Product(settings).load(source, first, last, on_statement=die)
    os._exit(0)
