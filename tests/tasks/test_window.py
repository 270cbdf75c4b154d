"""Windows of Moscow days: every instant lies in one day, and days lie side by side without a gap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.window import Window, moscow_today

DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
LENGTHS = st.integers(0, 400)
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# Moscow has kept three hours ahead of UTC since October 2014.
THREE_HOURS = timedelta(hours=3)


@given(DAYS, LENGTHS)
def test_a_window_is_whole_days_of_24_hours(first: date, length: int) -> None:
    window = Window(first=first, last=first + timedelta(days=length))

    assert window.end - window.start == window.days * timedelta(days=1) == timedelta(days=length + 1)


@given(DAYS, LENGTHS)
def test_the_next_window_begins_where_one_ends(first: date, length: int) -> None:
    last = first + timedelta(days=length)

    after = Window(first=last + timedelta(days=1), last=last + timedelta(days=3))
    assert Window(first=first, last=last).end == after.start


@given(DAYS)
def test_the_moscow_midnight_is_21_o_clock_utc_of_the_day_before(day: date) -> None:
    window = Window(first=day, last=day)

    before = day - timedelta(days=1)
    assert window.start == datetime(before.year, before.month, before.day, 21, tzinfo=UTC)
    assert window.end == datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


@given(st.integers(1_420_070_400, 2_200_000_000), OFFSETS)
def test_an_instant_lies_in_its_moscow_day_whatever_its_offset(seconds: int, offset: timezone) -> None:
    moment = datetime.fromtimestamp(seconds, offset)
    day = moscow_today(moment)

    assert day == (datetime.fromtimestamp(seconds, UTC) + THREE_HOURS).date()
    window = Window(first=day, last=day)
    assert window.start <= moment < window.end


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (datetime(2026, 3, 9, 20, 59, 59, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 3, 9, 21, 0, 0, tzinfo=UTC), date(2026, 3, 10)),
        (datetime(2025, 12, 31, 21, 0, 0, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2024, 2, 28, 21, 0, 0, tzinfo=UTC), date(2024, 2, 29)),
    ],
)
def test_by_hand_around_midnight(utc: datetime, day: date) -> None:
    assert moscow_today(utc) == day


def test_today_without_an_instant_is_the_moscow_day_of_now() -> None:
    before = (datetime.now(UTC) + THREE_HOURS).date()

    assert moscow_today() in (before, before + timedelta(days=1))


def test_in_the_days_of_summer_time_a_day_began_as_moscow_had_it() -> None:
    """Old orders: four hours ahead of UTC in the summer of 2010 and from 2011 to October 2014."""
    assert Window(first=date(2013, 1, 15), last=date(2013, 1, 15)).start.hour == 20
    assert Window(first=date(2010, 1, 15), last=date(2010, 1, 15)).start.hour == 21
    short = Window(first=date(2010, 3, 28), last=date(2010, 3, 28))
    assert short.end - short.start == timedelta(hours=23)


@settings(max_examples=50)
@given(st.integers(1, 500), DAYS)
def test_a_trailing_window_ends_today_and_counts_today(days: int, today: date) -> None:
    window = Window.trailing(days, today)

    assert (window.last, window.days) == (today, days)


@pytest.mark.parametrize("days", [1, 30])
def test_a_window_that_ends_before_it_begins_is_refused(days: int) -> None:
    with pytest.raises(ValidationError, match="before it begins on 2026-03-10"):
        Window(first=date(2026, 3, 10), last=date(2026, 3, 10) - timedelta(days=days))


def test_a_window_is_written_as_its_days() -> None:
    assert str(Window(first=date(2026, 3, 9), last=date(2026, 3, 9))) == "2026-03-09"
    assert str(Window(first=date(2026, 3, 9), last=date(2026, 3, 10))) == "2026-03-09..2026-03-10"


@given(DAYS, LENGTHS)
def test_a_window_comes_back_from_json_as_it_was(first: date, length: int) -> None:
    window = Window(first=first, last=first + timedelta(days=length))

    assert Window.model_validate_json(window.model_dump_json()) == window
