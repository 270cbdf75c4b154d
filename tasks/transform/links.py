"""The UTM tags that an ad's click will carry: from its link, from what is laid over it, macros filled in.

Query strings have no polars expression, so this works on distinct ads, not on rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import polars as pl

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

Tags = Mapping[str, str | None]
Ad = Mapping[str, str | None]


def with_tags(days: pl.DataFrame, ad_columns: list[str], tags_of: Callable[[Ad], Tags]) -> pl.DataFrame:
    """`days` with the UTM columns. `tags_of` is asked once for each distinct combination of `ad_columns` (text);
    it gives null for a tag that cannot be known."""
    ads = days.select(ad_columns).unique(maintain_order=True)
    tags = pl.DataFrame([tags_of(ad) for ad in ads.iter_rows(named=True)], schema=dict.fromkeys(UTM, pl.String))
    return days.join(ads.hstack(tags), on=ad_columns, how="left", nulls_equal=True, maintain_order="left")


def tags(link: str | None, laid_over: str, macros: Mapping[str, str | None]) -> dict[str, str]:
    """The five tags, '' where there is none. `laid_over`: parameters that win over the link's own.

    `macros`: what stands in a link for a value, braces included. One that only a click can fill in stays as it
    is: a guess would be a wrong attribution. Values are decoded once.
    """
    parameters = dict(parse_qsl(_query(link), keep_blank_values=True))
    parameters |= dict(parse_qsl(laid_over.strip().lstrip("?&"), keep_blank_values=True))
    return {name: _filled(parameters.get(name, ""), macros).strip() for name in UTM}


def _query(link: str | None) -> str:
    try:
        return urlsplit((link or "").strip()).query
    except ValueError:
        return ""  # not a URL: nothing to read from it


def _filled(value: str, macros: Mapping[str, str | None]) -> str:
    """In one pass, longest first: what fills one macro may look like another, as may a part of a longer one."""
    any_macro = "|".join(map(re.escape, sorted(macros, key=len, reverse=True)))
    return re.sub(any_macro, lambda found: macros[found[0]] or found[0], value) if macros else value
