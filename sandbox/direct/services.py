"""The regular services: which method answers what, with the limits measured for each. All only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.direct import changes, objects
from sandbox.direct.errors import DirectError
from sandbox.direct.objects import Object
from sandbox.direct.switches import DirectSwitches
from sandbox.world import World
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay

SERVICES = ("campaigns", "adgroups", "ads", "changes")
_PAGE_LIMIT = 10_000
_TRACKING = ("TrackingParams",)
_HREF = ("Href",)


@dataclass(frozen=True, slots=True)
class Kind:
    """One get method: name of its list, fields, extra sets of fields by name of the sub-object, criteria.

    ``ids`` are criteria by id, with their greatest length; one must be given where ``criteria_required``.
    ``choices`` are the criteria that take words, with the field that each looks at.
    """

    key: str
    fields: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    ids: Mapping[str, int]
    choices: Mapping[str, str]
    criteria_required: bool = True


CAMPAIGNS = Kind(
    key="Campaigns",
    fields=("Id", "Name", "Type", "Currency", "DailyBudget", "State", "Status", "StartDate", "EndDate"),
    extras=dict.fromkeys(("TextCampaign", "UnifiedCampaign", "DynamicTextCampaign", "SmartCampaign"), _TRACKING),
    ids={"Ids": 1000},
    choices={"Types": "Type"},
    criteria_required=False,
)
AD_GROUPS = Kind("AdGroups", fields=("Id", "TrackingParams"), extras={}, ids={"Ids": 10_000}, choices={})
ADS = Kind(
    key="Ads",
    fields=("Id", "Type"),
    extras=dict.fromkeys(
        ("TextAd", "TextImageAd", "TextAdBuilderAd", "CpcVideoAdBuilderAd", "CpmBannerAdBuilderAd", "ResponsiveAd"),
        _HREF,
    ),
    ids={"Ids": 10_000},
    choices={"Types": "Type"},
)


def call(
    service: str, method: object, params: object, world: World, rows: Iterable[AdDay], switches: DirectSwitches,
    *, currency: str, v501: bool,
) -> dict[str, Any]:  # fmt: skip
    """The ``result`` of one call. ``world`` holds Direct's ads alone."""
    if method != ("check" if service == "changes" else "get"):
        raise DirectError(55, f"Operation {method} is not found")
    if not isinstance(params, dict):
        raise DirectError(8000, "The required field params is omitted")
    if service == "changes":
        return changes.check(world, rows, params)
    ads = [ad for ad in world.ads if v501 or switches.unified_on_v5 or objects.campaign_type(ad) == objects.TEXT]
    day = moscow_day(world.until)
    if service == "campaigns":
        kind, found = CAMPAIGNS, objects.campaigns(ads, currency, day, switches.lists_wizard)
    elif service == "adgroups":
        kind, found = AD_GROUPS, objects.ad_groups(ads, day)
    else:
        kind, found = ADS, objects.ads_shown(ads, day, None if v501 else switches.combinatorial_on_v5)
    result = _page(kind, found, params, switches.objects_page_limit)
    if switches.empty_result_without_key and not result[kind.key]:
        del result[kind.key]
    return result


def objects_in(result: Mapping[str, Any]) -> int:
    """How many objects an answer is charged for."""
    return sum(len(value) for value in result.values() if isinstance(value, list))


def only_direct(world: World) -> World:
    """Without the orders, too: Direct knows none, and a sandbox that lives for days need not hold them twice."""
    return replace(world, ads=[ad for ad in world.ads if ad.source == "direct"], orders=[])


def _page(kind: Kind, objects: Iterable[Object], params: Mapping[str, Any], page_limit: int) -> dict[str, Any]:
    """The ``result``. ``page_limit`` is how many objects one answer holds at most."""
    wanted = _field_sets(kind, params)
    found = sorted(_selected(kind, objects, params), key=lambda item: int(item["Id"]))
    page = params.get("Page") or {}
    limit, offset = page.get("Limit", _PAGE_LIMIT), page.get("Offset", 0)
    if type(limit) is not int or type(offset) is not int or not 0 < limit <= _PAGE_LIMIT or offset < 0:
        raise DirectError(4002, f"Page.Limit must be from 1 to {_PAGE_LIMIT}, Page.Offset at least 0")
    items = found[offset : offset + min(limit, page_limit)]
    result: dict[str, Any] = {kind.key: [_picked(item, wanted) for item in items]}
    if offset + len(items) < len(found):
        result["LimitedBy"] = offset + len(items)
    return result


def _field_sets(kind: Kind, params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Fields asked for, by sub-object; '' is the object itself."""
    allowed = {"FieldNames": kind.fields, **{f"{name}FieldNames": names for name, names in kind.extras.items()}}
    for name in params:
        if name not in {"SelectionCriteria", "Page", *allowed}:
            raise DirectError(8000, f"Unknown parameter {name}")
    if "FieldNames" not in params:
        raise DirectError(8000, "The required field FieldNames is omitted")
    sets = {}
    for name, known in allowed.items():
        values = params.get(name, [])
        if not isinstance(values, list) or (name in params and not values):
            raise DirectError(8000, f"{name} must contain a non-empty array")
        for value in values:
            if value not in known:
                raise DirectError(8000, f"{name} contains an incorrect enumeration value {value}")
        sets[name.removesuffix("FieldNames")] = tuple(values)
    return sets


def _selected(kind: Kind, objects: Iterable[Object], params: Mapping[str, Any]) -> list[Object]:
    criteria = params.get("SelectionCriteria", None if kind.criteria_required else {})
    if not isinstance(criteria, dict):
        raise DirectError(8000, "SelectionCriteria must be an object")
    if kind.criteria_required and not any(name in criteria for name in kind.ids):
        raise DirectError(4001, f"One of {', '.join(kind.ids)} must be specified in SelectionCriteria")
    found = list(objects)
    for name, values in criteria.items():
        if name not in {*kind.ids, *kind.choices}:
            raise DirectError(8000, f"Unknown parameter SelectionCriteria.{name}")
        if not isinstance(values, list):
            raise DirectError(8000, f"SelectionCriteria.{name} must contain an array")
        if name in kind.ids and len(values) > kind.ids[name]:
            raise DirectError(4001, f"Exceed the maximum number of IDs per array SelectionCriteria.{name}")
        if name in kind.ids and not (values and all(type(value) is int for value in values)):
            raise DirectError(8000, f"SelectionCriteria.{name} must contain integers")
        accepted, field = frozenset(values), kind.choices.get(name, "Id")
        found = [item for item in found if item[field] in accepted]
    return found


def _picked(item: Object, wanted: Mapping[str, tuple[str, ...]]) -> Object:
    """Fields that are unset come as null; a sub-object that the item has not does not come at all."""
    picked = {name: item[name] for name in wanted[""]}
    for extra, names in wanted.items():
        if names and extra in item:
            picked[extra] = {name: item[extra][name] for name in names}
    return picked
