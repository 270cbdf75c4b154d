"""The regular services: which method answers what. All only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.direct import changes, objects
from sandbox.direct.errors import DirectError
from sandbox.direct.kinds import AD_GROUPS, ADS, CAMPAIGNS
from sandbox.direct.selection import Kind, Object, answer
from sandbox.direct.switches import DirectSwitches
from sandbox.world import Ad, World
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay

SERVICES = ("campaigns", "adgroups", "ads", "changes")
_WRITES = ("add", "update", "delete", "suspend", "resume", "archive", "unarchive", "moderate")


def call(
    service: str, method: object, params: object, world: World, rows: Iterable[AdDay], switches: DirectSwitches,
    *, v501: bool,
) -> dict[str, Any]:  # fmt: skip
    """The ``result`` of one call. ``world`` holds Direct's ads alone."""
    if method in _WRITES:
        raise DirectError(54, f"The sandbox refuses {method}: a loader must only read")
    if not isinstance(params, dict):
        raise DirectError(8000, "The required field params is omitted")
    if service == "changes":
        seen = world if switches.wizard_listed else replace(world, ads=[ad for ad in world.ads if not ad.wizard])
        return _changes(method, params, seen, rows)
    if method != "get":
        raise DirectError(55, f"Operation {method} is not found")
    ads = [ad for ad in world.ads if v501 or switches.unified_on_v5 or objects.campaign_type(ad) == objects.TEXT]
    kind, found = _found(service, ads, world, switches, v501=v501)
    result = answer(kind, found, params, switches.objects_page_limit)
    if switches.empty_result_without_key and not result[kind.key]:
        del result[kind.key]
    return result


def objects_in(result: Mapping[str, Any]) -> int:
    """How many objects an answer is charged for."""
    return sum(len(value) for value in result.values() if isinstance(value, list))


def _found(
    service: str, ads: list[Ad], world: World, switches: DirectSwitches, *, v501: bool
) -> tuple[Kind, list[Object]]:
    day = moscow_day(world.until)
    if service == "campaigns":
        return CAMPAIGNS, objects.campaigns([ad for ad in ads if switches.wizard_listed or not ad.wizard], day)
    if service == "adgroups":
        return AD_GROUPS, objects.ad_groups(ads, day)
    return ADS, objects.ads_shown(ads, day, None if v501 else switches.combinatorial_on_v5)


def _changes(method: object, params: Mapping[str, Any], world: World, rows: Iterable[AdDay]) -> dict[str, Any]:
    if method == "check":
        return changes.check(world, rows, params)
    if method == "checkCampaigns":
        return changes.check_campaigns(world, rows, params)
    if method == "checkDictionaries":
        return changes.check_dictionaries(world, params)
    raise DirectError(55, f"Operation {method} is not found")


def only_direct(world: World) -> World:
    """Without the orders, too: Direct knows none, and a sandbox that lives for days need not hold them twice."""
    return replace(world, ads=[ad for ad in world.ads if ad.source == "direct"], orders=[])
