"""What the ingestion flows share around `ingest`: the window from the parameters, the run's name and its end."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.alerts import run_failed, run_recovered
from flows.ingest import ingest
from flows.source import Source
from tasks.errors import UsageError
from tasks.settings import load_settings
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.flow")


def name_of_run() -> str:
    """`qtickets 2026-11-23..2026-11-24`, or the days as they were given where they make no window."""
    given = runtime.flow_run.parameters
    name = runtime.flow_run.flow_name
    first, last = given.get("date_from"), given.get("date_to")
    return f"{name} {first or '…'}..{last or '…'}" if first or last else f"{name} {given.get('days')} days"


INGESTION: dict[str, Any] = {
    "flow_run_name": name_of_run,
    "on_failure": [run_failed],
    "on_crashed": [run_failed],
    "on_completion": [run_recovered],
}
"""What every ingestion flow is decorated with, besides its own name and description."""


def window_of(source: Source, days: int, date_from: date | None, date_to: date | None) -> Window:
    """Raises UsageError."""
    today = moscow_today()
    newest = today - timedelta(days=source.lag_days)
    if date_from is None and date_to is None:
        if days < 1:
            raise UsageError(f"The number of days must be at least 1, not {days}.")
        return _with_history(source, Window.trailing(days, newest), today)
    first, last = date_from or date_to or newest, date_to or newest
    if first > today:
        raise UsageError(f"The window begins on {first}, which is after today ({today} in Moscow).")
    if last < first:
        raise UsageError(f"The window ends on {last}, before it begins on {first}.")
    return _with_history(source, Window(first=first, last=last), today)


def _with_history(source: Source, window: Window, today: date) -> Window:
    """The part of the window that the source still has."""
    if source.history_days is None:
        return window
    oldest = today - timedelta(days=source.history_days)
    if window.last < oldest:
        raise UsageError(
            f"{source.title} keeps {source.history_days} days, so nothing before {oldest} can be loaded."
        )
    if window.first < oldest:
        logger.warning("%s keeps %d days: loading from %s", source.title, source.history_days, oldest)
        return Window(first=oldest, last=window.last)
    return window


def run_source(
    source: Source, days: int, date_from: date | None, date_to: date | None, refresh: bool, env: str | None
) -> State[object]:
    """Ingest one window; the run's state says what was loaded and carries the Report."""
    settings = load_settings(Path(env) if env else None)
    window = window_of(source, days, date_from, date_to)
    report = ingest(source, settings, window, str(runtime.flow_run.id), refresh)
    return Completed(message=report.message, data=report)
