"""The shape of a reply: which fields it has, of which types, how many and in which order, and no value of any.

A field's name is written only where it is one of those that the APIs document: an object may have telephones for
names. Of a text there is its kind and about how long it is; of a number only that it is one. An id is a hash with a
key that nobody keeps: the same id in two replies of one file can be seen, which id it is cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tasks.fetch.decode import Undecodable, json_of, text_of_bytes

_NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
FIELDS, HEADERS = frozenset(_NAMES["fields"].split()), frozenset(_NAMES["headers"].split())
"""Headers in small letters."""
_OTHER = "<name>"
_DEEPEST = 12
_FORMS = {
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?",
    "time with offset": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)",
    "whole number": r"-?\d+",
    "number": r"-?\d+\.\d+",
    "no value": r"--?",
}
_IN_ORDER = ("id", "Id", "date", "Date", "payed_at", "created_at")
"""Fields by which a list may be sorted."""


class Shaper:
    """`key`: random, for the ids of one file."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_reply(self, reply: httpx.Response) -> Any:
        if not reply.content.strip():
            return "empty"
        try:
            return self.of([json_of(reply.content)])
        except Undecodable:
            text = text_of_bytes(reply.content)
        first, *rows = [line.split("\t") for line in text.splitlines() if line.strip()] or [[""]]
        if not {"Date", "CampaignId"} & set(first):
            return f"{'a page' if '<' in text[:200] else 'text'} of {_lengths([text])}"
        names = [name if name in FIELDS else _OTHER for name in first]
        cells = [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
        return {"table": self.of([cells]), "other lines": _count(len(rows) - len(cells))}

    def of(self, values: Sequence[Any], depth: int = 0) -> Any:
        """One shape for all of them; a list where they are plain values, objects and lists."""
        if depth > _DEEPEST:
            return "deeper"
        objects = [value for value in values if isinstance(value, dict)]
        lists = [value for value in values if isinstance(value, list)]
        kinds = {kind for value in values if (kind := _kind(value))}
        if free := [value for value in values if isinstance(value, str) and not _kind(value)]:
            kinds.add(f"text of {_lengths(free)}")
        found: list[Any] = [" | ".join(sorted(kinds))] if kinds else []
        if objects:
            found.append(self._of_objects(objects, depth))
        if lists:
            found.append(self._of_lists(lists, depth))
        return found[0] if len(found) == 1 else found

    def _of_objects(self, objects: list[dict[str, Any]], depth: int) -> dict[str, Any]:
        """A name with a ? is not in all of them."""
        values: dict[str, list[Any]] = {}
        for one in objects:
            for name, value in one.items():
                values.setdefault(name if name in FIELDS else _OTHER, []).append(value)
        shape = {
            name + ("" if len(found) >= len(objects) else "?"): self.of(found, depth + 1)
            for name, found in sorted(values.items())
        }
        if others := values.get(_OTHER):
            shape["other names"] = _count(len(others))
        return shape

    def _of_lists(self, lists: list[list[Any]], depth: int) -> dict[str, Any]:
        shape: dict[str, Any] = {"list of": self._counts(lists)}
        items = [item for one in lists for item in one]
        if items:
            shape["each"] = self.of(items, depth + 1)
        if len(lists) == 1 and all(isinstance(item, dict) for item in items):
            if order := {name: way for name in _IN_ORDER if (way := _order(items, name))}:
                shape["order"] = order
            if ids := [_id(one) for one in (items[:1] + items[-1:]) if isinstance(_id(one), int | str)]:
                shape["first and last id"] = [self._hash(one) for one in ids]
        return shape

    def _counts(self, lists: list[list[Any]]) -> str:
        least, most = min(map(len, lists)), max(map(len, lists))
        return _count(least) if _count(least) == _count(most) else f"{_count(least)} to {_count(most)}"

    def _hash(self, value: int | str) -> str:
        return hmac.digest(self._key, str(value).encode("utf-8", "replace"), hashlib.sha256).hex()[:8]


def _kind(value: object) -> str:
    """Empty for an object, a list and free text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "whole number" if isinstance(value, int) else "number"
    if not isinstance(value, str):
        return ""
    return next((f"text: {name}" for name, form in _FORMS.items() if re.fullmatch(form, value, re.ASCII)), "")


def _id(one: dict[str, Any]) -> Any:
    return one.get("id", one.get("Id"))


def _lengths(texts: Sequence[str]) -> str:
    """Between two powers of two."""
    least, most = (edge(len(text).bit_length() for text in texts) for edge in (min, max))
    return f"{1 << least - 1 if least else 0} to {(1 << most) - 1} characters"


def _count(number: int) -> str:
    """To the digit up to two, else the power of ten."""
    return str(number) if number <= 2 else f"{max(3, 10 ** (len(str(number)) - 1))} or more"  # noqa: PLR2004


def _order(items: list[dict[str, Any]], name: str) -> str:
    """asc or desc of the values that are there; empty where there are too few, or where they differ in kind."""
    values: list[Any] = [one[name] for one in items if one.get(name) is not None]
    if len(values) < 3 or len({type(value) for value in values}) > 1 or isinstance(values[0], dict | list):  # noqa: PLR2004
        return ""
    return "asc" if values == sorted(values) else "desc" if values == sorted(values, reverse=True) else "none"
