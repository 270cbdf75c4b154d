"""Each spelling in the alias tables means one thing: an alias of two cities would move money between them."""

import pytest

from tasks.reference import cities, utm_sources

CITIES, SOURCES = cities().rows(named=True), utm_sources().rows(named=True)
ALIASES = {row["alias"]: row["city"] for row in CITIES}
UTM_SOURCES = {row["utm_source"]: row["source"] for row in SOURCES}


def normalised(text: str) -> str:
    """The form in which spellings are compared: one case, no ё, one separator."""
    return text.strip().lower().replace("ё", "е").replace("_", "-").replace(" ", "-")


@pytest.mark.parametrize(("rows", "order"), [(CITIES, ("city", "alias")), (SOURCES, ("source", "utm_source"))])
def test_lines_are_complete_sorted_and_no_spelling_is_twice(
    rows: list[dict[str, str]], order: tuple[str, str]
) -> None:
    pairs = [tuple(row[name] for name in order) for row in rows]
    assert all(all(pair) for pair in pairs)
    assert pairs == sorted(set(pairs))
    assert len({written for _, written in pairs}) == len(pairs)


def test_cities_are_lower_case_russian_names_found_by_their_own_name_and_an_ambiguous_spelling_by_none() -> None:
    """An alias is written as it is compared: a join on it cannot meet one twice and double a day's money."""
    names = set(ALIASES.values())
    assert not {name for name in names if set(name) - set("абвгдежзийклмнопрстуфхцчшщъыьэюяё -")}
    assert [alias for alias in ALIASES if alias != normalised(alias)] == []
    assert {name for name in names if ALIASES.get(normalised(name)) != name} == set()
    assert not {"новгород", "novgorod", "влд", "vld", "владик", "петропавловск", "каменск"} & ALIASES.keys()


def test_a_utm_source_is_lower_case_and_belongs_to_one_source() -> None:
    """Spellings that differ only in a separator must agree; what is not paid for in VK or Direct stays out."""
    owners: dict[str, set[str]] = {}
    for written, source in UTM_SOURCES.items():
        owners.setdefault(normalised(written), set()).add(source)
    assert [written for written in UTM_SOURCES if written != written.strip().lower()] == []
    assert all(len(found) == 1 for found in owners.values())
    assert set(UTM_SOURCES.values()) == {"vk_ads", "direct"}
    assert not {"", "insta", "yandex_afisha", "(direct)", "target", "ok", "telegram"} & UTM_SOURCES.keys()
