"""A long range of days, in windows that can be resumed: what is done is skipped, a failed window ends the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import polars as pl
from prefect import flow, tags
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.faults import note
from flows.registry import SOURCES, Registered
from flows.running import INGESTION, LastDay, newest_day, shown, window_of
from flows.server.manifest import OURS
from flows.source import Source
from tasks.errors import UsageError
from tasks.load.migrate import migrated
from tasks.load.runs import covered, reads
from tasks.settings import load_settings
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.flow")

_NAMES = "; ".join(f"{name}: {registered.source.title}" for name, registered in SOURCES.items())
SourceName = Annotated[str, Field(json_schema_extra={"enum": list(SOURCES), **shown("Source", _NAMES)})]
"""A list to choose from in the form of the Prefect UI."""
Beginning = Annotated[date, Field(json_schema_extra=shown("First day"))]
Redo = Annotated[bool, Field(json_schema_extra=shown("Load again"))]
_FRESH = timedelta(days=1)
"""A window still open to restatement counts as done for so long: a resumed backfill need not begin anew."""


@flow(name="backfill", **INGESTION, description=__doc__)
def backfill(
    source: SourceName, date_from: Beginning, date_to: LastDay = None, refresh: Redo = False
) -> State[object]:
    """Load a long range of days of one source.

    Args:
        date_from: Where to begin. Days that the source no longer keeps are left out.
        refresh: Also the days that an earlier backfill or load has done. Off, they are skipped.
    """
    registered = registered_source(source)
    whole = range_of(registered.source, date_from, date_to, warn=True)
    windows = list(split(whole, registered.source.backfill_months))
    done = set() if refresh else _done(registered.source, windows)
    progress = create_progress_artifact(0.0, key=f"backfill-{source.replace('_', '-')}", description=str(whole))
    assert isinstance(progress, UUID)
    for number, window in enumerate(windows, 1):
        if window in done:
            logger.info("%s %s is done already (%d of %d)", source, window, number, len(windows))
        else:
            logger.info("%s %s (%d of %d)", source, window, number, len(windows))
            # So that the server's automations see this run too, and no load's own tag: it is no load in time.
            with tags(OURS):
                registered.flow(date_from=window.first, date_to=window.last, refresh=refresh)
        update_progress_artifact(progress, 100 * number / len(windows))
    message = f"{whole}: {len(windows) - len(done)} windows loaded, {len(done)} were done"
    note(message)
    return Completed(message=message, data=message)


def range_of(source: Source, first: date, last: date | None, *, warn: bool = False) -> Window:
    """The days of a backfill: never after the newest complete day of the source, as it is done with what it loads.
    Raises UsageError. `warn`: log what differs from what was asked for."""
    newest = newest_day(source)
    if last == moscow_today() > newest:
        if first > newest:
            raise UsageError(
                f"A backfill of {source.title} goes up to {newest}, since {last} is not over yet. "
                "`zakaz load` can load today."
            )
        if warn:
            logger.warning("%s: %s is not over yet: loading up to %s", source.title, last, newest)
        last = newest
    return window_of(source, 1, first, last, warn=warn)


def registered_source(name: str) -> Registered:
    """Raises UsageError."""
    if name not in SOURCES:
        raise UsageError(f"There is no source {name or 'without a name'}. Sources: {', '.join(SOURCES)}.")
    return SOURCES[name]


def split(whole: Window, months: int) -> Iterator[Window]:
    """The range cut at the first days of every `months`-th month, so that another range has the same windows."""
    first = whole.first
    while first <= whole.last:
        index = (first.year * 12 + first.month - 1) // months * months + months
        last = date(index // 12, index % 12 + 1, 1) - timedelta(days=1)
        yield Window(first=first, last=min(last, whole.last))
        first = last + timedelta(days=1)


def _done(source: Source, windows: list[Window]) -> set[Window]:
    settings = load_settings()
    with migrated(settings) as client:
        good = covered(client, source.job, source.fingerprint(settings))
    return {window for window in windows if _is_done(source, window, good)}


def _is_done(source: Source, window: Window, good: pl.DataFrame) -> bool:
    """A good run read all of it after it was over, and either nothing can have changed since or it was just now."""
    settled = window.end + timedelta(days=source.restated_days)
    last = pl.col("read_at")
    enough = reads(good, window).filter(
        (last >= window.end) & ((last >= settled) | (last >= datetime.now(UTC) - _FRESH))
    )
    return enough.height > 0
