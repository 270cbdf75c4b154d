"""Numbers, dates, flags and codes are stored as they came; of any other value only its type, in every source."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.fetch import kinds
from tasks.fetch.direct.objects import Links
from tasks.fetch.direct.rows import described
from tasks.fetch.vk_ads import legacy, today

NUMBERS = [
    "-1.50", ".5", "4.995e2", " 12 ", "1 200,00", "12,50 руб", "--", "", "null", "NaN", "-Infinity", "9" * 60,
]  # fmt: skip
INSTANTS = [
    "2026-11-20T12:21:31+03:00", "2026-11-20 12:21:31.000000", "0000-00-00 00:00:00", "-0001-11-30T00:00:00+02:30",
    "01.06.2025 12:23", "1748770000", "2025-W22-7T12:23:40+03:00", "2025-06-01T12:23:40 MSK", "2026-03-01", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS + INSTANTS)
def test_a_number_or_date_stays_whether_it_is_right_or_not(text: str) -> None:
    kind = kinds.number if text in NUMBERS else kinds.instant

    assert kind(text) == text


@pytest.mark.parametrize("kind", [kinds.number, kinds.instant, kinds.flag, kinds.code])
@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"email": "a@b.example"}, "an object"),
        ("7 a@b.example", "text of 13 characters"),
        ("+79161234567", "text of 12 characters"),
        ("+7 (916) 555-01-37", "text of 18 characters"),
        ("4276 1600 5550 1374", "text of 19 characters"),
        ("9" * 61, "text of 61 characters"),
        ("٤٩", "text of 2 characters"),
        (10**70, "text of 71 characters"),
        (True, "true"),
        (None, None),
    ],
)
def test_of_anything_else_only_its_type_is_stored(kind: kinds.Kind, value: Any, stored: str | None) -> None:
    assert kind(value) == stored


def test_each_source_of_ads_keeps_to_it() -> None:
    person = "a@b.example"
    rows: list[dict[str, Any]] = [
        today.statistics_row({"date": [person], "base": {"spent": {"email": person}, "shows": person}}),
        legacy.statistics_row({"day": person, "spent": [person], "clicks": {"a": person}}),
        *described([{"stat_date": person, "cost": person}], {}, {}, Links(), {}),
    ]
    assert person not in str(rows)
    assert (rows[0]["stat_date"], rows[0]["spent"], rows[0]["impressions"]) == (
        "a list",
        "an object",
        "text of 11 characters",
    )
