"""What all get methods share: checks of the request, selection of objects and fields, pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.direct.errors import DirectError

Object = dict[str, Any]
_PAGE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One get method: name of its list, fields, extra sets of fields by name of the sub-object, criteria.

    ``ids`` are criteria of which one must be given where ``criteria_required``, with their greatest length.
    ``choices`` are the criteria that take words.
    """

    key: str
    fields: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    ids: Mapping[str, tuple[str, int]]
    choices: Mapping[str, tuple[str, tuple[str, ...]]]
    criteria_required: bool = True


def answer(kind: Kind, objects: Iterable[Object], params: Mapping[str, Any], page_limit: int) -> dict[str, Any]:
    """The ``result``. ``page_limit`` is how many objects one answer holds at most."""
    wanted = _field_sets(kind, params)
    found = sorted(_select(kind, objects, params), key=lambda item: int(item["Id"]))
    limit, offset = _page(params)
    page = found[offset : offset + min(limit, page_limit)]
    result: dict[str, Any] = {kind.key: [_pick(item, wanted) for item in page]}
    if offset + len(page) < len(found):
        result["LimitedBy"] = offset + len(page)
    return result


def _field_sets(kind: Kind, params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Fields asked for, by sub-object; '' is the object itself."""
    known = {"SelectionCriteria", "FieldNames", "Page", *(f"{name}FieldNames" for name in kind.extras)}
    for name in params:
        if name not in known:
            raise DirectError(8000, f"Unknown parameter {name}")
    sets = {"": _names("FieldNames", params.get("FieldNames"), kind.fields)}
    for name, allowed in kind.extras.items():
        if f"{name}FieldNames" in params:
            sets[name] = _names(f"{name}FieldNames", params[f"{name}FieldNames"], allowed)
    return sets


def _names(parameter: str, value: object, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        raise DirectError(8000, f"The required field {parameter} is omitted")
    if not isinstance(value, list) or not value:
        raise DirectError(8000, f"{parameter} must contain a non-empty array")
    for name in value:
        if name not in allowed:
            raise DirectError(8000, f"{parameter} contains an incorrect enumeration value {name}")
    return tuple(value)


def _select(kind: Kind, objects: Iterable[Object], params: Mapping[str, Any]) -> list[Object]:
    criteria = params.get("SelectionCriteria")
    if criteria is None:
        if kind.criteria_required:
            raise DirectError(8000, "The required field SelectionCriteria is omitted")
        return list(objects)
    if not isinstance(criteria, dict):
        raise DirectError(8000, "SelectionCriteria must be an object")
    if kind.criteria_required and not any(name in criteria for name in kind.ids):
        raise DirectError(4001, f"One of {', '.join(kind.ids)} must be specified in SelectionCriteria")
    found = list(objects)
    for name, values in criteria.items():
        field, accepted = _criterion(kind, name, values)
        found = [item for item in found if item[field] in accepted]
    return found


def _criterion(kind: Kind, name: str, values: object) -> tuple[str, frozenset[object]]:
    if not isinstance(values, list):
        raise DirectError(8000, f"SelectionCriteria.{name} must contain an array")
    if name in kind.ids:
        field, most = kind.ids[name]
        if len(values) > most:
            raise DirectError(4001, f"Exceed the maximum number of IDs per array SelectionCriteria.{name}")
        if not values or not all(type(value) is int for value in values):
            raise DirectError(8000, f"SelectionCriteria.{name} must contain integers")
        return field, frozenset(values)
    if name not in kind.choices:
        raise DirectError(8000, f"Unknown parameter SelectionCriteria.{name}")
    field, allowed = kind.choices[name]
    for value in values:
        if value not in allowed:
            raise DirectError(8000, f"SelectionCriteria.{name} contains an incorrect enumeration value {value}")
    return field, frozenset(values)


def _page(params: Mapping[str, Any]) -> tuple[int, int]:
    page = params.get("Page") or {}
    limit, offset = page.get("Limit", _PAGE_LIMIT), page.get("Offset", 0)
    if type(limit) is not int or type(offset) is not int or not 0 < limit <= _PAGE_LIMIT or offset < 0:
        raise DirectError(4002, f"Page.Limit must be from 1 to {_PAGE_LIMIT}, Page.Offset at least 0")
    return limit, offset


def _pick(item: Object, wanted: Mapping[str, tuple[str, ...]]) -> Object:
    """Fields that are unset come as null; a sub-object that the item has not does not come at all."""
    picked = {name: item[name] for name in wanted[""]}
    for extra, names in wanted.items():
        if extra and extra in item:
            picked[extra] = {name: item[extra].get(name) for name in names}
    return picked
