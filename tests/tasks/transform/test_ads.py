"""From days to facts: the owner's convention for utm_content, exact money, days on which nothing was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reference import cities
from tasks.transform.ads import amount, count, facts, identifier
from tests.validation.ad_frames import FACT, ad_days
from validation import ads as must
from validation.split import split

UNTOLD = ("utm_city", "utm_day", "utm_month")


def made(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    days = ad_days(*({"ad_id": number} | change for number, change in enumerate(changes, 1))).drop(UNTOLD)
    return facts(days, cities()).rows(named=True)


@pytest.mark.parametrize(
    ("content", "city", "day", "month"),
    [
        ("msk_01_10", "москва", 1, 10),
        ("MSK_01_10", "москва", 1, 10),
        ("МСК_01_10", "москва", 1, 10),
        ("Москва_1_2", "москва", 1, 2),
        ("spb_31_12", "санкт-петербург", 31, 12),
        ("nizhny_novgorod_05_09", "нижний новгород", 5, 9),
        ("Нижний Новгород_05_09", "нижний новгород", 5, 9),
        ("Нью-Васюки_05_09", "Нью-Васюки", 5, 9),
        ("new_vasyuki_05_09", "new_vasyuki", 5, 9),
        ("msk_29_02", "москва", 29, 2),
        ("msk_00_10", "", 0, 0),
        ("msk_32_10", "", 0, 0),
        ("msk_01_00", "", 0, 0),
        ("msk_01_13", "", 0, 0),
        ("msk_001_10", "", 0, 0),
        ("msk_01_2026", "", 0, 0),
        ("msk_1٣_10", "", 0, 0),
        ("msk-01-10", "", 0, 0),
        ("msk_01", "", 0, 0),
        ("_01_10", "", 0, 0),
        ("01_10", "", 0, 0),
        (" _01_10", "", 1, 10),
        ("msk_01_10x", "", 0, 0),
        ("msk_xx_10", "", 0, 0),
        ("karusel", "", 0, 0),
        ("17735868496", "", 0, 0),
        ("{ad_id}", "", 0, 0),
        ("", "", 0, 0),
        (None, None, None, None),
    ],
)
def test_city_day_and_month_are_read_from_utm_content(
    content: str | None, city: str | None, day: int | None, month: int | None
) -> None:
    (row,) = made({"utm_content": content})

    assert tuple(row[name] for name in UNTOLD) == (city, day, month)
    assert row["utm_content"] == content, "as it was"


@given(st.text(max_size=20))
def test_no_text_in_utm_content_stops_a_load(content: str) -> None:
    text = content.encode("utf-8", "replace").decode()
    (row,) = made({"utm_content": text})

    assert row["utm_city"] is not None
    assert (row["utm_day"] == 0) == (row["utm_month"] == 0)


@pytest.mark.parametrize("figure", ["impressions", "clicks", "spent", "conversions"])
def test_a_day_with_any_figure_stays_and_one_without_goes(figure: str) -> None:
    nothing = {"impressions": 0, "clicks": 0, "spent": Decimal("0.00"), "conversions": 0}
    least = Decimal("0.01") if figure == "spent" else 1

    rows = made(nothing, nothing | {figure: least}, nothing)

    assert [(row["ad_id"], row[figure]) for row in rows] == [(2, least)]


def test_facts_are_what_the_warehouse_expects() -> None:
    days = ad_days({"ad_id": 1}, {"ad_id": 2, **dict.fromkeys(FACT_TAGS)}).drop(UNTOLD)

    part = split(facts(days, cities()), must.facts)

    assert (part.valid.height, part.rejected.height) == (2, 0)


FACT_TAGS = [name for name in FACT if name.startswith("utm_")]


@given(st.lists(st.integers(0, 10**16 - 1), min_size=1, max_size=20), st.sampled_from(["{}.{:02}", "{}.{:02}00"]))
def test_money_is_exact_to_the_kopeck_and_so_is_its_sum(kopecks: list[int], form: str) -> None:
    texts = [form.format(*divmod(number, 100)) for number in kopecks]

    column = pl.DataFrame({"spent": texts}).select(amount("spent"))["spent"]

    assert column.dtype == pl.Decimal(18, 2)
    assert column.to_list() == [Decimal(number) / 100 for number in kopecks]
    assert column.sum() == sum(Decimal(number) / 100 for number in kopecks)


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("5222.40", "5222.40"),
        ("4.5", "4.50"),
        ("7", "7.00"),
        ("0", "0.00"),
        ("0.00", "0.00"),
        ("0.07", "0.07"),
        ("0.29", "0.29"),
        ("1.1", "1.10"),
        ("1662.3300000", "1662.33"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("--", "0.00"),
        ("-", "0.00"),
        ("", "0.00"),
        (None, "0.00"),
    ],
)
def test_money_by_hand(text: str | None, money: str) -> None:
    frame = pl.DataFrame({"spent": [text]}, schema={"spent": pl.String})

    assert frame.select(amount("spent")).item() == Decimal(money)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("3955", 3955), (str(2**63), 2**63), ("--", 0), ("-", 0), (" ", 0)]
)
@pytest.mark.parametrize("read", [count, identifier])
def test_numbers_by_hand(read: Any, text: str | None, number: int) -> None:
    column = pl.DataFrame({"n": [text]}, schema={"n": pl.String}).select(read("n"))["n"]

    assert (column.dtype, column.item()) == (pl.UInt64, number)


def test_an_id_that_the_source_does_not_tell_is_unknown_and_a_count_is_nothing() -> None:
    nothing = pl.DataFrame({"n": [None]}, schema={"n": pl.String})

    assert nothing.select(identifier("n")).item() is None
    assert nothing.select(count("n")).item() == 0


def test_a_day_is_kept_as_it_is() -> None:
    (row,) = made({"stat_date": date(2026, 1, 19), "account_id": "a", "spent_has_vat": 1, "campaign_name": "Хиты"})

    assert (row["stat_date"], row["account_id"], row["spent_has_vat"]) == (date(2026, 1, 19), "a", 1)
    assert row["campaign_name"] == "Хиты"
