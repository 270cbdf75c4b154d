"""The pace of requests: one each 1/rate seconds, no bursts, since servers count in windows of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Self


class Pace:
    """Shared by all who have it: accounts are loaded in threads, each with an event loop of its own, so none of the
    limiters that belong to one loop would do."""

    def __init__(self) -> None:
        self.rate = 1.0
        self._free_at = 0.0
        self._lock = threading.Lock()

    async def __aenter__(self) -> Self:
        with self._lock:
            mine = max(time.monotonic(), self._free_at)
            self._free_at = mine + 1 / self.rate
        await asyncio.sleep(max(0.0, mine - time.monotonic()))
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


_shared: dict[str, Pace] = {}


def pace_of(name: str, rate: float) -> Pace:
    """That of all who use this name; without a name one of its own."""
    pace = _shared.setdefault(name, Pace()) if name else Pace()
    pace.rate = rate
    return pace
