"""Campaigns, groups and ads as today's API words them: all their fields, before ``fields`` picks some.

Only the fields a reader of statistics may want; the vendor has many more for whoever creates ads.
"""

from __future__ import annotations

from sandbox.vk.cabinet import Cabinet
from sandbox.vk.objects import ACTIVE, Banner, Campaign, Group
from sandbox.vk.wire import Document, money, when

_PACKAGE_ID = 3122
_OBJECTIVE = {"objective": "site_conversions", "autobidding_mode": "max_goals", "max_price": "0"}
_URL_IDS = 20_000_000


def ad_plan(campaign: Campaign) -> Document:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "created": when(campaign.created),
        "updated": when(campaign.updated),
        "date_start": campaign.starts.isoformat(),
        "date_end": campaign.ends.isoformat(),
        "budget_limit": None,
        "budget_limit_day": money(campaign.budget_day),
        **_OBJECTIVE,
        "ad_object_type": "url",
        "ad_object_id": None,
        "pricelist_id": None,
        "delivery": _delivery(campaign.status),
        "vkads_status": {"status": campaign.status, "codes": []},
    }


def ad_group(group: Group, cabinet: Cabinet) -> Document:
    campaign = cabinet.campaigns[group.campaign_id]
    return {
        "id": group.id,
        "ad_plan_id": group.campaign_id,
        "package_id": _PACKAGE_ID,
        "name": group.name,
        "status": group.status,
        "created": when(group.created),
        "updated": when(group.updated),
        "last_updated": when(group.updated),
        "enable_utm": group.enable_utm,
        "utm": group.utm,
        "budget_limit": None,
        "budget_limit_day": None,
        "date_start": campaign.starts.isoformat(),
        "date_end": campaign.ends.isoformat(),
        "price": "0",
        **_OBJECTIVE,
        "delivery": _delivery(group.status),
        "issues": [],
    }


def banner(found: Banner) -> Document:
    parent = "campaign_id" if found.old_parent else "ad_group_id"
    stopped = {"code": "BANNER_STOPPED", "message": "The banner is stopped."}
    return {
        "id": found.id,
        parent: found.group_id,
        "name": found.name,
        "status": found.status,
        "created": when(found.created),
        "updated": when(found.updated),
        "moderation_status": "allowed",
        "delivery": _delivery(found.status),
        "issues": [] if found.status == ACTIVE else [stopped],
        "moderation_reasons": [],
        "ord_marker": f"2Vtzq{found.id}",
        "textblocks": {
            "title_40_vkads": {"text": found.text, "title": ""},
            "cta_sites_full": {"text": "buy", "title": ""},
        },
        "urls": {role: url(found, role) for role in found.urls},
        "content": {"icon_256x256": {"id": found.id, "type": "static"}},
    }


def url(found: Banner, role: str) -> Document:
    """The url object of one role of a banner; macros as written."""
    return {
        "id": url_id(found.id, role),
        "url": found.urls[role],
        "url_object_id": found.urls[role],
        "url_object_type": "leadads" if found.urls[role].startswith("leadads:") else "url",
        "url_types": ["external"],
    }


def url_id(banner_id: int, role: str) -> int:
    return _URL_IDS + banner_id * 2 + (role != "primary")


def _delivery(status: str) -> str:
    return "delivering" if status == ACTIVE else "not_delivering"
