"""The promoter's own file of what was paid for bloggers, posters, radio and the like (COSTS_FILE).

Read as people and spreadsheets write it: UTF-8 or Windows-1251, commas or semicolons, 2026-03-31 or 31.03.2026,
10000.50 or 10 000,50. Every mistake of every line is told, and of a file with a mistake nothing is loaded.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tasks.errors import SettingsError, SourceError
from tasks.landing import Fetched
from tasks.settings import HOME, Settings
from tasks.window import Window

VERSION = "1"
COLUMNS = ("date_from", "date_to", "source", "amount", "city", "event_id", "show_id")
_NEEDED = ("date_from", "source", "amount")
_TAKEN = ("vk_ads", "direct", "other", "qtickets")
"""Sources of the report that are none of this file's."""
_MOST_DAYS = 1100
_LONGEST = 40
"""Characters of a wrong value that are shown."""
_YEARS = range(2000, 2100)

Row = dict[str, str | None]
Words = tuple[str, str]
"""English, Russian."""


@dataclass(frozen=True)
class _Mistake:
    line: int
    column: str
    value: str
    wanted: Words

    def told(self, language: str) -> str:
        value = self.value if len(self.value) <= _LONGEST else f"{self.value[:_LONGEST]}…"
        if language == "en":
            return f'line {self.line}, {self.column}: "{value}", expected {self.wanted[0]}'
        return f"строка {self.line}, {self.column}: «{value}», а нужно: {self.wanted[1]}"


def fetch_costs(settings: Settings, window: Window, as_of: datetime) -> Fetched:  # noqa: ARG001
    """All lines of the file, whatever the window. Columns: COLUMNS, text in one form; grain: line. Raises
    SourceError with every mistake."""
    rows = _read(_path(settings), settings.zakaz_language)
    return Fetched(rows, COLUMNS, facts={"lines": len(rows)})


def probe(settings: Settings) -> str:
    return f"{len(_read(_path(settings), settings.zakaz_language))} lines"


def check_settings(settings: Settings) -> Path:
    """Raises SettingsError."""
    return _path(settings)


def _path(settings: Settings) -> Path:
    if settings.costs_file is None:
        raise SettingsError("COSTS_FILE is missing: the path of a CSV (sample: configs/costs.csv.sample).")
    return HOME / settings.costs_file


def _read(path: Path, language: str) -> list[Row]:
    lines = _lines(path, language)
    head, mistakes = _head(lines)
    rows: list[Row] = []
    for number, cells in lines[1:]:
        wrong = _extra_cells(number, cells, head)
        row = _row(number, dict(zip(head, cells, strict=False)), wrong)
        mistakes += wrong
        rows.append(row)
    if mistakes:
        told = "; ".join(mistake.told(language) for mistake in mistakes)
        raise SourceError(
            f"The file of costs {path.name} is wrong in {len(mistakes)} places, so nothing of it was loaded: {told}"
            if language == "en"
            else f"В файле расходов {path.name} ошибок: {len(mistakes)}, из него ничего не загружено: {told}"
        )
    return rows


def _lines(path: Path, language: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number in the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"COSTS_FILE: {path} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    first = text.partition("\n")[0]
    reader = csv.reader(
        text.splitlines(keepends=True), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    lines = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                lines.append((reader.line_num, stripped))
    except csv.Error:
        raise SourceError(
            f"The file of costs {path.name} is no CSV (line {reader.line_num})."
            if language == "en"
            else f"Файл расходов {path.name} — не CSV (строка {reader.line_num})."
        ) from None
    return lines


def _head(lines: list[tuple[int, list[str]]]) -> tuple[list[str], list[_Mistake]]:
    known = (*COLUMNS, "comment")
    number, cells = lines[0] if lines else (1, [])
    head = [cell.lower() for cell in cells]
    wanted = (f"columns of {', '.join(known)}", f"столбцы из списка {', '.join(known)}")
    wrong = [_Mistake(number, "head", cell, wanted) for cell in head if cell not in known]
    wrong += [
        _Mistake(number, "head", cell, ("a column once", "столбец один раз"))
        for cell in known
        if head.count(cell) > 1
    ]
    absent = [name for name in _NEEDED if name not in head]
    if absent:
        wrong.append(
            _Mistake(number, "head", ",".join(head), (f"also {', '.join(absent)}", f"ещё и {', '.join(absent)}"))
        )
    return head, wrong


def _extra_cells(number: int, cells: list[str], head: list[str]) -> list[_Mistake]:
    more = [cell for cell in cells[len(head) :] if cell]
    wanted = (f"no more than {len(head)} cells", f"не больше {len(head)} ячеек")
    return [_Mistake(number, "line", ", ".join(more), wanted)] if more else []


def _row(number: int, cells: Mapping[str, str], wrong: list[_Mistake]) -> Row:
    """The line in one form; what is wrong with it is added to `wrong`."""
    row: Row = {}
    for column, (read, wanted) in _FORMS.items():
        value = cells.get(column, "")
        row[column] = read(value)
        if row[column] is None and (value or column in _NEEDED):
            wrong.append(_Mistake(number, column, value, wanted))
    first, last = row["date_from"], row["date_to"] or row["date_from"]
    if first and last and not cells.get("date_to"):
        row["date_to"] = first
    elif first and last and not 0 <= (date.fromisoformat(last) - date.fromisoformat(first)).days < _MOST_DAYS:
        wanted = (
            f"a day from {first} on, at most {_MOST_DAYS} days of it",
            f"дата не раньше {first} и не больше {_MOST_DAYS} дней после неё",
        )
        wrong.append(_Mistake(number, "date_to", cells["date_to"], wanted))
    if row["show_id"] and not cells.get("event_id"):
        wrong.append(_Mistake(number, "event_id", "", ("the event of the show", "номер события этого сеанса")))
    return row


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
    return plain if fits and float(plain) > 0 else None


def _label(text: str) -> str | None:
    fits = re.fullmatch(r"[a-zа-яё0-9][a-zа-яё0-9_-]{0,29}", text)
    return text if fits and text not in _TAKEN else None


def _number(text: str) -> str | None:
    return text if re.fullmatch(r"[1-9]\d{0,17}", text, re.ASCII) else None


def _city(text: str) -> str | None:
    return text if text and len(text) <= 2 * _LONGEST else None


_DAY: Words = ("a date such as 2026-03-31 or 31.03.2026", "дата, например 2026-03-31 или 31.03.2026")
_FORMS: dict[str, tuple[Callable[[str], str | None], Words]] = {
    "date_from": (_day, _DAY),
    "date_to": (_day, _DAY),
    "source": (
        _label,
        (
            f"a label of small letters, digits, - and _, such as bloggers, and none of {', '.join(_TAKEN)}",
            f"метка из строчных букв, цифр, - и _, например bloggers, и не {', '.join(_TAKEN)}",
        ),
    ),
    "amount": (_amount, ("an amount above zero such as 10000.50", "сумма больше нуля, например 10000,50")),
    "city": (_city, ("the name of a city", "название города")),
    "event_id": (_number, ("the number of an event in QTickets", "номер события в QTickets")),
    "show_id": (_number, ("the number of a show in QTickets", "номер сеанса в QTickets")),
}
