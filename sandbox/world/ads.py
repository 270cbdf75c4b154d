"""The promoter's advertising: one VK and one Direct campaign for each event, with the tags their links carry.

Spend, impressions and clicks are not here: whoever serves an advertising API draws them for (ad, day).
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sandbox.world.clock import moscow_day
from sandbox.world.programme import Ad, Event

VK, DIRECT = "vk_ads", "direct"
_GROUPS = ("Холодная аудитория", "Ретаргетинг")
_ADS_A_GROUP = 2
_FIRST_EVENT_ID = 800_000
# Ids look as those of each service and can never meet an id of the ticket world.
_CAMPAIGN_IDS = {VK: 15_000_000, DIRECT: 700_000_000}
_GROUP_IDS = {VK: 165_000_000, DIRECT: 5_700_000_000}
_AD_IDS = {VK: 265_000_000, DIRECT: 17_700_000_000}
_TERMS = ("афиша концерты", "купить билеты", "куда сходить с детьми")


def ads_of(event: Event) -> list[Ad]:
    """All ads that bring people to this event."""
    return [
        _draft(event, source, group, number)
        for source in (VK, DIRECT)
        for group in range(len(_GROUPS))
        for number in range(_ADS_A_GROUP)
    ]


def _draft(event: Event, source: str, group: int, number: int) -> Ad:
    base = event.id - _FIRST_EVENT_ID
    group_base = base * len(_GROUPS) + group
    campaign_id = _CAMPAIGN_IDS[source] + base
    ad_id = _AD_IDS[source] + group_base * _ADS_A_GROUP + number
    return Ad(
        source=source,
        campaign_id=campaign_id,
        campaign_name=f"{event.name} / {event.city.name} / {source}",
        group_id=_GROUP_IDS[source] + group_base,
        group_name=_GROUPS[group],
        ad_id=ad_id,
        ad_name=f"{event.name} №{group * _ADS_A_GROUP + number + 1}",
        city=event.city.name,
        event_id=event.id,
        tags=_vk_tags(event, group * _ADS_A_GROUP + number) if source == VK else _direct_tags(campaign_id, ad_id),
        starts=moscow_day(event.sale_starts_at),
        ends=moscow_day(event.shows[-1].starts_at),
    )


def _vk_tags(event: Event, number: int) -> dict[str, str]:
    """``utm_content`` names the city, day and month of one of the event's shows, in the city's own time."""
    show = event.shows[number % len(event.shows)]
    local = show.starts_at.astimezone(ZoneInfo(event.city.timezone))
    return {
        "utm_source": "vk",
        "utm_medium": "cpc",
        "utm_campaign": f"vk_{event.id}",
        "utm_content": f"{event.city.code}_{local:%d_%m}",
    }


def _direct_tags(campaign_id: int, ad_id: int) -> dict[str, str]:
    return {
        "utm_source": "yandex",
        "utm_medium": "cpc",
        "utm_campaign": str(campaign_id),
        "utm_content": str(ad_id),
        "utm_term": _TERMS[ad_id % len(_TERMS)],
    }
