"""Campaigns and ads as the legacy API words them: text where one expects numbers, links in the layout only."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sandbox.vk.cabinet import Cabinet
from sandbox.vk.legacy.links import link_of
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.objects import ACTIVE, BLOCKED, DELETED, Banner, Campaign
from sandbox.vk.wire import Document
from sandbox.world.clock import day_start

_STATUSES = {BLOCKED: 0, ACTIVE: 1, DELETED: 2}
_APPROVED = "2"
_TEXT_WITH_PICTURE, _FOR_IMPRESSIONS = 1, 1
_CPM_KOPECKS = "23699"


def campaign(found: Campaign, switches: Switches) -> Document:
    """Limits are text in roubles."""
    return {
        "id": found.id,
        "type": "normal",
        "name": found.name,
        "status": _STATUSES[found.status],
        "day_limit": str(found.budget_day),
        "all_limit": "0",
        "start_time": _time(day_start(found.starts), switches),
        "stop_time": _zero(switches),
        "create_time": _time(found.created, switches),
        "update_time": _time(found.updated, switches),
    }


def ad(found: Banner, cabinet: Cabinet, switches: Switches) -> Document:
    """``id`` is text, ``campaign_id`` is not; ``cpm`` is text in kopecks. There is no link here."""
    return {
        "id": str(found.id),
        "campaign_id": _campaign_id(found, cabinet),
        "name": found.name,
        "status": _STATUSES[found.status],
        "approved": _APPROVED,
        "ad_format": _TEXT_WITH_PICTURE,
        "cost_type": _FOR_IMPRESSIONS,
        "cpm": _CPM_KOPECKS,
        "day_limit": "0",
        "all_limit": "0",
        "start_time": _zero(switches),
        "stop_time": _zero(switches),
        "create_time": _time(found.created, switches),
        "update_time": _time(found.updated, switches),
    }


def layout(found: Banner, cabinet: Cabinet, switches: Switches) -> Document:
    link = link_of(found, cabinet.groups[found.group_id])
    return {
        "id": found.id if switches.layout_ids_as_ints else str(found.id),
        "campaign_id": _campaign_id(found, cabinet),
        "ad_format": _TEXT_WITH_PICTURE,
        "cost_type": _FOR_IMPRESSIONS,
        "title": found.name,
        "description": found.text,
        "link_url": link,
        "link_domain": urlsplit(link).netloc,
        "preview_link": f"https://api.example.invalid/ads?act=preview&id={found.id}",
        "image_src": f"https://api.example.invalid/images/{found.id}.jpg",
    }


def _campaign_id(found: Banner, cabinet: Cabinet) -> int:
    return cabinet.groups[found.group_id].campaign_id


def _time(moment: datetime, switches: Switches) -> str | int:
    seconds = int(moment.timestamp())
    return seconds if switches.times_as_ints else str(seconds)


def _zero(switches: Switches) -> str | int:
    return 0 if switches.times_as_ints else "0"
