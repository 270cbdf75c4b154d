"""A page of a list, and one object of it: filters, order, ``fields``, and the caps of ``limit``."""

from __future__ import annotations

from sandbox.vk.ads import errors
from sandbox.vk.ads.filters import Filter, filters_of
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.resources import ALSO_FIELDS, RESOURCES, SORTABLE
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import AD_PLANS, BANNERS, Cabinet
from sandbox.vk.objects import DELETED
from sandbox.vk.wire import Document

DEFAULT_LIMIT = 20


def page(name: str, cabinet: Cabinet, parameters: Parameters, switches: Switches, turn: int) -> Document:
    """``count`` is that of everything that matches. ``turn`` shifts a list whose order is not stable."""
    found = RESOURCES[name].all(cabinet)
    fields = _fields(name, found, parameters)
    limit = _limit(parameters, switches)
    offset = _number(parameters, "offset", 0)
    filters = filters_of(name, parameters, switches)
    found = [item for item in found if all(filter_.passes(item) for filter_ in filters)]
    if not switches.lists_include_deleted and not _names_deleted(filters):
        found = [item for item in found if item["status"] != DELETED]
    found = _ordered(found, parameters, switches, turn)
    answer: Document = {"count": len(found), "offset": offset}
    if switches.tells_limit:
        answer["limit"] = limit
    answer["items"] = [_picked(item, fields) for item in found[offset : offset + limit]]
    return answer


def one(name: str, cabinet: Cabinet, wanted: int, parameters: Parameters) -> Document:
    found = RESOURCES[name].all(cabinet)
    fields = _fields(name, found, parameters)
    item = next((item for item in found if item["id"] == wanted), None)
    if item is None:
        raise errors.not_found()
    # Seen live: the status that the list tells is missing from the object.
    return _picked(item, [field for field in fields if (name, field) != (AD_PLANS, "status")])


def _fields(name: str, found: list[Document], parameters: Parameters) -> list[str]:
    wanted = parameters.list("fields")
    if not wanted:
        return list(RESOURCES[name].default_fields) + ["campaign_id"] * (name == BANNERS)
    allowed = dict.fromkeys([*(found[0] if found else wanted), *ALSO_FIELDS.get(name, ())])
    known = [field for field in allowed if not field.startswith("_")]
    unknown = [field for field in wanted if field not in known]
    if unknown:
        raise errors.unknown_fields(unknown, known)
    return wanted


def _picked(item: Document, fields: list[str]) -> Document:
    return {field: value for field, value in item.items() if field in fields}


def _limit(parameters: Parameters, switches: Switches) -> int:
    limit = _number(parameters, "limit", min(DEFAULT_LIMIT, switches.list_cap))
    if limit == 0:
        raise errors.invalid("limit", "min_value", "Ensure this value is greater than or equal to 1")
    if limit <= switches.list_cap:
        return limit
    if switches.clamp_limit:
        return switches.list_cap
    raise errors.invalid("limit", "max_value", f"Ensure this value is less than or equal to {switches.list_cap}")


def _number(parameters: Parameters, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise errors.invalid(name, "bad_value", "Enter a whole number")
    return int(text)


def _names_deleted(filters: list[Filter]) -> bool:
    return any(filter_.field == "status" and filter_.passes({"status": DELETED}) for filter_ in filters)


def _ordered(found: list[Document], parameters: Parameters, switches: Switches, turn: int) -> list[Document]:
    keys = parameters.list("sorting")
    for key in reversed(keys):
        field = key.removeprefix("-")
        if field not in SORTABLE:
            raise errors.invalid("sorting", "bad_value", f"Cannot sort by {field}")
        found = sorted(found, key=lambda item: item[field], reverse=key.startswith("-"))
    if keys or switches.stable_order or not found:
        return found
    start = turn % len(found)
    return found[start:] + found[:start]
