"""From days to facts: the owner's convention for utm_content, one name a city, exact money, no marks of persons."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import order_rows
from tasks.reference import cities
from tasks.transform.ads import amount, count, facts, identifier
from tasks.transform.links import tags
from tasks.transform.values import canonical_city
from tasks.utm import UTM
from tests.validation.frames import ad_days

FROM_CONTENT = ("utm_city", "utm_day", "utm_month")
ALIASES = cities().select("alias", "city").rows()


def made(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    days = ad_days(*({"ad_id": number} | change for number, change in enumerate(changes, 1))).drop(FROM_CONTENT)
    return facts(days, cities()).rows(named=True)


@pytest.mark.parametrize(
    ("content", "city", "day", "month"),
    [
        ("msk_01_10", "москва", 1, 10),
        ("Москва_1_2", "москва", 1, 2),
        ("nizhny_novgorod_31_12", "нижний новгород", 31, 12),
        ("Нью-Васюки_05_09", "Нью-Васюки", 5, 9),
        ("new_vasyuki_05_09", "new_vasyuki", 5, 9),
        (" _01_10", "", 1, 10),
        *((text, "", 0, 0) for text in "msk_00_10 msk_32_10 msk_01_00 msk_01_13 msk_001_10 msk_01_2026".split()),
        *((text, "", 0, 0) for text in "msk_1٣_10 msk-01-10 msk_01 01_10 msk_01_10x 17735868496".split()),
        (None, None, None, None),
    ],
)
def test_what_utm_content_says(content: str | None, city: str | None, day: int | None, month: int | None) -> None:
    (row,) = made({"utm_content": content})
    assert tuple(row[name] for name in FROM_CONTENT) == (city, day, month)
    assert row["utm_content"] == content, "as it was"


def canonical(*written: str | None) -> list[str]:
    frame = pl.DataFrame({"city": written}, schema={"city": pl.String})
    return frame.select(canonical_city("city", cities()))["city"].to_list()


def test_every_alias_of_the_table_is_its_city_and_every_city_its_own_name() -> None:
    assert canonical(*(alias for alias, _ in ALIASES)) == [city for _, city in ALIASES]
    assert canonical(*(city for _, city in ALIASES)) == [city for _, city in ALIASES]
    assert canonical(" Нью-Васюки ", "x y", None, "  ") == ["Нью-Васюки", "x y", "", ""], "unknown, as written"


@given(
    st.sampled_from(ALIASES),
    st.sampled_from([str.lower, str.upper, str.title, lambda name: name.replace("е", "ё", 1)]),
    st.sampled_from(["-", " ", "_", "  ", " - ", "–", ".", "\u00a0"]),
    st.sampled_from(["", " ", "\t", "\n"]),
)
def test_neither_case_nor_yo_nor_gaps_in_a_city_matter(
    alias: tuple[str, str], case: Any, gap: str, around: str
) -> None:
    name, city = alias
    assert canonical(around + case(name).replace("-", gap) + around) == [city]


@given(st.lists(st.integers(0, 10**16 - 1), min_size=1, max_size=20), st.sampled_from(["{}.{:02}", "{}.{:02}00"]))
def test_money_is_exact_to_the_kopeck_and_so_is_its_sum(kopecks: list[int], form: str) -> None:
    texts = [form.format(*divmod(number, 100)) for number in kopecks]
    column = pl.DataFrame({"spent": texts}).select(amount("spent"))["spent"]
    assert column.dtype == pl.Decimal(18, 2)
    assert column.to_list() == [Decimal(number) / 100 for number in kopecks]
    assert column.sum() == sum(Decimal(number) / 100 for number in kopecks)


def test_what_is_no_figure_is_nothing_and_an_id_has_room() -> None:
    texts = pl.DataFrame({"n": [str(2**63), "--", " ", None]}, schema={"n": pl.String})
    assert texts.select(count("n"))["n"].to_list() == [2**63, 0, 0, 0]
    assert texts.select(identifier("n"))["n"].to_list() == [2**63, 0, 0, None]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("post_tgid_123456789_spb", "post_tgid_~nnblhd_spb"),
        ("%2B7%20%28916%29%20123-45-67", "phone~ljjmkh"),
        ("79161234567", "79161234567"),
    ],
)
def test_the_tags_of_an_ad_are_masked_as_those_of_the_order_that_it_brought(given: str, kept: str) -> None:
    parameters = f"utm_campaign={given}&utm_content={given}&utm_term={given}"
    found = tags(f"https://afisha.example.invalid/?{parameters}", "", {})
    assert found == dict.fromkeys(UTM, "") | dict.fromkeys(("utm_campaign", "utm_content", "utm_term"), kept)
    (row,) = order_rows({"id": 1, "payed": True, "baskets": [{}], "utm": parameters})
    assert {name: row[name] or "" for name in UTM} == found
