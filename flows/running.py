"""What flows share around their work: hooks, the window from the parameters, the run's name and its end."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Annotated, Any

import polars as pl
from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.context import TagsContext
from prefect.states import Completed
from pydantic import Field

from flows.alerts import SKIPPED, run_failed, run_recovered
from flows.ingest import ingest
from flows.source import Source
from flows.stopping import note_flow_run
from tasks.errors import UsageError
from tasks.harmless import for_terminal
from tasks.load.migrate import migrated
from tasks.load.runs import covered, reads
from tasks.settings import Settings, load_settings
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.flow")


def name_of_run() -> str:
    """`qtickets 30 days`, or the days that were given: `backfill direct from 2026-06-01 to 2026-06-30`."""
    given = runtime.flow_run.parameters
    words = [runtime.flow_run.flow_name, given.get("source")]
    if not (given.get("date_from") or given.get("date_to")):
        words.append(f"{given.get('days')} days")
    for word, day in (("from", given.get("date_from")), ("to", given.get("date_to"))):
        words.append(f"{word} {day}" if day else None)
    return " ".join(word for word in words if word)


def name_of_day() -> str:
    """`quality 2026-11-24`."""
    return f"{runtime.flow_run.flow_name} {moscow_today()}"


TOLD: dict[str, Any] = {
    "on_running": [note_flow_run],
    "on_failure": [run_failed],
    "on_completion": [run_recovered],
}
"""What every flow is decorated with, so that its failure is told and the end of it. Of crashes, which leave no time
for a hook, the server tells: see automations.yaml."""
INGESTION: dict[str, Any] = {"flow_run_name": name_of_run, **TOLD}
"""What every flow that loads days is decorated with."""


def shown(title: str, description: str | None = None) -> dict[str, Any]:
    """A parameter as Prefect's form shows it, put into the schema itself, since as a title Prefect takes the name.
    What differs from flow to flow is described in the flow's docstring."""
    return {"title": title} | ({"description": description} if description else {})


MOST_DAYS = 1100
_EARLIEST = date(2000, 1, 1)
"""No source is older. Also, Moscow's first days of the calendar have no instants in UTC."""
Days = Annotated[int, Field(ge=1, le=MOST_DAYS, json_schema_extra=shown("Days back"))]
"""Checked by Prefect's form and by `prefect deployment run`, before there is a run."""
_FIRST = "None: the days back, as above. To load certain days, choose date and pick the first of them."
FirstDay = Annotated[date | None, Field(json_schema_extra=shown("First day", _FIRST))]
_LAST = "None: up to today for ticket sales, up to yesterday for advertising, whose today is not over."
LastDay = Annotated[date | None, Field(json_schema_extra=shown("Last day", _LAST))]
_REFRESH = "Ask the API also for what was fetched before. Off is right nearly always."
Refresh = Annotated[bool, Field(json_schema_extra=shown("Fetch again", _REFRESH))]


def window_of(
    source: Source, days: int, date_from: date | None, date_to: date | None, *, warn: bool = False
) -> Window:
    """The days to load: those that were asked for and that the source still has. Raises UsageError.

    Today is loaded from a source whose today is not complete (`lag_days`) only where `date_to` asks for it. `warn`:
    log what differs from what was asked for.
    """
    today, newest = moscow_today(), newest_day(source)
    if date_from is None and date_to is None:
        if not 1 <= days <= MOST_DAYS:
            raise UsageError(
                f"The number of days must be at least 1 and at most {MOST_DAYS}, not {days}. "
                "For a longer range there is `zakaz backfill`."
            )
        return _with_history(source, Window.trailing(days, newest), today, warn)
    for word, day in (("begins", date_from), ("ends", date_to)):
        if day and day > today:
            raise UsageError(f"The window {word} on {day}, which is after today ({today} in Moscow).")
        if day and day < _EARLIEST:
            raise UsageError(f"The window {word} on {day}, but nothing before {_EARLIEST} can be loaded.")
    first, last = date_from or date_to or newest, date_to or newest
    if last < first:
        raise UsageError(f"The window ends on {last}, before it begins on {first}.")
    if last > newest and warn:
        logger.warning("%s: %s is not over yet, so its figures are not final", source.title, last)
    return _with_history(source, Window(first=first, last=last), today, warn)


def newest_day(source: Source) -> date:
    """The newest complete day: of advertising yesterday, since today's spend grows until the day is over."""
    return moscow_today() - timedelta(days=source.lag_days)


def _with_history(source: Source, window: Window, today: date, warn: bool) -> Window:
    """The part of the window that the source still has."""
    if source.history_days is None:
        return window
    oldest = today - timedelta(days=source.history_days)
    if window.last < oldest:
        raise UsageError(
            f"{source.title} keeps {source.history_days} days, so nothing before {oldest} can be loaded."
        )
    if window.first >= oldest:
        return window
    if warn:
        logger.warning("%s keeps %d days: loading from %s", source.title, source.history_days, oldest)
    return Window(first=oldest, last=window.last)


def _is_superseded(source: Source, settings: Settings, window: Window) -> bool:
    """Whether a good run has read these days since this one was due: after an outage, the first of the runs that
    waited does the work of all."""
    if runtime.deployment.id is None:
        return False
    due = runtime.flow_run.scheduled_start_time
    with migrated(settings) as client:
        good = covered(client, source.job, source.fingerprint(settings), even_with_warnings=True)
    return reads(good, window).filter(pl.col("read_at") > due).height > 0


def run_source(
    source: Source, days: int, date_from: date | None, date_to: date | None, refresh: bool
) -> State[object]:
    """Ingest one window; the run's state says what was loaded and carries the Report."""
    settings = load_settings()
    window = window_of(source, days, date_from, date_to, warn=True)
    if not refresh and _is_superseded(source, settings, window):
        message = f"{window}: read by another run since this one was due"
        return Completed(name=SKIPPED, message=message, data=message)
    # Of a step with tags Prefect asks its server for a slot of each: a load would fail where the server is gone.
    with TagsContext(current_tags=set()):
        report = ingest(source, settings, window, str(runtime.flow_run.id), refresh)
    return Completed(message=for_terminal(report.message), data=report)
