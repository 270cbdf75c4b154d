"""An ad's tags: from its link and the parameters laid over it, macros filled in, on every day of the ad."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import order_rows
from tasks.transform.links import tags, unreadable, with_tags
from tasks.utm import UTM

SITE = "https://afisha.example.invalid/event/1"
NONE = dict.fromkeys(UTM, "")
NAMES = st.sampled_from([*UTM, "utm_id", "UTM_SOURCE", "from", "yclid"])
PARAMETERS = st.lists(st.tuples(NAMES, st.text("abcяё_1{}&=%# ", max_size=12)), max_size=8)
DAYS = pl.DataFrame(
    {"ad": ["1", None, "1", "2", None], "link": ["a", "b", "a", None, "b"], "n": [1, 2, 3, 4, 5]},
    schema={"ad": pl.String, "link": pl.String, "n": pl.Int64},
)


def written(parameters: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)


def meant(*parameters: list[tuple[str, str]]) -> dict[str, str]:
    """The first of a name that is not empty counts; of two texts, the later wins."""
    found = dict(NONE)
    for part in parameters:
        named: dict[str, str] = {}
        for name, value in part:
            named[name.lower()] = named.get(name.lower()) or value.strip()
        found |= {name: value for name, value in named.items() if name in found}
    return found


@given(PARAMETERS, PARAMETERS, st.sampled_from(["", "#tickets"]), st.sampled_from(["&", "&amp;"]))
def test_parameters_laid_over_win_and_all_else_stays(
    own: list[tuple[str, str]], over: list[tuple[str, str]], fragment: str, joint: str
) -> None:
    link = f"{SITE}?{written(own)}{fragment}".replace("&", joint)

    assert tags(link, written(over).replace("&", joint), {}) == meant(own, over)
    assert tags(link, "", {}) == meant(own)
    assert tags(None, written(over), {}) == meant(over)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=5))
@example("http://[::1?utm_source={a}", "utm_source=%", "\n\ud800")
@example("https://a.example\ud800?utm_term=\udfff", "%ud800", "\ud800")
def test_nothing_ever_raises_and_every_tag_can_be_stored(link: str, over: str, value: str) -> None:
    found = tags(link, over, {"{a}": value, "{b}": None})

    assert tuple(found) == UTM
    assert not [c for text in found.values() for c in text if unicodedata.category(c) in ("Cc", "Cs")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("post_tgid_123456789_spb", "post_tgid_~nnblhd_spb"),
        ("%2B7%20%28916%29%20123-45-67", "phone~ljjmkh"),
        ("79161234567", "79161234567"),
        ("{{campaign_id}}", "{{campaign_id}}"),
    ],
)
def test_the_tags_of_an_ad_are_masked_as_those_of_the_order_that_it_brought(given: str, kept: str) -> None:
    parameters = f"utm_campaign={given}&utm_content={given}&utm_term={given}"

    found = tags(f"{SITE}?{parameters}", "", {})

    assert found == NONE | dict.fromkeys(("utm_campaign", "utm_content", "utm_term"), kept)
    (row,) = order_rows({"id": 1, "payed": True, "baskets": [{}], "utm": parameters})
    assert {name: row[name] or "" for name in UTM} == found


@pytest.mark.parametrize(
    ("link", "over", "term"),
    [
        (f"{SITE}?utm_term=own", "", "own"),
        (f"{SITE}?utm_term=own", "utm_term=", ""),
        ("leadads://1?utm_term=own", "", ""),
        ("leadads://1?utm_term=own", "utm_term=b", "b"),
        *(
            (f"{SITE}?utm_term=own", text, "b")
            for text in ("?utm_term=b", "  &amp;UTM_term=b  ", f"{SITE}?utm_term=b")
        ),
    ],
)
def test_an_empty_parameter_takes_the_links_own_away_and_a_link_to_no_site_has_none(
    link: str, over: str, term: str
) -> None:
    assert tags(link, over, {}) == NONE | {"utm_term": term}


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
        ("a-{id}-{id}", "a-7-7"),
        ("{name}", "Хиты {id} 100%25 & {{id}}"),
        ("{{{id}}}", "{77}"),
        ("{{gone}}", "{{gone}}"),
        ("{gone}", "8"),
        ("{e}{keyword}{ID}{id", "{e}{keyword}{ID}{id"),
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
    seen = []

    def tags_of(ad: dict[str, str | None]) -> dict[str, str]:
        seen.append((ad["ad"], ad["link"]))
        return {} if ad["link"] is None else NONE | {"utm_source": f"{ad['ad']}{ad['link']}"}

    found = with_tags(DAYS, ["ad", "link"], tags_of)  # type: ignore[arg-type]

    assert found.select(DAYS.columns).equals(DAYS)
    assert found["utm_source"].to_list() == ["1a", "Noneb", "1a", None, "Noneb"]
    assert sorted(seen, key=str) == sorted({("1", "a"), (None, "b"), ("2", None)}, key=str)
    assert with_tags(DAYS.clear(), ["ad"], lambda _: {}).columns == [*DAYS.columns, *UTM]


def test_rows_of_ads_that_cannot_be_read_are_kept_in_their_order() -> None:
    assert unreadable(DAYS, ["ad", "link"], lambda ad: ad["link"] == "b")["n"].to_list() == [2, 5]
    assert unreadable(DAYS, ["ad", "link"], lambda ad: ad["link"] is None)["n"].to_list() == [4]
    assert unreadable(DAYS.clear(), ["ad", "link"], lambda _: True).height == 0
