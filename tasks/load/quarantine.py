"""Rejected rows, `meta_quarantine`: kept with the reason until the source sends a good version of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.tables import Table
from tasks.load.upsert import merge, remove
from tasks.window import Window

TABLE = Table("meta_quarantine", key=("rejection_id",))
_EPOCH = date(1970, 1, 1)
_OF = "source = {source:String} AND account = {account:String}"


def quarantine(
    client: Client,
    source: str,
    account: str,
    resource: str,
    rejected: pl.DataFrame,
    accepted: Callable[[], pl.Series],
    run_id: str,
    version: int,
    window: Window | None = None,
    *,
    is_whole: bool = True,
    again: Callable[[], pl.DataFrame] | None = None,
) -> tuple[int, int]:
    """Keep rejected rows, release settled ones; how many of each.

    `rejected`: record_key, reason, column, value, record (all text). `accepted` gives keys that passed, as text;
    `again` finds `rejected` anew after writing: a run that read the source later may have judged some meanwhile.
    `version`: of the read. A rejection is settled when a read that is not older accepted its row, rejected it for
    another reason, or, where it saw all (`is_whole`) of the `window` in which the row was, did not find it.
    A row that was already there for the same reason keeps its first run and its age.
    """
    rejected = _identified(rejected, source, account, resource)
    held = select(
        client,
        "SELECT rejection_id, record_key, run_id, rejected_at, window_first, window_last, _ver "
        f"FROM {TABLE.name} FINAL WHERE {_OF} AND resource = {{resource:String}}",
        {"source": source, "account": account, "resource": resource},
    )
    older = held.filter(pl.col("_ver") <= version).join(rejected, on="rejection_id", how="anti")
    judged = pl.concat([accepted() if older.height else rejected["record_key"].clear(), rejected["record_key"]])
    settled = (pl.col("record_key") != "") & pl.col("record_key").is_in(judged.unique().implode())
    if window is not None and is_whole:
        settled |= (pl.col("window_first") >= window.first) & (pl.col("window_last") <= window.last)
    released = older.filter(settled)
    newest = held.filter(pl.col("_ver") >= version)
    seen = rejected.join(newest, on="rejection_id", how="anti").join(
        held.select("rejection_id", "run_id", "rejected_at"), on="rejection_id", how="left"
    )
    now = datetime.now(UTC)
    days = (window.first, window.last) if window else (_EPOCH, _EPOCH)
    insert(
        client,
        TABLE.name,
        seen.select(
            "rejection_id",
            pl.lit(source).alias("source"),
            pl.lit(account).alias("account"),
            pl.lit(resource).alias("resource"),
            "record_key",
            "reason",
            "column",
            "value",
            "record",
            pl.col("run_id").fill_null(run_id),
            pl.col("rejected_at").fill_null(now).dt.cast_time_unit("ms"),
            pl.lit(days[0]).alias("window_first"),
            pl.lit(days[1]).alias("window_last"),
            pl.lit(version, pl.UInt64).alias("_ver"),
        ),
    )
    remove(client, TABLE, released.select("rejection_id", "_ver"))
    if again and seen.height:
        judged_since = seen.join(_identified(again(), source, account, resource), on="rejection_id", how="anti")
        remove(client, TABLE, judged_since.select("rejection_id", pl.lit(version, pl.UInt64).alias("_ver")))
    if seen.height or released.height:
        merge(client, TABLE.name)
    return rejected.join(held, on="rejection_id", how="anti").height, released.height


def _identified(rejected: pl.DataFrame, source: str, account: str, resource: str) -> pl.DataFrame:
    """With the column rejection_id, and each once."""
    return rejected.with_columns(
        pl.concat_str(pl.lit(source), pl.lit(account), pl.lit(resource), "record", "reason", separator="\n")
        .map_elements(lambda text: hashlib.sha256(text.encode()).hexdigest()[:32], return_dtype=pl.String)
        .alias("rejection_id")
    ).unique("rejection_id", maintain_order=True)


def release(client: Client, source: str, account: str, rejection_ids: pl.Series) -> int:
    """Remove rows that are in the warehouse by now, or that it holds in a newer version; how many."""
    held = select(
        client,
        f"SELECT rejection_id, _ver FROM {TABLE.name} FINAL WHERE {_OF}",
        {"source": source, "account": account},
    ).filter(pl.col("rejection_id").is_in(rejection_ids.implode()))
    remove(client, TABLE, held)
    if held.height:
        merge(client, TABLE.name)
    return held.height


def records(client: Client, source: str, account: str) -> pl.DataFrame:
    """The rejected rows of an account, the newest first: columns resource, rejection_id, record_key, reason, record
    (JSON text), _ver."""
    return select(
        client,
        f"SELECT resource, rejection_id, record_key, reason, record, _ver FROM {TABLE.name} FINAL "
        f"WHERE {_OF} ORDER BY resource, _ver DESC, rejection_id",
        {"source": source, "account": account},
    )


def rejected_values(
    client: Client, source: str, account: str, resource: str, column: str, version: int
) -> pl.DataFrame:
    """Values of a raw column in the rows that reads later than `version` rejected: column of that name, text."""
    return select(
        client,
        f"SELECT DISTINCT JSONExtractString(record, {{name:String}}) AS {column} FROM {TABLE.name} FINAL "
        f"WHERE {_OF} AND resource = {{resource:String}} AND _ver > {{version:UInt64}}",
        {"name": column, "source": source, "account": account, "resource": resource, "version": version},
    )


def listing(
    client: Client, limit: int, source: str | None = None, reason: str | None = None, day: date | None = None
) -> pl.DataFrame:
    """The newest rejections first; `reason`: a part of its words, `day`: the Moscow day of the rejection."""
    return select(
        client,
        "SELECT rejected_at, source, account, resource, record_key, reason, value, record, run_id, rejection_id "
        f"FROM {TABLE.name} FINAL WHERE {{source:String}} IN ('', source) "
        "AND positionCaseInsensitiveUTF8(reason, {reason:String}) > 0 "
        "AND {day:String} IN ('', toString(toDate(rejected_at, 'Europe/Moscow'))) "
        "ORDER BY rejected_at DESC, record_key LIMIT {limit:UInt32}",
        {"source": source or "", "reason": reason or "", "day": str(day or ""), "limit": limit},
    )
