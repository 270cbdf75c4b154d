"""One name for a city however it is written; an unknown one stays as it is."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.transform.cities import canonical_city

FILE = Path(__file__).parents[3] / "tasks" / "reference" / "cities.csv"
with FILE.open(encoding="utf-8", newline="") as _file:
    ALIASES = [(row["alias"], row["city"]) for row in csv.DictReader(_file)]
KNOWN = {alias for alias, _ in ALIASES}
TABLE = pl.DataFrame(ALIASES, schema=["alias", "city"], orient="row")
GAPS = ["-", " ", "_", "  ", " - ", "–", ".", "\u00a0"]


def canonical(*written: str | None) -> list[str]:
    frame = pl.DataFrame({"city": written}, schema={"city": pl.String})
    return frame.select(canonical_city("city", TABLE))["city"].to_list()


def test_every_alias_of_the_table_is_its_city() -> None:
    assert canonical(*(alias for alias, _ in ALIASES)) == [city for _, city in ALIASES]


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(ALIASES),
    st.sampled_from([str.lower, str.upper, str.title, str.capitalize]),
    st.sampled_from(GAPS),
    st.sampled_from(["", " ", "\t", "\n"]),
)
def test_neither_case_nor_gaps_nor_blanks_around_it_matter(alias, case, gap, around) -> None:  # type: ignore[no-untyped-def]
    name, city = alias

    assert canonical(around + case(name).replace("-", gap) + around) == [city]


@settings(deadline=None)
@given(st.sampled_from([pair for pair in ALIASES if "е" in pair[0]]), st.data())
def test_yo_and_ye_are_one_letter(alias: tuple[str, str], data: st.DataObject) -> None:
    name, city = alias
    position = data.draw(st.sampled_from([i for i, letter in enumerate(name) if letter == "е"]))

    assert canonical(name[:position] + "ё" + name[position + 1 :]) == [city]


@settings(deadline=None)
@given(st.lists(st.sampled_from([alias for alias, _ in ALIASES]) | st.text(max_size=8), max_size=5))
def test_a_canonical_name_is_its_own(written: list[str]) -> None:
    once = canonical(*written)

    assert canonical(*once) == once


@settings(deadline=None)
@given(st.text(alphabet="абвгдЕЖЗ xyz", min_size=1, max_size=12))
def test_an_unknown_city_stays_as_written(written: str) -> None:
    name = written.strip()
    if "-".join(name.lower().split()) in KNOWN:
        return

    assert canonical(written) == [name]


@pytest.mark.parametrize(
    ("written", "city"),
    [
        ("msk", "москва"),
        ("Moscow", "москва"),
        ("МСК", "москва"),
        ("Санкт-Петербург", "санкт-петербург"),
        ("САНКТ ПЕТЕРБУРГ", "санкт-петербург"),
        ("Нижний Новгород", "нижний новгород"),
        ("Орёл", "орёл"),
        ("Орел", "орёл"),
        ("Прокопьевск", "прокопьевск"),
        ("Нью-Васюки", "Нью-Васюки"),
        (None, ""),
        ("", ""),
        ("  ", ""),
    ],
)
def test_by_hand(written: str | None, city: str) -> None:
    assert canonical(written) == [city]
