"""``_field__suffix=value`` of the lists."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.vk.ads import errors
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.resources import RESOURCES
from sandbox.vk.ads.switches import Switches
from sandbox.vk.objects import ACTIVE, BLOCKED, DELETED
from sandbox.vk.wire import Document

_NAME = re.compile(r"^_([a-z_]+?)(__(?:ne|in|lt|lte|gt|gte))?$")
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "__lt": operator.lt,
    "__lte": operator.le,
    "__gt": operator.gt,
    "__gte": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a document. Times compare as text, which their form allows."""

    field: str
    suffix: str
    values: tuple[str, ...]

    def passes(self, item: Document) -> bool:
        value = item.get(f"_{self.field}", item.get(self.field))
        if self.suffix in _ORDERS:
            return _ORDERS[self.suffix](str(value), self.values[0])
        if self.field in ("url", "textblock"):
            return ",".join(self.values) in str(value)
        return (str(value) in self.values) != (self.suffix == "__ne")


def filters_of(name: str, parameters: Parameters, switches: Switches) -> list[Filter]:
    """The conditions that this server does not silently ignore."""
    found = []
    for parameter in parameters.names():
        match = _NAME.match(parameter)
        if match is None:
            continue
        field, suffix = match[1], match[2] or ""
        if suffix not in RESOURCES[name].filters.get(field, ()) or _off(field, switches):
            if switches.refuses_unknown_filters:
                raise errors.invalid(parameter, "bad_value", "Unknown filter")
            continue
        found.append(_checked(parameter, Filter(field, suffix, tuple(parameters.list(parameter)))))
    return found


def _off(field: str, switches: Switches) -> bool:
    return field == "ad_plan_id" and not switches.filters_groups_by_plan


def _checked(parameter: str, found: Filter) -> Filter:
    if found.suffix in _ORDERS:
        good = all(_TIME.match(value) for value in found.values) and len(found.values) == 1
    elif found.field.endswith("status"):
        good = all(value in (ACTIVE, BLOCKED, DELETED) for value in found.values)
    elif found.field.endswith("id"):
        good = all(value.isdecimal() for value in found.values)
    else:
        good = True
    if not good or not found.values:
        raise errors.invalid(parameter, "bad_value", "Invalid value")
    return found
