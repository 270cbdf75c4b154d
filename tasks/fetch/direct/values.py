"""Single values: those of replies, whose type nobody promises, and the login, which has several spellings."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

_WHOLE = re.compile(r"^([0-9]{1,19})(\.0*)?$")

Object = dict[str, Any]


def identifier(value: object) -> int:
    """A positive whole number of at most 19 digits, also as text or as `12.0`; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value < 10**19 else 0
    match = _WHOLE.match(value.strip()) if isinstance(value, str) else None
    return int(match[1]) if match else 0


def identifiers(column: str) -> pl.Expr:
    """The same for a column of text."""
    return pl.col(column).str.strip_chars().str.extract(_WHOLE.pattern).cast(pl.UInt64).fill_null(0)


def short_number(text: str) -> int | None:
    """At most nine digits: no wait, share of points or error code is longer."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def objects(value: object) -> list[Object]:
    """The objects of a list, without whatever else is in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(value: object, name: str) -> Object:
    """A sub-object, {} where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def canonical_login(text: str) -> str:
    """Logins of Yandex ignore case and take a dot for a hyphen; the domain of a mail address keeps its dots."""
    name, at, domain = text.strip().lower().partition("@")
    return name.replace(".", "-") + at + domain
