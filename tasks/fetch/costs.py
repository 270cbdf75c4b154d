"""The promoter's own file of what was paid for bloggers, posters, radio and the like (COSTS_FILE)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from tasks.errors import MissingError
from tasks.landing import Fetched
from tasks.reference.own_file import AMOUNT, DAY, EVENT, SHOW, Form, Row, Wrong, lines_of
from tasks.settings import Settings
from tasks.translation import later, numbered
from tasks.window import Window, moscow_today

VERSION = "1"
_TAKEN = ("vk_ads", "direct", "other", "qtickets")
"""Sources of the report that are none of this file's."""
_MOST_DAYS = 1100
_A_YEAR = timedelta(days=366)
_LONGEST_CITY = 80


def fetch_costs(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """All lines of the file, whatever the window. Columns of _FORM, text in one form; grain: line. Raises
    SourceError with every mistake."""
    rows = _read(settings)
    today = moscow_today(as_of)
    # Each run has read every day, also those without a cost: checks look for days that no run has read.
    first = min([window.first, today - _A_YEAR, *(date.fromisoformat(row["date_from"] or "") for row in rows)])
    last = max([window.last, today, *(date.fromisoformat(row["date_to"] or "") for row in rows)])
    whole = Window(first=first, last=last)
    return Fetched(rows, tuple(_FORM.columns), facts={"lines": len(rows)}, window=whole)


def reads(settings: Settings) -> str:
    """What is in the file now: what was read of it before is not used again."""
    with suppress(OSError):
        return f"#{hashlib.sha256(check_settings(settings).read_bytes()).hexdigest()[:16]}"
    return ""


def probe(settings: Settings) -> str:
    return numbered(len(_read(settings)), "line")


def check_settings(settings: Settings) -> Path:
    """Raises SettingsError."""
    if settings.costs_file is None:
        raise MissingError("COSTS_FILE is missing: the path of a CSV (sample: configs/costs.csv.sample).")
    return settings.costs_file


def _read(settings: Settings) -> list[Row]:
    return lines_of(check_settings(settings), _FORM, settings.zakaz_language)


def _label(text: str) -> str | None:
    fits = re.fullmatch(r"[a-zа-яё0-9][a-zа-яё0-9_-]{0,29}", text)
    return text if fits and text not in _TAKEN else None


def _city(text: str) -> str | None:
    return text if text and len(text) <= _LONGEST_CITY else None


def _across(row: Row) -> Iterator[Wrong]:
    first = row["date_from"]
    last = row["date_to"] = row["date_to"] or first
    if first and last and not 0 <= (date.fromisoformat(last) - date.fromisoformat(first)).days < _MOST_DAYS:
        yield "date_to", last, later("a day from {first} on, at most {n} days of it", first=first, n=_MOST_DAYS)
    if row["show_id"] and not row["event_id"]:
        yield "event_id", "", later("the event of the show")


_FORM = Form(
    name=later("file of costs"),
    setting="COSTS_FILE",
    columns={
        "date_from": DAY,
        "date_to": DAY,
        "source": (
            _label,
            later(
                "a label of small letters, digits, - and _, such as bloggers, and none of {names}",
                names=", ".join(_TAKEN),
            ),
        ),
        "amount": AMOUNT,
        "city": (_city, later("the name of a city")),
        "event_id": EVENT,
        "show_id": SHOW,
    },
    needed=("date_from", "source", "amount"),
    ignored=("comment",),
    across=_across,
)
