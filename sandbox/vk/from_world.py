"""The promoter's VK ads as an account holds them. Figures are those of ``sandbox.world.spend``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sandbox.vk.objects import ACTIVE, BLOCKED, DELETED, Banner, Campaign, Figures, Group
from sandbox.world import Ad, World
from sandbox.world.ads import VK
from sandbox.world.clock import day_start, moscow_day
from sandbox.world.spend import ad_days

_STATUSES = {"planned": BLOCKED, "running": ACTIVE, "paused": BLOCKED, "ended": BLOCKED, "deleted": DELETED}
_RANKS = (ACTIVE, BLOCKED, DELETED)
_PREPARED = timedelta(hours=15)
# Stands where tags of a group are switched off; whoever applies it nevertheless books the spend wrongly.
_SWITCHED_OFF = "utm_source=vk_ads&utm_medium=cpc&utm_campaign=off&utm_content=off_01_01"


@dataclass(slots=True)
class Contents:
    """Objects by id; ``days`` has figures by banner and day, only where something was shown."""

    today: date
    campaigns: dict[int, Campaign] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    banners: dict[int, Banner] = field(default_factory=dict)
    days: dict[int, dict[date, Figures]] = field(default_factory=dict)


def contents(world: World) -> Contents:
    today = moscow_day(world.until)
    found = Contents(today)
    ads = sorted((ad for ad in world.ads if ad.source == VK), key=lambda ad: ad.ad_id)
    for ad in ads:
        found.banners[ad.ad_id] = _banner(ad, today)
        found.days[ad.ad_id] = {}
    for siblings in _together(ads, "group_id"):
        found.groups[siblings[0].group_id] = _group(siblings[0])
    for siblings in _together(ads, "campaign_id"):
        found.campaigns[siblings[0].campaign_id] = _campaign(siblings, today)
    for row in ad_days(world):
        if row.ad.source == VK:
            figures = Figures(row.impressions, row.clicks, row.spent, row.conversions)
            found.days[row.ad.ad_id][row.day] = figures
    return found


def _together(ads: list[Ad], key: str) -> list[list[Ad]]:
    families: dict[int, list[Ad]] = {}
    for ad in ads:
        families.setdefault(getattr(ad, key), []).append(ad)
    return [families[number] for number in sorted(families)]


def _banner(ad: Ad, today: date) -> Banner:
    return Banner(
        id=ad.ad_id,
        group_id=ad.group_id,
        name=ad.ad_name,
        status=_STATUSES[ad.state(today)],
        created=_created(ad),
        urls={"primary": ad.link} if ad.link else {},
    )


def _group(ad: Ad) -> Group:
    parameters = ad.group_parameters
    return Group(
        id=ad.group_id,
        campaign_id=ad.campaign_id,
        name=ad.group_name,
        enable_utm=parameters is not None,
        utm=_SWITCHED_OFF if parameters is None else parameters,
    )


def _campaign(ads: list[Ad], today: date) -> Campaign:
    """Deleted only once all its ads are."""
    return Campaign(
        id=ads[0].campaign_id,
        name=ads[0].campaign_name,
        status=min((_STATUSES[ad.state(today)] for ad in ads), key=_RANKS.index),
        created=min(_created(ad) for ad in ads),
        budget_day=Decimal(max(round(ad.daily_budget) for ad in ads) * 2),
        starts=min(ad.starts for ad in ads),
        ends=max(ad.ends for ad in ads),
    )


def _created(ad: Ad) -> datetime:
    """On the eve of its first day."""
    return day_start(ad.starts) - _PREPARED
