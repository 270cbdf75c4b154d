"""Which days are loaded for what was asked: never one that is still to come, and today's spend only on request."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from flows.running import window_of
from tasks.sources.registry import SOURCES

from flows import backfill, running
from flows.backfill import range_of, split
from tasks.errors import UsageError
from tasks.sources.source import Source
from tasks.window import Window

TODAY = date(2026, 11, 24)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
QTICKETS, VK, DIRECT = (SOURCES[name].source for name in ("qtickets", "vk_ads", "direct"))
every = pytest.mark.parametrize("source", [QTICKETS, VK, DIRECT], ids=lambda source: source.name)
ads = pytest.mark.parametrize("source", [VK, DIRECT], ids=lambda source: source.name)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (running, backfill):
        monkeypatch.setattr(module, "moscow_today", lambda: TODAY)


def days(first: date, last: date) -> Window:
    return Window(first=first, last=last)


@every
@pytest.mark.parametrize("last", [TOMORROW, date(2027, 1, 1), date.max])
@pytest.mark.parametrize("first", [YESTERDAY, None])
def test_a_window_that_ends_after_today_is_refused(source: Source, first: date | None, last: date) -> None:
    refusal = f"The window ends on {last}, which is after today (2026-11-24 in Moscow)."
    with pytest.raises(UsageError) as caught:
        window_of(source, 1, first, last)
    assert str(caught.value) == refusal
    with pytest.raises(UsageError) as caught:
        range_of(source, first or YESTERDAY, last)
    assert str(caught.value) == refusal


@every
def test_a_window_that_begins_after_today_is_refused(source: Source) -> None:
    for asked in (window_of(source, 1, YESTERDAY, YESTERDAY), range_of(source, YESTERDAY, YESTERDAY)):
        assert asked == days(YESTERDAY, YESTERDAY)
    with pytest.raises(UsageError, match="begins on 2026-11-25, which is after today"):
        window_of(source, 1, TOMORROW, None)
    with pytest.raises(UsageError, match="begins on 2026-11-25, which is after today"):
        range_of(source, TOMORROW, None)


@every
@pytest.mark.parametrize("year", ["0001-01-01", "0226-11-01", "1999-12-31"])
def test_a_mistyped_year_is_refused(source: Source, year: str) -> None:
    with pytest.raises(UsageError, match=f"begins on {year}, but nothing before 2000-01-01 can be loaded"):
        window_of(source, 1, date.fromisoformat(year), None)
    with pytest.raises(UsageError, match=f"begins on {year}, but nothing before 2000-01-01 can be loaded"):
        range_of(source, date.fromisoformat(year), None)


@every
@pytest.mark.parametrize("number", [-1, 0, 1101, 99_999, 10**12])
def test_a_number_of_days_that_makes_no_sense_is_refused(source: Source, number: int) -> None:
    with pytest.raises(UsageError, match=f"at least 1 and at most 1100, not {number}"):
        window_of(source, number, None, None)


def test_days_back_end_with_the_newest_complete_day() -> None:
    assert window_of(QTICKETS, 2, None, None) == days(YESTERDAY, TODAY)
    assert window_of(VK, 2, None, None) == days(date(2026, 11, 22), YESTERDAY)
    assert window_of(DIRECT, 2, None, None) == days(date(2026, 11, 22), YESTERDAY)


@ads
def test_a_load_of_todays_spend_is_done_where_asked_for_and_says_that_it_is_not_final(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    assert window_of(source, 1, YESTERDAY, TODAY, warn=True) == days(YESTERDAY, TODAY)
    assert caplog.messages == [f"{source.title}: 2026-11-24 is not over yet, so its figures are not final"]


@ads
def test_a_backfill_of_spend_ends_yesterday_and_says_so(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    first = date(2026, 10, 30)
    for last in (None, TODAY):
        whole = range_of(source, first, last, warn=True)
        assert whole == days(first, YESTERDAY)
        assert list(split(whole, 1)) == [days(first, date(2026, 10, 31)), days(date(2026, 11, 1), YESTERDAY)]
    assert caplog.messages == [f"{source.title}: 2026-11-24 is not over yet: loading up to 2026-11-23"]
    with pytest.raises(UsageError, match="goes up to 2026-11-23, since 2026-11-24 is not over yet"):
        range_of(source, TODAY, TODAY)


def test_ticket_sales_of_today_are_as_good_as_any(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert window_of(QTICKETS, 1, YESTERDAY, TODAY, warn=True) == days(YESTERDAY, TODAY)
    assert range_of(QTICKETS, YESTERDAY, TODAY, warn=True) == days(YESTERDAY, TODAY)
    assert caplog.messages == []


def test_days_before_the_history_of_a_source_are_left_out_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    oldest = TODAY - timedelta(days=365)
    assert window_of(VK, 1, date(2023, 1, 1), YESTERDAY) == days(oldest, YESTERDAY)
    assert caplog.messages == []
    assert window_of(VK, 1, date(2023, 1, 1), YESTERDAY, warn=True) == days(oldest, YESTERDAY)
    assert caplog.messages == ["VK Ads keeps 365 days: loading from 2025-11-24"]
    with pytest.raises(UsageError, match="keeps 365 days, so nothing before 2025-11-24 can be loaded"):
        window_of(VK, 1, date(2023, 1, 1), date(2023, 2, 1))
