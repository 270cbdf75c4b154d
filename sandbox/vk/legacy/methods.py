"""The methods a loader calls, and how they word campaigns and ads: text where one expects numbers.

Every other method is unknown here, above all those that create and change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from sandbox.vk.cabinet import Cabinet
from sandbox.vk.legacy import errors
from sandbox.vk.legacy.statistics import statistics
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.objects import ACTIVE, BLOCKED, DELETED, Banner, Campaign
from sandbox.vk.wire import Document
from sandbox.world.clock import day_start

Arguments = dict[str, str]
_MAX_ADS = 2000
_STATUSES = {BLOCKED: 0, ACTIVE: 1, DELETED: 2}
_DEFAULT_TAGS = "utm_medium=cpc&utm_source=vk_ads&utm_campaign={{campaign_id}}&utm_content={{banner_id}}"


def _campaigns(arguments: Arguments, cabinet: Cabinet, switches: Switches) -> list[Document]:
    wanted = _id_list(arguments, "campaign_ids")
    return [
        _campaign(campaign, switches)
        for _, campaign in sorted(cabinet.campaigns.items())
        if (wanted is None or campaign.id in wanted) and _is_shown(campaign, arguments)
    ]


def _ads(arguments: Arguments, cabinet: Cabinet, switches: Switches) -> list[Document]:
    return [_ad(banner, cabinet, switches) for banner in _chosen(arguments, cabinet)]


def _layouts(arguments: Arguments, cabinet: Cabinet, switches: Switches) -> list[Document]:
    return [_layout(banner, cabinet, switches) for banner in _chosen(arguments, cabinet)]


METHODS: dict[str, Callable[[Arguments, Cabinet, Switches], list[Document]]] = {
    "ads.getCampaigns": _campaigns,
    "ads.getAds": _ads,
    "ads.getAdsLayout": _layouts,
    "ads.getStatistics": statistics,
}


def call(name: str, arguments: Arguments, cabinet: Cabinet, switches: Switches) -> list[Document]:
    if name not in METHODS:
        raise errors.LegacyError(errors.NO_METHOD)
    account = arguments.get("account_id", "")
    if not account.isdecimal():
        raise errors.invalid("account_id")
    if int(account) != cabinet.account_id:
        raise errors.LegacyError(errors.NO_PERMISSION)
    return METHODS[name](arguments, cabinet, switches)


def _chosen(arguments: Arguments, cabinet: Cabinet) -> list[Banner]:
    """``limit`` and ``offset`` count only for one campaign without ``ad_ids``."""
    ads, campaigns = _id_list(arguments, "ad_ids"), _id_list(arguments, "campaign_ids")
    found = [
        banner
        for _, banner in sorted(cabinet.banners.items())
        if (ads is None or banner.id in ads)
        and (campaigns is None or cabinet.campaign_of(banner) in campaigns)
        and _is_shown(banner, arguments)
    ]
    if ads is None and campaigns is not None and len(campaigns) == 1:
        start = int(arguments.get("offset", 0))
        found = found[start : start + int(arguments.get("limit", _MAX_ADS))]
    return found[:_MAX_ADS]


def _is_shown(found: Banner | Campaign, arguments: Arguments) -> bool:
    return found.status != DELETED or arguments.get("include_deleted") == "1"


def _id_list(arguments: Arguments, name: str) -> list[int] | None:
    """A JSON array of ids as text, ``[1,2]``; None where it is missing."""
    try:
        value: Any = json.loads(arguments.get(name, "null"))
    except ValueError as error:
        raise errors.invalid(name) from error
    if value is None:
        return None
    if not isinstance(value, list) or not all(str(item).isdecimal() for item in value):
        raise errors.invalid(name)
    return [int(item) for item in value]


def _campaign(campaign: Campaign, switches: Switches) -> Document:
    """Limits are text in roubles."""
    return {
        "id": campaign.id,
        "type": "normal",
        "name": campaign.name,
        "status": _STATUSES[campaign.status],
        "day_limit": str(campaign.budget_day),
        "create_time": _time(campaign, switches),
        "start_time": _start_of(campaign.starts),
        "stop_time": _start_of(campaign.ends),
    }


def _start_of(day: date | None) -> str:
    return str(int(day_start(day).timestamp())) if day else "0"


def _ad(banner: Banner, cabinet: Cabinet, switches: Switches) -> Document:
    """``id`` is text, ``campaign_id`` is not. There is no link here."""
    return {
        "id": str(banner.id),
        "campaign_id": cabinet.campaign_of(banner),
        "name": banner.name,
        "status": _STATUSES[banner.status],
        "create_time": _time(banner, switches),
    }


def _layout(banner: Banner, cabinet: Cabinet, switches: Switches) -> Document:
    return {
        "id": banner.id if switches.layout_ids_as_ints else str(banner.id),
        "campaign_id": cabinet.campaign_of(banner),
        "title": banner.name,
        "link_url": _link(banner, cabinet),
    }


def _time(found: Banner | Campaign, switches: Switches) -> str | int:
    seconds = int(found.created.timestamp())
    return seconds if switches.times_as_ints else str(seconds)


def _link(banner: Banner, cabinet: Cabinet) -> str:
    """Whatever a group adds today is in the link itself, over tags that are there.

    Macros have one pair of braces; today's group is unknown here, so its id stands as it is.
    """
    link, group = next(iter(banner.urls.values()), ""), cabinet.groups[banner.group_id]
    parts = urlsplit(link)
    if group.enable_utm and parts.scheme in ("http", "https"):
        tags = dict(parse_qsl(parts.query, keep_blank_values=True))
        tags.update(parse_qsl(group.utm or _DEFAULT_TAGS, keep_blank_values=True))
        query = "&".join(f"{name}={quote(value, safe='{}')}" for name, value in tags.items())
        link = urlunsplit(parts._replace(query=query))
    for macro in ("{{campaign_id}}", "{{ad_group_id}}"):
        link = link.replace(macro, str(group.id))
    return link.replace("{{ad_plan_id}}", "{campaign_id}").replace("{{banner_id}}", "{ad_id}")
