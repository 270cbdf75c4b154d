"""Named ranges, worked out on a calendar for Monday 23 November 2026."""

from __future__ import annotations

import pytest

from tests.sandbox.direct.helpers import Send

RANGES = {
    "TODAY": ("2026-11-23", "2026-11-23"),
    "YESTERDAY": ("2026-11-22", "2026-11-22"),
    "LAST_3_DAYS": ("2026-11-20", "2026-11-22"),
    "LAST_5_DAYS": ("2026-11-18", "2026-11-22"),
    "LAST_7_DAYS": ("2026-11-16", "2026-11-22"),
    "LAST_14_DAYS": ("2026-11-09", "2026-11-22"),
    "LAST_30_DAYS": ("2026-10-24", "2026-11-22"),
    "LAST_90_DAYS": ("2026-08-25", "2026-11-22"),
    "LAST_365_DAYS": ("2025-11-23", "2026-11-22"),
    "THIS_WEEK_MON_TODAY": ("2026-11-23", "2026-11-23"),
    "THIS_WEEK_SUN_TODAY": ("2026-11-22", "2026-11-23"),
    "LAST_WEEK": ("2026-11-16", "2026-11-22"),
    "LAST_BUSINESS_WEEK": ("2026-11-16", "2026-11-20"),
    "LAST_WEEK_SUN_SAT": ("2026-11-15", "2026-11-21"),
    "THIS_MONTH": ("2026-11-01", "2026-11-23"),
    "LAST_MONTH": ("2026-10-01", "2026-10-31"),
    "ALL_TIME": ("2023-11-01", "2026-11-23"),
    "AUTO": ("2026-11-20", "2026-11-23"),
}


@pytest.mark.parametrize("name", RANGES)
def test_a_named_range_covers_its_moscow_days(api, report: Send, name: str):
    api.switches.online_days_limit = None
    answer = report({"processingMode": "online"}, DateRangeType=name)
    first, last = RANGES[name]
    assert answer.text.splitlines()[0] == f'"r1 ({first} - {last})"'
