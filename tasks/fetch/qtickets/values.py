"""Reads single values of QTickets' JSON that the fetch itself needs. None for a value of another kind.

Which values are stored is in `tasks/fetch/kinds.py`; they are validated in `validation/qtickets.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from tasks.window import MOSCOW

_LONGEST = 60
_DIGITS = 18
_KOPECK = Decimal("0.01")
_NEAR = Decimal("1e-6")
"""The rounding error of a float. A value farther from a whole kopeck is not money."""
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_YEARS = range(2000, 2100)


def whole(value: object) -> int | None:
    """An id or a count, which comes as 7, "7" or 7.0."""
    if type(value) is int:  # Nearly all are, and a page has hundreds.
        return value if 0 <= value < 10**_DIGITS else None
    found = _number(value)
    return int(found) if found is not None and found >= 0 and found == found.to_integral_value() else None


def money(value: object) -> Decimal | None:
    """Roubles with two digits."""
    found = _number(value)
    return None if found is None else _to_the_kopeck(found)


@lru_cache(10_000)
def _to_the_kopeck(found: Decimal) -> Decimal | None:
    kopecks = found.quantize(_KOPECK, ROUND_HALF_UP)
    return kopecks if abs(found - kopecks) <= _NEAR else None


def is_true(flag: object) -> bool:
    """Whether a flag is true, 1 or the text of either."""
    return flag is True or whole(flag) == 1 or (isinstance(flag, str) and flag.strip().lower() == "true")


def is_false(flag: object) -> bool:
    """Whether a flag is false, 0 or the text of either. A missing flag or another word is neither."""
    return flag is False or whole(flag) == 0 or (isinstance(flag, str) and flag.strip().lower() == "false")


def moment(value: object) -> datetime | None:
    """The instant. A time without an offset is Moscow's, as all of QTickets' times are."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if read.year not in _YEARS:
        return None
    return read if read.tzinfo else read.replace(tzinfo=MOSCOW)


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        return None
    text = str(value).strip()
    return _read(text) if len(text) <= _LONGEST else None


@lru_cache(10_000)
def _read(text: str) -> Decimal | None:
    """Prices and quantities come again and again."""
    if not text or not text.isascii() or "_" in text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and found.adjusted() < _DIGITS else None
