"""What is wrong, as a message that every channel takes: its words, its length, and that it is resolved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tasks.errors import ZakazError
from tasks.harmless import for_chat
from tasks.translation import counted, marked, said
from tasks.window import MOSCOW

LONGEST = 3_500
"""Units of UTF-16 in a message with its title. Telegram refuses one of more than 4,096."""
_LONGEST_TITLE = 200
_LONGEST_FOOTER = 1_000
_PREFIX = len("Zakaz: Исправлено: \n")
_ROOM_FOR_COUNT = len("… и ещё 9,999,999 ")
_WORTH_FILLING = 200
_HOURS, _DAYS = 90, 48 * 60
"""Minutes from which on a duration is told in hours, and in days."""

_NAMES = marked(
    *("qtickets", "vk_ads", "direct", "costs", "backfill", "replay", "yesterday", "accounts"),
    *("quality", "smoke", "backup", "digest", "report", "accept"),
    *("from", "to", "days", "of", "all"),
)
"""Words of what may fail."""


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
    """`message`: the channel's own name of what was sent, where it has one."""

    trouble: str
    opened_at: datetime
    sent_at: datetime
    closed_at: datetime | None
    fingerprint: str
    title: str
    body: str
    delivered: int = 0
    error: str = ""
    message: str = ""


def opened(trouble: Trouble, now: datetime, language: str = "en", since: datetime | None = None) -> Alert:
    """The message of a trouble, the first one or, where it lasts `since` then, another one."""
    title = shortened(for_chat(trouble.title), _LONGEST_TITLE, language)
    above, _, last = trouble.footer.rpartition("\n")
    lasts = said("It has lasted since {day}, {time}.", language, **moment(since)) if since else ""
    footer = "\n".join(filter(None, (lasts, shortened(above, _LONGEST_FOOTER, language), last)))
    room = LONGEST - _PREFIX - _units(title) - _units(footer) - 1
    harmless = "\n".join(map(for_chat, trouble.body.split("\n")))
    body = "\n".join(filter(None, (shortened(harmless, room, language), footer)))
    return Alert(trouble.key, since or now, now, None, trouble.fingerprint, title, body)


def failure_of(what: str, language: str) -> str:
    """The title of a failure of `what`, e.g. `vk_ads spb 30 days`."""
    return said("{what} failed", language, what=" ".join(said(word, language) for word in what.split()))


def fits_title(text: str) -> bool:
    return _units(text) <= _LONGEST_TITLE


def resolved(known: Alert, now: datetime, reason: str = "", language: str = "en") -> Alert:
    """The message that an open alert is resolved, or, with a `reason`, why it is closed all the same."""
    began, named = moment(known.opened_at), for_chat(known.title)
    if reason:
        title = said("Closed: {title}", language, title=named)
        body = f"{reason} {said('It began on {day} at {time}.', language, **began)}"
    else:
        title, lasted = said("Resolved: {title}", language, title=named), _lasted(now - known.opened_at, language)
        body = said("It began on {day} at {time} and lasted {lasted}.", language, lasted=lasted, **began)
    return replace(known, sent_at=now, closed_at=now, title=title, body=body)


def moment(instant: datetime) -> dict[str, str]:
    there = instant.astimezone(MOSCOW)
    return {"day": f"{there:%d.%m}", "time": f"{there:%H:%M}"}


def _lasted(time: timedelta, language: str) -> str:
    minutes = max(1, round(time.total_seconds() / 60))
    if minutes < _HOURS:
        return counted("{n} minute", "{n} minutes", minutes, language)
    if minutes < _DAYS:
        return counted("{n} hour", "{n} hours", round(minutes / 60), language)
    return counted("{n} day", "{n} days", round(minutes / 60 / 24), language)


def words_of(error: BaseException) -> str:
    """What to say of a failure: our own sentence with its days, or what kind of error it was."""
    return error.dated if isinstance(error, ZakazError) else f"{type(error).__name__}: {error}".rstrip(": ")


def shortened(
    text: str, room: int, language: str = "en", separators: Sequence[str] = ("\n", "; ", ", ", " ")
) -> str:
    """The text in `room` units of UTF-16: whole lines, items or words of it, and how many more there are."""
    if _units(text) <= room:
        return text
    if not separators:
        return text.encode("utf-16-le")[: 2 * max(room - 1, 0)].decode("utf-16-le", "ignore") + "…"
    separator, *finer = separators
    if separator not in text:
        return shortened(text, room, language, finer)
    parts = text.split(separator)
    left = room - len(separator) - _ROOM_FOR_COUNT
    kept: list[str] = []
    while _units(parts[len(kept)]) + len(separator) <= left:
        left -= _units(parts[len(kept)]) + len(separator)
        kept.append(parts[len(kept)])
    if not kept or (separator == "\n" and left >= _WORTH_FILLING):
        kept.append(shortened(parts[len(kept)], left, language, finer))
    more = len(parts) - len(kept)
    if not more:
        return separator.join(kept)
    return separator.join([*kept, "…" if separator == " " else said("… and {n} more", language, n=f"{more:,}")])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
