"""Odd but plain values corrected before rows are validated: 98.0 for 98, 499.50000000000011 for 499.50.

Floats of PHP, numbers as text and the like cost no row. What is truly wrong is left as it is, to be rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import pandera.polars as pa
import polars as pl

from validation.rules import Reading

_PLAIN = {
    "money": r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$",
    "whole": r"^[0-9]{1,19}$",
    "counter": r"^[0-9]{1,18}$",
    "flag": r"^(true|false|1|0)$",
    "instant": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$",
    "code": r"^RUB$",
}
"""Plain forms, which need no correction: the fast path, and the form that other values are given."""
_LONGEST = 60
"""Characters of a number. Longer text is no figure, and reading it could take for ever."""
_LARGEST = 18
"""Digits before the point that any figure of ours may have."""
_KOPECK = Decimal("0.01")
_NEAR = Decimal("1e-8")
"""A millionth of a kopeck: closer than that to a kopeck, money is that kopeck."""
_FLOAT_ERROR = Decimal("2.3e-16")
"""Largest relative error of a double."""
_MOSCOW = timezone(timedelta(hours=3))
"""All times of QTickets are Moscow's, whatever the city: one without an offset lost nothing else."""
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?)"
    r" ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_NO_INSTANT = re.compile(r"|(0000-00-00|-0001-11-30)[T ]00:00:00([.]0+)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?")
"""What PHP and MySQL write where there is no date."""
_EXACT = Decimal(2**53)
"""Ids beyond it lose their last digits where something made a float of them."""


def mend(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with plain values, and how many were not read exactly, by column: rounded to a whole number, or a
    time taken for Moscow's."""
    given = {name: (column.metadata or {}).get("reads") for name, column in schema.columns.items()}
    # Another type fails the validation.
    reads: dict[str, Reading] = {name: r for name, r in given.items() if r and frame.schema.get(name) == pl.String}
    odd = {name: ~pl.col(name).str.contains(_PLAIN[reading]).fill_null(True) for name, reading in reads.items()}
    has_odd = frame.select(is_odd.any().alias(name) for name, is_odd in odd.items())
    rounded: dict[str, int] = {}
    for name in (name for name in reads if has_odd[name].item()):
        values = frame.filter(odd[name]).get_column(name).unique()
        read = {text: _READ[reads[name]](text) for text in values}
        plain = {
            text: value or None
            for text, (value, _) in read.items()
            if value is not None and (value or None) != text
        }
        if not plain:
            continue
        inexact = [text for text, (_, exact) in read.items() if not exact]
        if count := frame.get_column(name).is_in(inexact).sum():
            rounded[name] = int(count)
        frame = frame.with_columns(pl.col(name).replace(plain))
    return frame, rounded


Read = tuple[str | None, bool]
"""The plain form, '' for null, None for what is no such value, and whether it is exactly what was written."""


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


def _instant(text: str) -> Read:
    written = text.strip()
    if _NO_INSTANT.fullmatch(written):
        return "", True
    found = _INSTANT.fullmatch(written) if len(written) <= _LONGEST else None
    if found is None:
        return None, True
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}")
    except ValueError:
        return None, True
    is_local = moment.tzinfo is None
    return (moment.replace(tzinfo=_MOSCOW) if is_local else moment).isoformat(), not is_local


def _code(text: str) -> Read:
    """RUR is what older programs of Russian banks and shops write for RUB."""
    code = text.strip().upper()
    if len(text) > _LONGEST or not re.fullmatch("[A-Z]{3}", code):
        return None, True
    return ("RUB" if code == "RUR" else code), True


def _number(text: str) -> Decimal | None:
    written = text.strip()
    if not written or len(written) > _LONGEST or not written.isascii() or "_" in written:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < _LARGEST + 1 else None


_READ: dict[str, Callable[[str], Read]] = {
    "money": _money,
    "whole": _whole,
    "counter": _counter,
    "flag": _flag,
    "instant": _instant,
    "code": _code,
}
