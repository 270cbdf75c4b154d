"""What an ad's link tells: the UTM tags that a click will carry, macros filled in, and the event that it leads to.

Links have no polars expression, so this works on distinct ads, not on rows. How a link is read: `tasks.utm`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from tasks.persons import masked
from tasks.utm import OF_ADS, UTM, clean, is_web, read

Tags = Mapping[str, str | None]
Ad = Mapping[str, str | None]
FROM_LINK = (*UTM, "link_event_id")
_EVENT_PAGE = re.compile(
    r"(?:https?:)?[/\\]*(?:[\w-]+\.)*qtickets\.events(?::\d+)?/([1-9]\d{0,17})(?:[-/?#]|$)",
    re.IGNORECASE | re.ASCII,
)
"""Of QTickets' own site: https://city.qtickets.events/24000-event."""


def with_tags(days: pl.DataFrame, ad_columns: list[str], tags_of: Callable[[Ad], Tags]) -> pl.DataFrame:
    """`days` with the columns of FROM_LINK, text. `tags_of` is called once for each distinct combination of
    `ad_columns` (text), `link` among them; it returns none where the link is not known, and null for a tag that
    cannot be."""
    ads = days.select(ad_columns).unique(maintain_order=True)
    told = [_told(ad, tags_of(ad)) for ad in ads.iter_rows(named=True)]
    found = pl.DataFrame(told, schema=dict.fromkeys(FROM_LINK, pl.String))
    return days.join(ads.hstack(found), on=ad_columns, how="left", nulls_equal=True, maintain_order="left")


def unreadable(days: pl.DataFrame, ad_columns: list[str], is_unreadable: Callable[[Ad], bool]) -> pl.DataFrame:
    """The rows of `days` whose ad has tags that could not be read. `is_unreadable` is called as `tags_of` is."""
    ads = days.select(ad_columns).unique(maintain_order=True)
    lost = pl.Series([is_unreadable(ad) for ad in ads.iter_rows(named=True)], dtype=pl.Boolean)
    return days.join(ads.filter(lost), on=ad_columns, how="semi", nulls_equal=True, maintain_order="left")


def tags(link: str | None, overriding: str, macros: Mapping[str, str | None]) -> dict[str, str]:
    """The five tags, '' where there is none. `overriding`: parameters that win over the link's own, empty ones too.
    A link that leads to no site (`leadads://`) has none of its own.

    `macros`: placeholders of a link and their values, braces included. One that only a click can fill in stays
    as it is: a guess would be a wrong attribution. Marks of persons are masked, as in the tags of orders, so that
    both stay equal.
    """
    parameters = (read(link) if is_web(link) else {}) | read(overriding)
    filled = {name: clean(_filled(parameters.get(name, ""), macros)).strip() for name in UTM}
    return {name: masked(text, numbers_are_ids=name in OF_ADS) for name, text in filled.items()}


def _told(ad: Ad, tags: Tags) -> Tags:
    """With the event of the page that the ad's `link` leads to; 0 where it leads elsewhere."""
    if not tags:
        return {}
    page = _EVENT_PAGE.match(clean(ad["link"] or "").strip())
    return {**tags, "link_event_id": page[1] if page else "0"}


def _filled(value: str, macros: Mapping[str, str | None]) -> str:
    """In one pass, longest first: what fills one macro may look like another, as may a part of a longer one."""
    any_macro = "|".join(map(re.escape, sorted(macros, key=len, reverse=True)))
    return re.sub(any_macro, lambda found: macros[found[0]] or found[0], value) if macros else value
