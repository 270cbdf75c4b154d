"""Counts calls on calendar windows: a call that the limit refuses does not count."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

SECOND, HOUR, DAY = 1, 3600, 86400
_TO_MOSCOW = timedelta(hours=3).total_seconds()
Clock = Callable[[], float]
Key = tuple[str, str]


@dataclass(slots=True)
class Throttle:
    """``limits`` has the calls allowed by window length in seconds, and may be changed at any time."""

    limits: dict[int, int]
    clock: Clock = time.time
    _counts: dict[tuple[Key, int], tuple[int, int]] = field(default_factory=dict, init=False)

    def take(self, key: Key) -> list[int]:
        """Count one call of ``key``, or name the windows that have none left for it."""
        used_up = [window for window, left in self.remaining(key).items() if left == 0]
        if not used_up:
            for window in self.limits:
                number, used = self._used(key, window)
                self._counts[key, window] = (number, used + 1)
        return used_up

    def remaining(self, key: Key) -> dict[int, int]:
        """Calls left by window."""
        return {window: max(limit - self._used(key, window)[1], 0) for window, limit in self.limits.items()}

    def resets_in(self, window: int) -> int:
        """Whole seconds until the window ends."""
        return math.ceil(window - (self.clock() + _TO_MOSCOW) % window)

    def called(self) -> list[Key]:
        """Whatever was called so far."""
        return sorted({key for key, _ in self._counts})

    def clear(self) -> None:
        self._counts.clear()

    def _used(self, key: Key, window: int) -> tuple[int, int]:
        number = int((self.clock() + _TO_MOSCOW) // window)
        then, used = self._counts.get((key, window), (number, 0))
        return number, used if then == number else 0
