"""Times, ids and tags of a ticket: instants in UTC whatever the offset, tags trimmed, one row a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.transform.lines import made, one, table
from tests.validation.frames import tickets as good_tickets
from validation import qtickets as must
from validation.split import split

# Whole minutes, as ISO 8601 writes offsets.
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# From 2015 to 2035.
INSTANTS = st.integers(1_420_070_400, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@settings(deadline=None)
@given(INSTANTS, OFFSETS)
def test_an_instant_is_the_same_in_every_offset(moment: datetime, offset: timezone) -> None:
    written = moment.astimezone(offset).isoformat()

    ticket = one(payed_at=written, created_at=written, refunded_at=written, refunded_amount="1")

    assert [ticket[name] for name in ("paid_at", "ordered_at", "refunded_at")] == [moment] * 3


@pytest.mark.parametrize(
    ("payed_at", "utc"),
    [
        ("2026-03-09T23:59:59+03:00", datetime(2026, 3, 9, 20, 59, 59, tzinfo=UTC)),
        ("2026-03-10T00:00:00+03:00", datetime(2026, 3, 9, 21, tzinfo=UTC)),
        ("2026-03-09T21:00:00Z", datetime(2026, 3, 9, 21, tzinfo=UTC)),
        ("2026-03-10T07:00:00+10:00", datetime(2026, 3, 9, 21, tzinfo=UTC)),
        ("2025-12-31T23:59:59+03:00", datetime(2025, 12, 31, 20, 59, 59, tzinfo=UTC)),
    ],
)
def test_by_hand_around_the_moscow_midnight(payed_at: str, utc: datetime) -> None:
    assert one(payed_at=payed_at)["paid_at"] == utc


@pytest.mark.parametrize(
    ("payed_at", "day"),
    [
        ("2026-03-09T23:59:59+03:00", "2026-03-09"),
        ("2026-03-10T00:00:00+03:00", "2026-03-10"),
        ("2026-03-10T01:30:00+05:00", "2026-03-09"),
        ("2026-03-09T21:00:00+00:00", "2026-03-10"),
    ],
)
def test_a_ticket_belongs_to_the_moscow_day_of_its_payment(payed_at: str, day: str) -> None:
    frame = table({"payed_at": payed_at, "created_at": "2026-03-01T00:00:00+03:00"})

    assert frame["paid_at"].dt.convert_time_zone("Europe/Moscow").dt.date().cast(pl.String).to_list() == [day]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" vk ", "vk"),
        ("\tcpc\n", "cpc"),
        ("", ""),
        (None, ""),
        ("  ", ""),
        ("VK Реклама", "VK Реклама"),
        ("\u00a0x", "x"),
    ],
)
def test_tags_are_trimmed_and_otherwise_left_as_they_are(written: str | None, kept: str) -> None:
    tags = [f"utm_{name}" for name in ("source", "medium", "campaign", "content", "term")]

    ticket = one(**dict.fromkeys(tags, written))

    assert [ticket[tag] for tag in tags] == [kept] * 5


def test_tags_stay_in_their_own_columns() -> None:
    ticket = one(utm_source="a", utm_medium="b", utm_campaign="c", utm_content="d", utm_term="e")

    assert [ticket[f"utm_{n}"] for n in ("source", "medium", "campaign", "content", "term")] == list("abcde")


def test_ids_as_text_with_zeros_are_numbers_and_an_unknown_show_is_0() -> None:
    ticket = one(ticket_id="0012000001", order_id="1000001", event_id="24000", show_id=None)

    ids = [ticket[name] for name in ("ticket_id", "order_id", "event_id", "show_id")]
    assert ids == [12000001, 1000001, 24000, 0]


def test_a_paid_ticket_whose_order_does_not_say_when_it_was_made_counts_from_its_payment() -> None:
    ticket = one(created_at=None)

    assert ticket["ordered_at"] == ticket["paid_at"] == datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_each_line_gives_one_ticket_in_the_same_order() -> None:
    ids = ["5", "3", "9", "1"]

    assert [ticket["ticket_id"] for ticket in made(*({"ticket_id": n} for n in ids))] == [5, 3, 9, 1]


def test_no_lines_give_an_empty_frame_of_the_same_shape() -> None:
    assert table().schema == table({}).schema
    assert table().height == 0


def test_the_frame_is_what_the_warehouse_expects() -> None:
    assert dict(table({}).schema) == dict(good_tickets({}).schema)
    assert split(table({}, {"payed": "false", "payed_at": None}), must.tickets).rejected.height == 0
