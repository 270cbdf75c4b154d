"""UTM tags are read the same way from a link, from parameters kept apart and from an order, however they are written."""

from __future__ import annotations

import json
import random
import unicodedata
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.utm import UTM, is_unreadable, is_web, read, read_value

SITE = "https://afisha.example.invalid/event/1"
# Lone surrogates cannot be written into an address.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TAGS = st.dictionaries(st.sampled_from(UTM), TEXT)
UNRELATED = st.lists(st.sampled_from(["a=1", "copy=2", "yclid={yclid}", "utm_id=3", "x", "=", "q=b;c?d"]))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*UTM, "amp;utm_term", "name", "value"]), inner)
    ),
)
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
FORMS += [f"{SITE}/&{{}}", f"{SITE}??{{}}", "a.example/?{}", "//a.example?{}", "{}", "?{}", " \ufeff&{}\n"]


@given(st.sampled_from(FORMS), TAGS, UNRELATED, st.randoms(use_true_random=False))
def test_whatever_is_encoded_is_read_back_from_every_form(
    form: str, tags: dict[str, str], unrelated: list[str], order: random.Random
) -> None:
    """Where unrelated parameters are does not matter."""
    pieces = [*unrelated, *(f"{name}={quote(value, safe='')}" for name, value in tags.items())]
    order.shuffle(pieces)

    assert read(form.format("&".join(pieces))) == {name: seen(value) for name, value in tags.items()}


@given(TAGS, st.lists(st.sampled_from(["&amp;", "&AMP;", "&amp;amp;", "&#38;", "&#038;", "&#x26;", "&amp;#38;"])))
def test_an_escaped_ampersand_joins_as_a_plain_one_does(tags: dict[str, str], joints: list[str]) -> None:
    link = f"{SITE}?a=1&{written(tags)}&copy=2&b=3"
    escaped = link
    for joint in joints:
        at = escaped.find("&", escaped.rfind(";") + 1)
        escaped = escaped[:at] + joint + escaped[at + 1 :] if at >= 0 else escaped

    assert read(escaped) == read(link) == {name: seen(value) for name, value in tags.items()}


@given(TEXT)
@example("100%25")
@example("a+b c&d=e#f?g;h")
@example("&amp;utm_source=x")
def test_a_value_is_decoded_once(value: str) -> None:
    """As a browser does. A value that was encoded twice is counted as unreadable where the city rests on it."""
    for encoded in (quote(value, safe=""), quote_plus(value)):
        assert read(f"{SITE}?utm_content={encoded}")["utm_content"] == seen(value)


@given(st.text(max_size=60), st.text(max_size=60))
@example("//\u2100?utm_source=a", "?&=&;")
@example("https://a.example:x\ud800?utm_term=\udfff%ED%A0%80", "%ud800&#55296;&#0;&#99999999;")
@example("&#" + "9" * 5000 + ";", "?utm_content=%00%0A%7F%C2%85%E2%80%8B")
def test_no_text_raises_and_no_value_has_a_character_that_cannot_be_stored(link: str, over: str) -> None:
    found = read(link) | read(over) | read_value(link)

    assert set(found) <= set(UTM)
    assert not [c for text in found.values() for c in text if unicodedata.category(c) in ("Cc", "Cs")]
    assert {is_web(link), is_unreadable(link, over)} <= {True, False}


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("?utm_source=a\\u0026utm_content=msk_01_10", "msk_01_10"),
        ("?utm_source=a&amp%3Butm_content=msk_01_10", "msk_01_10"),
        ("?utm_content=d&#039;art&quot;&amp;x=1", "d'art\""),
        ("?utm_content=a&reg=5", "a"),
        ("?%20Utm_Content = a", "a"),
        ("?utm%5Fcontent=a", "a"),
        ("?\u200butm_content\u200b=\u200ba\u200b", "a"),
        ("?utm_content=msk\n_01_\t10", "msk_01_10"),
        ("?utm_content=a%0Ab%0D%0A", "a b"),
        # A separator only where a tag follows.
        ("?utm_source=a; utm_content=b", "b"),
        ("?utm_source=a\r\nutm_content=b", "b"),
        ("?a=1?utm_content=b", "b"),
        ("?utm_content=a;b?c=d", "a;b?c=d"),
        ("?utm_content=a=b==", "a=b=="),
        ("?utm_content=a+b%20c%2Bd", "a b c+d"),
        # The first that is not empty, and the query before the fragment.
        ("?utm_content=a&utm_content=b", "a"),
        ("?utm_content=&utm_content=b", "b"),
        ("?utm_content=a#utm_content=b", "a"),
        ("?utm_source=x#!/e?id=1&utm_content=a", "a"),
        ("#a#utm_content=b", "b"),
        # A link inside a link is a value of the outer one.
        ("?utm_content=a&to=https%3A%2F%2Fy%2F%3Futm_content%3Db", "a"),
        # Bytes that are no UTF-8.
        ("?utm_content=%EC%F1%EA_01_10", "мск_01_10"),
        ("?utm_content=%C7%C2%A8%C7%C4%DB+%E8_%D1%CF%C1", "ЗВЁЗДЫ и_СПБ"),
        ("?utm_content=%EC", "м"),
        ("?utm_content=%D0%BC%D1%81%D0", "мс\ufffd"),
        ("?utm_content=a_%D1", "a_\ufffd"),
        ("?utm_content=%ZZ%4", "%ZZ%4"),
        ("?utm_content=%25D0%25BC", "%D0%BC"),
        ("?utm_content=\ud83d", "\ufffd"),
        ("?utm_content", ""),
        *((text, None) for text in ("", "/utm_content=a", "?content=a", "?xutm_content=a", "?utm_content_2=a")),
        *((text, None) for text in ("?utm-content=a", "?to=https%3A%2F%2Fy%2F%3Futm_content%3Db")),
    ],
)
def test_by_hand(query: str, content: str | None) -> None:
    assert read(SITE + query).get("utm_content") == content
    assert read(None) == {}


SITES = [SITE, "HTTPS://A.example", " \ufeffhttp://a.example", "https:\\\\a.example\\", "a.example/?utm_source=vk"]
SITES += ["//a.example", "www.a.example", "a.example:8080/x", "localhost:3000", "афиша.рф/?x=a:b", "?utm_source=vk"]
NO_SITES = ["", " ", None, "leadads://1?utm_source=vk", "vk_app://1", "mailto:a@b.example", "tel:112", "TG:x"]


@pytest.mark.parametrize(
    ("link", "is_one"), [*((link, True) for link in SITES), *((link, False) for link in NO_SITES)]
)
def test_a_link_of_http_or_without_a_scheme_leads_to_a_site(link: str | None, is_one: bool) -> None:
    assert is_web(link) == is_one


LOST = [
    "http://[",
    "https://a.example:port/",
    "//\u2100/",
    "https://",
    "https:///?a=1",
    "https://a b/",
    "купить билет",
]
LOST += [f"{SITE}?utm-content=msk_01_10", f"{SITE}?utm_source=vk&utm_content%3Dmsk_01_10"]
LOST += [quote(f"{SITE}?utm_content=msk_01_10", safe=""), f"{SITE}?to=https%3A%2F%2Fy%2F%3Futm_content%3Db"]
LOST += [f"{SITE}?utm_content=%D0%BC%D1", f"{SITE}?utm_content=%25D0%25BC%25D1%2581%25D0%25BA_01_10"]
NOT_LOST = [
    "",
    None,
    SITE,
    "a.example",
    "/event/1",
    f"{SITE}?a=1#tickets",
    f"{SITE}?utm_id=5",
    f"{SITE}?utm_source=vk",
]
NOT_LOST += [f"{SITE}?utm_source=&utm_content=", f"{SITE}?utm_content={{{{banner_id}}}}", "mailto:"]
NOT_LOST += ["http://[?utm_content=msk_01_10", "leadads://1?utm-content=a"]


@pytest.mark.parametrize(
    ("link", "over", "is_lost"),
    [
        *((link, "", True) for link in LOST),
        *((link, "", False) for link in NOT_LOST),
        (SITE, "utm-content=msk_01_10", True),
        (f"{SITE}?utm_content=msk_01_10", "utm_content=%F0%9F", True),
        ("http://[", "utm_content=msk_01_10", False),
        (f"{SITE}?utm_content=%F0%9F", "utm_content=msk_01_10", False),
    ],
)
def test_a_link_from_which_a_tag_may_be_lost_is_unreadable(link: str | None, over: str, is_lost: bool) -> None:
    assert is_unreadable(link, over) == is_lost


ORDER = {"utm_source": "vk", "utm_content": "msk_01_10"}


@pytest.mark.parametrize(
    "utm",
    [
        ORDER,
        [{"utm_source": "vk"}, {"utm_content": "msk_01_10"}],
        {"?utm_source": "vk", "&amp;utm_content": "msk_01_10"},
        {"UTM_Source": "vk", " utm_content ": "msk_01_10", "#038;utm_term": None},
        {"utm_source": "vk", "utm_content": "", "amp;amp;utm_content": "msk_01_10"},
        {"utm_source": ["vk", "ok"], "utm_content": {"0": "", "1": "msk_01_10"}},
        {"utm_source": "vk", "utm_content": [None, True, ["msk_01_10"]], "utm_term": False, "utm_medium": {}},
        [{"name": "utm_source", "value": "vk"}, {"value": "msk_01_10", "key": "amp;UTM_content", "id": 1}],
        [["utm_source", "vk"], ["utm_content", "msk_01_10"]],
        {"0": {"utm_source": "vk"}, "3": {"utm_content": "msk_01_10"}},
        "?utm_source=vk&amp;utm_content=msk_01_10",
        ["utm_source=vk", "utm_content=msk_01_10"],
        f"{SITE}?utm_source=vk#utm_content=msk_01_10",
        json.dumps([ORDER]),
        json.dumps(json.dumps(ORDER)),
        json.dumps(ORDER).replace('"', "&quot;"),
    ],
)
def test_an_orders_tags_are_read_in_every_shape(utm: Any) -> None:
    assert read_value(utm) == ORDER


def test_an_order_without_tags_has_none_numbers_are_text_and_lists_in_lists_end() -> None:
    for utm in (None, True, 7, "", "vk", "{", '{"a"', "[[[[", [], {}, [None, 1, "vk", ["vk"]], {"source": "vk"}):
        assert read_value(utm) == {}
    numbers = {"utm_campaign": 710422462, "utm_term": True, "utm_content": 0}
    assert read_value(numbers) == {"utm_campaign": "710422462", "utm_content": "0"}
    assert read_value(json.loads("[" * 500 + "]" * 500)) == read_value("[" * 100_000) == {}


@given(ANYTHING)
def test_no_value_of_an_order_raises(utm: Any) -> None:
    found = read_value(utm)

    assert set(found) <= set(UTM)
    assert all(isinstance(text, str) for text in found.values())


@given(TAGS)
def test_an_order_means_the_same_as_an_object_as_parameters_and_as_json(tags: dict[str, str]) -> None:
    wanted = {name: seen(value) for name, value in tags.items()}

    for shape in (tags, written(tags), json.dumps(tags), [[name, text] for name, text in tags.items()]):
        assert {name: text.strip() for name, text in read_value(shape).items()} == wanted
