"""The tags of an ad's link: what its orders carry, and where the advertising service keeps them.

The promoter's convention is ``utm_content=<city>_<dd>_<mm>``, the city and the day of a show; every other style
is something a loader meets as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.world.programme import Event

SITE = "https://afisha.example.invalid/event"
LEAD_FORM = "leadads://1000201/"
_TERMS = ("афиша концерты", "купить билеты", "куда сходить с детьми")
_VK_MACROS = {"utm_campaign": "{{ad_plan_id}}", "utm_content": "{{banner_id}}"}
# VK's help text; its campaign_id is the id of the ad group.
_VK_DEFAULT = {"utm_medium": "cpc", "utm_source": "vk_ads"}
_DIRECT_MACROS = {"utm_campaign": "{campaign_id}", "utm_content": "{ad_id}", "utm_term": "{keyword}"}


@dataclass(frozen=True, slots=True)
class Link:
    """``tags`` after the click; the rest as stored, with macros."""

    tags: dict[str, str]
    url: str | None
    group_parameters: str | None = None
    campaign_parameters: str | None = None


def vk_link(event: Event, show: int, style: str, group_id: int, ad_id: int, campaign_id: int) -> Link:
    """Styles: city, group, conflict, default, plain, cyrillic, macros, form."""
    base = {"utm_source": "vk", "utm_medium": "cpc", "utm_campaign": f"vk_{event.id}"}
    tags = {**base, "utm_content": city_content(event, show)}
    if style == "form":
        return Link({}, f"{LEAD_FORM}{event.id}/")
    if style == "default":
        return Link({**_VK_DEFAULT, "utm_campaign": str(group_id), "utm_content": str(ad_id)}, _url(event), "")
    if style == "macros":
        expanded = {"utm_campaign": str(campaign_id), "utm_content": str(ad_id)}
        return Link({**base, **expanded}, _url(event, {**base, **_VK_MACROS}))
    if style == "group":
        return Link(tags, _url(event), query(tags))
    if style == "conflict":
        return Link(tags, _url(event, {**base, "utm_content": "old_01_01"}), query(tags))
    if style == "plain":
        tags["utm_content"] = "karusel"
    elif style == "cyrillic":
        tags["utm_content"] = tags["utm_content"].replace(event.city.code, "МСК")
    return Link(tags, _url(event, tags))


def direct_link(event: Event, show: int, style: str, campaign_id: int, ad_id: int) -> Link:
    """Styles: city, macros, plain, group, campaign, none."""
    base = {"utm_source": "yandex", "utm_medium": "cpc"}
    term = _TERMS[ad_id % len(_TERMS)]
    macros = {**base, **_DIRECT_MACROS}
    expanded = {**base, "utm_campaign": str(campaign_id), "utm_content": str(ad_id), "utm_term": term}
    if style == "none":
        return Link({}, None)
    if style == "macros":
        return Link(expanded, _url(event, macros))
    stored = {**macros, "utm_content": city_content(event, show)}
    tags = {**expanded, "utm_content": stored["utm_content"]}
    if style == "group":
        return Link(tags, _url(event), group_parameters=query(stored))
    if style == "campaign":
        stale = {**base, "utm_content": "old_01_01"}
        return Link(tags, _url(event, stale) + "#tickets", campaign_parameters=query(stored))
    if style == "plain":
        stored["utm_content"] = tags["utm_content"] = "poisk"
    return Link(tags, _url(event, stored))


def city_content(event: Event, number: int) -> str:
    """City, day and month of one of the event's shows, in the city's own time."""
    show = event.shows[number % len(event.shows)]
    local = show.starts_at.astimezone(ZoneInfo(event.city.timezone))
    return f"{event.city.code}_{local:%d_%m}"


def query(tags: dict[str, str]) -> str:
    """Braces of macros stay as they are."""
    return "&".join(f"{key}={quote(value, safe='{}')}" for key, value in tags.items())


def _url(event: Event, tags: dict[str, str] | None = None) -> str:
    return f"{SITE}/{event.id}" + (f"?{query(tags)}" if tags else "")
