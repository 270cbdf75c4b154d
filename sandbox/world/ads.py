"""The promoter's advertising: which ads run for an event, with the oddities a loader must survive.

Which oddity an ad has depends on its event's position in the season. What an ad costs and brings on a day is in
``sandbox.world.spend``, its tags are in ``sandbox.world.links``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.world.catalogue import Event
from sandbox.world.clock import moscow_day
from sandbox.world.links import direct_link, vk_link
from sandbox.world.randomness import stream

VK, DIRECT = "vk_ads", "direct"
_GROUPS = ("Холодная аудитория", "Ретаргетинг")
_ADS_A_GROUP = 2
_FIRST_EVENT_ID, _IDS_A_SEASON = 800_000, 100
# First ids of campaigns, groups and ads. They look as those of each service and never meet an id of the tickets.
_FIRST_IDS = {
    VK: (15_000_000, 165_000_000, 265_000_000),
    DIRECT: (700_000_000, 5_700_000_000, 17_700_000_000),
}
# About what an event of popularity 1 takes in a day through one source, and how much of it is spent on it.
_TAKINGS_A_DAY = 700.0
_LEAST_COST_SHARE, _COST_SHARE_RANGE = 0.35, 5.0
# People still order through an ad that pauses, and for so long after its end.
_LINGERING = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Ad:
    """One ad, its group and its campaign. ``source`` is ``vk_ads`` or ``direct``; all ends of spans are included.

    ``tags`` are what an order brought by the ad carries, with macros substituted; where the source keeps them is
    told by ``link`` (None: it leads to no site), ``group_parameters`` and ``campaign_parameters``, all with macros
    as the source writes them. Group parameters that are empty but not None are VK's own default tags.
    ``daily_budget`` is in RUB net of VAT at scale 1.
    """

    source: str
    campaign_id: int
    campaign_name: str
    group_id: int
    group_name: str
    ad_id: int
    ad_name: str
    city: str
    event_id: int
    tags: dict[str, str]
    starts: date
    ends: date
    link: str | None = None
    group_parameters: str | None = None
    campaign_parameters: str | None = None
    paused: tuple[date, date] | None = None
    deleted_on: date | None = None
    wizard: bool = False
    clickless: bool = False
    daily_budget: float = 0.0

    def state(self, day: date) -> str:
        """``planned``, ``running``, ``paused``, ``ended``, or ``deleted``: gone, but its past spend stays."""
        if self.deleted_on is not None and day > self.deleted_on:
            return "deleted"
        if day < self.starts:
            return "planned"
        if day > self.ends:
            return "ended"
        return "paused" if self.paused and self.paused[0] <= day <= self.paused[1] else "running"


@dataclass(frozen=True, slots=True)
class _Plan:
    """One ad of an event: where its tags are (see ``links``), its place in the campaign, and what befalls it.

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
_PLANS: dict[str, dict[int, tuple[_Plan, ...]]] = {
    VK: {
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
    },
    DIRECT: {
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
    },
}


def ads_of(event: Event) -> list[Ad]:
    """All ads that bring people to this event, whenever they run."""
    slot = event.id % _IDS_A_SEASON
    return [_draft(event, source, plan) for source, plans in _PLANS.items() for plan in plans.get(slot, ())]


def ads_bringing(event: Event, day: date) -> list[Ad]:
    """Those whose tags an order of that day may carry."""
    return [ad for ad in ads_of(event) if ad.starts <= day <= ad.ends + _LINGERING]


def _draft(event: Event, source: str, plan: _Plan) -> Ad:
    base = event.id - _FIRST_EVENT_ID
    group = base * len(_GROUPS) + plan.group
    offsets = (base, group, group * _ADS_A_GROUP + plan.number)
    ids = [first + offset for first, offset in zip(_FIRST_IDS[source], offsets, strict=True)]
    number = plan.group * _ADS_A_GROUP + plan.number
    link = (vk_link if source == VK else direct_link)(event, number, plan.style, *ids)
    first = moscow_day(event.sale_starts_at)
    starts = first + timedelta(days=plan.late)
    ends = max(moscow_day(event.shows[-1].starts_at), starts)
    if plan.days:
        ends = min(ends, starts + timedelta(days=plan.days - 1))
    return Ad(
        source=source,
        campaign_id=ids[0],
        campaign_name=f"{event.name} / {event.city.name} / {source}",
        group_id=ids[1],
        group_name=_GROUPS[plan.group],
        ad_id=ids[2],
        ad_name=f"{event.name} №{number + 1}",
        city=event.city.name,
        event_id=event.id,
        starts=starts,
        ends=ends,
        paused=(first + timedelta(plan.paused[0]), first + timedelta(plan.paused[1])) if plan.paused else None,
        deleted_on=ends if plan.deleted else None,
        wizard=plan.wizard,
        clickless=plan.clickless,
        daily_budget=_budget(event, source),
        **link,
    )


def _budget(event: Event, source: str) -> float:
    """A day's budget of each ad: in some campaigns a good part of the takings, in others more than they are."""
    share = _LEAST_COST_SHARE * _COST_SHARE_RANGE ** stream("budget", source, event.id, event.popularity).random()
    return float(_TAKINGS_A_DAY * event.popularity * share)
