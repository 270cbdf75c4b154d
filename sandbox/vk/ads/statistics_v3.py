"""Statistics v3: in spite of ``day`` in the path one total of the period for each object, in pages."""

from __future__ import annotations

from typing import Any

from sandbox.vk.ads import errors
from sandbox.vk.ads.metrics import known_sets, row
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.period import Period, check_attribution, chosen, ids_of, period_of
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.objects import NOTHING, Banner, Figures
from sandbox.vk.wire import Document

_DEFAULT_LIMIT, _MAX_LIMIT = 20, 250


def page(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> Document:
    """``total`` is that of everything that matches, not of the page."""
    period = period_of(parameters, cabinet, switches)
    check_attribution(parameters)
    wanted = chosen(parameters, "fields", known_sets())
    limit = _number(parameters, "limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _MAX_LIMIT:
        raise errors.statistics_error("WRONG_PARAMETER", f"limit must be from 1 to {_MAX_LIMIT}")
    offset = _number(parameters, "offset", 0)
    found = [
        (object_id, _figures(level, object_id, period, parameters, cabinet))
        for object_id in _ids(level, parameters, cabinet, switches)
    ]
    found = _sorted(found, parameters, switches)
    shown = found[offset : offset + limit]
    return {
        "items": [
            {
                "id": str(object_id) if switches.ids_as_text else object_id,
                "user_id": cabinet.account_id,
                "total": _fields(figures, wanted, switches),
            }
            for object_id, figures in shown
        ],
        "total": _fields(sum((figures for _, figures in found), NOTHING), wanted, switches),
        "limit": limit,
        "offset": offset,
        "count": len(found) if switches.v3_count_is_total else len(shown),
    }


def _ids(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> list[int]:
    given = bool(parameters.list("id"))
    ids = ids_of(level, parameters, cabinet, switches) if given else cabinet.known(level)
    without = set(parameters.list("id_ne"))
    passing = [banner for banner in cabinet.banners.values() if _passes(banner, parameters, cabinet)]
    alive = {cabinet.parent(level, banner) for banner in passing}
    return [object_id for object_id in ids if object_id in alive and str(object_id) not in without]


def _passes(banner: Banner, parameters: Parameters, cabinet: Cabinet) -> bool:
    group = cabinet.groups[banner.group_id]
    values = {"banner_status": banner.status, "ad_group_status": group.status, "ad_group_id": str(group.id)}
    return all(_allowed(parameters, name, value) for name, value in values.items())


def _allowed(parameters: Parameters, name: str, value: str) -> bool:
    only, never = parameters.list(name), parameters.list(f"{name}_ne")
    return (not only or "all" in only or value in only) and value not in never


def _figures(level: str, object_id: int, period: Period, parameters: Parameters, cabinet: Cabinet) -> Figures:
    """Statuses also choose which banners count within a group or campaign."""
    found = NOTHING
    for banner in cabinet.banners.values():
        if cabinet.parent(level, banner) == object_id and _passes(banner, parameters, cabinet):
            days = cabinet.days.get(banner.id, {})
            found = sum((value for day, value in days.items() if period.first <= day <= period.last), found)
    return found


def _fields(figures: Figures, wanted: list[str], switches: Switches) -> Document:
    """``base`` is a whole set, ``base.clicks`` one of its fields."""
    whole = [name for name in wanted if "." not in name]
    found = row(figures, whole, switches)
    for name in wanted:
        set_name, _, field = name.partition(".")
        if field and set_name not in whole and "all" not in whole:
            value = row(figures, [set_name], switches)[set_name]
            if field not in value:
                raise errors.statistics_error("WRONG_PARAMETER", f"Unknown field {name}")
            found.setdefault(set_name, {})[field] = value[field]
    return found


def _sorted(
    found: list[tuple[int, Figures]], parameters: Parameters, switches: Switches
) -> list[tuple[int, Figures]]:
    by = parameters.get("sort_by")
    descending = parameters.get("d") == "desc"
    if by is None:
        return sorted(found, key=lambda pair: pair[0], reverse=descending)
    set_name, _, field = by.partition(".")

    def key(pair: tuple[int, Figures]) -> float:
        value: Any = row(pair[1], [set_name], switches).get(set_name, {}).get(field)
        if not isinstance(value, (int, float, str)):
            raise errors.statistics_error("WRONG_PARAMETER", f"Cannot sort by {by}")
        return float(value)

    return sorted(found, key=key, reverse=descending)


def _number(parameters: Parameters, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise errors.statistics_error("WRONG_PARAMETER", f"{name} must be a number")
    return int(text)
