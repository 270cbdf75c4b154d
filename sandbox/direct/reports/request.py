"""A report request, checked: everything that the vendor's rules forbid is refused here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.direct.errors import DirectError
from sandbox.direct.reports import fields as known
from sandbox.direct.reports.filters import Filter, parse_filters
from sandbox.direct.reports.periods import period
from sandbox.direct.switches import DirectSwitches

_KEYS = frozenset(
    """SelectionCriteria Goals AttributionModels FieldNames Page OrderBy ReportName ReportType DateRangeType Format
    IncludeVAT IncludeDiscount""".split()
)
_REQUIRED = ("SelectionCriteria", "FieldNames", "ReportName", "ReportType", "DateRangeType", "Format", "IncludeVAT")
_CRITERIA_KEYS = frozenset({"DateFrom", "DateTo", "Filter"})
_MODELS = {"FCCD": "FCCD", "LC": "LC", "LSCCD": "LSCCD", "AUTO": "AUTO",
           "FC": "FCCD", "LSC": "LSCCD", "LYDC": "AUTO", "LYDCCD": "AUTO"}  # fmt: skip
_GOALS_AT_MOST, _NAME_AT_MOST = 10, 255


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """``fingerprint`` is equal for requests with equal parameters, whatever the order of their keys."""

    name: str
    kind: str
    fields: tuple[str, ...]
    first: date
    last: date
    filters: tuple[Filter, ...]
    order: tuple[tuple[str, bool], ...]
    limit: int
    offset: int
    with_vat: bool
    goals: tuple[str, ...]
    models: tuple[str, ...]
    fingerprint: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def parse(params: object, today: date, switches: DirectSwitches) -> ReportRequest:
    """Raises DirectError 8000, 4000, 4001 or 4002."""
    if not isinstance(params, dict):
        raise DirectError(8000, "The required field params is omitted")
    _check_keys("", params, _KEYS)
    for name in _REQUIRED:
        if name not in params:
            raise DirectError(8000, f"The required field {name} is omitted")
    criteria = params["SelectionCriteria"]
    if not isinstance(criteria, dict):
        raise DirectError(8000, "SelectionCriteria must be an object")
    _check_keys("SelectionCriteria.", criteria, _CRITERIA_KEYS)
    kind = _enum("ReportType", params["ReportType"], known.FORBIDDEN)
    _enum("Format", params["Format"], ("TSV",))
    _enum("IncludeDiscount", params.get("IncludeDiscount", "NO"), ("YES", "NO"))
    fields = _fields(kind, params["FieldNames"])
    first, last = period(params["DateRangeType"], criteria, today, enforce_depth=switches.enforce_depth)
    limit, offset = _page(params, switches)
    return ReportRequest(
        name=_name(params["ReportName"]),
        kind=kind,
        fields=fields,
        first=first,
        last=last,
        filters=parse_filters(criteria.get("Filter", []), kind),
        order=_order(params.get("OrderBy", []), fields),
        limit=limit,
        offset=offset,
        with_vat=_enum("IncludeVAT", params["IncludeVAT"], ("YES", "NO")) == "YES",
        goals=_goals(params.get("Goals", [])),
        models=tuple(_MODELS[_enum("AttributionModels", name, _MODELS)] for name in _models(params)),
        fingerprint=json.dumps(params, sort_keys=True),
    )


def _check_keys(prefix: str, given: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for name in given:
        if name not in allowed:
            raise DirectError(8000, f"Unknown parameter {prefix}{name}")


def _enum(name: str, value: object, allowed: Any) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise DirectError(8000, f"{name} contains an incorrect enumeration value {value}")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _NAME_AT_MOST:
        raise DirectError(8000, f"ReportName must be a string of 1 to {_NAME_AT_MOST} characters")
    return value


def _fields(kind: str, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not names:
        raise DirectError(8000, "FieldNames must contain at least one field")
    if kind == known.CUSTOM and "Keyword" in names:
        raise DirectError(4000, "Keyword may be used only in Filter")
    for name in names:
        if name in known.FORBIDDEN[kind]:
            raise DirectError(8000, f"Field {name} is not allowed in {kind}")
        if name in known.NOT_SERVED:
            raise DirectError(8000, f"The sandbox has no figures for the field {name}")
        _enum("FieldNames", name, {*known.DIMENSIONS, *known.METRICS})
    if len(set(names)) < len(names):
        raise DirectError(8000, "FieldNames must not contain duplicates")
    if sum(name in known.PERIODS for name in names) > 1:
        raise DirectError(8000, f"Only one of {', '.join(known.PERIODS)} may be specified")
    if kind == known.REACH and "CampaignId" not in names:
        raise DirectError(8000, f"CampaignId is required in {kind}")
    return tuple(names)


def _page(params: Mapping[str, Any], switches: DirectSwitches) -> tuple[int, int]:
    if "Page" not in params:
        return switches.default_report_limit, 0
    page = params["Page"]
    limit, offset = (page.get("Limit"), page.get("Offset", 0)) if isinstance(page, dict) else (None, 0)
    if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
        raise DirectError(4002, "Page.Limit must be at least 1 and Page.Offset at least 0")
    return limit, offset


def _order(items: object, fields: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Field and whether descending."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DirectError(8000, "OrderBy must contain an array of objects")
    order = []
    for item in items:
        field = _enum("OrderBy.Field", item.get("Field"), fields)
        direction = _enum("OrderBy.SortOrder", item.get("SortOrder", "ASCENDING"), ("ASCENDING", "DESCENDING"))
        order.append((field, direction == "DESCENDING"))
    return tuple(order)


def _goals(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > _GOALS_AT_MOST:
        raise DirectError(8000, f"Goals must contain at most {_GOALS_AT_MOST} ids")
    if not all(isinstance(value, str) and value.isdecimal() for value in values):
        raise DirectError(8000, "Goals must contain ids as strings")
    return tuple(values)


def _models(params: Mapping[str, Any]) -> list[Any]:
    models = params.get("AttributionModels") or ["LC"]
    if not isinstance(models, list):
        raise DirectError(8000, "AttributionModels must contain an array")
    return models
