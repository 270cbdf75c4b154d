"""The run history, `meta_job_runs`: one row a run, from `running` to `success` or `failed`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.upsert import merge
from tasks.window import Window

TABLE = "meta_job_runs"
_TIES = 16
"""Versions among which two reads that begin in the same millisecond choose, until they differ."""
_INSTANTS = {"started_at": pl.Datetime("ms", "UTC"), "finished_at": pl.Datetime("ms", "UTC")}


@dataclass(frozen=True)
class Run:
    """One run of a job, from `started_at` on."""

    job: str
    run_id: str
    started_at: datetime

    @property
    def version(self) -> int:
        return int(self.started_at.timestamp() * 1000)


def begin(client: Client, run: Run, message: str, metrics: Mapping[str, Any] | None = None) -> None:
    """A run that is begun again, as by the UI's Retry, ends its first attempt: that one will not."""
    earlier = select(
        client,
        f"SELECT started_at FROM {TABLE} FINAL "
        "WHERE job = {job:String} AND run_id = {run_id:String} AND status = 'running'",
        {"job": run.job, "run_id": run.run_id},
    )
    for started_at in earlier["started_at"]:
        end(client, replace(run, started_at=started_at), "failed", 0, "interrupted and begun again", {})
    _write(client, run, "running", None, 0, message, metrics or {}, next_version(client))


def end(client: Client, run: Run, status: str, rows: int, message: str, metrics: Mapping[str, Any]) -> None:
    """`status`: success or failed. `metrics` becomes JSON."""
    _write(client, run, status, datetime.now(UTC), rows, message, metrics, next_version(client))
    merge(client, TABLE)


def next_version(client: Client) -> int:
    """Higher than all before: the ms of the warehouse's clock, which all workers share, or one more than the
    highest where that clock was set back."""
    found = select(
        client,
        f"SELECT greatest(toUInt64(toUnixTimestamp64Milli(now64(3))), max(_ver) + 1) AS version FROM {TABLE}",
    )
    return int(found.item())


def begin_read(client: Client, run: Run) -> int:
    """The version of what the run reads from the source from now on: of two reads the later one has the higher.

    Written into the run's row, so that the next read, whatever the clocks say, gets a higher one.
    """
    mine = {"job": run.job, "run_id": run.run_id, "started_at": run.started_at}
    rows = select(
        client,
        f"SELECT status, message, metrics FROM {TABLE} FINAL WHERE job = {{job:String}} "
        "AND run_id = {run_id:String} AND started_at = {started_at:DateTime64(3, 'UTC')}",
        mine,
    )
    status, message, metrics = rows.row(0) if rows.height else ("running", "", "{}")
    while True:
        version = next_version(client) + secrets.randbelow(_TIES)
        _write(client, run, status, None, 0, message, json.loads(metrics), version)
        same = select(
            client,
            f"SELECT count() FROM {TABLE} WHERE _ver = {{version:UInt64}} AND run_id != {{run_id:String}}",
            {"version": version, "run_id": run.run_id},
        )
        if not same.item():
            return version


def history(client: Client, limit: int, job: str | None = None) -> pl.DataFrame:
    """The newest runs first: columns of the table without `_ver`."""
    return select(
        client,
        "SELECT job, run_id, started_at, finished_at, status, rows_processed, message, metrics "
        f"FROM {TABLE} FINAL WHERE {{job:String}} IN ('', job) ORDER BY started_at DESC LIMIT {{limit:UInt32}}",
        {"job": job or "", "limit": limit},
    )


def covered(client: Client, job: str, account: str, *, even_with_warnings: bool = False) -> pl.DataFrame:
    """What good runs have read of this account: columns first, last (Date), read_at (UTC; before the run, where it
    came from the cache), version, whole (whether the run saw all that the source has). A run with a warning, say
    that tags were missing, counts only where that is asked for: its days may have to be read again."""
    return select(
        client,
        "SELECT toDate(JSONExtractString(metrics, 'window', 'first')) AS first, "
        "toDate(JSONExtractString(metrics, 'window', 'last')) AS last, "
        "parseDateTime64BestEffortOrNull(JSONExtractString(metrics, 'read_at'), 3, 'UTC') AS read, "
        "coalesce(read, started_at) AS read_at, "
        "JSONExtractUInt(metrics, 'version') AS version, NOT JSONExtractBool(metrics, 'partial') AS whole "
        f"FROM {TABLE} FINAL "
        "WHERE job = {job:String} AND status = 'success' AND JSONHas(metrics, 'window') "
        "AND JSONExtractString(metrics, 'account') = {account:String} "
        "AND (JSONLength(metrics, 'warnings') = 0 OR {lenient:Bool})",
        {"job": job, "account": account, "lenient": even_with_warnings},
    ).drop("read")


def days_read_later(client: Client, job: str, account: str, version: int) -> pl.DataFrame:
    """The days that good runs have read later than `version`: column day."""
    good = covered(client, job, account, even_with_warnings=True)
    later = good.filter((pl.col("whole") == 1) & (pl.col("version") > version))
    return later.select(day=pl.date_ranges("first", "last").explode()).unique().sort("day")


def reads(good: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Those of the `covered` runs that read the whole window."""
    return good.filter((pl.col("first") <= window.first) & (pl.col("last") >= window.last))


def origins(client: Client) -> set[str]:
    """Where rows in the warehouse may come from: every run that has written or may have."""
    found = select(
        client,
        f"SELECT DISTINCT JSONExtractString(metrics, 'origin') AS origin FROM {TABLE} FINAL "
        "WHERE origin != '' AND (status != 'failed' OR JSONLength(metrics, 'tables') > 0)",
    )
    return set(found["origin"])


def _write(
    client: Client,
    run: Run,
    status: str,
    finished_at: datetime | None,
    rows: int,
    message: str,
    metrics: Mapping[str, Any],
    version: int,
) -> None:
    row = {
        "job": run.job,
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": finished_at,
        "status": status,
        "rows_processed": rows,
        "message": message,
        "metrics": json.dumps(metrics, ensure_ascii=False, default=str),
        "_ver": version,
    }
    insert(client, TABLE, pl.DataFrame([row], schema_overrides=_INSTANTS))
