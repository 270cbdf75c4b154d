"""UTM tags are read the same way from a link, from parameters kept apart and from an order, however they are written. Each spelling
in the alias tables means one thing: an alias of two cities would move money between them."""

import json
import random
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.reference import cities, utm_sources
from tasks.utm import UTM, is_unreadable, is_web, read, read_value

SITE = "https://afisha.example.invalid/event/1"
# Lone surrogates cannot be written into an address.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TAGS = st.dictionaries(st.sampled_from(UTM), TEXT)
UNRELATED = st.lists(st.sampled_from(["a=1", "copy=2", "yclid={yclid}", "utm_id=3", "x", "=", "q=b;c?d"]))
JOINTS = st.sampled_from(["&", "&", "&amp;", "&AMP;", "&amp;amp;", "&#038;", "&#x26;"])
INVISIBLE = "\xad\u061c\u180e\ufeff" + "".join(
    map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])
)


def seen(value: str) -> str:
    """What of a value a person sees: on one line, nothing that has no width, no blanks around."""
    shown = "".join(" " if unicodedata.category(c) == "Cc" and c.isspace() else c for c in value)
    shown = shown.replace("\u2028", " ").replace("\u2029", " ")
    return "".join(c for c in shown if unicodedata.category(c) != "Cc" and c not in INVISIBLE).strip()


def written(tags: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in tags.items())


# Query, fragment, route in the fragment, forgotten or doubled question mark, no scheme, parameters alone.
FORMS = [f"{SITE}?{{}}", f"{SITE}?{{}}#tickets", f"{SITE}#{{}}", f"{SITE}#/e/1?{{}}", f"{SITE}?a=1#b=2&{{}}"]
FORMS += [f"{SITE}/&{{}}", f"{SITE}??{{}}", "a.example/?{}", "{}", " \ufeff&{}\n"]


@given(st.sampled_from(FORMS), TAGS, UNRELATED, JOINTS, st.randoms(use_true_random=False))
def test_what_is_encoded_is_read_back(
    form: str, tags: dict[str, str], unrelated: list[str], joint: str, order: random.Random
) -> None:
    """Where unrelated parameters are does not matter."""
    pieces = [*unrelated, *(f"{name}={quote(value, safe='')}" for name, value in tags.items())]
    order.shuffle(pieces)
    assert read(form.format(joint.join(pieces))) == {name: seen(value) for name, value in tags.items()}


@given(st.text(max_size=60), st.text(max_size=60))
@example("https://a.example:x\ud800?utm_term=\udfff%ED%A0%80", "%ud800&#55296;&#0;&#99999999;")
@example("&#" + "9" * 5000 + ";", "?utm_content=%00%0A%7F%C2%85%E2%80%8B")
def test_no_text_raises_and_no_value_has_a_character_that_cannot_be_stored(link: str, over: str) -> None:
    found = read(link) | read(over) | read_value(link)
    assert set(found) <= set(UTM)
    assert not [c for text in found.values() for c in text if unicodedata.category(c) in ("Cc", "Cs")]
    assert {is_web(link), is_unreadable(link, over)} <= {True, False}


def test_by_hand() -> None:
    none = ("", "?xutm_content=a", "?utm-content=a", "?to=https%3A%2F%2Fy%2F%3Futm_content%3Db")
    told: dict[str, str | None] = {
        "?utm_source=a&amp%3Butm_content=msk_01_10": "msk_01_10", "?%20Utm_Content = a": "a",
        "?\u200butm_content\u200b=\u200ba\u200b": "a",
        # A separator only where a tag follows.
        "?utm_source=a; utm_content=b": "b",
        # The first that is not empty, and the query before the fragment.
        "?utm_content=a&utm_content=b": "a", "?utm_content=&utm_content=b": "b", "?utm_content=a#utm_content=b": "a",
        # A link inside a link is a value of the outer one.
        "?utm_content=a&to=https%3A%2F%2Fy%2F%3Futm_content%3Db": "a", **dict.fromkeys(none),
        # Bytes that are no UTF-8.
        "?utm_content=%EC%F1%EA_01_10": "мск_01_10", "?utm_content=%D0%BC%D1%81%D0": "мс\ufffd",
        "?utm_content=%25D0%25BC": "%D0%BC",
    }  # fmt: skip
    assert {query: read(SITE + query).get("utm_content") for query in told} == told
    assert read(None) == {}


def test_a_link_from_which_a_tag_may_be_lost_is_unreadable() -> None:
    tagged = f"{SITE}?utm_content=msk_01_10"
    lost = [
        ("http://[", ""), ("https://a b/", ""), (f"{SITE}?utm-content=msk_01_10", ""), (quote(tagged, safe=""), ""),
    ]  # fmt: skip
    # What was cut off, or encoded twice, may be a city.
    lost += [(f"{SITE}?utm_content={text}", "") for text in ("%D0%BC%D1", "%25D0%25BC%25D1%2581%25D0%25BA_01_10")]
    lost += [(tagged, "utm_content=%F0%9F")]
    kept = [(link, "") for link in (None, "a.example", f"{SITE}?utm_source=vk", "leadads://1?utm-content=a")]
    # Another tag is read instead.
    kept += [("http://[?utm_content=msk_01_10", ""), (f"{SITE}?utm_content=%F0%9F", "utm_content=msk_01_10")]
    assert [is_unreadable(*one) for one in lost + kept] == [True] * len(lost) + [False] * len(kept)


@given(TAGS)
def test_an_order_means_the_same_as_an_object_as_parameters_and_as_json(tags: dict[str, str]) -> None:
    wanted = {name: seen(value) for name, value in tags.items()}
    for shape in (tags, written(tags), json.dumps(tags), [[name, text] for name, text in tags.items()]):
        assert {name: text.strip() for name, text in read_value(shape).items()} == wanted


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
