"""Campaigns, ad groups and ads of the world as Direct words them at a Moscow day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sandbox.direct.selection import Object
from sandbox.world import Ad

TEXT, UNIFIED = "TEXT_CAMPAIGN", "UNIFIED_CAMPAIGN"
_EVERY_UNIFIED = 3
_ARCHIVED_AFTER = timedelta(days=90)
_NETWORKS_GROUP = "Ретаргетинг"
_MICROS = 1_000_000
_STATES = {"running": "ON", "paused": "SUSPENDED", "planned": "OFF", "ended": "OFF"}
_REGION = 225


def campaign_type(ad: Ad) -> str:
    """Campaigns of the wizard are unified ones, and so is every third other."""
    return UNIFIED if ad.wizard or ad.campaign_id % _EVERY_UNIFIED == 0 else TEXT


def is_on_networks(ad: Ad) -> bool:
    return ad.group_name == _NETWORKS_GROUP


def campaigns(ads: Iterable[Ad], day: date) -> list[Object]:
    """Those of deleted ads too, which end but stay."""
    by_id: dict[int, list[Ad]] = {}
    for ad in ads:
        by_id.setdefault(ad.campaign_id, []).append(ad)
    return [_campaign(own, day) for own in by_id.values()]


def _campaign(ads: list[Ad], day: date) -> Object:
    ad, kind = ads[0], campaign_type(ads[0])
    ends = max(ad.ends for ad in ads)
    settings = {"TrackingParams": ad.campaign_parameters, "CounterIds": {"Items": [1001 + ad.event_id]}}
    return {
        "Id": ad.campaign_id,
        "Name": ad.campaign_name,
        "Type": kind,
        "State": _campaign_state(ads, ends, day),
        "Status": "ACCEPTED",
        "StatusPayment": "ALLOWED",
        "StatusClarification": "",
        "StartDate": min(ad.starts for ad in ads).isoformat(),
        "EndDate": ends.isoformat(),
        "TimeZone": "Europe/Moscow",
        "Currency": "RUB",
        "DailyBudget": {"Amount": int(sum(ad.daily_budget for ad in ads)) * _MICROS, "Mode": "STANDARD"},
        "Funds": None,
        "Statistics": None,
        "ClientInfo": "",
        "SourceId": None,
        **{"TextCampaign" if kind == TEXT else "UnifiedCampaign": settings},
    }


def _campaign_state(ads: list[Ad], ends: date, day: date) -> str:
    if day > ends:
        return "ARCHIVED" if day > ends + _ARCHIVED_AFTER else "ENDED"
    states = {ad.state(day) for ad in ads}
    if "running" in states:
        return "ON"
    return "SUSPENDED" if "paused" in states else "OFF"


def ad_groups(ads: Iterable[Ad], day: date) -> list[Object]:
    """Without those of the campaign wizard."""
    first = {ad.group_id: ad for ad in ads if not ad.wizard and ad.state(day) != "deleted"}
    return [
        {
            "Id": ad.group_id,
            "CampaignId": ad.campaign_id,
            "Name": ad.group_name,
            "Status": "ACCEPTED",
            "ServingStatus": "ELIGIBLE",
            "Type": "TEXT_AD_GROUP" if campaign_type(ad) == TEXT else "UNIFIED_AD_GROUP",
            "RegionIds": [_REGION],
            "NegativeKeywords": None,
            "TrackingParams": ad.group_parameters,
        }
        for ad in first.values()
    ]


def is_combinatorial(ad: Ad) -> bool:
    """Text ads of unified campaigns are."""
    return campaign_type(ad) == UNIFIED and not is_on_networks(ad)


def ads_shown(ads: Iterable[Ad], day: date, on_v5: str | None = "text") -> list[Object]:
    """Without deleted ones and those of the campaign wizard. Ads in the networks keep the link elsewhere.

    ``on_v5`` is what v5 makes of combinatorial ads (see the switch), None for v501.
    """
    shown = (ad for ad in ads if not ad.wizard and ad.state(day) != "deleted")
    return [_ad(ad, day, on_v5) for ad in shown if on_v5 != "hidden" or not is_combinatorial(ad)]


def _ad(ad: Ad, day: date, on_v5: str | None) -> Object:
    text = {"Title": ad.ad_name, "Title2": None, "Text": "Билеты на сайте", "Href": ad.link, "Mobile": "NO"}
    kind, body = "TEXT_AD", {"TextAd": text}
    if is_on_networks(ad):
        kind, body = "IMAGE_AD", {"TextImageAd": {"Href": ad.link}}
    elif is_combinatorial(ad) and on_v5 is None:
        kind, body = "RESPONSIVE_AD", {"ResponsiveAd": {"Href": ad.link}}
    elif is_combinatorial(ad) and on_v5 == "bare":
        body = {}
    archived = day > ad.ends + _ARCHIVED_AFTER
    return {
        "Id": ad.ad_id,
        "CampaignId": ad.campaign_id,
        "AdGroupId": ad.group_id,
        "Status": "ACCEPTED",
        "StatusClarification": "",
        "State": "ARCHIVED" if archived else _STATES[ad.state(day)],
        "Type": kind,
        "Subtype": "NONE",
        "AgeLabel": None,
        "AdCategories": None,
        **body,
    }
