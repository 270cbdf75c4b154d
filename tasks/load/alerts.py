"""What has been told to people, `meta_alerts`: so that the same trouble is told once, and its end too.

Decides whether to tell, and makes messages of a length that every channel takes; how it is told is not known here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.harmless import for_chat
from tasks.load.frames import insert, select
from tasks.load.upsert import merge

TABLE = "meta_alerts"
_INSTANTS = dict.fromkeys(("opened_at", "sent_at", "closed_at"), pl.Datetime("ms", "UTC"))


LONGEST = 3_500
"""Units of UTF-16 in a message with its title. Telegram refuses one of more than 4,096."""
_LONGEST_TITLE = 200
_LONGEST_FOOTER = 1_000
_PREFIX = len("Zakaz: Over: \n")
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
        return hashlib.sha256(f"{words}\n{self.size}".encode()).hexdigest()[:16]


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


def first(trouble: Trouble, now: datetime) -> Alert:
    """The first message of a trouble."""
    title = shortened(for_chat(trouble.title), _LONGEST_TITLE)
    above, _, last = trouble.footer.rpartition("\n")
    footer = "\n".join(filter(None, (shortened(above, _LONGEST_FOOTER), last)))
    room = LONGEST - _PREFIX - _units(title) - _units(footer) - 1
    told = "\n".join(map(for_chat, trouble.body.split("\n")))
    body = "\n".join(filter(None, (shortened(told, room), footer)))
    return Alert(trouble.key, now, now, None, trouble.fingerprint, title, body)


def to_tell(client: Client, trouble: Trouble, now: datetime, repeat: timedelta) -> Alert | None:
    """The alert to send, or None where this very trouble was told already and `repeat` has not passed."""
    known, fresh = open_alert(client, trouble.key), first(trouble, now)
    if known is None:
        return fresh
    told = bool(known.delivered) and known.fingerprint == trouble.fingerprint and now - known.sent_at < repeat
    return None if told else replace(fresh, opened_at=known.opened_at)


def ending(known: Alert, now: datetime, reason: str = "") -> Alert:
    """The message that the trouble of an open alert is over, or, with a `reason`, that nobody can say any more."""
    lasted = now - known.opened_at
    body = f"It began at {known.opened_at:%Y-%m-%d %H:%M} UTC and lasted {lasted.total_seconds() / 3600:.1f} hours."
    if reason:
        body = f"{reason} It was opened at {known.opened_at:%Y-%m-%d %H:%M} UTC."
    title = f"{'Closed' if reason else 'Over'}: {for_chat(known.title)}"
    return replace(known, sent_at=now, closed_at=now, title=title, body=body)


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


def save(client: Client, alert: Alert) -> None:
    version = int(alert.sent_at.timestamp() * 1000)
    row = pl.DataFrame([vars(alert) | {"_ver": version}], schema_overrides={**_INSTANTS, "delivered": pl.UInt8})
    insert(client, TABLE, row.with_columns(pl.col("_ver").cast(pl.UInt64)))
    merge(client, TABLE)


def open_alert(client: Client, key: str) -> Alert | None:
    found = select(
        client,
        "SELECT trouble, opened_at, sent_at, closed_at, fingerprint, title, body, delivered, error "
        f"FROM {TABLE} FINAL WHERE trouble = {{key:String}} AND closed_at IS NULL ORDER BY opened_at DESC LIMIT 1",
        {"key": key},
    )
    return Alert(**found.row(0, named=True)) if found.height else None


def open_keys(client: Client, prefix: str) -> list[str]:
    """Troubles that are still open, by the beginning of their names."""
    found = select(
        client,
        f"SELECT DISTINCT trouble FROM {TABLE} FINAL "
        "WHERE closed_at IS NULL AND startsWith(trouble, {prefix:String}) ORDER BY trouble",
        {"prefix": prefix},
    )
    return found["trouble"].to_list()


def undelivered(client: Client) -> pl.DataFrame:
    """Messages of the last week that the channel did not take: columns trouble, sent_at, error."""
    return select(
        client,
        f"SELECT trouble, sent_at, error FROM {TABLE} FINAL "
        "WHERE NOT delivered AND error != '' AND sent_at > now() - INTERVAL 7 DAY ORDER BY sent_at DESC",
    )
