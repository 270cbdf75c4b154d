"""A world in which time goes on: made anew now and then, up to the present, and shown by the APIs that serve it.

For demos that run for days. Its first day stays, so that the past does: what was seen once never vanishes, and
changes only as the vendors' data do. Holds no clock of its own and starts no thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

from sandbox.world import World
from sandbox.world.clock import day_start, moscow_day

# Days pile up and each takes time to make, so making must not take more than this share of the machine's.
_LARGEST_SHARE = 0.05


class Living:
    """Each of ``shows`` is called with every later view of ``world``, which itself is not kept."""

    def __init__(self, world: World, *shows: Callable[[World], object]) -> None:
        self.until = world.until
        self._seed, self._scale = world.seed, world.scale
        self._first_day = moscow_day(world.until) - timedelta(days=world.days - 1)
        self._shows = shows

    def move_to(self, now: datetime) -> None:
        """Let the world be as old as ``now`` (aware). A clock that was set back does not turn it back."""
        if now <= self.until:
            return
        days = (moscow_day(now) - self._first_day).days + 1
        world = World.generate(until=now, seed=self._seed, days=days, scale=self._scale)
        for show in self._shows:
            show(world)
        self.until = world.until

    def live(self, stop: Event, every: float, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Move on every so many seconds, and at midnight, when the APIs' day begins, until ``stop`` is set."""
        pause = every
        while not stop.wait(min(pause, (_next_day(clock()) - clock()).total_seconds())):
            begun = time.monotonic()
            self.move_to(clock())
            took = time.monotonic() - begun
            pause = max(every, took / _LARGEST_SHARE - took)


def _next_day(now: datetime) -> datetime:
    return day_start(moscow_day(now) + timedelta(days=1))
