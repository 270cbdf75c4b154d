"""Each spelling in the alias tables means one thing: an alias of two cities would move money between them."""

import csv
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[3] / "tasks" / "reference"
ABROAD = {"алматы", "астана", "бишкек", "ереван", "минск", "ташкент", "тбилиси"}
SOURCES = {"vk_ads", "direct"}


def read_rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def normalised(text: str) -> str:
    """The form in which spellings are compared: one case, no ё, one separator."""
    return text.strip().lower().replace("ё", "е").replace("_", "-").replace(" ", "-")


@pytest.fixture(scope="module")
def cities() -> list[dict[str, str]]:
    return read_rows("cities.csv")


@pytest.fixture(scope="module")
def utm_sources() -> list[dict[str, str]]:
    return read_rows("utm_sources.csv")


@pytest.mark.parametrize(
    ("name", "header"),
    [("cities.csv", ["city", "alias"]), ("utm_sources.csv", ["source", "utm_source"])],
)
def test_lines_are_complete_and_sorted(name: str, header: list[str]) -> None:
    rows = read_rows(name)
    pairs = [tuple(row.values()) for row in rows]

    assert all(list(row) == header and all(row.values()) for row in rows)
    assert pairs == sorted(set(pairs))


def test_a_city_is_a_lower_case_russian_name(cities: list[dict[str, str]]) -> None:
    letters = set("абвгдежзийклмнопрстуфхцчшщъыьэюяё -")

    assert {row["city"] for row in cities if set(row["city"]) - letters} == set()


def test_an_alias_is_written_as_it_is_compared(cities: list[dict[str, str]]) -> None:
    """A joined table whose key needs no rewriting cannot meet one alias twice and double a day's money."""
    assert [row["alias"] for row in cities if row["alias"] != normalised(row["alias"])] == []


def test_no_alias_stands_for_two_cities(cities: list[dict[str, str]]) -> None:
    aliases = [row["alias"] for row in cities]

    assert sorted({alias for alias in aliases if aliases.count(alias) > 1}) == []


def test_every_city_is_found_by_its_own_name(cities: list[dict[str, str]]) -> None:
    known = {row["alias"]: row["city"] for row in cities}

    assert {city for city in known.values() if known.get(normalised(city)) != city} == set()


def test_the_large_cities_of_russia_and_the_capitals_abroad_are_listed(cities: list[dict[str, str]]) -> None:
    names = {row["city"] for row in cities}

    assert names >= ABROAD
    assert len(names - ABROAD) >= 165


@pytest.mark.parametrize(
    ("written", "city"),
    [
        ("МСК", "москва"),
        ("Moscow", "москва"),
        ("spb", "санкт-петербург"),
        ("St Petersburg", "санкт-петербург"),
        ("Нижний_Новгород", "нижний новгород"),
        ("nnov", "нижний новгород"),
        ("yekaterinburg", "екатеринбург"),
        ("ekb", "екатеринбург"),
        ("Ростов", "ростов-на-дону"),
        ("rostov_on_don", "ростов-на-дону"),
        ("nsk", "новосибирск"),
        ("krd", "краснодар"),
        ("chel", "челябинск"),
        ("naberezhnye_chelny", "набережные челны"),
        ("Орёл", "орёл"),
        ("Королев", "королёв"),
        ("Йошкар Ола", "йошкар-ола"),
        ("joshkar-ola", "йошкар-ола"),
        ("togliatti", "тольятти"),
        ("Прокопьевск", "прокопьевск"),
        ("schelkovo", "щёлково"),
        ("alma-ata", "алматы"),
    ],
)
def test_a_usual_spelling_leads_to_its_city(cities: list[dict[str, str]], written: str, city: str) -> None:
    known = {row["alias"]: row["city"] for row in cities}

    assert known[normalised(written)] == city


@pytest.mark.parametrize("written", ["новгород", "novgorod", "влд", "vld", "владик", "петропавловск", "каменск"])
def test_a_spelling_that_could_mean_two_cities_is_left_out(cities: list[dict[str, str]], written: str) -> None:
    assert written not in {row["alias"] for row in cities}


def test_a_utm_source_is_lower_case_and_belongs_to_one_source(utm_sources: list[dict[str, str]]) -> None:
    """Separators stand as they are written: spellings that differ only there must agree on the source."""
    owners: dict[str, set[str]] = {}
    for row in utm_sources:
        owners.setdefault(normalised(row["utm_source"]), set()).add(row["source"])

    assert [row for row in utm_sources if row["utm_source"] != row["utm_source"].strip().lower()] == []
    assert {row["source"] for row in utm_sources} == SOURCES
    assert {written: found for written, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("vk", "vk_ads"),
        ("vk_ads", "vk_ads"),
        ("vkontakte", "vk_ads"),
        ("vk.com", "vk_ads"),
        ("target_vk", "vk_ads"),
        ("mytarget", "vk_ads"),
        ("yandex", "direct"),
        ("ya", "direct"),
        ("direct", "direct"),
        ("yandex_direct", "direct"),
        ("ya.direct", "direct"),
        ("yd", "direct"),
    ],
)
def test_a_usual_utm_source_leads_to_its_source(
    utm_sources: list[dict[str, str]], written: str, source: str
) -> None:
    assert {row["utm_source"]: row["source"] for row in utm_sources}[written] == source


@pytest.mark.parametrize("written", ["", "insta", "yandex_afisha", "(direct)", "target", "ok", "telegram"])
def test_what_is_not_paid_for_in_vk_or_direct_stays_out(utm_sources: list[dict[str, str]], written: str) -> None:
    assert written not in {row["utm_source"] for row in utm_sources}
