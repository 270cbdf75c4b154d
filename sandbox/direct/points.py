"""Points: every hour grants a part of the daily limit, and every call to a regular service spends some."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.direct.errors import DirectError
from sandbox.direct.switches import DirectSwitches

CALLER_ERROR = 20
# Price of a call and of each object it returns.
PRICES = {"campaigns": (10, 1), "adgroups": (15, 1), "ads": (15, 1), "changes": (10, 0)}
_HOUR, _HOURS_A_DAY = 3600, 24


class Points:
    """The balance of one login. ``left`` may be set, e.g. to 0 for code 152."""

    def __init__(self, switches: Callable[[], DirectSwitches], clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self.left = switches().daily_points
        self._granted_until = clock()

    def require(self, wanted: int) -> None:
        self._grant()
        if self.left < wanted:
            raise DirectError(152, "Not enough points to perform the operation")

    def spend(self, points: int) -> str:
        """The ``Units`` header: spent, left, daily limit."""
        self._grant()
        self.left = max(self.left - points, 0)
        return f"{points}/{self.left}/{self._switches().daily_points}"

    def _grant(self) -> None:
        daily = self._switches().daily_points
        hours = int((self._clock() - self._granted_until) // _HOUR)
        if hours > 0:
            self._granted_until += hours * _HOUR
            self.left = min(daily, self.left + hours * daily // _HOURS_A_DAY)
