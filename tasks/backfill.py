"""A long range of days, in windows that can be resumed: what is done is skipped, a failed window ends the run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from tasks.load.migrate import migrated
from tasks.load.runs import covered, reads
from tasks.sources.accounts import Account
from tasks.sources.source import Source
from tasks.sources.windows import backfill_window, split_by_months
from tasks.steps import described_since
from tasks.translation import numbered
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")

_FRESH = timedelta(days=1)
"""A window still open to restatement counts as done for so long: a resumed backfill need not begin anew."""


def backfill(
    account: Account,
    first: date,
    last: date | None,
    *,
    refresh: bool,
    load: Callable[[Window], object],
    progress: Callable[[float], None] = lambda _share: None,
) -> str:
    """Load each window that is not done, with `load`; what was done, in a line. `refresh`: also those that are
    done. `progress` is called with the share that is done. Raises what `load` raises, and UsageError."""
    source = account.source
    whole = backfill_window(source, first, last)
    windows = list(split_by_months(whole, source.piece_months))
    done = set() if refresh else _done(account, windows)
    token = described_since.set(datetime.now(UTC).replace(microsecond=0))
    try:
        for number, window in enumerate(windows, 1):
            is_done = window in done
            logger.info("%s %s%s (%d of %d)", account.label, window, " is done" * is_done, number, len(windows))
            if not is_done:
                load(window)
            progress(number / len(windows))
    finally:
        described_since.reset(token)
    loaded = len(windows) - len(done)
    was_done = numbered(len(done), "was done", "were done")
    return f"{whole}: {numbered(loaded, 'window loaded', 'windows loaded')}, {was_done}"


def _done(account: Account, windows: list[Window]) -> set[Window]:
    with migrated(account.settings) as client:
        good = covered(client, account.source.job, account.name)
    return {window for window in windows if _is_done(account.source, window, good)}


def _is_done(source: Source, window: Window, good: pl.DataFrame) -> bool:
    """A good run read all of it after it was over, and either nothing can have changed since or it was just now."""
    settled = window.end + timedelta(days=source.restated_days)
    last = pl.col("read_at")
    enough = reads(good, window).filter(
        (last >= window.end) & ((last >= settled) | (last >= datetime.now(UTC) - _FRESH))
    )
    return enough.height > 0
