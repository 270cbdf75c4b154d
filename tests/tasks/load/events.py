"""Events to load: what a test does not say about one is ordinary."""

from typing import Any

import polars as pl

from tests.tasks.load.tickets import utc

_SCHEMA: dict[str, pl.DataType] = {
    "account": pl.String(),
    "event_id": pl.UInt64(),
    "event_name": pl.String(),
    "city": pl.String(),
    "venue": pl.String(),
    "timezone": pl.String(),
    "currency": pl.String(),
    "is_active": pl.UInt8(),
    "first_show_at": pl.Datetime("ms", "UTC"),
    "last_show_at": pl.Datetime("ms", "UTC"),
}


def event(event_id: int, name: str = "Лекция", city: str = "москва", **given: Any) -> dict[str, Any]:
    ordinary = {
        "account": "main",
        "event_id": event_id,
        "event_name": name,
        "city": city,
        "venue": "Клуб",
        "timezone": "Europe/Moscow",
        "currency": "RUB",
        "is_active": 1,
        "first_show_at": utc("2026-04-01T16:00"),
        "last_show_at": None,
    }
    return ordinary | given


def event_frame(*events: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(events), schema=_SCHEMA, orient="row")
