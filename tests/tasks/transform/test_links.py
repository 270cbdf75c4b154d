"""An ad's tags, from any link and anything laid over it: decoded once, the laid-over wins, nothing ever raises."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.transform.links import UTM, tags, with_tags

SITE = "https://afisha.example.invalid/event/1"
NONE = dict.fromkeys(UTM, "")
# Lone surrogates cannot be written into an address.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.sampled_from([*UTM, "utm_id", "UTM_SOURCE", "from", "yclid"])
PARAMETERS = st.lists(st.tuples(NAMES, TEXT), max_size=8)


def written(parameters: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)


def told(*parameters: list[tuple[str, str]]) -> dict[str, str]:
    """The last one of a name counts."""
    found = dict(NONE)
    for name, value in (pair for part in parameters for pair in part):
        if name in found:
            found[name] = value.strip()
    return found


@given(PARAMETERS, PARAMETERS, st.sampled_from(["", "#tickets", "#a?utm_source=fragment&utm_term=x"]))
def test_what_is_laid_over_wins_and_all_else_stays(
    own: list[tuple[str, str]], over: list[tuple[str, str]], fragment: str
) -> None:
    link = f"{SITE}?{written(own)}{fragment}"

    assert tags(link, written(over), {}) == told(own, over)
    assert tags(link, "", {}) == told(own)
    assert tags(None, written(over), {}) == told(over)


@given(TEXT)
@example("100%25")
@example("%D0%9C")
@example("a+b c&d=e#f?g;h")
def test_a_value_is_decoded_once(value: str) -> None:
    for encoded in (quote(value, safe=""), quote_plus(value)):
        assert tags(f"{SITE}?utm_content={encoded}", "", {})["utm_content"] == value.strip()


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=5))
@example("http://[", "", "")
@example("http://[::1?utm_source=a", "utm_source=%", "")
@example("//\u2100?utm_source=a", "?&=&;", "")
@example("https://a.example\ud800?utm_term=\udfff", "%ud800", "\ud800")
@example("?" * 40, "#" * 40, "")
def test_nothing_ever_raises_and_every_tag_is_there(link: str, over: str, value: str) -> None:
    found = tags(link, over, {"{a}": value, "{b}": None})

    assert tuple(found) == UTM
    assert all(isinstance(text, str) for text in found.values())


@pytest.mark.parametrize(
    ("link", "content"),
    [
        (f"{SITE}?utm_content=МСК_01_10", "МСК_01_10"),
        (f"{SITE}?utm_content=%D0%9C%D0%A1%D0%9A_01_10", "МСК_01_10"),
        (f"  {SITE}?utm_content=msk_01_10\n", "msk_01_10"),
        (f"{SITE}?utm_content=%20msk_01_10+", "msk_01_10"),
        (f"{SITE}?utm_content=a&utm_content=b", "b"),
        (f"{SITE}?utm_content=", ""),
        (f"{SITE}?utm_content", ""),
        (f"{SITE}#utm_content=a", ""),
        (f"{SITE}?x=1#?utm_content=a", ""),
        (f"{SITE}/utm_content=a", ""),
        ("afisha.example.invalid/?utm_content=a", "a"),
        ("?utm_content=a", "a"),
        (f"{SITE}?utm_content=%CC%D1%CA_01_10", "\ufffd\ufffd\ufffd_01_10"),
        ("", ""),
        (None, ""),
    ],
)
def test_by_hand(link: str | None, content: str) -> None:
    assert tags(link, "", {})["utm_content"] == content


@pytest.mark.parametrize(
    "over", ["utm_term=b", "?utm_term=b", "&utm_term=b", "  ?utm_term=b  ", "utm_term=a&utm_term=b"]
)
def test_parameters_are_read_with_or_without_what_joins_them(over: str) -> None:
    assert tags(f"{SITE}?utm_term=own&utm_source=yandex", over, {}) == NONE | {
        "utm_term": "b",
        "utm_source": "yandex",
    }


def test_an_empty_parameter_that_is_laid_over_takes_the_links_own_away() -> None:
    assert tags(f"{SITE}?utm_term=own", "utm_term=", {}) == NONE


MACROS = {
    "{id}": "7",
    "{name}": "Хиты {id} 100%25 & {{id}}",
    "{{id}}": "77",
    "{{gone}}": None,
    "{gone}": "8",
    "{e}": "",
}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("{id}", "7"),
        ("a-{id}-{id}", "a-7-7"),
        ("{name}", "Хиты {id} 100%25 & {{id}}"),
        ("{{id}}", "77"),
        ("{{{id}}}", "{77}"),
        ("{{gone}}", "{{gone}}"),
        ("{gone}", "8"),
        ("{e}", "{e}"),
        ("{keyword}", "{keyword}"),
        ("{ID}", "{ID}"),
        ("{id", "{id"),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_macro_is_filled_in_once_and_one_that_only_a_click_knows_stays(
    value: str, filled: str, encoded: bool
) -> None:
    text = quote(value, safe="") if encoded else value

    assert tags(f"{SITE}?utm_term={text}", "", MACROS)["utm_term"] == filled
    assert tags(SITE, f"utm_term={text}", MACROS)["utm_term"] == filled


def test_tags_reach_every_day_of_their_ad_and_are_made_once_an_ad() -> None:
    days = pl.DataFrame(
        {"ad": ["1", None, "1", "2", None], "link": ["a", "b", "a", None, "b"], "n": [1, 2, 3, 4, 5]},
        schema={"ad": pl.String, "link": pl.String, "n": pl.Int64},
    )
    seen = []

    def tags_of(ad: dict[str, str | None]) -> dict[str, str]:
        seen.append((ad["ad"], ad["link"]))
        return {} if ad["link"] is None else NONE | {"utm_source": f"{ad['ad']}{ad['link']}"}

    found = with_tags(days, ["ad", "link"], tags_of)  # type: ignore[arg-type]

    assert found.select(days.columns).equals(days)
    assert found["utm_source"].to_list() == ["1a", "Noneb", "1a", None, "Noneb"]
    assert found["utm_term"].to_list() == ["", "", "", None, ""]
    assert sorted(seen, key=str) == sorted({("1", "a"), (None, "b"), ("2", None)}, key=str)


@pytest.mark.parametrize("known", [True, False])
def test_no_days_and_no_known_ad_are_frames_like_any_other(known: bool) -> None:
    days = pl.DataFrame({"ad": ["1", "2"] if known else []}, schema={"ad": pl.String})

    found = with_tags(days, ["ad"], lambda _: {})

    assert (found.height, found.columns) == (days.height, ["ad", *UTM])
    assert found.select(pl.col(UTM).is_null().all()).row(0) == (True,) * 5
