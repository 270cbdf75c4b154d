"""Files that the promoter keeps: CSV as people and spreadsheets write it, with every mistake of every line told.

UTF-8 or Windows-1251, commas or semicolons, 2026-03-31 or 31.03.2026, 10000.50 or 10 000,50. What a file is
for is not known here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from tasks.errors import SettingsError, SourceError
from tasks.settings import HOME
from tasks.translation import later, said

_LONGEST = 40
"""Characters of a wrong value that are shown."""
_YEARS = range(2000, 2100)

Row = dict[str, str | None]
"""A line by column: text in one form, null where there is none."""
Told = Callable[[str], str]
"""Words in a language."""
Wrong = tuple[str, str, Told]
"""A column, its value, and what is expected."""
Reading = tuple[Callable[[str], str | None], Told]
"""The text in one form, null where it is none; and what is expected."""


@dataclass(frozen=True)
class Form:
    """What a file holds. `columns` are read; `needed` ones must be there and in each line; `ignored` ones may be
    there. `across`: what is wrong with a line as a whole, which it may complete; unreadable values are null."""

    name: Told
    setting: str
    columns: Mapping[str, Reading]
    needed: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    across: Callable[[Row], Iterable[Wrong]] = lambda _: ()


@dataclass(frozen=True)
class _Mistake:
    line: int
    column: str
    value: str
    wanted: Told

    def told(self, language: str) -> str:
        value = self.value if len(self.value) <= _LONGEST else f"{self.value[:_LONGEST]}…"
        return said(
            'line {line}, {column}: "{value}", expected {wanted}',
            language,
            line=self.line,
            column=self.column,
            value=value,
            wanted=self.wanted(language),
        )


def lines_of(path: Path, form: Form, language: str) -> list[Row]:
    """All lines. Raises SourceError with every mistake, and SettingsError where the file cannot be read."""
    lines = _lines(HOME / path, form, language)
    head, mistakes = _head(lines, form)
    rows = []
    for number, cells in lines[1:]:
        if more := [cell for cell in cells[len(head) :] if cell]:
            wanted = later("no more than {n} cells", n=len(head))
            mistakes.append(_Mistake(number, "line", ", ".join(more), wanted))
        row, wrong = _row(dict(zip(head, cells, strict=False)), form)
        mistakes += [_Mistake(number, *one) for one in wrong]
        rows.append(row)
    if mistakes:
        told = "; ".join(mistake.told(language) for mistake in mistakes)
        raise SourceError(
            said(
                "The {file} {name} has {n} mistakes, so nothing of it was loaded: {told}",
                language,
                file=form.name(language),
                name=path.name,
                n=len(mistakes),
                told=told,
            )
        )
    return rows


def _lines(path: Path, form: Form, language: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number in the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{form.setting}: {path} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                lines.append((reader.line_num, stripped))
    except csv.Error:
        raise SourceError(
            said(
                "The {file} {name} is no CSV (line {line}).",
                language,
                file=form.name(language),
                name=path.name,
                line=reader.line_num,
            )
        ) from None
    return lines


def _head(lines: list[tuple[int, list[str]]], form: Form) -> tuple[list[str], list[_Mistake]]:
    known = (*form.columns, *form.ignored)
    number, cells = lines[0] if lines else (1, [])
    head = [cell.lower() for cell in cells]
    while head[1:] and not head[-1]:  # Spreadsheets leave columns without a name at the end.
        head.pop()
    one_of, once = later("columns of {names}", names=", ".join(known)), later("a column once")
    wrong = [_Mistake(number, "head", cell, one_of) for cell in head if cell not in known]
    wrong += [_Mistake(number, "head", cell, once) for cell in known if head.count(cell) > 1]
    if absent := ", ".join(name for name in form.needed if name not in head):
        wrong.append(_Mistake(number, "head", ",".join(head), later("also {names}", names=absent)))
    return head, wrong


def _row(cells: Mapping[str, str], form: Form) -> tuple[Row, list[Wrong]]:
    row: Row = {}
    wrong: list[Wrong] = []
    for column, (read, wanted) in form.columns.items():
        value = cells.get(column, "")
        row[column] = read(value)
        if row[column] is None and (value or column in form.needed):
            wrong.append((column, value, wanted))
    known = {column for column, *_ in wrong}
    return row, [*wrong, *(one for one in form.across(row) if one[0] not in known)]


def _day(text: str) -> str | None:
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4})", text, re.ASCII)
    if found is None:
        return None
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        read = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return str(read) if read.year in _YEARS else None


def _amount(text: str) -> str | None:
    """Roubles and kopecks; spaces between thousands."""
    plain = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))", "", text).replace(",", ".")
    fits = re.fullmatch(r"\d{1,12}(\.\d{1,2})?", plain, re.ASCII)
    return plain if fits and Decimal(plain) > 0 else None


def _number(text: str) -> str | None:
    """Ads of Direct have up to 19 digits."""
    return text if re.fullmatch(r"[1-9]\d{0,18}", text, re.ASCII) and int(text) < 2**63 else None


DAY: Reading = (_day, later("a date such as 2026-03-31 or 31.03.2026"))
AMOUNT: Reading = (_amount, later("an amount above zero such as 10000.50"))
EVENT: Reading = (_number, later("the number of an event in QTickets"))
SHOW: Reading = (_number, later("the number of a show in QTickets"))
CAMPAIGN: Reading = (_number, later("the number of a campaign"))
AD: Reading = (_number, later("the number of an ad, or nothing for all"))
