"""One request to the reports service: built at once, or in the queue of offline reports.

There a report is accepted, being built, finished and kept for some hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from starlette.datastructures import Headers

from sandbox.direct.errors import DirectError
from sandbox.direct.reports.request import ReportRequest, parse
from sandbox.direct.reports.table import ReportTable, build
from sandbox.direct.switches import DirectSwitches
from sandbox.world.spend import AdDay

_REPORTS_AT_MOST = 5
_KEPT_SECONDS = 5 * 3600
_OK, _ACCEPTED, _NOT_READY, _BAD_GATEWAY = 200, 201, 202, 502
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

    def answer(
        self, params: object, headers: Headers, rows: Iterable[AdDay], today: date
    ) -> tuple[ReportRequest, Turn]:
        """The same request both orders a report and asks for it. What mode ``auto`` once queued stays queued."""
        request, switches = parse(params, today), self._switches()
        if request.of_account and switches.account_totals == "refused":
            raise DirectError(3500, "Not supported")
        if not switches.adds_vat:
            request = replace(request, with_vat=False)
        more = Decimal(request.of_account and switches.account_totals == "wrong")
        if headers.get("processingMode", "auto") != "offline" and request.days <= switches.auto_online_days:
            _check_time(request, switches.online_days_limit)
            return request, Turn(_OK, build(request, rows, more))
        self._tidy()
        stored = self.reports.get(request.name)
        if stored is None:
            # The figures are those of this moment for as long as the report is kept.
            return request, self._accept(request, build(request, rows, more))
        if stored.fingerprint != request.fingerprint:
            raise DirectError(
                4000, "A report with this name but different parameters already exists, change ReportName"
            )
        turn = self._poll(stored)
        if turn.status == _OK:
            try:
                _check_time(request, switches.offline_days_limit)
            except DirectError:
                del self.reports[request.name]
                raise
        return request, turn

    def _accept(self, request: ReportRequest, table: ReportTable) -> Turn:
        if sum(stored.finished is None for stored in self.reports.values()) >= _REPORTS_AT_MOST:
            raise DirectError(9000)
        stored = self.reports[request.name] = Stored(request.fingerprint, table, self._clock())
        return self._wait(stored, _ACCEPTED)

    def _poll(self, stored: Stored) -> Turn:
        now = self._clock()
        if stored.finished is None and now >= stored.next_due - _EARLY_SECONDS:
            stored.due_polls += 1
            if stored.due_polls >= self._switches().polls_until_ready:
                stored.finished = now
        return self._wait(stored, _NOT_READY) if stored.finished is None else Turn(_OK, stored.table)

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
            if stored.finished is not None and now - stored.finished >= _KEPT_SECONDS:
                del self.reports[name]


def _check_time(request: ReportRequest, limit: int | None) -> None:
    if limit is not None and request.days > limit:
        raise DirectError(1002, "Building the report exceeded the server time limit", _BAD_GATEWAY)
