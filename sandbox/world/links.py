"""The tags of an ad's link: what its orders carry, and where the advertising service keeps them.

The promoter's convention is ``utm_content=<city>_<dd>_<mm>``, the city and the day of a show; every other style
is something a loader meets as well.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.world.catalogue import Event

_SITE = "https://afisha.example.invalid/event"
_ON_QTICKETS = 3
"""Each third event is advertised by its page on QTickets' own site, whose address names its id."""
_LEAD_FORM = "leadads://1000201/"
_TERMS = ("афиша концерты", "купить билеты", "куда сходить с детьми")
_VK_MACROS = {"utm_campaign": "{{ad_plan_id}}", "utm_content": "{{banner_id}}"}
# VK's help text; its campaign_id is the id of the ad group.
_VK_DEFAULT = {"utm_medium": "cpc", "utm_source": "vk_ads"}
_DIRECT_MACROS = {"utm_campaign": "{campaign_id}", "utm_content": "{ad_id}", "utm_term": "{keyword}"}
_STALE = {"utm_content": "old_01_01"}

Link = dict[str, Any]
"""Fields of an ``Ad``: ``tags`` after the click, and where they are stored, with macros."""


def vk_link(event: Event, show: int, style: str, campaign_id: int, group_id: int, ad_id: int) -> Link:
    """Styles: city, group, conflict, default, plain, cyrillic, macros, form."""
    base = {"utm_source": "vk", "utm_medium": "cpc", "utm_campaign": f"vk_{event.id}"}
    content = {"plain": "karusel", "cyrillic": _content(event, show, "МСК")}.get(style) or _content(event, show)
    tags = {**base, "utm_content": content}
    if style == "form":
        return {"tags": {}, "link": f"{_LEAD_FORM}{event.id}/"}
    if style == "default":
        tags = {**_VK_DEFAULT, "utm_campaign": str(group_id), "utm_content": str(ad_id)}
        return {"tags": tags, "link": _url(event), "group_parameters": ""}
    if style == "macros":
        expanded = {"utm_campaign": str(campaign_id), "utm_content": str(ad_id)}
        return {"tags": {**base, **expanded}, "link": _url(event, {**base, **_VK_MACROS})}
    if style in ("group", "conflict"):
        url = _url(event, {**base, **_STALE} if style == "conflict" else None)
        return {"tags": tags, "link": url, "group_parameters": _query(tags)}
    return {"tags": tags, "link": _url(event, tags)}


def direct_link(event: Event, show: int, style: str, campaign_id: int, _group_id: int, ad_id: int) -> Link:
    """Styles: city, macros, plain, group, campaign, none."""
    base = {"utm_source": "yandex", "utm_medium": "cpc"}
    if style == "none":
        return {"tags": {}, "link": None}
    stored = {**base, **_DIRECT_MACROS}
    tags = {
        **base,
        "utm_campaign": str(campaign_id),
        "utm_content": str(ad_id),
        "utm_term": _TERMS[ad_id % len(_TERMS)],
    }
    if style != "macros":
        stored["utm_content"] = tags["utm_content"] = "poisk" if style == "plain" else _content(event, show)
    if style == "group":
        return {"tags": tags, "link": _url(event), "group_parameters": _query(stored)}
    if style == "campaign":
        stale = _url(event, {**base, **_STALE}) + "#tickets"
        return {"tags": tags, "link": stale, "campaign_parameters": _query(stored)}
    return {"tags": tags, "link": _url(event, stored)}


def _content(event: Event, number: int, code: str | None = None) -> str:
    """City, day and month of one of the event's shows, in the city's own time."""
    show = event.shows[number % len(event.shows)]
    return f"{code or event.city.code}_{show.starts_at.astimezone(ZoneInfo(event.city.timezone)):%d_%m}"


def _query(tags: dict[str, str]) -> str:
    """Braces of macros stay as they are."""
    return "&".join(f"{key}={quote(value, safe='{}')}" for key, value in tags.items())


def _url(event: Event, tags: dict[str, str] | None = None) -> str:
    of_event = f"https://{event.city.code}.qtickets.events/{event.id}-event"
    site = f"{_SITE}/{event.id}" if event.id % _ON_QTICKETS else of_event
    return site + (f"?{_query(tags)}" if tags else "")
