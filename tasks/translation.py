"""What people read, in their language: sentences stand in the code in English, in other languages in
`tasks/translations/*.po`. Which language it is stands in the settings (ZAKAZ_LANGUAGE).

What runs did and why they failed is written to the log and the warehouse in English, and retold where people read
it: in the Prefect UI, in messages, in the terminal.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from itertools import islice
from pathlib import Path

import polib

RECORD = "en"
"""The language of the log and the warehouse."""
_FOLDER = Path(__file__).parent / "translations"
_PLACE = re.compile(r"\{(\w+)\}")
_ENOUGH = 7
"""Letters that a sentence must have besides its places, to be known again in a message."""
_LONGEST = 4_000
"""Characters of a message that is retold: no chat takes more."""
_SEAMS = (
    (re.compile(r"(?<=\.) "), 6),
    (re.compile("(?<=;) "), 3),
    (re.compile("(?<=:) "), 1),
    (re.compile("(?<=,) "), 1),
)
"""Where messages are put together, the widest first, and how many of them a text of ours may hold at most."""


def said(text: str, language: str, /, **values: object) -> str:
    """The text in this language, its places in braces filled if there are values. In English where the catalog
    has no other text."""
    told = _catalog(language).gettext(text) if text else ""
    return told.format(**values) if values else told


def counted(one: str, many: str, n: int, language: str, /, **values: object) -> str:
    """`said` of a number of things: `{n} ticket` or `{n} tickets`, by the language's own rules. Among the values
    `n` may be the number as people write it."""
    return _catalog(language).ngettext(one, many, n).format(**{"n": n} | values)


def numbered(n: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`: for the log and the warehouse. In other texts it stands where its case is no matter."""
    return f"{n} {one if n == 1 else many or f'{one}s'}"


def either(language: str, english: str, russian: str) -> str:
    """Of texts that stand side by side in both languages, as in files of SQL."""
    return russian if language == "ru" and russian else english


def marked(*texts: str) -> tuple[str, ...]:
    """Texts that are said elsewhere, such as titles of columns, so that their translations are looked for."""
    return texts


def later(text: str, /, **values: object) -> Callable[[str], str]:
    """What says it once the language is known."""
    return lambda language: said(text, language, **values)


def named(**texts: str) -> dict[str, str]:
    """Likewise, by names."""
    return texts


def retold(message: str, language: str) -> str:
    """A message that was made of sentences of ours, in this language. What is not known stays as it is."""
    if not isinstance(_catalog(language), GNUTranslations) or len(message) > _LONGEST:
        return message
    told: list[str] = []
    while message:
        # As much as is known as one text: all, some sentences, one, a part of one; else on to the next seam.
        ends = [len(message)]
        for seam, most in _SEAMS:
            ends += reversed([one.start() for one in islice(seam.finditer(message), most)])
        known = ((end, words) for end in ends if (words := _retold(message[:end], language)))
        end, words = next(known, (min(ends), message[: min(ends)]))
        told.append(words)
        message = message[end + 1 :]
    return " ".join(told)


def _retold(message: str, language: str) -> str | None:
    """Where it is one text of the catalog, whatever mark ends it."""
    mark = message[-1] if message[-1] in ";:," else ""
    message = message.removesuffix(mark)
    number, _, things = message.partition(" ")
    if number.isdecimal() and (plural := _plurals(language).get(things)):
        return counted(*plural, int(number), language) + mark
    for text, begins, literals in _sentences(language):
        known = message.startswith(begins) and all(part in message for part in literals)
        if known and (found := _pattern(text).fullmatch(message)):
            values = {name: _retold_value(value, language) for name, value in found.groupdict().items()}
            return said(text, language, **values) + mark
    return None


def _retold_value(value: str, language: str) -> str:
    """Where it is a text of ours, too; one that is hung on another may begin with a blank."""
    text = value.lstrip()
    return value.removesuffix(text) + retold(text, language)


@cache
def _catalog(language: str) -> NullTranslations:
    file = _file(language)
    return GNUTranslations(io.BytesIO(file.to_binary())) if file is not None else NullTranslations()


@cache
def _file(language: str) -> polib.POFile | None:
    path = _FOLDER / f"{language}.po"
    return polib.pofile(str(path)) if path.exists() else None


@cache
def _plurals(language: str) -> dict[str, tuple[str, str]]:
    """Numbers of things, by what stands behind the number."""
    both = [(one.msgid, one.msgid_plural) for one in _file(language) or () if one.msgid_plural]
    return {
        text.removeprefix("{n} "): texts
        for texts in both
        for text in texts
        if text.startswith("{n} ") and _PLACE.findall(text) == ["n"]
    }


@cache
def _sentences(language: str) -> list[tuple[str, str, list[str]]]:
    """Each with how a message made of it begins and the parts that it must have; those that say most first."""
    found = []
    for entry in _file(language) or ():
        parts = _PLACE.split(entry.msgid)  # Text and names of places by turns.
        literals = [part.strip() for part in parts[::2] if part.strip()]
        if entry.msgid_plural or "{{" in entry.msgid or " " not in entry.msgid or sum(map(len, literals)) < _ENOUGH:
            continue
        found.append((entry.msgid, parts[0], literals))
    return sorted(found, key=lambda one: -sum(map(len, one[2])))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """What matches a message made of the text."""
    parts = _PLACE.split(text)
    pattern = [re.escape(one) if i % 2 == 0 else _filling(one, parts[:i], text) for i, one in enumerate(parts)]
    return re.compile("".join(pattern), re.DOTALL)


def _filling(place: str, before: list[str], text: str) -> str:
    """What may fill this place of the text: where that is one sentence, no more than a part of one, or it would
    swallow its neighbour."""
    if place in before[1::2]:
        return f"(?P={place})"
    if before == [""]:
        return f"(?P<{place}>(?:(?![.;:] ).)*?)"
    return f"(?P<{place}>.*?)" if ". " in text else f"(?P<{place}>(?:(?![.;] ).)*?)"
