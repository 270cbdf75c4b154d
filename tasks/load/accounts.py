"""By what each account is known again, `meta_accounts`: so that rows of another one never take its place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import urlsplit

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.tables import Table
from tasks.load.upsert import merge

TABLE = Table("meta_accounts", key=("source", "account"))
_TYPES = {"seen_at": pl.Datetime("ms", "UTC"), "_ver": pl.UInt64(), "marks": pl.List(pl.String())}


def known_marks(client: Client, source: str) -> pl.DataFrame:
    """Of each account of the source: columns account, address, marks (list of text)."""
    sql = f"SELECT account, address, marks FROM {TABLE.name} FINAL WHERE source = {{source:String}}"
    return select(client, sql, {"source": source})


def known_addresses(client: Client) -> list[str]:
    """Of the APIs whose rows the warehouse has, or may have."""
    return list(select(client, f"SELECT DISTINCT address FROM {TABLE.name} FINAL")["address"])


def origin_of(address: str) -> str:
    """`sandbox` for a stand-in on this machine, else the API's host."""
    host = urlsplit(address).hostname or ""
    return "sandbox" if host in ("127.0.0.1", "localhost", "::1") else host


def is_made_up(client: Client) -> bool:
    """Whether the warehouse has rows of the sandbox."""
    return "sandbox" in map(origin_of, known_addresses(client))


def note_marks(
    client: Client, source: str, account: str, address: str, marks: Collection[str], version: int
) -> None:
    row = {
        "source": source,
        "account": account,
        "address": address,
        "marks": sorted(marks),
        "seen_at": datetime.now(UTC),
        "_ver": version,
    }
    insert(client, TABLE.name, pl.DataFrame([row], schema_overrides=_TYPES))
    merge(client, TABLE.name)
