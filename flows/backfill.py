"""A long range of days, in windows that can be resumed: what is done is skipped, a failed window ends the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import polars as pl
from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.ingest import fingerprint
from flows.registry import SOURCES, Registered
from flows.running import window_of
from flows.source import Source
from tasks.errors import UsageError
from tasks.load.migrate import migrate
from tasks.load.runs import covered
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")

_FRESH = timedelta(days=1)
"""A window still open to restatement counts as done for so long: a resumed backfill need not begin anew."""


@flow(name="backfill", flow_run_name="backfill {source} {date_from}..{date_to}", description=__doc__)
def backfill(
    source: str, date_from: date, date_to: date | None = None, refresh: bool = False, env: str | None = None
) -> State[object]:
    """Load a long range of days of one source.

    Args:
        source: qtickets, vk_ads or direct.
        date_from: First day, for example 2023-01-01.
        date_to: Last day; the newest complete one if left out.
        refresh: Load again what is done.
        env: A settings file, for example secrets/.env.qtickets.
    """
    registered = registered_source(source)
    whole = window_of(registered.source, 1, date_from, date_to)
    windows = list(split(whole, registered.source.backfill_months))
    done = set() if refresh else _done(registered.source, windows, Path(env) if env else None)
    progress = create_progress_artifact(0.0, key=f"backfill-{source.replace('_', '-')}", description=str(whole))
    assert isinstance(progress, UUID)
    for number, window in enumerate(windows, 1):
        if window in done:
            logger.info("%s %s is done already (%d of %d)", source, window, number, len(windows))
        else:
            logger.info("%s %s (%d of %d)", source, window, number, len(windows))
            registered.flow(date_from=window.first, date_to=window.last, refresh=refresh, env=env)
        update_progress_artifact(progress, 100 * number / len(windows))
    message = f"{whole}: {len(windows) - len(done)} windows loaded, {len(done)} were done"
    return Completed(message=message, data=message)


def registered_source(name: str) -> Registered:
    """Raises UsageError."""
    if name not in SOURCES:
        raise UsageError(f"There is no source {name}. Sources: {', '.join(SOURCES)}.")
    return SOURCES[name]


def split(whole: Window, months: int) -> Iterator[Window]:
    """The range cut at the first days of every `months`-th month, so that another range has the same windows."""
    first = whole.first
    while first <= whole.last:
        index = (first.year * 12 + first.month - 1) // months * months + months
        last = date(index // 12, index % 12 + 1, 1) - timedelta(days=1)
        yield Window(first=first, last=min(last, whole.last))
        first = last + timedelta(days=1)


def _done(source: Source, windows: list[Window], env: Path | None) -> set[Window]:
    settings = load_settings(env)
    with warehouse(settings) as client:
        migrate(client)
        good = covered(client, source.job, fingerprint(source, settings))
    return {window for window in windows if _is_done(source, window, good)}


def _is_done(source: Source, window: Window, good: pl.DataFrame) -> bool:
    """A good run read all of it after it was over, and either nothing can have changed since or it was just now."""
    settled = window.end + timedelta(days=source.restated_days)
    last = pl.col("read_at")
    runs = good.filter(
        (pl.col("first") <= window.first)
        & (pl.col("last") >= window.last)
        & (last >= window.end)
        & ((last >= settled) | (last >= datetime.now(UTC) - _FRESH))
    )
    return runs.height > 0
