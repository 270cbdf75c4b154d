"""Raw events with their shows become one row an event: its city, whether it is on, its first and last show."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from tasks.transform.qtickets import events
from tests.validation.frames import of_main, raw_events
from validation import qtickets as must
from validation.split import split

CITIES = pl.DataFrame({"city": ["томск", "москва"], "alias": ["томск", "msk"]})
GONE = "2026-01-01T00:00:00+03:00"


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    """Events made of these rows: an event's own, which names no show, and those of its shows."""
    frame = events(raw_events(*changes), CITIES)
    assert split(of_main(frame), must.events).rejected.height == 0
    return frame.rows(named=True)


def show(number: int, start: str | None, deleted: str | None = None, event: str = "24000") -> dict[str, str | None]:
    return {"event_id": event, "show_id": str(number), "show_start_at": start, "show_deleted_at": deleted}


def test_an_event_by_hand() -> None:
    named = {"event_name": " Щелкунчик ", "city": "ТОМСК"}

    event, other = made(
        named,
        named | show(1, "2026-03-10T19:00:00+03:00"),
        named | show(2, "2026-03-08T02:30:00+07:00"),
        # Deleted shows set neither date.
        named | show(3, "2026-03-01T19:00:00+03:00", GONE),
        named | show(4, "2026-03-20T19:00:00+03:00", GONE),
        {"event_id": "2"},
        show(5, "2026-03-01T19:00:00+03:00", GONE, event="2"),
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
    assert (other["event_id"], other["first_show_at"], other["last_show_at"]) == (2, None, None)


def test_an_event_is_on_while_it_is_neither_hidden_nor_deleted() -> None:
    flags = [("1", None), ("true", None), ("0", None), (None, None), ("1", GONE)]
    changes = [
        {"event_id": str(n), "is_active": flag, "event_deleted_at": deleted}
        for n, (flag, deleted) in enumerate(flags, 1)
    ]

    assert [event["is_active"] for event in made(*changes)] == [1, 1, 0, 0, 0]
