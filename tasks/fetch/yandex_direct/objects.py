"""What a report does not tell: links and tracking parameters of its ads, and days that Direct changed lately."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from tasks.errors import SourceError
from tasks.fetch.batches import batches
from tasks.fetch.yandex_direct.reports import Row
from tasks.fetch.yandex_direct.service import TITLE, Direct, Object

_ADS_A_CALL = 10_000
_GROUPS_A_CALL = 1_000
_CAMPAIGNS_A_CALL = 1_000
_A_FEW = 3
"""Fewer may all have been deleted."""
_LINKED_ADS = ("TextAd", "TextImageAd", "TextAdBuilderAd", "CpcVideoAdBuilderAd", "CpmBannerAdBuilderAd")
_LINKED_IN_V501 = ("ResponsiveAd",)
_CAMPAIGN_KINDS = ("TextCampaign", "UnifiedCampaign", "DynamicTextCampaign", "SmartCampaign")


@dataclass(frozen=True)
class Links:
    """By id: an ad's link (None where it has none), tracking parameters of groups and of campaigns."""

    ads: dict[int, str | None] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    campaigns: dict[int, str] = field(default_factory=dict)


async def campaigns(direct: Direct) -> dict[int, str]:
    """All campaigns with their tracking parameters, '' where there are none."""
    kinds = {f"{kind}FieldNames": ["TrackingParams"] for kind in _CAMPAIGN_KINDS}
    found = await direct.get("campaigns", "Campaigns", {"SelectionCriteria": {}, "FieldNames": ["Id"], **kinds})
    return {int(c["Id"]): _first(c, _CAMPAIGN_KINDS, "TrackingParams") or "" for c in found}


async def links(direct: Direct, rows: list[Row], tracking: dict[int, str]) -> Links:
    """Of the ads and groups in `rows`, in as few calls as the limits allow. Raises SourceError where the service
    knows not one of several that the report has figures of: that is no answer, and spend would lose its city."""
    ads: dict[int, str | None] = {}
    kinds = _LINKED_ADS + (_LINKED_IN_V501 if direct.version == "v501" else ())
    for ids in batches(_ids(rows, "ad_id"), _ADS_A_CALL):
        fields = {f"{kind}FieldNames": ["Href"] for kind in kinds}
        asked = {"SelectionCriteria": {"Ids": ids}, "FieldNames": ["Id"], **fields}
        ads |= {int(ad["Id"]): _first(ad, kinds, "Href") for ad in await direct.get("ads", "Ads", asked)}
    groups: dict[int, str] = {}
    for ids in batches(_ids(rows, "ad_group_id"), _GROUPS_A_CALL):
        asked = {"SelectionCriteria": {"Ids": ids}, "FieldNames": ["Id", "TrackingParams"]}
        found = await direct.get("adgroups", "AdGroups", asked)
        groups |= {int(group["Id"]): group.get("TrackingParams") or "" for group in found}
    _refuse_nothing("ads", _ids(rows, "ad_id"), ads)
    _refuse_nothing("ad groups", _ids(rows, "ad_group_id"), groups)
    return Links(ads, groups, tracking)


def _refuse_nothing(what: str, asked: list[int], found: Collection[int]) -> None:
    if not found and len(asked) >= _A_FEW:
        raise SourceError(
            f"{TITLE} knows none of the {len(asked)} {what} that its own report has figures of. "
            "Nothing was loaded; the next run tries again.",
            transient=True,
        )


async def changed_since(direct: Direct, campaign_ids: list[int], since: datetime) -> date | None:
    """The first day whose statistics Direct has changed since then, if any."""
    borders: list[str] = []
    for ids in batches(campaign_ids, _CAMPAIGNS_A_CALL):
        asked: Object = {
            "CampaignIds": ids,
            "Timestamp": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "FieldNames": ["CampaignsStat"],
        }
        result = await direct.call("changes", "check", asked)
        stats = (result.get("Modified") or {}).get("CampaignsStat") or []
        borders += [str(item["BorderDate"]) for item in stats if item.get("BorderDate")]
    return min((date.fromisoformat(border[:10]) for border in borders), default=None)


def _ids(rows: list[Row], column: str) -> list[int]:
    return sorted({int(text) for row in rows if (text := row.get(column) or "").isdecimal() and int(text)})


def _first(item: Object, kinds: tuple[str, ...], name: str) -> str | None:
    return next((value for kind in kinds if (value := (item.get(kind) or {}).get(name))), None)
