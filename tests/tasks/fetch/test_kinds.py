"""Figures, ids and days land as they came; what is none of them is not written down."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.fetch import kinds
from tasks.fetch.direct.objects import Links
from tasks.fetch.direct.rows import described
from tasks.fetch.vk_ads import legacy, today


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "-1.50",
        "1e3",
        " 12 ",
        "2026-03-01",
        "2026-03-01T10:00:00+03:00",
        "--",
        "",
        "NaN",
        "-Infinity",
        "1,5",
        "null",
    ],
)
def test_what_may_be_a_figure_or_a_day_stays(text: str) -> None:
    assert text in (kinds.number(text), kinds.instant(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"email": "a@b.example"}, "an object"),
        (["a@b.example"], "a list"),
        ("a@b.example", "text of 11 characters"),
        ("7 a@b.example", "text of 13 characters"),
        ("+79165550137", "text of 12 characters"),
        ("+7 (916) 555-01-37", "text of 18 characters"),
        ("4276 1600 5550 1374", "text of 19 characters"),
        ("9" * 61, "text of 61 characters"),
        ("\u0661", "text of 1 character"),
        (True, "true"),
        (98.0, "98.0"),
        (None, None),
    ],
)
def test_of_anything_else_only_its_kind_does(value: Any, text: str | None) -> None:
    assert kinds.number(value) == text


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
