"""Counts calls on calendar windows: a call that the limit refuses does not count."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

SECOND, HOUR, DAY = 1, 3600, 86400
_TO_MOSCOW = timedelta(hours=3).total_seconds()
Clock = Callable[[], float]


@dataclass(slots=True)
class Throttle:
    """``limits`` has the calls allowed by window length in seconds, and may be changed at any time."""

    limits: dict[int, int]
    clock: Clock = time.time
    _counts: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict, init=False)

    def take(self, method: str) -> list[int]:
        """Count one call of ``method``, or name the windows that have none left for it."""
        used = {window: self._used(method, window) for window in self.limits}
        used_up = [window for window, limit in self.limits.items() if used[window][1] >= limit]
        if not used_up:
            for window, (number, calls) in used.items():
                self._counts[method, window] = (number, calls + 1)
        return used_up

    def _used(self, method: str, window: int) -> tuple[int, int]:
        """The number of the current window, and the calls in it."""
        number = int((self.clock() + _TO_MOSCOW) // window)
        then, calls = self._counts.get((method, window), (number, 0))
        return number, calls if then == number else 0
