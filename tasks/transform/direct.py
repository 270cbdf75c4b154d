"""Yandex Direct: raw report rows, each with its ad's link and tracking parameters, to facts."""

from __future__ import annotations

import polars as pl

from tasks.transform import links
from tasks.transform.ads import facts, spend_by_ad, typed
from tasks.transform.links import Ad, Tags, tags, with_tags
from tasks.transform.values import MONEY
from tasks.utm import is_unreadable

_AD = [
    "campaign_id",
    "campaign_name",
    "ad_group_id",
    "ad_id",
    "link",
    "group_tracking",
    "campaign_tracking",
    "link_known",
]
_KEY = ["stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id"]


def ad_days(raw: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Columns and grain as `transform.ads.facts`; money as the report gave it, which `spent_has_vat` names."""
    days = with_tags(raw, _AD, _tags_of).pipe(typed, "cost", pl.col("include_vat") == "YES")
    return facts(days, cities).pipe(_summed)


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a key. The report groups by ad, but ads of the campaign wizard share the id 0 in their campaign."""
    if not rows.select(pl.struct(_KEY).is_duplicated().any()).item():
        return rows
    counts = [pl.col(name).sum() for name in ("impressions", "clicks", "conversions")]
    others = [name for name in rows.columns if name not in {*_KEY, "impressions", "clicks", "conversions", "spent"}]
    summed = rows.group_by(_KEY, maintain_order=True).agg(
        *counts, pl.col("spent").sum().cast(MONEY), *(pl.col(name).first() for name in others)
    )
    return summed.select(rows.columns)


def unreadable(raw: pl.DataFrame) -> pl.DataFrame:
    """Spend of ads whose link is known but whose tags could not be read from it. Columns as
    `transform.ads.spend_by_ad`; `raw`: rows that passed validation."""
    return links.unreadable(raw, _AD, _is_unreadable).pipe(spend_by_ad, "cost")


def _tags_of(ad: Ad) -> Tags:
    """Tracking parameters of the group, else of the campaign, win over those in the link."""
    if ad["link_known"] != "true":
        return {}
    macros = {
        "{campaign_id}": ad["campaign_id"],
        "{campaign_name}": ad["campaign_name"],
        "{gbid}": ad["ad_group_id"],
        "{ad_id}": ad["ad_id"],
        "{banner_id}": ad["ad_id"],
    }
    return tags(ad["link"], _overriding(ad), macros)


def _is_unreadable(ad: Ad) -> bool:
    return ad["link_known"] == "true" and is_unreadable(ad["link"], _overriding(ad))


def _overriding(ad: Ad) -> str:
    return (ad["group_tracking"] or "").strip() or (ad["campaign_tracking"] or "").strip()
