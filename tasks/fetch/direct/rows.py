"""Rows of the report joined with campaigns, links and tracking parameters, and notes on those that stay unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from tasks.fetch.direct.money import figures
from tasks.fetch.direct.objects import Campaign, Links
from tasks.fetch.direct.values import identifiers
from tasks.fetch.kinds import instant, number
from tasks.translation import numbered

_MANY = 0.5
"""Share of ads without a known link above which deleted ads are no explanation: a later load may find the links."""
_A_FEW = 3
"""Fewer may all have been deleted."""


def ids(rows: pl.DataFrame, column: str) -> set[int]:
    return set(rows.select(identifiers(column).unique()).to_series()) - {0}


def without_repeats(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows, and how many were left out. A report groups its rows: the same row of the same ad is a page that
    came twice. Rows without an ad may be of several that Direct hides: all are kept, and the transform adds them.
    """
    kept = rows.filter((identifiers("ad_id") == 0) | pl.struct(pl.all()).is_first_distinct())
    return kept, rows.height - kept.height


def usual_currency(listed: Mapping[int, Campaign]) -> str | None:
    """That of the account, if all campaigns that are listed have one and the same."""
    currencies = {campaign.currency for campaign in listed.values()} - {None}
    return currencies.pop() if len(currencies) == 1 else None


def described(
    rows: pl.DataFrame,
    listed: Mapping[int, Campaign],
    names: Mapping[int, str],
    known: Links,
    account: dict[str, str | None],
) -> pl.DataFrame:
    """`account`: columns that are the same in all rows. A campaign that is not listed has the currency of the
    account, if all that are listed have one and the same."""
    usual = usual_currency(listed)

    def of_campaign(name: str) -> pl.Expr:
        return _of("campaign_id", {number: getattr(campaign, name) for number, campaign in listed.items()})

    ad, group = identifiers("ad_id"), identifiers("ad_group_id")
    # Ads of the campaign wizard have no id and so no link; that is knowledge too. An ad whose group or campaign
    # is not known is not: their parameters take precedence over the link's, the group's over the campaign's.
    has_tracking = (pl.col("group_tracking").str.strip_chars() != "") | pl.col("campaign_tracking").is_not_null()
    has_group = (group == 0) | pl.col("group_tracking").is_not_null()
    is_known = (ad == 0) | (ad.is_in(known.ads.keys()) & has_group & has_tracking.fill_null(False))
    return rows.with_columns(
        pl.coalesce("campaign_name", of_campaign("name"), _of("campaign_id", names)),
        *(pl.lit(value, pl.String).alias(name) for name, value in account.items()),
        pl.coalesce(of_campaign("currency"), pl.lit(usual, pl.String)).alias("currency"),
        _of("ad_id", known.ads).alias("link"),
        _of("ad_group_id", known.groups).alias("group_tracking"),
        of_campaign("tracking").alias("campaign_tracking"),
    ).with_columns(is_known.cast(pl.String).alias("link_known"), *_landed(rows))


def _landed(rows: pl.DataFrame) -> Iterator[pl.Series]:
    """Figures, ids and the day as they land: only if they have that form. The name of a campaign lands as it is."""
    for column in rows.drop("campaign_name"):
        kind = instant if column.name == "stat_date" else number
        yield column.replace({text: kind(text) for text in column.unique() if kind(text) != text})


def _of(column: str, values: Mapping[int, str | None]) -> pl.Expr:
    """The value of each id of the column, null where there is none."""
    return identifiers(column).replace_strict(values, default=None, return_dtype=pl.String)


def unknown_tags(rows: pl.DataFrame, version: str, is_complete: bool) -> tuple[list[str], list[str]]:
    """Number and spend of ads whose tags are unknown: warnings, which a later load may resolve, and notes, for
    deleted ads and the campaign wizard. `is_complete`: no service failed, so no other warning covers them."""
    frame, has_ad = figures(rows), identifiers("ad_id") > 0
    unknown, hidden = frame.filter(pl.col("link_known") != "true"), frame.filter(~has_ad)
    doubtful: list[str] = []
    certain: list[str] = []
    if number := unknown["ad_id"].n_unique():
        text = f"Direct's API does not know the tags of {numbered(number, 'ad')} with {_spend(unknown)} of spend"
        if version == "v5":
            text += "; DIRECT_VERSION=v5 hides unified campaigns and combinatorial ads: set v501"
        is_many = number >= _A_FEW and number > _MANY * frame.filter(has_ad)["ad_id"].n_unique()
        (doubtful if is_many and is_complete else certain).append(text)
    hidden = hidden.filter(pl.col("campaign_id").is_not_null())
    if number := hidden["campaign_id"].n_unique():
        campaigns, spent = numbered(number, "campaign"), _spend(hidden)
        certain.append(
            f"{campaigns} of the wizard with {spent} of spend: the API names none of its ads, so it has no city"
        )
    return doubtful, certain


def _spend(frame: pl.DataFrame) -> str:
    """Money of several currencies is not added up."""
    sums = frame.group_by("currency").agg(pl.col("paid").sum()).sort("currency", nulls_last=True)
    return " and ".join(f"{paid:.2f}" + (f" {currency}" if currency else "") for currency, paid in sums.iter_rows())
