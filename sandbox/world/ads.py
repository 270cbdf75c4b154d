"""The promoter's advertising: which ads run for an event, with the oddities a loader must survive.

Which oddity an ad has depends on its event's position in the season. What an ad costs and brings on a day is in
``sandbox.world.spend``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.world.clock import moscow_day
from sandbox.world.links import Link, direct_link, vk_link
from sandbox.world.programme import Ad, Event
from sandbox.world.randomness import stream

VK, DIRECT = "vk_ads", "direct"
_GROUPS = ("Холодная аудитория", "Ретаргетинг")
_ADS_A_GROUP = 2
_FIRST_EVENT_ID = 800_000
_IDS_A_SEASON = 100
# Ids look as those of each service and can never meet an id of the ticket world.
_CAMPAIGN_IDS = {VK: 15_000_000, DIRECT: 700_000_000}
_GROUP_IDS = {VK: 165_000_000, DIRECT: 5_700_000_000}
_AD_IDS = {VK: 265_000_000, DIRECT: 17_700_000_000}
# About what an event of popularity 1 takes in a day through one source, and how much of it is spent on it.
_TAKINGS_A_DAY = 700.0
# How long after an ad's end people still order through it.
_LINGERING_DAYS = 14
_LEAST_COST_SHARE, _COST_SHARE_RANGE = 0.35, 5.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """One ad of an event: its place in the campaign, where its tags are, and what befalls it.

    ``late``, ``days`` and ``paused`` cut the run of the campaign, in days after its start; a ``deleted`` ad
    vanishes on its last day.
    """

    style: str = "city"
    group: int = 0
    number: int = 0
    late: int = 0
    days: int | None = None
    paused: tuple[int, int] | None = None
    deleted: bool = False
    wizard: bool = False
    clickless: bool = False


# By the event's position in its season; see CITIES for the first 14 and the catalogue for the other four.
_VK_PLANS: dict[int, tuple[_Plan, ...]] = {
    0: (_Plan(), _Plan(group=1, late=30, days=60)),
    1: (_Plan(), _Plan(number=1, late=14)),
    2: (_Plan("group"),),
    3: (_Plan(days=45),),
    4: (_Plan("conflict"),),
    5: (_Plan("macros"),),
    6: (_Plan(paused=(35, 55)),),
    7: (_Plan(days=50, deleted=True),),
    8: (_Plan("default"),),
    # The event was taken down before its sale, but nobody stopped the campaign for three weeks.
    9: (_Plan(days=21),),
    10: (_Plan(late=20, days=40, clickless=True),),
    11: (_Plan("plain"),),
    12: (_Plan(),),
    13: (_Plan("form"),),
    14: (_Plan("cyrillic"),),
    16: (_Plan(late=10),),
}
_DIRECT_PLANS: dict[int, tuple[_Plan, ...]] = {
    0: (_Plan("macros"), _Plan(group=1, late=21)),
    1: (_Plan(),),
    2: (_Plan("group"),),
    3: (_Plan(wizard=True),),
    4: (_Plan("campaign"),),
    5: (_Plan(),),
    6: (_Plan(days=60),),
    7: (_Plan(days=60, deleted=True),),
    10: (_Plan(paused=(30, 44)),),
    11: (_Plan(days=30, clickless=True),),
    13: (_Plan("none"),),
    15: (_Plan("macros"),),
    17: (_Plan("plain"),),
}


def ads_of(event: Event) -> list[Ad]:
    """All ads that bring people to this event, whenever they run."""
    slot = event.id % _IDS_A_SEASON
    return [
        *(_draft(event, VK, plan) for plan in _VK_PLANS.get(slot, ())),
        *(_draft(event, DIRECT, plan) for plan in _DIRECT_PLANS.get(slot, ())),
    ]


def ads_bringing(event: Event, day: date) -> list[Ad]:
    """Those whose tags an order of that day may carry: people still come while an ad pauses, and after its end."""
    return [ad for ad in ads_of(event) if ad.starts <= day <= _after(ad.ends, _LINGERING_DAYS)]


def _draft(event: Event, source: str, plan: _Plan) -> Ad:
    base = event.id - _FIRST_EVENT_ID
    group_base = base * len(_GROUPS) + plan.group
    campaign_id, group_id = _CAMPAIGN_IDS[source] + base, _GROUP_IDS[source] + group_base
    ad_id = _AD_IDS[source] + group_base * _ADS_A_GROUP + plan.number
    link = _link(event, source, plan, (campaign_id, group_id, ad_id))
    first = moscow_day(event.sale_starts_at)
    starts = first + timedelta(days=plan.late)
    ends = _ends(event, starts, plan)
    return Ad(
        source=source,
        campaign_id=campaign_id,
        campaign_name=f"{event.name} / {event.city.name} / {source}",
        group_id=group_id,
        group_name=_GROUPS[plan.group],
        ad_id=ad_id,
        ad_name=f"{event.name} №{plan.group * _ADS_A_GROUP + plan.number + 1}",
        city=event.city.name,
        event_id=event.id,
        tags=link.tags,
        starts=starts,
        ends=ends,
        link=link.url,
        group_parameters=link.group_parameters,
        campaign_parameters=link.campaign_parameters,
        paused=(_after(first, plan.paused[0]), _after(first, plan.paused[1])) if plan.paused else None,
        deleted_on=ends if plan.deleted else None,
        wizard=plan.wizard,
        clickless=plan.clickless,
        daily_budget=_budget(event, source),
    )


def _link(event: Event, source: str, plan: _Plan, ids: tuple[int, int, int]) -> Link:
    campaign_id, group_id, ad_id = ids
    show = plan.group * _ADS_A_GROUP + plan.number
    if source == VK:
        return vk_link(event, show, plan.style, group_id, ad_id, campaign_id)
    return direct_link(event, show, plan.style, campaign_id, ad_id)


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)


def _ends(event: Event, starts: date, plan: _Plan) -> date:
    last = max(moscow_day(event.shows[-1].starts_at), starts)
    return min(last, _after(starts, plan.days - 1)) if plan.days else last


def _budget(event: Event, source: str) -> float:
    """A day's budget of each ad: in some campaigns a good part of the takings, in others more than they are."""
    share = _LEAST_COST_SHARE * _COST_SHARE_RANGE ** stream("budget", source, event.id, event.popularity).random()
    return float(_TAKINGS_A_DAY * event.popularity * share)
