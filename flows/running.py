"""What the ingestion flows share around `ingest`: the window from the parameters, the run's name and its end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.ingest import ingest
from flows.source import Source
from tasks.errors import UsageError
from tasks.settings import load_settings
from tasks.window import Window, moscow_today


def name_of_run() -> str:
    """`qtickets 2026-11-23..2026-11-24`."""
    given = runtime.flow_run.parameters
    window = window_of(given.get("days", 1), given.get("date_from"), given.get("date_to"))
    return f"{runtime.flow_run.flow_name} {window}"


def window_of(days: int, date_from: date | None, date_to: date | None) -> Window:
    """Raises UsageError."""
    today = moscow_today()
    if date_from is None and date_to is None:
        if days < 1:
            raise UsageError(f"The number of days must be at least 1, not {days}.")
        return Window.trailing(days, today)
    first, last = date_from or date_to or today, date_to or today
    if last < first:
        raise UsageError(f"The window ends on {last}, before it begins on {first}.")
    if first > today:
        raise UsageError(f"The window begins on {first}, which is after today ({today} in Moscow).")
    return Window(first=first, last=last)


def run_source(
    source: Source, days: int, date_from: date | None, date_to: date | None, refresh: bool, env: str | None
) -> State[object]:
    """Ingest one window; the run's state says what was loaded and carries the Report."""
    settings = load_settings(Path(env) if env else None)
    window = window_of(days, date_from, date_to)
    report = ingest(source, settings, window, str(runtime.flow_run.id), refresh)
    return Completed(message=report.message, data=report)
