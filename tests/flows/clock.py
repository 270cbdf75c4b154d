"""The Moscow day a test lives on. All tests together may take longer than a day lasts; one test does not."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from functools import cache

from tests.flows.truth import moscow_day

LONGEST = timedelta(minutes=10)
"""No test takes as long."""
BEGINNING = timedelta(minutes=15)
"""By then each source of the made-up world has spend of the day."""


def now() -> datetime:
    """Now, but one instant for all tests of a day, so that worlds made of it are the same."""
    return _first_asked(today())


@cache
def _first_asked(day: date) -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def today() -> date:
    return moscow_day(datetime.now(UTC))


def yesterday() -> date:
    return today() - timedelta(days=1)


def wait_for_a_day_that_lasts() -> None:
    """Around midnight, wait for the next day: the product and the test each read the clock, and must agree."""
    while moscow_day(datetime.now(UTC) - BEGINNING) != moscow_day(datetime.now(UTC) + LONGEST):
        time.sleep(1)


def first_of(days: int) -> date:
    """The first of so many days that end with yesterday, as `--days` of ads counts them."""
    return today() - timedelta(days=days)
