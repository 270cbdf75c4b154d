"""Windows of Moscow days: every instant lies in one day, and days lie side by side without a gap."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from tasks.window import Window, moscow_today

DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(DAYS, st.integers(0, 400))
def test_a_window_is_whole_moscow_days_and_the_next_begins_where_it_ends(first: date, length: int) -> None:
    """Moscow has kept three hours ahead of UTC since October 2014: its midnight is 21:00 UTC of the day before."""
    last = first + timedelta(days=length)
    window = Window(first=first, last=last)

    assert window.start == datetime.combine(first, datetime.min.time(), UTC) - timedelta(hours=3)
    assert window.end - window.start == window.days * timedelta(days=1) == timedelta(days=length + 1)
    assert Window(first=last + timedelta(days=1), last=last + timedelta(days=3)).start == window.end
    assert Window.trailing(length + 1, last) == window
    assert Window.model_validate_json(window.model_dump_json()) == window


@given(st.integers(1_420_070_400, 2_200_000_000), OFFSETS)
def test_an_instant_lies_in_its_moscow_day_whatever_its_offset(seconds: int, offset: timezone) -> None:
    moment = datetime.fromtimestamp(seconds, offset)
    day = moscow_today(moment)

    assert day == (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=3)).date()
    window = Window(first=day, last=day)
    assert window.start <= moment < window.end
