"""Rows of the report joined with campaigns, links and tracking parameters, and notes on those that stay unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from tasks.fetch.direct.money import figures
from tasks.fetch.direct.objects import Campaign, Links
from tasks.fetch.direct.table import Row
from tasks.fetch.direct.values import identifier
from tasks.fetch.kinds import instant, number

_MANY = 0.5
"""Share of ads without a known link above which deleted ads are no explanation: a later load may find the links."""
_A_FEW = 3
"""Fewer may all have been deleted."""


def ids(rows: Iterable[Row], column: str) -> set[int]:
    return {number for row in rows if (number := identifier(row.get(column)))}


def without_repeats(rows: list[Row]) -> tuple[list[Row], int]:
    """The rows, and how many were left out. A report groups its rows: the same row of the same ad is a page that
    came twice. Rows without an ad may be of several that Direct hides: all are kept, and the transform adds them.
    """
    seen: set[tuple[str | None, ...]] = set()
    kept: list[Row] = []
    for row in rows:
        key = tuple(row.values())
        if key not in seen or not identifier(row.get("ad_id")):
            kept.append(row)
        seen.add(key)
    return kept, len(rows) - len(kept)


def described(
    rows: list[Row],
    listed: Mapping[int, Campaign],
    names: Mapping[int, str],
    known: Links,
    account: dict[str, str | None],
) -> list[Row]:
    """`account`: columns that are the same in all rows. A campaign that is not listed has the currency of the
    account, if all that are listed have one and the same."""
    currencies = {campaign.currency for campaign in listed.values()} - {None}
    usual = currencies.pop() if len(currencies) == 1 else None
    nothing = Campaign()
    made: list[Row] = []
    for row in rows:
        ad, group, number = (identifier(row.get(name)) for name in ("ad_id", "ad_group_id", "campaign_id"))
        campaign, tracking = listed.get(number, nothing), known.groups.get(group)
        # Ads of the campaign wizard have no id and so no link; that is knowledge too. An ad whose group or campaign
        # is not known is not: their parameters take precedence over the link's, the group's over the campaign's.
        has_tracking = bool((tracking or "").strip()) or campaign.tracking is not None
        is_known = not ad or (ad in known.ads and (not group or tracking is not None) and has_tracking)
        made.append(
            {"campaign_name": names.get(number) if campaign.name is None else campaign.name}
            | {name: _landed(name, text) for name, text in row.items()}
            | account
            | {
                "currency": campaign.currency or usual,
                "link": known.ads.get(ad),
                "group_tracking": tracking,
                "campaign_tracking": campaign.tracking,
                "link_known": "true" if is_known else "false",
            }
        )
    return made


def _landed(column: str, text: str | None) -> str | None:
    """The value as it lands: a campaign's name as it is, figures, ids and the day only if they have that form."""
    if column == "campaign_name":
        return text
    return instant(text) if column == "stat_date" else number(text)


def unknown_tags(rows: list[Row], version: str, is_complete: bool) -> tuple[list[str], list[str]]:
    """Number and spend of ads whose tags are unknown: warnings, which a later load may resolve, and notes, for
    deleted ads and the campaign wizard. `is_complete`: no service failed, so no other warning covers them."""
    frame = figures(rows).with_columns(
        pl.Series("is_known", [row["link_known"] == "true" for row in rows], pl.Boolean),
        pl.Series("currency", [row["currency"] for row in rows], pl.String),
        pl.Series("has_ad", [identifier(row.get("ad_id")) > 0 for row in rows], pl.Boolean),
    )
    unknown, hidden = frame.filter(~pl.col("is_known")), frame.filter(~pl.col("has_ad"))
    doubtful: list[str] = []
    certain: list[str] = []
    if number := unknown["ad_id"].n_unique():
        text = f"tags of {number} ads with {_spend(unknown)} of spend are not known to Direct's API"
        if version == "v5":
            text += " (DIRECT_VERSION=v5 hides unified campaigns and combinatorial ads: set v501)"
        is_many = number >= _A_FEW and number > _MANY * frame.filter(pl.col("has_ad"))["ad_id"].n_unique()
        (doubtful if is_many and is_complete else certain).append(text)
    hidden = hidden.filter(pl.col("campaign_id").is_not_null())
    if number := hidden["campaign_id"].n_unique():
        certain.append(f"{number} campaigns of the wizard with {_spend(hidden)} of spend tell no ads, so no city")
    return doubtful, certain


def _spend(frame: pl.DataFrame) -> str:
    """Money of several currencies is not added up."""
    sums = frame.group_by("currency").agg(pl.col("paid").sum()).sort("currency", nulls_last=True)
    return " and ".join(f"{paid:.2f}" + (f" {currency}" if currency else "") for currency, paid in sums.iter_rows())
