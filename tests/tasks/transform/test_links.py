"""An ad's tags: from its link and anything laid over it, macros filled in; on every day of the ad."""

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
PLAIN = st.text("abcяё_1{}&=%# ", max_size=12)
NAMES = st.sampled_from([*UTM, "utm_id", "UTM_SOURCE", "from", "yclid"])
PARAMETERS = st.lists(st.tuples(NAMES, PLAIN), max_size=8)


def written(parameters: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)


def told(*parameters: list[tuple[str, str]]) -> dict[str, str]:
    """The first of a name that is not empty counts; of two texts, the later wins."""
    found = dict(NONE)
    for part in parameters:
        named: dict[str, str] = {}
        for name, value in part:
            named[name.lower()] = named.get(name.lower()) or value.strip()
        found |= {name: value for name, value in named.items() if name in found}
    return found


@given(PARAMETERS, PARAMETERS, st.sampled_from(["", "#tickets"]), st.sampled_from(["&", "&amp;"]))
def test_what_is_laid_over_wins_and_all_else_stays(
    own: list[tuple[str, str]], over: list[tuple[str, str]], fragment: str, joint: str
) -> None:
    link = f"{SITE}?{written(own)}{fragment}".replace("&", joint)

    assert tags(link, written(over).replace("&", joint), {}) == told(own, over)
    assert tags(link, "", {}) == told(own)
    assert tags(None, written(over), {}) == told(over)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=5))
@example("http://[", "", "")
@example("http://[::1?utm_source={a}", "utm_source=%", "\n\ud800")
@example("https://a.example\ud800?utm_term=\udfff", "%ud800", "\ud800")
@example("?" * 40, "#" * 40, "")
def test_nothing_ever_raises_and_every_tag_can_be_stored(link: str, over: str, value: str) -> None:
    found = tags(link, over, {"{a}": value, "{b}": None})

    assert tuple(found) == UTM
    assert not [c for text in found.values() for c in text if unicodedata.category(c) in ("Cc", "Cs")]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("post_tgid_123456789_spb", "post_tgid_~nnblhd_spb"),
        ("%2B7%20%28916%29%20123-45-67", "phone~ljjmkh"),
        ("79161234567", None),
        ("{{campaign_id}}", None),
        ("msk_01_10", None),
    ],
)
def test_the_tags_of_an_ad_are_masked_as_those_of_the_order_that_it_brought(written: str, kept: str | None) -> None:
    parameters = f"utm_campaign={written}&utm_content={written}&utm_term={written}"

    found = tags(f"{SITE}?{parameters}", "", {})

    assert found == NONE | dict.fromkeys(("utm_campaign", "utm_content", "utm_term"), kept or written)
    (row,) = order_rows({"id": 1, "payed": True, "baskets": [{}], "utm": parameters})
    assert {name: row[name] or "" for name in UTM} == found


def test_a_link_that_leads_to_no_site_has_no_tags_of_its_own() -> None:
    assert tags("leadads://1?utm_content=a", "", {}) == NONE
    assert tags("leadads://1?utm_content=a", "utm_term=b", {}) == NONE | {"utm_term": "b"}


@pytest.mark.parametrize(
    "over",
    [
        "utm_term=b", "?utm_term=b", "&utm_term=b", "  ?utm_term=b  ", "&amp;UTM_term=b", "utm_term=b&utm_term=a",
        f"{SITE}?utm_term=b", "x=1#utm_term=b",
    ],
)  # fmt: skip
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


def test_rows_of_ads_that_cannot_be_read_are_kept_in_their_order() -> None:
    days = pl.DataFrame(
        {"ad": ["1", None, "1", "2", None], "link": ["a", "b", "a", None, "b"], "n": [1, 2, 3, 4, 5]},
        schema={"ad": pl.String, "link": pl.String, "n": pl.Int64},
    )

    assert unreadable(days, ["ad", "link"], lambda ad: ad["link"] == "b")["n"].to_list() == [2, 5]
    assert unreadable(days, ["ad", "link"], lambda ad: ad["link"] is None)["n"].to_list() == [4]
    assert unreadable(days, ["ad", "link"], lambda _: False).schema == days.schema
    assert unreadable(days.clear(), ["ad", "link"], lambda _: True).height == 0
