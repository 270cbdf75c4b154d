"""What the advertising sources have in common: from typed days to facts."""

from __future__ import annotations

import polars as pl

from tasks.transform.values import MONEY, canonical_city
from tasks.utm import UTM

_CONVENTION = r"^(.+)_(0?[1-9]|[12][0-9]|3[01])_(0?[1-9]|1[0-2])$"
"""utm_content of an ad, by the owner's convention: city_day_month, e.g. msk_01_10."""


def count(column: str) -> pl.Expr:
    """A counter; `--`, `-`, '' and null mean 0."""
    return _given(column).cast(pl.UInt64).fill_null(0)


def identifier(column: str) -> pl.Expr:
    """An id; 0 where the source gives none, as for ads made by Direct's campaign wizard; null: not known."""
    return pl.when(pl.col(column).is_not_null()).then(count(column))


def amount(column: str) -> pl.Expr:
    return _given(column).cast(MONEY).fill_null(pl.lit(0).cast(MONEY))


def typed(days: pl.DataFrame, spent: str, spent_has_vat: pl.Expr) -> pl.DataFrame:
    """Raw days (text, with tags) with the types of the facts. `spent`: the raw column of the money."""
    return days.with_columns(
        pl.col("stat_date").str.to_date("%Y-%m-%d"),
        *(identifier(name) for name in ("campaign_id", "ad_group_id")),
        count("ad_id"),
        *(count(name) for name in ("impressions", "clicks", "conversions")),
        amount(spent).alias("spent"),
        spent_has_vat.cast(pl.UInt8).alias("spent_has_vat"),
    )


def spend_by_ad(days: pl.DataFrame, spent: str) -> pl.DataFrame:
    """Columns ad_id (text), spent (money); grain: ad with spend. `spent`: the raw column of the money."""
    return (
        days.group_by("ad_id", maintain_order=True)
        .agg(amount(spent).sum().cast(MONEY).alias("spent"))
        .filter(pl.col("spent") != 0)
    )


def facts(days: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Grain: day, account, campaign, group, ad. Columns as `fact_vk_ads_daily` without `_ver`.

    `days` has them but `utm_city`, `utm_day` and `utm_month`, which come from `utm_content`; all of the tags and
    `link_event_id` are null where the ad's link is not known, as are campaign, group and currency where the source
    does not name them.
    Days on which nothing happened are left out, since one API sends them and another does not.
    """
    happened = (
        (pl.col("impressions") > 0) | (pl.col("clicks") > 0) | (pl.col("spent") != 0) | (pl.col("conversions") > 0)
    )
    parts = pl.col("utm_content").str.extract_groups(_CONVENTION)
    known = pl.col("utm_content").is_not_null()
    return (
        days.filter(happened)
        .with_columns(parts.struct.rename_fields(["city", "day", "month"]).alias("said"))
        .unnest("said")
        .select(
            "stat_date",
            "account_id",
            "campaign_id",
            "ad_group_id",
            "ad_id",
            "campaign_name",
            "impressions",
            "clicks",
            "spent",
            "spent_has_vat",
            "currency",
            "conversions",
            *UTM,
            pl.when(known).then(canonical_city("city", cities)).alias("utm_city"),
            pl.when(known).then(pl.col("day").cast(pl.UInt8).fill_null(0)).alias("utm_day"),
            pl.when(known).then(pl.col("month").cast(pl.UInt8).fill_null(0)).alias("utm_month"),
            pl.col("link_event_id").cast(pl.UInt64),
        )
    )


def _given(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.is_in(["", "-", "--"])).then(text)
