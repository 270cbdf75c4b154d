"""What is wrong, as a message that every channel takes: its words, its length, and that it is resolved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tasks.errors import ZakazError
from tasks.harmless import for_chat
from tasks.window import MOSCOW

LONGEST = 3_500
"""Units of UTF-16 in a message with its title. Telegram refuses one of more than 4,096."""
_LONGEST_TITLE = 200
_LONGEST_FOOTER = 1_000
_PREFIX = len("Zakaz: Resolved: \n")
_ROOM_FOR_COUNT = len("… and 9,999,999 more")
_WORTH_FILLING = 200


@dataclass(frozen=True)
class Trouble:
    """`key` names it for as long as it lasts. It has changed when the words of `essence` (its numbers do not count)
    or its `size` have. `body` and, below it, `footer` are what people read: a long body is cut, and so is a long
    footer, but for its last line, which is the run's address. The footer is our own words and sent as it is; in the
    rest no link, mention or markup is one."""

    key: str
    title: str
    essence: str
    body: str
    size: int = 1
    footer: str = ""

    @property
    def fingerprint(self) -> str:
        words = re.sub(r"\d+", "", self.essence)
        return hashlib.sha256(f"{words}\n{self.size}".encode(errors="replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Alert:
    trouble: str
    opened_at: datetime
    sent_at: datetime
    closed_at: datetime | None
    fingerprint: str
    title: str
    body: str
    delivered: int = 0
    error: str = ""


def opened(trouble: Trouble, now: datetime) -> Alert:
    """The first message of a trouble."""
    title = shortened(for_chat(trouble.title), _LONGEST_TITLE)
    above, _, last = trouble.footer.rpartition("\n")
    footer = "\n".join(filter(None, (shortened(above, _LONGEST_FOOTER), last)))
    room = LONGEST - _PREFIX - _units(title) - _units(footer) - 1
    harmless = "\n".join(map(for_chat, trouble.body.split("\n")))
    body = "\n".join(filter(None, (shortened(harmless, room), footer)))
    return Alert(trouble.key, now, now, None, trouble.fingerprint, title, body)


def fits_title(text: str) -> bool:
    return _units(text) <= _LONGEST_TITLE


def resolved(known: Alert, now: datetime, reason: str = "", language: str = "en") -> Alert:
    """The message that an open alert is resolved, or, with a `reason`, why it is closed all the same."""
    hours = (now - known.opened_at).total_seconds() / 3600
    if language == "ru":
        since = f"{known.opened_at.astimezone(MOSCOW):%d.%m.%Y в %H:%M}"
        title = "Закрыто" if reason else "Исправлено"
        body = f"{reason} Началось {since}." if reason else f"Началось {since}, длилось {hours:.1f} ч."
    else:
        since = f"{known.opened_at:%Y-%m-%d %H:%M} UTC"
        title = "Closed" if reason else "Resolved"
        body = (
            f"{reason} It was opened at {since}."
            if reason
            else f"It began at {since} and lasted {hours:.1f} hours."
        )
    return replace(known, sent_at=now, closed_at=now, title=f"{title}: {for_chat(known.title)}", body=body)


def words_of(error: BaseException) -> str:
    """What to say of a failure: our own sentence, or what kind of error it was."""
    return str(error) if isinstance(error, ZakazError) else f"{type(error).__name__}: {error}".rstrip(": ")


def shortened(text: str, room: int, separators: Sequence[str] = ("\n", "; ", ", ", " ")) -> str:
    """The text in `room` units of UTF-16: whole lines, items or words of it, and how many more there are."""
    if _units(text) <= room:
        return text
    if not separators:
        return text.encode("utf-16-le")[: 2 * max(room - 1, 0)].decode("utf-16-le", "ignore") + "…"
    separator, *finer = separators
    if separator not in text:
        return shortened(text, room, finer)
    parts = text.split(separator)
    left = room - len(separator) - _ROOM_FOR_COUNT
    kept: list[str] = []
    while _units(parts[len(kept)]) + len(separator) <= left:
        left -= _units(parts[len(kept)]) + len(separator)
        kept.append(parts[len(kept)])
    if not kept or (separator == "\n" and left >= _WORTH_FILLING):
        kept.append(shortened(parts[len(kept)], left, finer))
    more = len(parts) - len(kept)
    if not more:
        return separator.join(kept)
    return separator.join([*kept, "…" if separator == " " else f"… and {more:,} more"])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
