"""The run history, `meta_job_runs`: one row a run, from `running` to `success` or `failed`."""

from __future__ import annotations

import json
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
_INSTANTS = {"started_at": pl.Datetime("ms", "UTC"), "finished_at": pl.Datetime("ms", "UTC")}


@dataclass(frozen=True)
class Run:
    """`version` orders the runs: rows of a later one win over rows of an earlier one."""

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
    _write(client, run, "running", None, 0, message, metrics or {}, run.version)


def end(client: Client, run: Run, status: str, rows: int, message: str, metrics: Mapping[str, Any]) -> None:
    """`status`: success or failed. `metrics` becomes JSON."""
    finished_at = datetime.now(UTC)
    version = max(run.version + 1, int(finished_at.timestamp() * 1000))
    _write(client, run, status, finished_at, rows, message, metrics, version)
    merge(client, TABLE)


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
    came from the cache). A run with a warning, say that tags were missing, counts only where that is asked for: its
    days may have to be read again."""
    return select(
        client,
        "SELECT toDate(JSONExtractString(metrics, 'window', 'first')) AS first, "
        "toDate(JSONExtractString(metrics, 'window', 'last')) AS last, "
        "parseDateTime64BestEffortOrNull(JSONExtractString(metrics, 'read_at'), 3, 'UTC') AS read, "
        "coalesce(read, started_at) AS read_at "
        f"FROM {TABLE} FINAL "
        "WHERE job = {job:String} AND status = 'success' AND JSONHas(metrics, 'window') "
        "AND JSONExtractString(metrics, 'account') = {account:String} "
        "AND (JSONLength(metrics, 'warnings') = 0 OR {lenient:Bool})",
        {"job": job, "account": account, "lenient": even_with_warnings},
    ).drop("read")


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
