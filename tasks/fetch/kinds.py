"""The kinds of a field: which text of it lands. What is of another kind may be a person's, so only what it was is
told ("an object", "text of 40 characters"), and whoever judges the row sees as much as is harmless.

Whether a number is right is not decided here: `12,50 руб` and `1e3` land as they came. A number stays a number,
whatever it counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from tasks.fetch.decode import without_surrogates
from tasks.persons import masked

Kind = Callable[[Any], str | None]

LONGEST = 1000
"""Characters of words that land: an ad's name stands in every row of it. Names and tags are far shorter."""
LONGEST_LINK = 10_000
"""Of a link or its parameters. A part of a link would be another link, with other tags."""
_LONGEST_PLAIN = 60
"""Characters of anything else that lands. Those who read numbers and dates take no more."""
_NONE = r"null|none|true|false|n/a|-{1,2}|\?"
# [0-9] rather than \d, which would be the digits of all alphabets.
_TIME = r"[T ]?\s?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_ZONE = r"\s?(?:Z|UTC|GMT|MSK|[+-][0-9]{2}(?::?[0-9]{2})?)"
_MONEY_WORD = r"руб(?:\.|л[а-я]{1,2})?|р\.?|коп\.?|₽|rub|rur|usd|eur|kzt|byn|\$|€"


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{pattern}|{_NONE}|)\s*", re.IGNORECASE)


_NUMBER = _shape(
    # A plus before ten digits is a telephone's.
    r"(?!\+\s?[0-9]{10})[-+]?\s?(?:[0-9]{1,3}(?:[\s'’][0-9]{3}){1,5}|[0-9]*)(?:[.,][0-9]*)?(?:e[-+]?[0-9]{1,3})?"
    rf"\s?(?:{_MONEY_WORD})?|nan|[-+]?inf(?:inity)?"
)
_INSTANT = _shape(
    rf"[-+]?[0-9]{{4}}-(?:[0-9]{{1,2}}-[0-9]{{1,2}}|W[0-9]{{2}}-[0-9])(?:{_TIME}(?:{_ZONE})?)?"
    rf"|[0-9]{{1,2}}[./][0-9]{{1,2}}[./][0-9]{{2,4}}(?:,?{_TIME}(?:{_ZONE})?)?"
    r"|[0-9]{1,8}|1[0-9]{9}(?:[0-9]{3})?"
)
_FLAG = _shape(r"yes|no|on|off|да|нет|[-+]?[0-9]{1,4}(?:\.[0-9]{1,4})?")
_CODE = _shape(rf"[a-z]{{3}}|[0-9]{{1,4}}|{_MONEY_WORD}")


def words(value: Any, *, numbers_are_ids: bool = False) -> str | None:
    """Free text, in which marks of persons are masked. Half a surrogate cannot be written to Parquet."""
    if value is None or isinstance(value, bool | dict | list | tuple):
        return _plain(_FLAG, value)
    written = str(value)
    text = masked(without_surrogates(written[: 2 * LONGEST]), numbers_are_ids=numbers_are_ids)
    if len(written) > 2 * LONGEST:
        text = text[: -LONGEST // 2]  # Its end may be the half of a mark, which nobody can see for one.
    # What a cut leaves may look like a mark, as a part of a long number does.
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
    if isinstance(value, dict | list | tuple):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) <= _LONGEST_PLAIN and shape.fullmatch(text):
        return text
    return f"text of {len(text)} character{'s' * (len(text) != 1)}"


number: Kind = partial(_plain, _NUMBER)
instant: Kind = partial(_plain, _INSTANT)
flag: Kind = partial(_plain, _FLAG)
code: Kind = partial(_plain, _CODE)
