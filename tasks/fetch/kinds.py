"""The kinds of a field: which of its values are stored in the landing area.

A value of another kind may be personal data, so only its type is stored ("an object", "text of 40 characters"),
which is enough to see why the row was rejected. Whether a number is right is not decided here: `12,50 руб` and
`1e3` are stored as they came.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any

from tasks.fetch.decode import without_surrogates
from tasks.persons import masked

Kind = Callable[[Any], str | None]

LONGEST = 1000
"""Characters of free text: an ad's name is repeated in each of its rows. Names and tags are far shorter."""
LONGEST_LINK = 10_000
"""Characters of a link or its parameters. A cut link would be another link, with other tags."""
_LONGEST_PLAIN = 60
"""Characters of a number, date, flag or code."""
_AN_ID = 10**18
"""A whole number below is of the kind of a number as it is."""
_REMEMBERED = 10_000
"""Texts of each kind whose reading is kept: prices, times and tags come again and again."""
_NONE = r"null|none|true|false|n/a|-{1,2}|\?"
# [0-9] rather than \d, which matches the digits of all alphabets.
_TIME = r"[T ]?\s?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_ZONE = r"\s?(?:Z|UTC|GMT|MSK|[+-][0-9]{2}(?::?[0-9]{2})?)"
_MONEY_WORD = r"руб(?:\.|л[а-я]{1,2})?|р\.?|коп\.?|₽|rub|rur|usd|eur|kzt|byn|\$|€"


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{pattern}|{_NONE}|)\s*", re.IGNORECASE)


_NUMBER = _shape(
    # A plus before ten digits is a telephone number.
    r"(?!\+\s?[0-9]{10})[-+]?\s?(?:[0-9]{1,3}(?:[\s'’][0-9]{3}){1,5}|[0-9]*)(?:[.,][0-9]*)?(?:e[-+]?[0-9]{1,3})?"
    rf"\s?(?:{_MONEY_WORD})?|nan|[-+]?inf(?:inity)?"
)
_INSTANT = _shape(
    rf"[-+]?[0-9]{{4}}-(?:[0-9]{{1,2}}-[0-9]{{1,2}}|W[0-9]{{2}}-[0-9])(?:{_TIME}(?:{_ZONE})?)?"
    rf"|[0-9]{{1,2}}[./][0-9]{{1,2}}[./][0-9]{{2,4}}(?:,?{_TIME}(?:{_ZONE})?)?"
    r"|[0-9]{1,8}|1[0-9]{9}(?:[0-9]{3})?"
)
_FLAG = _shape(r"yes|no|on|off|да|нет|[-+]?[0-9]{1,4}(?:\.[0-9]{1,4})?")
_STATE = _shape(
    "[0-9]|active|blocked|deleted|on|off|suspended|ended|archived|converted|accepted|draft|moderation|rejected"
)
_CODE = _shape(rf"[a-z]{{3}}|[0-9]{{1,4}}|{_MONEY_WORD}")


def words(value: Any, *, numbers_are_ids: bool = False) -> str | None:
    """Free text with personal ids masked. A lone surrogate cannot be written to Parquet."""
    if value is None or isinstance(value, bool | dict | list | tuple):
        return _plain(_FLAG, value)
    written = str(value)
    read = _words if len(written) <= _LONGEST_PLAIN else _words.__wrapped__
    return read(written, numbers_are_ids)


@lru_cache(_REMEMBERED)
def _words(written: str, numbers_are_ids: bool) -> str:
    text = masked(without_surrogates(written[: 2 * LONGEST]), numbers_are_ids=numbers_are_ids)
    if len(written) > 2 * LONGEST:
        text = text[: -LONGEST // 2]  # Its end may be a half of an id, which the mask does not recognise.
    # What a cut leaves may look like an id, as a part of a long number does.
    return text if len(text) <= LONGEST else masked(text[:LONGEST], numbers_are_ids=numbers_are_ids)


def decimal(value: object) -> Decimal | None:
    """A finite number, which comes as text or as a float too; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        text = str(value).strip()
        if len(text) > _LONGEST_PLAIN or not text.isascii() or "_" in text:
            return None
        found = Decimal(text)
    except (ValueError, InvalidOperation):  # ValueError: an integer of thousands of digits.
        return None
    return found if found.is_finite() else None


def _plain(shape: re.Pattern[str], value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    elif isinstance(value, dict | list | tuple):
        return "an object" if isinstance(value, dict) else "a list"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) <= _LONGEST_PLAIN and _is_of(shape, text):
        return text
    return f"text of {len(text)} character{'s' * (len(text) != 1)}"


@lru_cache(_REMEMBERED)
def _is_of(shape: re.Pattern[str], text: str) -> bool:
    return bool(shape.fullmatch(text))


def number(value: Any) -> str | None:
    # Each id is another text, so that nothing remembered would help.
    return str(value) if type(value) is int and 0 <= value < _AN_ID else _plain(_NUMBER, value)


instant: Kind = partial(_plain, _INSTANT)
flag: Kind = partial(_plain, _FLAG)
code: Kind = partial(_plain, _CODE)
state: Kind = partial(_plain, _STATE)
