"""Events with their shows become one row an event: its city, whether it is on, its first and last show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from tasks.transform.qtickets import events
from tests.validation.frames import RAW_EVENT, raw_events
from validation import qtickets as must
from validation.split import split

CITIES = pl.DataFrame({"city": ["томск", "москва"], "alias": ["томск", "msk"]})


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    """Events made of these rows: an event's own, which names no show, and those of its shows."""
    return events(raw_events(*changes), CITIES).rows(named=True)


def show(number: int, start: str | None, deleted: str | None = None, event: str = "24000") -> dict[str, str | None]:
    return {"event_id": event, "show_id": str(number), "show_start_at": start, "show_deleted_at": deleted}


def test_an_event_by_hand() -> None:
    (event,) = made(
        {"event_name": " Щелкунчик ", "city": "ТОМСК"},
        {"event_name": " Щелкунчик ", "city": "ТОМСК"} | show(1, "2026-03-10T19:00:00+03:00"),
        {"event_name": " Щелкунчик ", "city": "ТОМСК"} | show(2, "2026-03-08T02:30:00+07:00"),
    )

    assert event == {
        "event_id": 24000,
        "event_name": "Щелкунчик",
        "city": "томск",
        "venue": "Дворец",
        "timezone": "Asia/Tomsk",
        "currency": "RUB",
        "is_active": 1,
        "first_show_at": datetime(2026, 3, 7, 19, 30, tzinfo=UTC),
        "last_show_at": datetime(2026, 3, 10, 16, tzinfo=UTC),
    }


def test_an_event_without_shows_has_no_show_dates() -> None:
    (event,) = made({})

    assert (event["first_show_at"], event["last_show_at"]) == (None, None)


def test_a_deleted_show_sets_neither_date() -> None:
    gone = "2026-01-01T00:00:00+03:00"

    (event,) = made(
        {},
        show(1, "2026-03-01T19:00:00+03:00", gone),
        show(2, "2026-03-10T19:00:00+03:00"),
        show(3, "2026-03-20T19:00:00+03:00", gone),
    )

    assert event["first_show_at"] == event["last_show_at"] == datetime(2026, 3, 10, 16, tzinfo=UTC)


def test_an_event_all_of_whose_shows_are_deleted_has_no_show_dates() -> None:
    (event,) = made({}, show(1, "2026-03-01T19:00:00+03:00", "2026-01-01T00:00:00+03:00"))

    assert (event["first_show_at"], event["last_show_at"]) == (None, None)


@pytest.mark.parametrize(
    ("flag", "deleted", "active"),
    [
        ("1", None, 1),
        ("true", None, 1),
        ("0", None, 0),
        ("false", None, 0),
        (None, None, 0),
        ("1", "2026-01-01T00:00:00+03:00", 0),
        ("0", "2026-01-01T00:00:00+03:00", 0),
    ],
)
def test_an_event_is_on_while_it_is_neither_hidden_nor_deleted(
    flag: str | None, deleted: str | None, active: int
) -> None:
    assert [event["is_active"] for event in made({"is_active": flag, "event_deleted_at": deleted})] == [active]


def test_shows_stay_with_their_own_event() -> None:
    first, second = made(
        {"event_id": "1"},
        show(1, "2026-03-01T19:00:00+03:00", event="1"),
        {"event_id": "2"},
        show(2, "2026-04-01T19:00:00+03:00", event="2"),
        show(3, "2026-05-01T19:00:00+03:00", event="1"),
    )

    assert (first["event_id"], first["first_show_at"].month, first["last_show_at"].month) == (1, 3, 5)
    assert (second["event_id"], second["first_show_at"].month, second["last_show_at"].month) == (2, 4, 4)


@pytest.mark.parametrize("name", ["event_name", "city", "venue", "timezone", "currency"])
def test_what_the_source_does_not_say_of_an_event_is_null_and_may_be_known_to_the_warehouse(name: str) -> None:
    (event,) = made({name: None})

    assert event[name] is None


def test_the_frame_is_what_the_warehouse_expects() -> None:
    frame = events(raw_events({}, show(1, "2026-03-01T19:00:00+03:00")), CITIES)

    assert split(frame, must.events).rejected.height == 0
    empty = events(pl.DataFrame(schema=dict.fromkeys(RAW_EVENT, pl.String)), CITIES)
    assert empty.schema == frame.schema
