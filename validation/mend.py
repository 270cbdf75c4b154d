"""Odd but plain values put right before rows are judged: 98.0 for 98, 499.50000000000011 for 499.50.

Floats of PHP, numbers as text and the like cost no row. What is truly wrong is left as it is, to be judged.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import pandera.polars as pa
import polars as pl

from validation.rules import Reading

_PLAIN = {
    "money": r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$",
    "whole": r"^[0-9]{1,19}$",
    "counter": r"^[0-9]{1,18}$",
    "flag": r"^(true|false|1|0)$",
}
"""Nothing to put right: the fast path, and the form that the others are given."""
_LONGEST = 60
"""Characters of a number. Longer text is no figure, and reading it could take for ever."""
_LARGEST = 18
"""Digits before the point that any figure of ours may have."""
_KOPECK = Decimal("0.01")
_NEAR = Decimal("1e-8")
"""A millionth of a kopeck: closer than that to a kopeck, money is that kopeck."""
_FLOAT_ERROR = Decimal("2.3e-16")
"""How far a double may be from the number it stands for, as a share of it."""
_EXACT = Decimal(2**53)
"""Ids beyond it lose their last digits where something made a float of them."""


def mend(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with plain values, and how many were rounded to a whole number, by column."""
    rounded: dict[str, int] = {}
    for name, column in schema.columns.items():
        reading: Reading | None = (column.metadata or {}).get("reads")
        if reading is None or name not in frame.columns:
            continue
        odd = frame.filter(~pl.col(name).str.contains(_PLAIN[reading])).get_column(name).unique()
        read = {text: _READ[reading](text) for text in odd}
        plain = {text: value for text, (value, _) in read.items() if value is not None and value != text}
        if not plain:
            continue
        inexact = [text for text, (_, exact) in read.items() if not exact]
        if count := frame.get_column(name).is_in(inexact).sum():
            rounded[name] = int(count)
        frame = frame.with_columns(pl.col(name).replace(plain))
    return frame, rounded


Read = tuple[str | None, bool]
"""The plain form, None for what is no such value, and whether it is exactly what was written."""


def _money(text: str) -> Read:
    number = _number(text)
    if number is None:
        return None, True
    kopecks = number.quantize(_KOPECK, ROUND_HALF_UP)
    near = max(_NEAR, abs(number) * _FLOAT_ERROR)
    return (f"{kopecks:f}", True) if abs(number - kopecks) <= near else (None, True)


def _whole(text: str) -> Read:
    number = _number(text)
    if number is None or number != number.to_integral_value() or number < 0:
        return None, True
    was_float = "e" in text.lower() or "." in text
    return (None, True) if was_float and number > _EXACT else (f"{number:.0f}", True)


def _counter(text: str) -> Read:
    """Half a conversion is odd and no reason to lose the row's spend: it is rounded, and counted as odd."""
    number = _number(text)
    if number is None or number < 0:
        return None, True
    whole = number.to_integral_value(ROUND_HALF_UP)
    return f"{whole:.0f}", whole == number


def _flag(text: str) -> Read:
    word = text.strip().lower()
    if word in ("true", "false"):
        return word, True
    number = _number(word)
    return (f"{number:.0f}", True) if number is not None and number in (0, 1) else (None, True)


def _number(text: str) -> Decimal | None:
    written = text.strip()
    if not written or len(written) > _LONGEST or not written.isascii() or "_" in written:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < _LARGEST + 1 else None


_READ: dict[str, Callable[[str], Read]] = {"money": _money, "whole": _whole, "counter": _counter, "flag": _flag}
