"""What a request asks for, read from a JSON body and from PHP bracket parameters.

Traps kept: a JSON string in the query (``where=[{...}]``), ``per_page`` and unknown parameters mean nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from sandbox.qtickets.errors import UnhandledFault
from sandbox.qtickets.switches import Switches
from sandbox.recorder import Request

_KEY = re.compile(r"^(\w+)((?:\[[^\]]*\])*)$")
_PART = re.compile(r"\[([^\]]*)\]")
_PLAIN = ("page", "perPage", "flat")


@dataclass(frozen=True, slots=True)
class Condition:
    """One element of ``where``."""

    column: str
    operator: str
    value: Any = None


@dataclass(slots=True)
class Query:
    """A request's parameters after parsing; ``None`` where the request said nothing."""

    where: list[Condition] = field(default_factory=list)
    order_by: list[tuple[str, bool]] = field(default_factory=list)
    """Column and whether descending."""
    page: int = 1
    per_page: int | None = None
    select: list[str] = field(default_factory=list)
    flat: bool = False

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Query:
        return cls(
            where=[_condition(item) for item in _items(raw, "where")],
            order_by=_order_by(raw.get("orderBy")),
            page=_positive(raw, "page") or 1,
            per_page=_positive(raw, "perPage"),
            select=[str(path) for path in _items(raw, "select")],
            flat=str(raw.get("flat", "")).lower() in ("1", "true"),
        )


def page_query(request: Request, switches: Switches) -> Query:
    return Query.of(raw_parameters(request, switches))


def raw_parameters(request: Request, switches: Switches) -> dict[str, Any]:
    """Body over query, key by key. A body is read only when it is declared as JSON, as PHP frameworks do."""
    from_query = _brackets(request.query)
    if not switches.honour_query:
        from_query = {key: value for key, value in from_query.items() if key in _PLAIN}
    if not switches.honour_body or not request.body or "json" not in request.content_type.lower():
        return from_query
    try:
        from_body = json.loads(request.body)
    except ValueError as error:
        raise UnhandledFault("the body is not JSON") from error
    if not isinstance(from_body, dict):
        return from_query
    return {**from_query, **from_body}


def _brackets(query: str) -> dict[str, Any]:
    """``where[0][column]=payed`` -> ``{"where": {"0": {"column": "payed"}}}``; ``select[]=id`` counts up."""
    found: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        match = _KEY.match(key)
        parts = _PART.findall(match.group(2)) if match else []
        name = match.group(1) if match else key
        if not parts:
            # A scalar where a list or an object belongs is what a JSON string looks like: not read.
            if name not in ("where", "select", "orderBy"):
                found[name] = value
            continue
        _put(found, [name, *parts], value)
    return found


def _put(target: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = target.setdefault(part or str(len(target)), {})
        if not isinstance(inner, dict):
            return
        target = inner
    target[path[-1] or str(len(target))] = value


def _items(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key)
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        raise UnhandledFault(f"{key} must be a list")
    return value


def _condition(item: Any) -> Condition:
    if not isinstance(item, dict) or not isinstance(item.get("column"), str):
        raise UnhandledFault("a condition needs a column")
    return Condition(item["column"], str(item.get("operator", "=")), item.get("value"))


def _order_by(value: Any) -> list[tuple[str, bool]]:
    if not value:
        return []
    if not isinstance(value, dict):
        raise UnhandledFault("orderBy must be an object")
    directions = {column: str(direction).lower() for column, direction in value.items()}
    if any(direction not in ("asc", "desc") for direction in directions.values()):
        raise UnhandledFault("orderBy knows asc and desc")
    return [(column, direction == "desc") for column, direction in directions.items()]


def _positive(raw: dict[str, Any], key: str) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        number = int(str(value))
    except ValueError as error:
        raise UnhandledFault(f"{key} must be a number") from error
    if number < 1:
        raise UnhandledFault(f"{key} must be positive")
    return number
