"""Decodes the bytes of a reply to text and JSON. What cannot be decoded raises `Undecodable`.

A broken character costs that character and no more. Numbers stay exact, and nothing becomes NaN or infinity.
"""

from __future__ import annotations

import json
import re
from typing import Any

_MOST_DIGITS = 100
"""Of a whole number that becomes an int. Python refuses very long ones; figures and ids are far shorter."""
_LONG_NUMBER = re.compile(rf"[0-9]{{{_MOST_DIGITS + 1}}}")
_DEEPEST = 100
"""Levels of nesting: code that walks the value afterwards must not run out of stack."""
_MOST_VALUES = 1_000_000
"""In one JSON text. A value takes up to 200 bytes of memory and may take only two of text: `[],[],…`."""

_MARK = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
_BAD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
# Matches every escape in order, so that the `\\` before a `u` is not read as one; the group holds the bad ones.
_ESCAPES = re.compile(rf"\\(?:{_PAIR}|(u[dD][89a-fA-F][0-9a-fA-F]{{0,2}}|u0000)|.)", re.DOTALL)
_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


class Undecodable(ValueError):
    """Not text or JSON that can be used. Its text goes into a message: "something that is not JSON"."""


class TooLarge(Undecodable):
    """More than any plausible reply holds. Its text says how much: "more than 16 MB"."""


def text_of_bytes(content: bytes) -> str:
    """Decodes UTF-8, or the encoding of a byte order mark. A bad byte and NUL become U+FFFD."""
    return _decoded(content, next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8"))


def without_surrogates(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced: a lone one cannot be stored or printed."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def json_of(content: bytes) -> Any:
    """The value of a JSON text. Numbers with a fraction, very long ones, NaN and Infinity stay text; of a key that
    comes twice the last value counts, as in a browser. Raises Undecodable, nothing else."""
    text = _decoded(content, json.detect_encoding(content))
    if len(text) > _MOST_VALUES and sum(map(text.count, "[{,")) > _MOST_VALUES:
        raise TooLarge(f"more than {_MOST_VALUES} values")
    if _BAD_ESCAPE.search(text):
        text = _replace_bad_escapes(text)
    try:
        # Not strict: a raw line feed in a name must not cost the page.
        whole = _whole if _LONG_NUMBER.search(text) else None
        value = json.loads(text, parse_float=str, parse_int=whole, parse_constant=str, strict=False)
    except ValueError:
        raise Undecodable("something that is not JSON") from None
    except RecursionError:
        raise Undecodable("JSON that is nested too deep") from None
    if _is_deep(value):
        raise Undecodable("JSON that is nested too deep")
    return value


def code_of(value: object) -> int:
    """The code of an error, which comes as a number or as text; 0 for anything else."""
    text = str(value)
    return int(text) if re.fullmatch("-?[0-9]{1,9}", text) else 0


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, "replace").replace("\0", _MARK)


def _replace_bad_escapes(text: str) -> str:
    """Not with `re.sub`, which keeps a string for each escape, also the valid ones: twenty times the memory."""
    parts, end = [], 0
    for escape in _ESCAPES.finditer(text):
        if escape[1]:
            parts += [text[end : escape.start()], _MARK]
            end = escape.end()
    return "".join(parts) + text[end:]


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST + 1):
        parents = [one for one in level if isinstance(one, dict | list)]
        if not parents:
            return False
        level = [child for one in parents for child in (one.values() if isinstance(one, dict) else one)]
    return True
