"""Points and pace: what an account may still ask for, by the day and within ten seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sandbox.direct.errors import DirectError
from sandbox.direct.switches import DirectSwitches

# Price of a call and of each object it returns.
PRICES = {"campaigns": (10, 1), "adgroups": (15, 1), "ads": (15, 1), "changes": (10, 0)}
_HOUR, _HOURS_A_DAY = 3600, 24
_WINDOW_SECONDS = 10.0


class Points:
    """The balance of one login: every hour grants a part of the daily limit, every call to a regular service spends
    some. ``left`` may be set, e.g. to 0 for code 152."""

    def __init__(self, switches: Callable[[], DirectSwitches], clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self.left = switches().daily_points
        self._granted_until = clock()

    def require(self, wanted: int) -> None:
        self._grant()
        if self.left < wanted:
            raise DirectError(152, "Not enough points to perform the operation")

    def spend(self, points: int) -> dict[str, str]:
        """The ``Units`` header: spent, left, daily limit."""
        self._grant()
        self.left = max(self.left - points, 0)
        return {"Units": f"{points}/{self.left}/{self._switches().daily_points}"}

    def _grant(self) -> None:
        daily = self._switches().daily_points
        hours = int((self._clock() - self._granted_until) // _HOUR)
        if hours > 0:
            self._granted_until += hours * _HOUR
            self.left = min(daily, self.left + hours * daily // _HOURS_A_DAY)


class Pace:
    """Report requests within any ten seconds."""

    def __init__(self, switches: Callable[[], DirectSwitches], clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self._recent: deque[float] = deque()

    def count(self) -> None:
        """Raises 56 (or status 429) for a request too many, which does not count itself."""
        now = self._clock()
        while self._recent and self._recent[0] <= now - _WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) >= self._switches().reports_in_ten_seconds:
            answer = self._switches().rate_limit_answer
            raise DirectError(56, status=None if answer == "56" else 429)
        self._recent.append(now)
