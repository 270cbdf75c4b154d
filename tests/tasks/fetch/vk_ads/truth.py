"""What a fetch from VK must bring, worked out from the world by plain loops. Imports no product code."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.world import Ad, World
from sandbox.world.spend import ad_days


def vk_ads(world: World) -> list[Ad]:
    return [ad for ad in world.ads if ad.source == "vk_ads"]


def rows_of(world: World, first: date, last: date, *, zeros: bool) -> dict[tuple[str, str], tuple[str, ...]]:
    """Figures as today's API words them, by day and ad; `zeros`: also where nothing was shown."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    if zeros:
        for ad in vk_ads(world):
            for number in range((last - first).days + 1):
                found[(first + timedelta(days=number)).isoformat(), str(ad.ad_id)] = ("0", "0", "0", "0")
    for row in ad_days(world):
        if row.ad.source == "vk_ads" and first <= row.day <= last:
            spent = f"{row.spent:.2f}" if row.spent else "0"
            figures = (str(row.impressions), str(row.clicks), spent, str(row.conversions))
            found[row.day.isoformat(), str(row.ad.ad_id)] = figures
    return found
