"""Events to load: what a test does not say about one is ordinary."""

from typing import Any

import polars as pl

from tests.tasks.load.tickets import utc
from tests.validation.frames import typed

_INSTANT = pl.Datetime("ms", "UTC")
_EVENT: dict[str, tuple[Any, Any]] = {
    "account": (pl.String, "main"),
    "event_id": (pl.UInt64, 0),
    "event_name": (pl.String, "Лекция"),
    "city": (pl.String, "москва"),
    "venue": (pl.String, "Клуб"),
    "timezone": (pl.String, "Europe/Moscow"),
    "currency": (pl.String, "RUB"),
    "is_active": (pl.UInt8, 1),
    "first_show_at": (_INSTANT, utc("2026-04-01T16:00")),
    "last_show_at": (_INSTANT, None),
}


def event(event_id: int, name: str = "Лекция", city: str = "москва", **given: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_name": name, "city": city, **given}


def event_frame(*events: dict[str, Any]) -> pl.DataFrame:
    return typed(_EVENT, events)
