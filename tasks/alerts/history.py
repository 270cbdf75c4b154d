"""The alerts that were sent, `meta_alerts`: the same trouble is sent once."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.alerts.alert import Alert, Trouble, opened
from tasks.load.frames import insert, select
from tasks.load.upsert import merge

TABLE = "meta_alerts"
_COLUMNS = "trouble, opened_at, sent_at, closed_at, fingerprint, title, body, delivered, error, message"
_INSTANTS = dict.fromkeys(("opened_at", "sent_at", "closed_at"), pl.Datetime("ms", "UTC"))


def due(client: Client, trouble: Trouble, now: datetime, repeat: timedelta, language: str = "en") -> Alert | None:
    """The alert to send, or None where this very trouble was sent already and `repeat` has not passed."""
    known = next(iter(open_alerts(client, trouble.key)), None)
    if known is None:
        return opened(trouble, now, language)
    was_sent = bool(known.delivered) and known.fingerprint == trouble.fingerprint and now - known.sent_at < repeat
    return None if was_sent else opened(trouble, now, language, known.opened_at)


def save(client: Client, alert: Alert) -> None:
    """Not in a warehouse without a schema, as before the first load."""
    if not client.command(f"EXISTS TABLE {TABLE}"):
        return
    newest = client.command(f"SELECT max(_ver) FROM {TABLE} WHERE trouble = {{key:String}}", {"key": alert.trouble})
    # Or what comes after a clock was set back would never count.
    version = max(int(alert.sent_at.timestamp() * 1000), int(newest) + 1)  # type: ignore[arg-type]
    row = pl.DataFrame([vars(alert) | {"_ver": version}], schema_overrides={**_INSTANTS, "delivered": pl.UInt8})
    insert(client, TABLE, row.with_columns(pl.col("_ver").cast(pl.UInt64)))
    merge(client, TABLE)


def open_alerts(client: Client, *keys: str) -> list[Alert]:
    """None also in a warehouse without a schema, as of a smoke test before the first load."""
    if not client.command(f"EXISTS TABLE {TABLE}"):
        return []
    found = select(
        client,
        f"SELECT {_COLUMNS} FROM {TABLE} FINAL WHERE trouble IN {{keys:Array(String)}} AND closed_at IS NULL "
        "ORDER BY opened_at DESC LIMIT 1 BY trouble",
        {"keys": list(keys)},
    )
    return [Alert(**row) for row in found.iter_rows(named=True)]


def alert_of(client: Client, key: str, opened_at: datetime) -> Alert | None:
    """The one of this trouble that began then, over or not."""
    found = select(
        client,
        f"SELECT {_COLUMNS} FROM {TABLE} FINAL "
        "WHERE trouble = {key:String} AND opened_at = {at:DateTime64(3, 'UTC')}",
        {"key": key, "at": opened_at},
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
    """The newest message of each trouble that the channel did not take in the last week: columns trouble, sent_at,
    error."""
    if not client.command(f"EXISTS TABLE {TABLE}"):
        return pl.DataFrame(schema=["trouble", "sent_at", "error"])
    return select(
        client,
        f"SELECT * FROM (SELECT trouble, sent_at, delivered, error FROM {TABLE} FINAL "
        "ORDER BY opened_at DESC LIMIT 1 BY trouble) "
        "WHERE NOT delivered AND error != '' AND sent_at > now() - INTERVAL 7 DAY ORDER BY sent_at DESC",
    ).drop("delivered")
