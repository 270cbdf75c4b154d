"""VK Ads: daily statistics by ad with what its tags are made of, from today's or the legacy API (VK_API)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from tasks.fetch.batches import batches
from tasks.fetch.vk_ads import legacy, today
from tasks.fetch.vk_ads.today import text_of
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

VERSION = "1"
COLUMNS = (
    "stat_date", "account_id", "campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id",
    "impressions", "clicks", "spent", "conversions", "currency", "link", "group_utm", "enable_utm",
)  # fmt: skip
HISTORY_DAYS = 365
"""VK gives statistics of the last 366 days."""

Row = dict[str, str | None]


def check_settings(settings: Settings) -> None:
    """Raises SettingsError where neither a token nor what gives one is set, or a token that can be none."""
    if settings.vk_api == "legacy":
        require(settings.vk_token, "VK_TOKEN", ".env.vk")
        require(settings.vk_account_id, "VK_ACCOUNT_ID", ".env.vk")
    elif settings.vk_token:
        require(settings.vk_token, "VK_TOKEN", ".env.vk")
    else:
        require(settings.vk_client_id, "VK_CLIENT_ID", ".env.vk")
        require(settings.vk_client_secret, "VK_CLIENT_SECRET", ".env.vk")


def account(settings: Settings) -> str:
    if settings.vk_api == "legacy":
        return f"{settings.vk_legacy_base_url}#{settings.vk_account_id}"
    fixed = settings.vk_token.get_secret_value() if settings.vk_token else ""
    who = hashlib.sha256(fixed.encode()).hexdigest() if fixed else settings.vk_client_id
    return f"{settings.vk_base_url}#{who}#{settings.vk_account_id or ''}"


def fetch_ad_days(settings: Settings, window: Window, as_of: datetime) -> Fetched:  # noqa: ARG001
    """Columns: COLUMNS, all text; grain: day x ad; money net of VAT. An ad whose figures the API no longer gives
    has no row: what was loaded of it stays. Raises SourceError."""
    return asyncio.run(_legacy(settings, window) if settings.vk_api == "legacy" else _today(settings, window))


async def _today(settings: Settings, window: Window) -> Fetched:
    api = today.Today(settings)
    try:
        account_id = await api.account_id()
        # From the bottom up: what is made meanwhile then lacks no parent.
        banners = await api.listing("banners", ("id", "ad_group_id", "campaign_id", "urls"))
        groups = await api.listing("ad_groups", ("id", "name", "ad_plan_id", "enable_utm", "utm"))
        plans = await api.listing("ad_plans", ("id", "name"))
        days: dict[int, list[today.Record]] = {}
        lost: list[int] = []
        for ids in batches(sorted(banners), today.IDS_A_CALL):
            known, unknown = await api.statistics(ids, window)
            days |= known
            lost += unknown
    finally:
        await api.close()

    def head(ad: int) -> Row:
        banner = banners[ad]
        group_id = banner["ad_group_id"] if banner.get("ad_group_id") is not None else banner.get("campaign_id")
        listed = groups.get(int(group_id)) if group_id is not None else None
        group = listed or {}
        plan_id = group.get("ad_plan_id")
        plan = plans.get(int(plan_id), {}) if plan_id is not None else {}
        return {
            "account_id": account_id,
            "campaign_id": text_of(plan_id) or "0",
            "campaign_name": text_of(plan.get("name")),
            "ad_group_id": text_of(group_id),
            "ad_group_name": text_of(group.get("name")),
            "ad_id": str(ad),
            # Without its group nobody knows which tags the link will carry.
            "link": None if listed is None else today.link_of(banner) or "",
            "group_utm": text_of(group.get("utm")),
            "enable_utm": "true" if group.get("enable_utm") else "false",
        }

    rows = [head(ad) | today.statistics_row(day) for ad, figures in days.items() for day in figures]
    rows += [head(ad) | _undelivered(window) for ad, figures in days.items() if not figures]
    return _fetched(rows, len(banners), lost)


async def _legacy(settings: Settings, window: Window) -> Fetched:
    api = legacy.Legacy(settings)
    async with api.client:
        campaigns = await api.campaigns()
        ads = await api.ads(campaigns)
        links: dict[int, str | None] = {}
        days: dict[int, list[legacy.Record]] = {}
        for ids in batches(sorted(ads), legacy.IDS_A_CALL):
            links |= await api.links(ids)
            days |= await api.statistics(ids, window)

    def head(ad: int) -> Row:
        campaign = int(ads[ad]["campaign_id"])
        return {
            "account_id": api.account_id,
            "campaign_id": str(campaign),
            "campaign_name": text_of(campaigns.get(campaign, {}).get("name")),
            "ad_id": str(ad),
            "link": links.get(ad),
        }

    rows = [head(ad) | legacy.statistics_row(day) for ad, figures in days.items() for day in figures]
    rows += [head(ad) | _undelivered(window) for ad in _silent(ads, days)]
    return _fetched(rows, len(ads), [])


def _silent(ads: Iterable[int], days: Mapping[int, list[today.Record]]) -> list[int]:
    """Ads without a row though others have some. Statistics of nobody say nothing, and undo nothing: the legacy API
    was seen to answer so."""
    return [ad for ad in ads if not days.get(ad)] if any(days.values()) else []


def _undelivered(window: Window) -> Row:
    """A listed ad without a row still gets one, empty: it says that the API knows the ad and has nothing on it."""
    return {"stat_date": str(window.first), "impressions": "0", "clicks": "0", "spent": "0", "conversions": "0"}


def _fetched(rows: list[Row], ads: int, lost: Iterable[int]) -> Fetched:
    missing = list(lost)
    text = f"VK Ads gives no figures for {len(missing)} ads any more; what was loaded stays"
    warnings = (text,) if missing else ()
    for warning in warnings:
        logger.warning("%s", warning)
    return Fetched(rows, COLUMNS, warnings, {"ad_days": len(rows), "ads": ads})
