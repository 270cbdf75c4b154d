"""What a fetch of Direct has at hand on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tasks.fetch.direct.reports import Reports
from tasks.fetch.direct.service import Direct
from tasks.window import Window, moscow_today

ASKED_BACK = 30
"""Days over which corrections are asked for: longer than any loader should have been down."""


@dataclass
class Run:
    """What a fetch asks with, and what it has to say: services that did not answer, warnings, notes."""

    direct: Direct
    reports: Reports
    vat: str
    as_of: datetime
    unread: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_saved_points: bool = False

    @property
    def today(self) -> date:
        return moscow_today(self.as_of)

    def must_save_points(self) -> bool:
        """Whether what a run can do without is not to be asked, which the run then says."""
        self.has_saved_points |= self.direct.must_save_points
        return self.direct.must_save_points

    def is_up_to_now(self, window: Window) -> bool:
        return window.last >= self.today - timedelta(days=1)

    def month_ago(self, window: Window) -> date:
        """The first day that Direct may still correct, whatever it says; of a window in the past, its own."""
        return self.today - timedelta(days=ASKED_BACK) if self.is_up_to_now(window) else window.first
