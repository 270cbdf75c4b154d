"""What a request asks for, read from a JSON body and from PHP bracket parameters.

Traps kept: a JSON string in the query (``where=[{...}]``), ``per_page`` and unknown parameters mean nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.qtickets.switches import Switches
from sandbox.qtickets.wire import UnhandledFault
from sandbox.recorder import Request

_NESTED = ("where", "select", "orderBy")


@dataclass(frozen=True, slots=True)
class Condition:
    """One element of ``where``."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """A request's parameters; ``per_page`` is None where it said nothing."""

    where: tuple[Condition, ...]
    newest_first: bool
    page: int
    per_page: int | None
    select: tuple[str, ...]
    flat: bool = False


def query_of(request: Request, switches: Switches) -> Query:
    """Raises UnhandledFault."""
    raw = raw_parameters(request, switches)
    try:
        order = raw.get("orderBy") or {"id": "asc"}
        if list(order) != ["id"] or order["id"] not in ("asc", "desc"):
            raise UnhandledFault("only ids are sorted by")
        if any(not _is_understood(one["value"], switches) for one in _items(raw, "where")):
            raise UnhandledFault("a date in another form")
        return Query(
            where=tuple(
                Condition(one["column"], one.get("operator", "="), one["value"]) for one in _items(raw, "where")
            ),
            newest_first=order["id"] == "desc",
            page=int(raw.get("page", 1)),
            per_page=int(raw["perPage"]) if "perPage" in raw else None,
            select=tuple(_items(raw, "select")),
            flat=str(raw.get("flat", 0)).lower() in ("1", "true"),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnhandledFault(f"not understood: {raw}") from error


def _is_understood(value: Any, switches: Switches) -> bool:
    is_date = isinstance(value, str) and value[4:5] == "-"
    return not is_date or switches.dates == "both" or ("T" in value) == (switches.dates == "iso")


def raw_parameters(request: Request, switches: Switches) -> dict[str, Any]:
    """Body over query, key by key. A body is read only when it is declared as JSON, as PHP frameworks do."""
    found = _brackets(request.query)
    if not switches.honour_query:
        found = {key: value for key, value in found.items() if key not in _NESTED}
    if switches.honour_body and request.body and "json" in request.content_type:
        try:
            found |= json.loads(request.body)
        except (TypeError, ValueError) as error:
            raise UnhandledFault("the body is no JSON object") from error
    return found


def _brackets(query: str) -> dict[str, Any]:
    """``where[0][column]=payed`` -> ``{"where": {"0": {"column": "payed"}}}``."""
    found: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", key)
        if not path and last in _NESTED:
            continue
        target = found
        for part in path:
            target = target.setdefault(part, {})
        target[last] = value
    return found


def _items(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key) or []
    return list(value.values()) if isinstance(value, dict) else value
