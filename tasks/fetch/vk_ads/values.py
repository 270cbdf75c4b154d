"""Values of a reply's JSON read with care: ids and numbers come as text or floats too, or are none at all."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from tasks.fetch import kinds

Record = dict[str, Any]
Row = dict[str, str | None]

_LONGEST = 60
_LARGEST = 19
"""Digits before the point: an id of ClickHouse's UInt64."""
_EXACT = 2**53
"""An id beyond it that was a float once has lost its last digits."""


def number(value: object) -> Decimal | None:
    """None for what is no finite number of a sensible size."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        text = str(value).strip()
        if len(text) > _LONGEST or not text.isascii() or "_" in text:
            return None
        found = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _LARGEST else None


def whole(value: object) -> int | None:
    """An id or a count; None for what is none."""
    found = number(value)
    if found is None or found < 0 or found != found.to_integral_value():
        return None
    plain = isinstance(value, int) or str(value).strip().isdecimal()
    return int(found) if plain or found <= _EXACT else None


def flag(value: object) -> bool | None:
    word = str(value).strip().lower()
    return {"true": True, "1": True, "false": False, "0": False, "": False}.get(word)


def text_of(value: object) -> str | None:
    """A name or a tag; of a long one as much as any has."""
    if value is None or isinstance(value, dict | list):
        return kinds.number(value)
    return str(value)[: kinds.LONGEST]


def link_told(value: object) -> str | None:
    """A link or parameters of one, whole; None for what can be none."""
    return value if isinstance(value, str) and len(value) <= kinds.LONGEST_LINK else None


def name_of(value: object) -> str | None:
    """A name; None for what can be none, such as a list."""
    return text_of(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def record(value: object) -> Record:
    return value if isinstance(value, dict) else {}
