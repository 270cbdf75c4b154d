"""A world in which time goes on: made anew now and then, up to the present, and shown by the APIs that serve it.

For demos that run for days. Its first day stays, so that the past does: what was seen once never vanishes, and
changes only as the vendors' data do. Holds no clock of its own and starts no thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event

from sandbox.recorder import Recorded
from sandbox.world import World
from sandbox.world.clock import day_start, moscow_day

REMEMBERED_REQUESTS = 1000
# Days pile up and each takes time to make, so making must not take more than this share of the machine's.
_LARGEST_SHARE = 0.05


class Living:
    """Each of ``shows`` is called with every later view of ``world``; ``apis`` forget all but the last requests."""

    def __init__(
        self, world: World, shows: Sequence[Callable[[World], object]], apis: Sequence[Recorded] = ()
    ) -> None:
        # Not the world itself: it would stay in memory beside the next one.
        self.until = world.until
        self._seed, self._scale = world.seed, world.scale
        self._first_day = moscow_day(world.until) - timedelta(days=world.days - 1)
        self._shows, self._apis = shows, apis

    def move_to(self, now: datetime) -> None:
        """Let the world be as old as ``now`` (aware). A clock that was set back does not turn it back.

        An API shows a view at once or not at all, whoever asks meanwhile; one API may be a moment ahead of another.
        Whatever was changed by hand, such as an order created through the API, is as it was.
        """
        if now <= self.until:
            return
        days = (moscow_day(now) - self._first_day).days + 1
        world = World.generate(until=now, seed=self._seed, days=days, scale=self._scale)
        for show in self._shows:
            show(world)
        self.until = world.until
        for api in self._apis:
            del api.requests[:-REMEMBERED_REQUESTS]

    def live(self, stop: Event, every: float, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Move on every so many seconds, and at midnight, until ``stop`` is set."""
        took = 0.0
        while not stop.wait(self._pause(clock(), max(every, took / _LARGEST_SHARE - took))):
            begun = time.monotonic()
            self.move_to(clock())
            took = time.monotonic() - begun

    @staticmethod
    def _pause(now: datetime, seconds: float) -> float:
        """The APIs' day begins when Moscow's does, however seldom the world moves."""
        midnight = day_start(moscow_day(now) + timedelta(days=1))
        return min(seconds, (midnight - now).total_seconds())
