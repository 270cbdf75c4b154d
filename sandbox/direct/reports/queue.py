"""The queue of offline reports: accepted, being built, finished and kept for some hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.direct.errors import DirectError
from sandbox.direct.reports.request import ReportRequest
from sandbox.direct.reports.table import ReportTable
from sandbox.direct.switches import DirectSwitches

# A client that waits as long as it was told may still arrive a little early by the server's clock.
_EARLY_SECONDS = 0.05


@dataclass(slots=True)
class Stored:
    """One report by its name. ``told`` counts answers 201 and 202, ``due_polls`` those polls that came in time."""

    fingerprint: str
    table: ReportTable
    created: float
    told: int = 0
    due_polls: int = 0
    next_due: float = 0.0
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one request gets: status 200 with the table, or 201 or 202 with what ``retryIn`` shall say."""

    status: int
    table: ReportTable | None = None
    retry_in: str | None = None


class ReportQueue:
    """Reports of one login."""

    def __init__(self, switches: Callable[[], DirectSwitches], clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self.reports: dict[str, Stored] = {}

    def holds(self, request: ReportRequest) -> bool:
        """Whether a report of that name is there. Raises 4000 if it was asked for with other parameters."""
        self._tidy()
        stored = self.reports.get(request.name)
        if stored is not None and stored.fingerprint != request.fingerprint:
            raise DirectError(
                4000, "A report with this name but different parameters already exists, change ReportName"
            )
        return stored is not None

    def unfinished(self) -> int:
        self._tidy()
        return sum(stored.finished is None for stored in self.reports.values())

    def accept(self, request: ReportRequest, table: ReportTable) -> Turn:
        """201. The figures are those of this moment for as long as the report is kept."""
        if self.unfinished() >= self._switches().reports_in_queue:
            raise DirectError(9000, "")
        stored = Stored(request.fingerprint, table, self._clock())
        self.reports[request.name] = stored
        if self._switches().polls_until_ready == 0:
            stored.finished = stored.created
        return self._wait(stored, 201)

    def poll(self, request: ReportRequest) -> Turn:
        """200 or 202."""
        stored = self.reports[request.name]
        now = self._clock()
        if stored.finished is None and now >= stored.next_due - _EARLY_SECONDS:
            stored.due_polls += 1
            if stored.due_polls >= self._switches().polls_until_ready:
                stored.finished = now
        return self._wait(stored, 202) if stored.finished is None else Turn(200, stored.table)

    def discard(self, request: ReportRequest) -> None:
        self.reports.pop(request.name, None)

    def _wait(self, stored: Stored, status: int) -> Turn:
        answers = self._switches().retry_in
        retry_in = answers[min(stored.told, len(answers) - 1)]
        stored.told += 1
        seconds = float(retry_in) if retry_in is not None and retry_in.isdecimal() else 0.0
        stored.next_due = self._clock() + seconds
        return Turn(status, retry_in=retry_in)

    def _tidy(self) -> None:
        """Finish what nobody polls, and delete what has been kept long enough."""
        now, switches = self._clock(), self._switches()
        for name, stored in list(self.reports.items()):
            if stored.finished is None and now - stored.created >= switches.finished_within_seconds:
                stored.finished = stored.created + switches.finished_within_seconds
            if stored.finished is not None and now - stored.finished >= switches.kept_seconds:
                del self.reports[name]
