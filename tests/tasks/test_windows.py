"""Windows of Moscow days, which lie side by side without a gap. Which days are loaded for what was asked: never one that is
still to come, and today's spend only on request."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import UsageError
from tasks.sources import SOURCES
from tasks.sources.source import Source
from tasks.sources.windows import backfill_window, requested_window, split_by_months
from tasks.window import Window, moscow_today

TODAY = date(2026, 11, 24)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
QTICKETS, VK, DIRECT, _ = SOURCES.values()


def asked(source: Source, days: int | None = None, first: date | None = None, last: date | None = None) -> Window:
    return requested_window(source, days, first, last, today=TODAY)


def days(first: date, last: date) -> Window:
    return Window(first=first, last=last)


def test_a_window_that_makes_no_sense_is_refused() -> None:
    for first, last, words in (
        (YESTERDAY, TOMORROW, "The window ends on 2026-11-25, which is after today (2026-11-24 in Moscow)."),
        (TOMORROW, None, "The window begins on 2026-11-25, which is after today"),
        (YESTERDAY, date(2026, 11, 22), "ends on 2026-11-22, before it begins on 2026-11-23."),
        (date.min, None, "nothing before 2000-01-01"),
    ):
        for window in (asked, lambda *given: backfill_window(VK, *given[2:], today=TODAY)):
            with pytest.raises(UsageError, match=re.escape(words)):
                window(VK, None, first, last)


def test_days_back_end_with_the_newest_complete_day_and_each_source_has_its_own_number() -> None:
    assert asked(QTICKETS, 2) == asked(QTICKETS) == asked(QTICKETS, first=YESTERDAY) == days(YESTERDAY, TODAY)
    assert asked(VK, 2) == asked(DIRECT, 2) == days(date(2026, 11, 22), YESTERDAY)
    assert (asked(VK).days, asked(DIRECT).days) == (14, 7)
    for number in (0, 1101):
        with pytest.raises(UsageError, match=f"at least 1 and at most 1100, not {number}"):
            asked(QTICKETS, number)


def test_todays_spend_is_loaded_where_asked_for_and_never_by_a_backfill(caplog: pytest.LogCaptureFixture) -> None:
    assert asked(DIRECT, None, YESTERDAY, TODAY) == days(YESTERDAY, TODAY)
    assert backfill_window(QTICKETS, YESTERDAY, TODAY, today=TODAY) == days(YESTERDAY, TODAY), "sales are as good"
    assert caplog.messages == ["Yandex Direct: 2026-11-24 is not over yet, so its figures are not final"]
    first = date(2026, 10, 30)
    for last in (None, TODAY):
        whole = backfill_window(DIRECT, first, last, today=TODAY)
        assert whole == days(first, YESTERDAY)
    assert list(split_by_months(whole, 1)) == [days(first, date(2026, 10, 31)), days(date(2026, 11, 1), YESTERDAY)]
    with pytest.raises(UsageError, match="goes up to 2026-11-23, since 2026-11-24 is not over yet"):
        backfill_window(DIRECT, TODAY, TODAY, today=TODAY)


def test_days_before_the_history_of_a_source_are_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    assert asked(VK, None, date(2023, 1, 1), YESTERDAY) == days(TODAY - timedelta(days=365), YESTERDAY)
    assert caplog.messages == ["VK Ads keeps 365 days: loading from 2025-11-24"]
    with pytest.raises(UsageError, match="keeps 365 days, so nothing before 2025-11-24 can be loaded"):
        asked(VK, None, date(2023, 1, 1), date(2023, 2, 1))


@given(*[st.dates(date(2020, 1, 1), date(2026, 1, 8))] * 2, st.sampled_from([1, 3, 12]))
def test_windows_of_a_backfill_cover_every_day_once_wherever_it_begins(one, other, months) -> None:  # type: ignore[no-untyped-def]
    whole = Window(first=min(one, other), last=max(one, other))
    windows = list(split_by_months(whole, months))
    days = [window.first + timedelta(days=n) for window in windows for n in range(window.days)]
    assert days == [whole.first + timedelta(days=n) for n in range(whole.days)]
    assert all(w.first.day == 1 and (w.first.month - 1) % months == 0 for w in windows[1:])


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
