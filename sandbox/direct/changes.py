"""The changes service: which campaigns and which days of their statistics are not what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.direct.errors import DirectError
from sandbox.world import Ad, World
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay, ad_days

_FIELDS = ("CampaignIds", "AdGroupIds", "AdIds", "CampaignsStat")
_IDS: dict[str, tuple[int, Callable[[Ad], int]]] = {
    "CampaignIds": (3000, lambda ad: ad.campaign_id),
    "AdGroupIds": (10_000, lambda ad: ad.group_id),
    "AdIds": (50_000, lambda ad: ad.ad_id),
}
# Nothing in the world is restated further back; what a test changes by hand may be.
_COMPARED_DAYS = 60
_WIRE = "%Y-%m-%dT%H:%M:%SZ"


def check(world: World, rows: Iterable[AdDay], params: Mapping[str, Any]) -> dict[str, Any]:
    """``Modified`` names only what the caller asked about, and of it only what has changed."""
    since = _since(params)
    name, wanted = _asked_about(params)
    fields = params.get("FieldNames")
    if not isinstance(fields, list) or not fields or any(field not in _FIELDS for field in fields):
        raise DirectError(8000, f"FieldNames must contain some of {', '.join(_FIELDS)}")
    id_of = _IDS[name][1]
    known = {id_of(ad) for ad in world.ads}
    ads = [ad for ad in world.ads if id_of(ad) in wanted]
    modified: dict[str, Any] = {}
    changed = [ad for ad in ads if _changed(ad, since, world.until)]
    for field in fields:
        found = _borders(world, rows, ads, since) if field == "CampaignsStat" else _ids(field, changed)
        if found:
            modified[field] = found
    missing = sorted(wanted - known)
    result: dict[str, Any] = {"Modified": modified, "Timestamp": _stamp(world.until)}
    return {**result, "NotFound": {name: missing}} if missing else result


def check_campaigns(world: World, rows: Iterable[AdDay], params: Mapping[str, Any]) -> dict[str, Any]:
    since = _since(params)
    moved = {item["CampaignId"] for item in _borders(world, rows, world.ads, since)}
    changed = {ad.campaign_id for ad in world.ads if _changed(ad, since, world.until)}
    campaigns = [
        {"CampaignId": number, "ChangesIn": [*(("SELF", "CHILDREN") if number in changed else ()),
                                             *(("STAT",) if number in moved else ())]}
        for number in sorted(moved | changed)
    ]  # fmt: skip
    return {"Campaigns": campaigns, "Timestamp": _stamp(world.until)}


def check_dictionaries(world: World, params: Mapping[str, Any]) -> dict[str, Any]:
    """Regions and time zones never change here."""
    stamp = {"Timestamp": _stamp(world.until)}
    if "Timestamp" not in params:
        return stamp
    _since(params)
    return {"TimeZonesChanged": "NO", "RegionsChanged": "NO", "InterestsChanged": "NO", **stamp}


def _since(params: Mapping[str, Any]) -> datetime:
    try:
        return datetime.strptime(str(params.get("Timestamp")), _WIRE).replace(tzinfo=UTC)
    except ValueError as error:
        raise DirectError(8000, "Timestamp must look like 2026-05-29T00:00:00Z") from error


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_WIRE)


def _asked_about(params: Mapping[str, Any]) -> tuple[str, set[int]]:
    given = [name for name in _IDS if name in params]
    if len(given) != 1:
        raise DirectError(8000, f"Exactly one of {', '.join(_IDS)} must be specified")
    values = params[given[0]]
    if not isinstance(values, list) or not values or not all(type(value) is int for value in values):
        raise DirectError(8000, f"{given[0]} must contain integers")
    if len(values) > _IDS[given[0]][0]:
        raise DirectError(4001, f"Exceed the maximum number of IDs per array {given[0]}")
    return given[0], set(values)


def _changed(ad: Ad, since: datetime, until: datetime) -> bool:
    """Started, paused, resumed, ended or vanished in between."""
    return ad.state(moscow_day(since)) != ad.state(moscow_day(until))


def _ids(field: str, ads: Iterable[Ad]) -> list[int]:
    return sorted({_IDS[field][1](ad) for ad in ads})


def _borders(world: World, rows: Iterable[AdDay], ads: list[Ad], since: datetime) -> list[dict[str, Any]]:
    """First day by campaign on which the figures now differ from those told at ``since``."""
    campaigns = {ad.campaign_id for ad in ads}
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
