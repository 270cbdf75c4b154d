"""An ad's tags: from its link and the parameters laid over it, macros filled in, on every day of the ad."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tasks.fetch.qtickets.rows import order_rows
from tasks.transform.links import tags
from tasks.utm import UTM

SITE = "https://afisha.example.invalid/event/1"
NONE = dict.fromkeys(UTM, "")


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
