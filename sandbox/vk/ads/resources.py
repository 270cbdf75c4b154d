"""The three lists: which fields each has, which come unasked, and by what it may be filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.vk.ads import documents
from sandbox.vk.cabinet import AD_GROUPS, AD_PLANS, BANNERS, Cabinet
from sandbox.vk.wire import Document

_EXACT = ("", "__in")
_STATUS = ("", "__ne", "__in")
_TIME = ("__lt", "__lte", "__gt", "__gte")
SORTABLE = ("id", "name", "status")


@dataclass(frozen=True, slots=True)
class Resource:
    """``filters`` has the suffixes by field. Names of the object that only filters see start with ``_``."""

    default_fields: tuple[str, ...]
    filters: dict[str, tuple[str, ...]]
    all: Callable[[Cabinet], list[Document]]


def _ad_plans(cabinet: Cabinet) -> list[Document]:
    return [documents.ad_plan(cabinet.campaigns[wanted]) for wanted in cabinet.known(AD_PLANS)]


def _ad_groups(cabinet: Cabinet) -> list[Document]:
    return [documents.ad_group(cabinet.groups[wanted], cabinet) for wanted in cabinet.known(AD_GROUPS)]


def _banners(cabinet: Cabinet) -> list[Document]:
    return [_searchable(wanted, cabinet) for wanted in cabinet.known(BANNERS)]


def _searchable(banner_id: int, cabinet: Cabinet) -> Document:
    banner = cabinet.banners[banner_id]
    group = cabinet.groups[banner.group_id]
    hidden = {
        "_ad_group_id": banner.group_id,
        "_ad_group_status": group.status,
        "_url": " ".join(banner.urls.values()),
        "_textblock": banner.text,
    }
    return {**documents.banner(banner), **hidden}


RESOURCES = {
    AD_PLANS: Resource(("id", "name"), {"id": _EXACT, "status": _STATUS}, _ad_plans),
    AD_GROUPS: Resource(
        ("id", "name", "package_id", "last_updated"),
        {"id": _EXACT, "status": _STATUS, "last_updated": _TIME, "ad_plan_id": _EXACT},
        _ad_groups,
    ),
    BANNERS: Resource(
        ("id", "ad_group_id"),
        {
            "id": _EXACT,
            "status": _STATUS,
            "updated": _TIME,
            "ad_group_id": _EXACT,
            "ad_group_status": _STATUS,
            "url": ("",),
            "textblock": ("",),
        },
        _banners,
    ),
}
# What a document lacks because it has another name for it may still be asked for.
ALSO_FIELDS = {BANNERS: ("ad_group_id", "campaign_id")}
