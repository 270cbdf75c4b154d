"""The one reading of UTM tags: from a link, from parameters kept apart, from an order. Text in, text out.

Tags are read as a browser and Yandex Metrica read them; where those would lose a tag that is plainly there, it is
read as its author meant it. Metrica publishes no grammar, but its database, ClickHouse, reads parameters after `#`
like those after `?` and takes the first of a repeated name (`extractURLParameter`), as `URLSearchParams.get` of a
browser does. So the query is read before the fragment, and the first value that is not empty counts. Names count in
any case, `&amp;` joins parameters as `&` does. Values are decoded once, as UTF-8 or, what is no UTF-8, as cp1251.

This module knows no source and no macro, and it raises for no text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
OF_ADS = ("utm_campaign", "utm_content", "utm_term")
"""Tags in which a bare number is the id of a campaign, an ad or a phrase far more often than a telephone."""

_TAG = "source|medium|campaign|content|term"
_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
_SEPARATOR = re.compile(rf"&|[;?#\s]\s{{0,9}}(?=utm(?:_|%5f)(?:{_TAG})\s?=)", re.IGNORECASE)
"""`;`, a second `?` and a line feed part parameters only where a tag follows: all of them may be in a value."""
_BEFORE_NAME = re.compile(r"^(?:amp;?|#0*38;|#x0*26;|[\s&?;#])+")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Control characters and those of no width, which come along when a link is pasted."""
_BREAK = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_HALF_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OF_A_LINK = str.maketrans("", "", "\t\n\r")
"""A browser drops these wherever they are in a link."""
_RUSSIAN = re.compile(r"[А-яЁё]")
_CP1251 = re.compile(r"[\x00-\x7fА-яЁё№«»–—…\xa0]+")
_SCHEME = re.compile(r"([a-z][\w+.-]*):(\d{1,5}(?:[/?#]|$))?", re.IGNORECASE)
_NAMED = re.compile(rf"utm[\W_]{{0,3}}({_TAG})\W?\s*=", re.IGNORECASE)
_STILL_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_NO_HOST = re.compile(r"[\s<>^|]")
_DEEPEST = 8
_SHORT = 100
"""Characters of a text whose reading is kept: the same tags come with order after order."""


def clean(text: str) -> str:
    """Without characters that nobody sees; on one line; half a surrogate is U+FFFD."""
    return _clean(text) if len(text) <= _SHORT else _clean.__wrapped__(text)


@lru_cache(10_000)
def _clean(text: str) -> str:
    return _HALF_SURROGATE.sub("\ufffd", _UNSEEN.sub("", _BREAK.sub(" ", text)))


def tag_name(name: str) -> str | None:
    """The tag that is meant by a name in any case, with blanks or the rest of an escaped `&` before it."""
    tag = _BEFORE_NAME.sub("", clean(name).strip().lower())
    return tag if tag in UTM else None


def read(text: str | None) -> dict[str, str]:
    """The tags that a link or a string of parameters names; an empty value is one. Values are `clean` and stripped.

    The query wins over the fragment, and both over parameters of a link in which the `?` was forgotten.
    """
    address, _, fragment = _unescaped(text or "").partition("#")
    path, _, query = address.partition("?")
    found: dict[str, str] = {}
    for part in (query, fragment, path):
        for piece in _SEPARATOR.split(part):
            name, _, value = piece.translate(_OF_A_LINK).partition("=")
            if tag := tag_name(unquote(name)):
                found[tag] = found.get(tag) or clean(_decoded(value)).strip()
    return found


def read_value(value: Any) -> dict[str, str]:
    """The tags in an order's `utm`: an object, a list of objects, pairs of name and value, or text (parameters or
    JSON). What is neither text nor a number is no tag. Values are `clean`; parameters are decoded."""
    found: dict[str, str] = {}
    for tag, part in _pairs(value, _DEEPEST):
        for text in _texts(part, _DEEPEST):
            found[tag] = found.get(tag) or text
    return found


def is_web(link: str | None) -> bool:
    """Whether a link leads to a site: by http or https, or without a scheme, as one types it into a browser."""
    text = _address(link)
    found = _SCHEME.match(text)
    if not text or not found:
        return bool(text)
    scheme, port = found[1].lower(), found[2]
    return scheme in ("http", "https") or bool(port and ("." in scheme or scheme == "localhost"))


def is_unreadable(link: str | None, overriding: str = "") -> bool:
    """Whether tags may have been lost in reading, as against a link that simply has none.

    True where `utm_content` (the city) is named but cannot be read or decoded, and where no tag was found though
    one is named or the link is no address. `overriding`: parameters that win over the link's own.
    """
    own = link if is_web(link) else ""
    found = read(own) | read(overriding)
    plain = unquote(unquote(f"{own} {overriding}"))
    named = {f"utm_{tag.lower()}" for tag in _NAMED.findall(plain)}
    if not found:
        return bool(named or (own and _is_no_address(own)))
    content = found.get("utm_content")
    if content is None:
        return "utm_content" in named
    return "\ufffd" in content or bool(_STILL_ENCODED.search(content))


def _unescaped(text: str) -> str:
    """Without `&amp;` and what else HTML and JSON escape; only references that end in `;`: `&copy=1` is none. What
    was escaped twice leaves `amp;` before a name, which `tag_name` takes off."""
    return _ESCAPED.sub(lambda found: html.unescape(found[0].lower()), text.replace("\\u0026", "&"))


def _decoded(value: str) -> str:
    """Bytes that are no UTF-8 are cp1251 if that makes them Russian; half a letter of UTF-8 is U+FFFD."""
    value = value.replace("+", " ")
    text = unquote(value)
    if "\ufffd" not in text or _RUSSIAN.search(text):
        return text
    other = unquote(value, "cp1251", errors="replace")
    letters = _RUSSIAN.findall(other)
    # One letter alone, of the bytes with which nearly every Russian letter of UTF-8 begins, is half of one.
    return other if letters and _CP1251.fullmatch(other) and letters not in (["Р"], ["С"]) else text


def _address(link: str | None) -> str:
    return clean(_unescaped(link or "").translate(_OF_A_LINK)).strip()


def _is_no_address(link: str) -> bool:
    """A browser takes `\\` for `/` and any number of them."""
    address = re.split(r"[?#]", _address(link), maxsplit=1)[0].replace("\\", "/")
    try:
        parts = urlsplit("//" + re.sub(r"(?i)^(?:https?:)?/*", "", address))
        _ = parts.port  # Raises too.
    except ValueError:
        return True
    return not parts.hostname or bool(_NO_HOST.search(parts.hostname))


def _pairs(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Tags and what is said of them, wherever they are in an order's `utm`."""
    if depth == 0:
        return
    if isinstance(value, str):
        inner = _json(value)
        yield from read(value).items() if inner is None else _pairs(inner, depth - 1)
    elif isinstance(value, Mapping):
        yield from _pairs_of_object(value, depth)
    elif isinstance(value, (list, tuple)):
        match value:
            case [str(name), text] if tag := tag_name(name):
                yield tag, text
            case _:
                for part in value:
                    yield from _pairs(part, depth - 1)


def _pairs_of_object(value: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    """Tags are its keys; or one tag is the text of one of its fields, and another field is called `value`."""
    named = next((tag for text in value.values() if isinstance(text, str) and (tag := tag_name(text))), None)
    by_key = {key: tag for key in value if (tag := tag_name(str(key)))}
    if named and not by_key and "value" in value:
        yield named, value["value"]
        return
    for key, inner in value.items():
        if key in by_key:
            yield by_key[key], inner
        elif not isinstance(inner, str):
            yield from _pairs(inner, depth - 1)


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts and numbers in a tag's value, which may be a list or an object of them."""
    if isinstance(value, str):
        yield clean(value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        yield str(value)
    elif depth and isinstance(value, (list, tuple, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part, depth - 1)


def _json(text: str) -> Any:
    """An object or a list that is written as text, escaped for HTML or not; None where the text is neither."""
    for written in (text, _unescaped(text)):
        if written.lstrip().startswith(("{", "[", '"')):
            with suppress(ValueError, RecursionError):
                return json.loads(written)
    return None
