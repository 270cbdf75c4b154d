"""Which days a run loads: those that were asked for and that the source has, and how a long range is cut."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta

from tasks.errors import UsageError
from tasks.sources.source import Source
from tasks.translation import numbered
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.flow")

MOST_DAYS = 1100
_DAYS_A_MONTH = 31
_EARLIEST = date(2000, 1, 1)
"""No source is older. Also, Moscow's first days of the calendar have no instants in UTC."""


def requested_window(
    source: Source,
    days: int | None = None,
    first: date | None = None,
    last: date | None = None,
    *,
    today: date | None = None,
) -> Window:
    """The trailing `days`, the source's own number where nothing is given, or `first` to `last`.

    Today is loaded from a source whose today is not complete (`lag_days`) only where `last` asks for it. What
    differs from what was asked for is logged. Raises UsageError.
    """
    today = today or moscow_today()
    newest = newest_day(source, today)
    if first is None and last is None:
        days = source.days if days is None else days
        if not 1 <= days <= MOST_DAYS:
            raise UsageError(
                f"The number of days must be at least 1 and at most {MOST_DAYS}, not {days}. "
                "For a longer range there is `zakaz backfill`."
            )
        return _kept_by_source(source, Window.trailing(days, newest), today)
    for word, day in (("begins", first), ("ends", last)):
        if day and day > today:
            raise UsageError(f"The window {word} on {day}, which is after today ({today} in Moscow).")
        if day and day < _EARLIEST:
            raise UsageError(f"The window {word} on {day}, but nothing before {_EARLIEST} can be loaded.")
    first, last = first or last or newest, last or newest
    if last < first:
        raise UsageError(f"The window ends on {last}, before it begins on {first}.")
    if last > newest:
        logger.warning("%s: %s is not over yet, so its figures are not final", source.title, last)
    return _kept_by_source(source, Window(first=first, last=last), today)


def backfill_window(source: Source, first: date, last: date | None, *, today: date | None = None) -> Window:
    """The days of a backfill: never after the newest complete day of the source, as it is done with what it loads.
    Raises UsageError."""
    today = today or moscow_today()
    newest = newest_day(source, today)
    if last == today > newest:
        if first > newest:
            raise UsageError(
                f"A backfill of {source.title} goes up to {newest}, since {last} is not over yet. "
                "`zakaz load` can load today."
            )
        logger.warning("%s: %s is not over yet: loading up to %s", source.title, last, newest)
        last = newest
    return requested_window(source, first=first, last=last, today=today)


def label(name: str, days: int | None, first: object, last: object) -> str:
    """A load by name, of a source or an account of it: `qtickets 30 days`, or the days that were given, `direct spb
    from 2026-06-01 to 2026-06-30`."""
    words = [f"{word} {day}" for word, day in (("from", first), ("to", last)) if day]
    if days is not None and not words:
        words = [numbered(days, "day")]
    return " ".join([name, *words])


def newest_day(source: Source, today: date) -> date:
    """The newest complete day: of advertising yesterday, since today's spend grows until the day is over."""
    return today - timedelta(days=source.lag_days)


def split_by_months(whole: Window, months: int) -> Iterator[Window]:
    """The range cut at the first days of every `months`-th month, so that overlapping ranges share their
    windows."""
    first = whole.first
    while first <= whole.last:
        index = (first.year * 12 + first.month - 1) // months * months + months
        last = date(index // 12, index % 12 + 1, 1) - timedelta(days=1)
        yield Window(first=first, last=min(last, whole.last))
        first = last + timedelta(days=1)


def split_in_pieces(source: Source, window: Window) -> list[Window]:
    """What one load asks for at a time: memory is bounded by a piece, and a run that died goes on after it."""
    is_long = window.days > _DAYS_A_MONTH * source.piece_months
    return list(split_by_months(window, source.piece_months)) if is_long else [window]


def _kept_by_source(source: Source, window: Window, today: date) -> Window:
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
    logger.warning("%s keeps %d days: loading from %s", source.title, source.history_days, oldest)
    return Window(first=oldest, last=window.last)
