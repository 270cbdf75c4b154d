"""The tags of an ad's link: what its orders carry, and where the advertising service keeps them.

The promoter's convention is ``utm_content=<city>_<dd>_<mm>``, the city and the day of a show; every other style
is something a loader meets as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.world.catalogue import Event

_SITE = "https://afisha.example.invalid/event"
_LEAD_FORM = "leadads://1000201/"
_TERMS = ("афиша концерты", "купить билеты", "куда сходить с детьми")
_VK_MACROS = {"utm_campaign": "{{ad_plan_id}}", "utm_content": "{{banner_id}}"}
# VK's help text; its campaign_id is the id of the ad group.
_VK_DEFAULT = {"utm_medium": "cpc", "utm_source": "vk_ads"}
_DIRECT_MACROS = {"utm_campaign": "{campaign_id}", "utm_content": "{ad_id}", "utm_term": "{keyword}"}
_STALE = {"utm_content": "old_01_01"}


@dataclass(frozen=True, slots=True)
class Link:
    """``tags`` after the click; the rest as stored, with macros."""

    tags: dict[str, str]
    url: str | None
    group_parameters: str | None = None
    campaign_parameters: str | None = None


def vk_link(event: Event, show: int, style: str, campaign_id: int, group_id: int, ad_id: int) -> Link:
    """Styles: city, group, conflict, default, plain, cyrillic, macros, form."""
    base = {"utm_source": "vk", "utm_medium": "cpc", "utm_campaign": f"vk_{event.id}"}
    content = {"plain": "karusel", "cyrillic": _content(event, show, "МСК")}.get(style) or _content(event, show)
    tags = {**base, "utm_content": content}
    if style == "form":
        return Link({}, f"{_LEAD_FORM}{event.id}/")
    if style == "default":
        return Link({**_VK_DEFAULT, "utm_campaign": str(group_id), "utm_content": str(ad_id)}, _url(event), "")
    if style == "macros":
        expanded = {"utm_campaign": str(campaign_id), "utm_content": str(ad_id)}
        return Link({**base, **expanded}, _url(event, {**base, **_VK_MACROS}))
    if style in ("group", "conflict"):
        return Link(tags, _url(event, {**base, **_STALE} if style == "conflict" else None), _query(tags))
    return Link(tags, _url(event, tags))


def direct_link(event: Event, show: int, style: str, campaign_id: int, _group_id: int, ad_id: int) -> Link:
    """Styles: city, macros, plain, group, campaign, none."""
    base = {"utm_source": "yandex", "utm_medium": "cpc"}
    if style == "none":
        return Link({}, None)
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
        return Link(tags, _url(event), group_parameters=_query(stored))
    if style == "campaign":
        return Link(tags, _url(event, {**base, **_STALE}) + "#tickets", campaign_parameters=_query(stored))
    return Link(tags, _url(event, stored))


def _content(event: Event, number: int, code: str | None = None) -> str:
    """City, day and month of one of the event's shows, in the city's own time."""
    show = event.shows[number % len(event.shows)]
    return f"{code or event.city.code}_{show.starts_at.astimezone(ZoneInfo(event.city.timezone)):%d_%m}"


def _query(tags: dict[str, str]) -> str:
    """Braces of macros stay as they are."""
    return "&".join(f"{key}={quote(value, safe='{}')}" for key, value in tags.items())


def _url(event: Event, tags: dict[str, str] | None = None) -> str:
    return f"{_SITE}/{event.id}" + (f"?{_query(tags)}" if tags else "")
