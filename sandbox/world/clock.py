"""Days and instants of the world: days are Moscow days, instants are UTC.

Moscow is a fixed offset here, as in the API's replies; dates before October 2014 would be an hour off.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

MOSCOW = timezone(timedelta(hours=3))
QUARTERS = 4


def moscow_day(moment: datetime) -> date:
    return moment.astimezone(MOSCOW).date()


def day_start(day: date) -> datetime:
    return datetime.combine(day, time(), MOSCOW).astimezone(UTC)


def local_time(day: date, hour: int, minute: int, zone: str) -> datetime:
    """That wall-clock time in that zone, as UTC."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


def season_of(day: date) -> int:
    """Number of the day's quarter, counted without gaps: 2026-Q1 is 8104."""
    return day.year * QUARTERS + (day.month - 1) // 3


def season_start(season: int) -> date:
    year, quarter = divmod(season, QUARTERS)
    return date(year, quarter * 3 + 1, 1)
