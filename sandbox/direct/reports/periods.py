"""Report periods: from a range's name, or its dates, to the first and the last Moscow day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sandbox.direct.errors import DirectError
from sandbox.world.spend import SETTLED_AFTER_DAYS

Period = tuple[date, date]
DEPTH_YEARS = 3
_LAST_DAYS = (3, 5, 7, 14, 30, 90, 365)


def period(kind: object, criteria: Mapping[str, Any], today: date, *, enforce_depth: bool) -> Period:
    """Both ends are included. Dates are for CUSTOM_DATE alone, and required there."""
    given = [name for name in ("DateFrom", "DateTo") if name in criteria]
    if kind != "CUSTOM_DATE":
        if given:
            raise DirectError(8000, f"{given[0]} may be specified only if DateRangeType is CUSTOM_DATE")
        ranges = _ranges(today)
        if kind not in ranges:
            raise DirectError(8000, f"DateRangeType contains an incorrect enumeration value {kind}")
        return ranges[str(kind)]
    first, last = (_date(criteria, name) for name in ("DateFrom", "DateTo"))
    if first > last:
        raise DirectError(4001, "DateFrom must not be later than DateTo")
    if enforce_depth and first < deepest(today):
        raise DirectError(4001, f"Statistics are available from {deepest(today)} on")
    return first, last


def deepest(today: date) -> date:
    """Three years before the current month."""
    return date(today.year - DEPTH_YEARS, today.month, 1)


def _date(criteria: Mapping[str, Any], name: str) -> date:
    if name not in criteria:
        raise DirectError(8000, f"The required field {name} is omitted")
    text = criteria[name]
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise DirectError(8000, f"{name} must be a date in the format YYYY-MM-DD") from error
    if day.isoformat() != text:
        raise DirectError(8000, f"{name} must be a date in the format YYYY-MM-DD")
    return day


def _ranges(today: date) -> dict[str, Period]:
    yesterday = _before(today, 1)
    monday = _before(today, today.weekday())
    sunday = _before(today, (today.weekday() + 1) % 7)
    month = today.replace(day=1)
    last_of_month = _before(month, 1)
    return {
        "TODAY": (today, today),
        "YESTERDAY": (yesterday, yesterday),
        **{f"LAST_{days}_DAYS": (_before(today, days), yesterday) for days in _LAST_DAYS},
        "THIS_WEEK_MON_TODAY": (monday, today),
        "THIS_WEEK_SUN_TODAY": (sunday, today),
        "LAST_WEEK": (_before(monday, 7), _before(monday, 1)),
        "LAST_BUSINESS_WEEK": (_before(monday, 7), _before(monday, 3)),
        "LAST_WEEK_SUN_SAT": (_before(sunday, 7), _before(sunday, 1)),
        "THIS_MONTH": (month, today),
        "LAST_MONTH": (last_of_month.replace(day=1), last_of_month),
        "ALL_TIME": (deepest(today), today),
        # The span in which impressions and clicks may have changed.
        "AUTO": (_before(today, SETTLED_AFTER_DAYS), today),
    }


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)
