"""How ads.getStatistics groups days: the text of a row's period, and which dates may be asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.vk.legacy import errors
from sandbox.vk.legacy.arguments import Arguments, required

_DAY, _MONTH, _YEAR = r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d", r"\d{4}"
_FORMS = {"day": _DAY, "week": _DAY, "month": _MONTH, "year": _YEAR, "overall": "0"}
_YEAR_LENGTH, _MONTH_LENGTH = 4, 7
Label = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Period:
    """``first`` is None for the beginning of all things; both ends are included."""

    kind: str
    first: date | None
    last: date

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and day <= self.last

    def label(self, day: date) -> Label:
        """The keys by which a row tells the period that this day falls into."""
        return _LABELS[self.kind](day)


def _week(day: date) -> Label:
    monday = day - timedelta(days=day.weekday())
    return (("day_from", monday.isoformat()), ("day_to", (monday + timedelta(days=6)).isoformat()))


_LABELS: dict[str, Callable[[date], Label]] = {
    "day": lambda day: (("day", day.isoformat()),),
    "week": _week,
    "month": lambda day: (("month", f"{day:%Y-%m}"),),
    "year": lambda day: (("year", f"{day:%Y}"),),
    "overall": lambda _: (("overall", 1),),
}


def period_of(arguments: Arguments, today: date) -> Period:
    """``0`` is the creation as first and today as last day; with ``overall`` both must be 0."""
    kind = required(arguments, "period")
    if kind not in _FORMS:
        raise errors.invalid("period")
    first = _bound(arguments, "date_from", kind)
    last = _bound(arguments, "date_to", kind)
    end = today if last is None else _end(last, kind)
    if first is not None and first > end:
        raise errors.invalid("date_to")
    return Period(kind, first, end)


def _bound(arguments: Arguments, name: str, kind: str) -> date | None:
    text = required(arguments, name)
    if text == "0":
        return None
    if not re.fullmatch(_FORMS[kind], text):
        raise errors.invalid(name)
    padded = text + {_YEAR_LENGTH: "-01-01", _MONTH_LENGTH: "-01"}.get(len(text), "")
    try:
        return date.fromisoformat(padded)
    except ValueError as error:
        raise errors.invalid(name) from error


def _end(start: date, kind: str) -> date:
    if kind == "month":
        return (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return start.replace(month=12, day=31) if kind == "year" else start
