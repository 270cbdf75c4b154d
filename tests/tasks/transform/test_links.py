"""An ad's tags: from its link and the parameters laid over it, macros filled in, on every day of the ad."""

from __future__ import annotations

from urllib.parse import quote

import polars as pl
import pytest

from tasks.fetch.qtickets.rows import order_rows
from tasks.transform.links import tags, with_tags
from tasks.utm import UTM

SITE = "https://afisha.example.invalid/event/1"
NONE = dict.fromkeys(UTM, "")
DAYS = pl.DataFrame(
    {"ad": ["1", None, "1", "2", None], "link": ["a", "b", "a", None, "b"], "n": [1, 2, 3, 4, 5]},
    schema={"ad": pl.String, "link": pl.String, "n": pl.Int64},
)


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

    found = tags(f"{SITE}?{parameters}", "", {})

    assert found == NONE | dict.fromkeys(("utm_campaign", "utm_content", "utm_term"), kept)
    (row,) = order_rows({"id": 1, "payed": True, "baskets": [{}], "utm": parameters})
    assert {name: row[name] or "" for name in UTM} == found


MACROS = {"{id}": "7", "{name}": "Хиты {id} 100%25 & {{id}}", "{{id}}": "77", "{{gone}}": None, "{gone}": "8"}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("a-{id}-{id}", "a-7-7"),
        ("{name}", "Хиты {id} 100%25 & {{id}}"),
        ("{{{id}}}", "{77}"),
        ("{{gone}}", "{{gone}}"),
        ("{keyword}{ID}{id", "{keyword}{ID}{id"),
    ],
)
def test_a_macro_is_filled_in_once_and_one_that_only_a_click_knows_stays(value: str, filled: str) -> None:
    for text in (value, quote(value, safe="")):
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
