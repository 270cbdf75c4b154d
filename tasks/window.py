"""Moscow days: the unit in which sources are read, restated and reported."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

MOSCOW = ZoneInfo("Europe/Moscow")


def moscow_today(now: datetime | None = None) -> date:
    return (now or datetime.now(UTC)).astimezone(MOSCOW).date()


class Window(BaseModel):
    """The Moscow days `first` to `last`, both included."""

    model_config = ConfigDict(frozen=True)

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.last < self.first:
            raise ValueError(f"the window ends on {self.last}, before it begins on {self.first}")
        return self

    @classmethod
    def trailing(cls, days: int, today: date) -> Window:
        """The last `days` days, today included."""
        return cls(first=today - timedelta(days=days - 1), last=today)

    @property
    def start(self) -> datetime:
        """The first instant, in UTC."""
        return datetime.combine(self.first, time.min, MOSCOW).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first instant after the window, in UTC."""
        return datetime.combine(self.last + timedelta(days=1), time.min, MOSCOW).astimezone(UTC)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"
