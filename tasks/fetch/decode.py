"""Bytes of a reply to text and to JSON, whatever they hold: mended, or refused with `Undecodable`.

A broken character must cost that character and no more. Numbers stay exact, and nothing becomes NaN or infinity.
"""

from __future__ import annotations

import json
import re
from typing import Any

_MOST_DIGITS = 100
"""Of a whole number. Python refuses to convert very long ones, and no figure or id is near."""
_DEEPEST = 100
"""Levels of nesting: what goes through a value afterwards must not run out of stack."""
_MOST_VALUES = 1_000_000
"""In one JSON text. A value takes up to 200 bytes of memory and as few as two of text: `[],[],…`."""

_MARK = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
# Every escape in order, so that the `\\` before a `u` is not taken for one; the odd ones in the group.
_ESCAPES = re.compile(rf"\\(?:{_PAIR}|(u[dD][89a-fA-F][0-9a-fA-F]{{0,2}}|u0000)|.)", re.DOTALL)
_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


class Undecodable(ValueError):
    """The text is a few words for a message: "something that is not JSON"."""


class TooLarge(Undecodable):
    """More than any plausible reply holds. The text says what: "more than 16 MB"."""


def text_of_bytes(content: bytes) -> str:
    """UTF-8, or what a byte order mark says, without the mark. A bad byte and NUL become U+FFFD."""
    return _decoded(content, next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8"))


def without_surrogates(text: str) -> str:
    """Halves of a pair joined, lone ones U+FFFD: no lone one can be encoded, stored or printed."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def json_of(content: bytes) -> Any:
    """The value with mended text. Numbers with a fraction, very long ones, NaN and Infinity stay the text they
    came as; of a key that comes twice the last value counts, as in a browser. Raises Undecodable, nothing else."""
    text = _decoded(content, json.detect_encoding(content))
    if len(text) > _MOST_VALUES and sum(map(text.count, "[{,")) > _MOST_VALUES:
        raise TooLarge(f"more than {_MOST_VALUES} values")
    if _ODD_ESCAPE.search(text):
        text = _without_odd_escapes(text)
    try:
        # Not strict: a raw line feed within a name is no reason to lose a page.
        value = json.loads(text, parse_float=str, parse_int=_whole, parse_constant=str, strict=False)
    except ValueError:
        raise Undecodable("something that is not JSON") from None
    except RecursionError:
        raise Undecodable("JSON that is nested too deep") from None
    if _is_deep(value):
        raise Undecodable("JSON that is nested too deep")
    return value


def code_of(value: object) -> int:
    """The code of an error, which comes as a number or as text; 0 for what can be none."""
    text = str(value)
    return int(text) if re.fullmatch("-?[0-9]{1,9}", text) else 0


def _decoded(content: bytes, encoding: str) -> str:
    return content.decode(encoding, "replace").replace("\0", _MARK)


def _without_odd_escapes(text: str) -> str:
    """Not `re.sub`, which keeps a text of its own for each escape, odd or not: twenty times the memory."""
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
