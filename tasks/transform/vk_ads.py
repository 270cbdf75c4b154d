"""VK Ads, today's API and the legacy one: raw statistics, each row with its ad's link, to facts."""

from __future__ import annotations

import polars as pl

from tasks.transform import links
from tasks.transform.ads import facts, spend_by_ad, typed
from tasks.transform.links import Ad, Tags, tags, with_tags
from tasks.utm import is_unreadable, is_web

_AD = [
    "campaign_id",
    "campaign_name",
    "ad_group_id",
    "ad_group_name",
    "ad_id",
    "account_id",
    "link",
    "group_utm",
    "enable_utm",
]
# What VK adds itself where a group has tags switched on and gives none; campaign_id means the group in macros.
_DEFAULT_TAGS = "utm_medium=cpc&utm_source=vk_ads&utm_campaign={{campaign_id}}&utm_content={{banner_id}}"


def ad_days(raw: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Columns and grain as `transform.ads.facts`; money is net of VAT, as VK reports it."""
    return with_tags(raw, _AD, _tags_of).pipe(typed, "spent", pl.lit(0)).pipe(facts, cities)


def unreadable(raw: pl.DataFrame) -> pl.DataFrame:
    """Spend of ads whose link is known but whose tags could not be read from it. Columns as
    `transform.ads.spend_by_ad`; `raw`: rows that passed validation."""
    return links.unreadable(raw, _AD, _is_unreadable).pipe(spend_by_ad, "spent")


def _tags_of(ad: Ad) -> Tags:
    """A group's tags win over the link's. A lead form or the like leads to no site and carries none."""
    if ad["link"] is None:
        return {}
    return tags(ad["link"], _overriding(ad), _macros(ad))


def _is_unreadable(ad: Ad) -> bool:
    return is_unreadable(ad["link"], _overriding(ad))


def _overriding(ad: Ad) -> str:
    if ad["enable_utm"] != "true" or not is_web(ad["link"]):
        return ""
    return (ad["group_utm"] or "").strip() or _DEFAULT_TAGS


def _macros(ad: Ad) -> dict[str, str | None]:
    """Double braces are today's API's, single ones the legacy API's, which has no groups."""
    group_id, group_name = ad["ad_group_id"], ad["ad_group_name"]
    return {
        "{{ad_plan_id}}": ad["campaign_id"],
        "{{ad_plan_name}}": ad["campaign_name"],
        "{{campaign_id}}": group_id,
        "{{ad_group_id}}": group_id,
        "{{campaign_name}}": group_name,
        "{{ad_group_name}}": group_name,
        "{{banner_id}}": ad["ad_id"],
        "{{advertiser_id}}": ad["account_id"],
        "{campaign_id}": ad["campaign_id"],
        "{ad_id}": ad["ad_id"],
    }
