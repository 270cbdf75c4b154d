"""Single values of a reply's JSON. Ids and numbers come as text or floats too; None for what is not one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tasks.fetch import kinds

Record = dict[str, Any]
Row = dict[str, str | None]

_LARGEST = 19
"""Digits before the point: an id of ClickHouse's UInt64."""
_EXACT = 2**53
"""An id beyond it that was a float once has lost its last digits."""


def number(value: object) -> Decimal | None:
    """A finite number below 10^19; None for anything else."""
    found = kinds.decimal(value)
    return found if found is not None and abs(found.adjusted()) < _LARGEST else None


def whole(value: object) -> int | None:
    """An id or a count: a whole number, not negative."""
    found = number(value)
    if found is None or found < 0 or found != found.to_integral_value():
        return None
    plain = isinstance(value, int) or str(value).strip().isdecimal()
    return int(found) if plain or found <= _EXACT else None


def flag(value: object) -> bool | None:
    word = str(value).strip().lower()
    return {"true": True, "1": True, "false": False, "0": False, "": False}.get(word)


def text_of(value: object) -> str | None:
    """A name or a tag, cut to the longest that lands."""
    if value is None or isinstance(value, dict | list):
        return kinds.number(value)
    return str(value)[: kinds.LONGEST]


def link_or_none(value: object) -> str | None:
    """A link or its parameters. None if it is too long: a part of a link would have other tags."""
    return value if isinstance(value, str) and len(value) <= kinds.LONGEST_LINK else None


def name_of(value: object) -> str | None:
    """A name: text or a number."""
    return text_of(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def record(value: object) -> Record:
    return value if isinstance(value, dict) else {}
