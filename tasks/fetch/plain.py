"""A figure, an id or a day as the text that lands: as it came, or, of what can be none, only what came instead.

Whether it is right is judged where rows are validated. What is no such value may be a person's, and is not written.
"""

from __future__ import annotations

import re

_LONGEST = 60
# A plus before ten digits is a telephone's.
_PLAIN = re.compile(
    r"\s*(?!\+[0-9]{10})([-+0-9.,:eTZ]*|nan|[-+]?inf(inity)?|null|none|true|false)\s*", re.IGNORECASE
)


def plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST and _PLAIN.fullmatch(text) else f"text of {len(text)} characters"
