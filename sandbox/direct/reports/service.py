"""One request to the reports service: which mode, which answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from starlette.datastructures import Headers

from sandbox.direct.errors import DirectError
from sandbox.direct.reports.fields import SEARCH_QUERY
from sandbox.direct.reports.queue import ReportQueue, Turn
from sandbox.direct.reports.request import ReportRequest, parse
from sandbox.direct.reports.table import build
from sandbox.direct.switches import DirectSwitches
from sandbox.world.spend import AdDay

_MODES = ("auto", "online", "offline")
_BAD_GATEWAY = 502


def answer(
    params: object,
    headers: Headers,
    rows: Iterable[AdDay],
    today: date,
    queue: ReportQueue,
    switches: DirectSwitches,
) -> tuple[ReportRequest, Turn]:
    """The same request both orders a report and asks for it."""
    request = parse(params, today, switches)
    if _mode(request, headers, switches) == "online":
        _check_time(request, switches.online_days_limit)
        return request, Turn(200, build(request, rows, shuffled=switches.shuffled_rows))
    if not queue.holds(request):
        return request, queue.accept(request, build(request, rows, shuffled=switches.shuffled_rows))
    turn = queue.poll(request)
    if turn.status == 200:  # noqa: PLR2004
        try:
            _check_time(request, switches.offline_days_limit)
        except DirectError:
            queue.discard(request)
            raise
    return request, turn


def _mode(request: ReportRequest, headers: Headers, switches: DirectSwitches) -> str:
    """``online`` or ``offline``; what ``auto`` once queued stays queued."""
    mode = headers.get("processingMode", "auto").lower()
    if mode not in _MODES:
        raise DirectError(8000, f"The processingMode header must be one of {', '.join(_MODES)}")
    if request.kind == SEARCH_QUERY:
        if mode == "online":
            raise DirectError(8000, f"{request.kind} can be generated only in offline mode")
        return "offline"
    if mode == "auto":
        return "offline" if request.days > switches.auto_online_days else "online"
    return mode


def _check_time(request: ReportRequest, limit: int | None) -> None:
    if limit is not None and request.days > limit:
        raise DirectError(1002, "Building the report exceeded the server time limit", _BAD_GATEWAY)
