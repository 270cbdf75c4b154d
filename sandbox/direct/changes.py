"""The changes service: from which day on the statistics of a campaign are not what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.direct.errors import DirectError
from sandbox.world import World
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay, ad_days

_IDS_AT_MOST = 3000
# Nothing in the world is restated further back; what a test changes by hand may be.
_COMPARED_DAYS = 60
_WIRE = "%Y-%m-%dT%H:%M:%SZ"


def check(world: World, rows: Iterable[AdDay], params: Mapping[str, Any]) -> dict[str, Any]:
    """``Modified`` names only campaigns that the caller asked about, and of them only those that changed."""
    ids, fields = params.get("CampaignIds"), params.get("FieldNames")
    try:
        since = datetime.strptime(str(params.get("Timestamp")), _WIRE).replace(tzinfo=UTC)
    except ValueError as error:
        raise DirectError(8000, "Timestamp must look like 2026-05-29T00:00:00Z") from error
    if not isinstance(ids, list) or not ids or not all(type(value) is int for value in ids):
        raise DirectError(8000, "CampaignIds must contain integers")
    if len(ids) > _IDS_AT_MOST:
        raise DirectError(4001, "Exceed the maximum number of IDs per array CampaignIds")
    if fields != ["CampaignsStat"]:
        raise DirectError(8000, "FieldNames: the sandbox tells only CampaignsStat")
    # Campaigns of the wizard cannot be asked about.
    found = _borders(world, rows, {ad.campaign_id for ad in world.ads if not ad.wizard} & set(ids), since)
    stamp = world.until.astimezone(UTC).strftime(_WIRE)
    return {"Modified": {"CampaignsStat": found} if found else {}, "Timestamp": stamp}


def _borders(world: World, rows: Iterable[AdDay], campaigns: set[int], since: datetime) -> list[dict[str, Any]]:
    """First day by campaign on which the figures now differ from those told at ``since``."""
    own = [ad for ad in world.ads if ad.campaign_id in campaigns]
    told = {_figures(row) for row in ad_days(replace(world, until=since, days=_COMPARED_DAYS + 1, ads=own))}
    first = moscow_day(since) - timedelta(days=_COMPARED_DAYS)
    now = {_figures(row) for row in rows if row.ad.campaign_id in campaigns and row.day >= first}
    start = moscow_day(world.until) - timedelta(days=world.days - 1)
    borders: dict[int, date] = {}
    for day, campaign_id, *_ in told ^ now:
        if day >= start:
            borders[campaign_id] = min(borders.get(campaign_id, day), day)
    return [{"CampaignId": number, "BorderDate": borders[number].isoformat()} for number in sorted(borders)]


def _figures(row: AdDay) -> tuple[date, int, int, int, int, object, int]:
    return (row.day, row.ad.campaign_id, row.ad.ad_id, row.impressions, row.clicks, row.spent, row.conversions)
