"""Campaigns, ad groups and ads of the world as Direct words them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sandbox.world import Ad

Object = dict[str, Any]
TEXT, UNIFIED = "TEXT_CAMPAIGN", "UNIFIED_CAMPAIGN"
_EVERY_UNIFIED = 3
_NETWORKS_GROUP = "Ретаргетинг"
_MICROS = 1_000_000
_STATES = {"running": "ON", "paused": "SUSPENDED", "planned": "OFF", "ended": "ENDED", "deleted": "ARCHIVED"}


def campaign_type(ad: Ad) -> str:
    """Campaigns of the wizard are unified ones, and so is every third other."""
    return UNIFIED if ad.wizard or ad.campaign_id % _EVERY_UNIFIED == 0 else TEXT


def is_combinatorial(ad: Ad) -> bool:
    """Text ads of unified campaigns are."""
    return campaign_type(ad) == UNIFIED and not _is_on_networks(ad)


def campaigns(ads: Iterable[Ad], currency: str, day: date, wizard: bool) -> list[Object]:
    """Without those of the campaign wizard, which only reports tell of, unless ``wizard``. Those of deleted ads
    stay."""
    by_id: dict[int, list[Ad]] = {}
    for ad in ads:
        if wizard or not ad.wizard:
            by_id.setdefault(ad.campaign_id, []).append(ad)
    return [_campaign(own, currency, day) for own in by_id.values()]


def ad_groups(ads: Iterable[Ad], day: date) -> list[Object]:
    first = {ad.group_id: ad for ad in _shown(ads, day)}
    return [{"Id": ad.group_id, "TrackingParams": ad.group_parameters} for ad in first.values()]


def ads_shown(ads: Iterable[Ad], day: date, on_v5: str | None) -> list[Object]:
    """``on_v5`` is what v5 makes of combinatorial ads (see the switch), None for v501."""
    return [_ad(ad, on_v5) for ad in _shown(ads, day)]


def _campaign(ads: list[Ad], currency: str, day: date) -> Object:
    """As lively as the liveliest of its ads."""
    ad, kind = ads[0], campaign_type(ads[0])
    states = {one.state(day) for one in ads}
    return {
        "Id": ad.campaign_id,
        "Name": ad.campaign_name,
        "Type": kind,
        "Currency": currency,
        "State": next(told for state, told in _STATES.items() if state in states),
        "Status": "ACCEPTED",
        "StartDate": str(min(one.starts for one in ads)),
        "EndDate": str(max(one.ends for one in ads)),
        "DailyBudget": {"Amount": int(sum(ad.daily_budget for ad in ads)) * _MICROS, "Mode": "STANDARD"},
        "TextCampaign" if kind == TEXT else "UnifiedCampaign": {"TrackingParams": ad.campaign_parameters},
    }


def _ad(ad: Ad, on_v5: str | None) -> Object:
    """Each kind of ad keeps its link elsewhere."""
    kind, part = "TEXT_AD", "TextAd"
    if _is_on_networks(ad):
        kind, part = "IMAGE_AD", "TextImageAd"
    elif is_combinatorial(ad) and on_v5 is None:
        kind, part = "RESPONSIVE_AD", "ResponsiveAd"
    is_bare = is_combinatorial(ad) and on_v5 == "bare"
    return {"Id": ad.ad_id, "Type": kind, **({} if is_bare else {part: {"Href": ad.link}})}


def _shown(ads: Iterable[Ad], day: date) -> list[Ad]:
    """Without deleted ads and those of the campaign wizard."""
    return [ad for ad in ads if not ad.wizard and ad.state(day) != "deleted"]


def _is_on_networks(ad: Ad) -> bool:
    return ad.group_name == _NETWORKS_GROUP
