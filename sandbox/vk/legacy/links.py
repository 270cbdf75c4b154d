"""The target link of an ad for an API without ad groups: whatever a group adds today is in the link itself."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from sandbox.vk.objects import Banner, Group

_DEFAULT_TAGS = "utm_medium=cpc&utm_source=vk_ads&utm_campaign={{campaign_id}}&utm_content={{banner_id}}"


def link_of(banner: Banner, group: Group) -> str:
    """Macros have one pair of braces; today's group is unknown here, so its id stands as it is."""
    link = next(iter(banner.urls.values()), "")
    if group.enable_utm and urlsplit(link).scheme in ("http", "https"):
        link = _joined(link, group.utm or _DEFAULT_TAGS)
    for today in ("{{campaign_id}}", "{{ad_group_id}}"):
        link = link.replace(today, str(group.id))
    return link.replace("{{ad_plan_id}}", "{campaign_id}").replace("{{banner_id}}", "{ad_id}")


def _joined(link: str, tags: str) -> str:
    """Tags of the group win over those of the link."""
    parts = urlsplit(link)
    merged = dict(parse_qsl(parts.query, keep_blank_values=True))
    merged.update(parse_qsl(tags, keep_blank_values=True))
    query = "&".join(f"{name}={quote(value, safe='{}')}" for name, value in merged.items())
    return urlunsplit(parts._replace(query=query))
