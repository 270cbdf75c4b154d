"""Rejected rows, `meta_quarantine`: kept with the reason until the source sends a good version of them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.tables import Table
from tasks.load.upsert import merge, remove

TABLE = Table("meta_quarantine", key=("rejection_id",))


def quarantine(
    client: Client,
    source: str,
    resource: str,
    rejected: pl.DataFrame,
    accepted: pl.Series,
    run_id: str,
    now: datetime,
) -> tuple[int, int]:
    """Keep what was rejected, release what has been accepted since; how many of each.

    `rejected`: record_key, reason, column, value, record (all text). `accepted`: keys, as text, that passed.
    A row that was already there for the same reason is not written again.
    """
    version = int(now.timestamp() * 1000)
    rejected = rejected.with_columns(
        pl.concat_str(pl.lit(source), pl.lit(resource), "record", "reason", separator="\n")
        .map_elements(lambda text: hashlib.sha256(text.encode()).hexdigest()[:32], return_dtype=pl.String)
        .alias("rejection_id")
    ).unique("rejection_id", maintain_order=True)
    held = select(
        client,
        f"SELECT rejection_id, record_key, _ver FROM {TABLE.name} FINAL "
        "WHERE source = {source:String} AND resource = {resource:String}",
        {"source": source, "resource": resource},
    )
    new = rejected.join(held, on="rejection_id", how="anti")
    released = held.filter(pl.col("record_key").is_in(accepted.implode())).join(
        rejected, on="rejection_id", how="anti"
    )
    insert(
        client,
        TABLE.name,
        new.select(
            "rejection_id",
            pl.lit(source).alias("source"),
            pl.lit(resource).alias("resource"),
            "record_key",
            "reason",
            "column",
            "value",
            "record",
            pl.lit(run_id).alias("run_id"),
            pl.lit(now).dt.cast_time_unit("ms").alias("rejected_at"),
            pl.lit(version, pl.UInt64).alias("_ver"),
        ),
    )
    remove(client, TABLE, released)
    if new.height or released.height:
        merge(client, TABLE.name)
    return new.height, released.height


def records(client: Client, source: str) -> pl.DataFrame:
    """The rejected rows of a source: columns resource, record_key, record (JSON text)."""
    return select(
        client,
        f"SELECT resource, record_key, record FROM {TABLE.name} FINAL WHERE source = {{source:String}} "
        "ORDER BY resource, rejection_id",
        {"source": source},
    )


def listing(
    client: Client, limit: int, source: str | None = None, reason: str | None = None, day: date | None = None
) -> pl.DataFrame:
    """The newest rejections first; `reason`: a part of its words, `day`: the Moscow day of the rejection."""
    return select(
        client,
        "SELECT rejected_at, source, resource, record_key, reason, value, record, run_id, rejection_id "
        f"FROM {TABLE.name} FINAL WHERE {{source:String}} IN ('', source) "
        "AND positionCaseInsensitiveUTF8(reason, {reason:String}) > 0 "
        "AND {day:String} IN ('', toString(toDate(rejected_at, 'Europe/Moscow'))) "
        "ORDER BY rejected_at DESC, record_key LIMIT {limit:UInt32}",
        {"source": source or "", "reason": reason or "", "day": str(day or ""), "limit": limit},
    )
