"""The run history, `meta_job_runs`: one row a run, from `running` to `success` or `failed`."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load import alive
from tasks.load.frames import insert, select
from tasks.load.upsert import merge
from tasks.translation import RECORD, retold, said
from tasks.window import Window

TABLE = "meta_job_runs"
NEXT_VERSION = f"SELECT greatest(toUInt64(toUnixTimestamp64Milli(now64(3))), max(_ver) + 1) AS version FROM {TABLE}"
"""Higher than all before: the ms of the warehouse's clock, which all workers share, or one more than the highest
where that clock was set back."""
_TIES = 16
"""Versions among which two reads that begin in the same millisecond choose, until they differ."""
READS = 4
"""Versions that one beginning has: so many reads may begin with it, each later one with the next."""
TOLD = "told"
"""In a run's metrics: by language, its message where the English one cannot be retold."""
_READ_AT = "coalesce(parseDateTime64BestEffortOrNull(JSONExtractString(metrics, 'read_at'), 3, 'UTC'), started_at)"
"""When a run read the source: before its beginning, where a fetch was used again."""
_EPOCH, _LONGEST = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=7)
"""_LONGEST: by how much a run's beginning may be before its read, whatever the clocks."""
_INSTANTS = {"started_at": pl.Datetime("ms", "UTC"), "finished_at": pl.Datetime("ms", "UTC")}


@dataclass(frozen=True)
class Run:
    """One run of a job, from `started_at` on. `account`: by our name, where the job is of one."""

    job: str
    run_id: str
    started_at: datetime
    account: str = ""

    @property
    def version(self) -> int:
        return int(self.started_at.timestamp() * 1000)


@dataclass(frozen=True)
class _Begun:
    """The message and metrics recorded at the beginning of a run."""

    message: str
    metrics: Mapping[str, Any]


_under_way: dict[Run, _Begun] = {}
"""The runs of this process."""


def begin(client: Client, run: Run, message: str, metrics: Mapping[str, Any] | None = None) -> int:
    """The version of what the run reads first: see `begin_read`. What else it begins to read with it has the
    next ones, READS in all at most.

    A run that is begun again, as by the UI's Retry, ends its first attempt: that one will not. Runs whose process
    is gone are ended, too."""
    begun, version = _begun(client)
    mine = [one for one, _ in begun if replace(one, started_at=run.started_at) == run]
    for one in mine:
        end(client, one, "failed", 0, said("interrupted and begun again", RECORD), {})
    if _end_gone(client, {one for one, _ in begun} - {*mine}) or mine:
        version = next_version(client)
    alive.hold(_lock(run))
    _under_way[run] = _Begun(message, metrics or {})
    return _begin_read(client, run, version)


def end(client: Client, run: Run, status: str, rows: int, message: str, metrics: Mapping[str, Any]) -> None:
    """`status`: success or failed. `metrics` becomes JSON."""
    _write(client, run, status, datetime.now(UTC), rows, message, metrics, next_version(client))
    _under_way.pop(run, None)
    alive.let_go(_lock(run))
    merge(client, TABLE)


def end_crashed(client: Client) -> None:
    """Record the end of each run whose process ended without doing so, as after a kill or a loss of power."""
    _end_gone(client, {run for run, _ in _begun(client)[0]})


def _end_gone(client: Client, running: Collection[Run]) -> bool:
    """Whether any of them was ended."""
    gone = {run for run in running if alive.is_gone(_lock(run), run.started_at)}
    # Read again: it may have recorded its end meanwhile, and a dead process records nothing more.
    for run, begun in _begun(client)[0] if gone else ():
        if run in gone:
            _break_off(client, run, begun, said("crashed: its process ended without a word", RECORD))
    return bool(gone)


def under_way() -> bool:
    """Whether a run of this process has not ended."""
    return bool(_under_way)


def end_under_way(client: Client, why: str) -> None:
    """Record that the runs of this process end now, unfinished."""
    for run, begun in list(_under_way.items()):
        _break_off(client, run, begun, why)


def broken_off(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics of a run that ended at any point of its work, and so may have written more than it knows of."""
    return {**metrics, "broken_off": True}


def _break_off(client: Client, run: Run, begun: _Begun, why: str) -> None:
    end(client, run, "failed", 0, f"{begun.message}; {why}", broken_off(begun.metrics))


def _lock(run: Run) -> str:
    return re.sub(r"[^\w-]", "-", f"{run.job}-{run.account}-{run.run_id}-{run.started_at:%Y%m%dT%H%M%S}")


def oldest_under_way() -> datetime:
    """No run that still goes on began before. So the history of years is left alone."""
    return datetime.now(UTC) - timedelta(days=90)


def _begun(client: Client) -> tuple[list[tuple[Run, _Begun]], int]:
    """The runs that have not ended, and the next version."""
    found = select(
        client,
        f"SELECT ({NEXT_VERSION}) AS version, "
        "groupArray((job, account, run_id, started_at, message, metrics)) AS runs "
        f"FROM {TABLE} FINAL WHERE status = 'running' AND started_at > {{since:DateTime64(3, 'UTC')}}",
        {"since": oldest_under_way()},
    ).row(0, named=True)
    running = [
        (Run(job, run_id, started_at, account), _Begun(message, json.loads(metrics or "{}")))
        for job, account, run_id, started_at, message, metrics in (one.values() for one in found["runs"])
    ]
    return running, int(found["version"])


def next_version(client: Client) -> int:
    return int(select(client, NEXT_VERSION).item())


def begin_read(client: Client, run: Run) -> int:
    """The version of what the run reads from the source from now on: of two reads the later one has the higher.

    Written into the run's row, so that the next read, whatever the clocks say, gets a higher one.
    """
    version = _begin_read(client, run, next_version(client))
    merge(client, TABLE)  # People read it without FINAL, and a run under way stands there once.
    return version


def _begin_read(client: Client, run: Run, free: int) -> int:
    """`free`: the lowest version that is."""
    begun = _under_way.get(run, _Begun("", {}))
    while True:
        version = (-(-free // READS) + secrets.randbelow(_TIES)) * READS
        _write(client, run, "running", None, 0, begun.message, begun.metrics, version)
        same = select(
            client,
            f"SELECT count() FROM {TABLE} WHERE _ver = {{version:UInt64}} "
            "AND (run_id, account) != ({run_id:String}, {account:String})",
            {"version": version, "run_id": run.run_id, "account": run.account},
        )
        if not same.item():
            return version
        free = next_version(client)


def history(client: Client, limit: int, job: str | None = None, account: str | None = None) -> pl.DataFrame:
    """The newest runs first: columns of the table without `_ver`."""
    return select(
        client,
        "SELECT job, account, run_id, started_at, finished_at, status, rows_processed, message, metrics "
        f"FROM {TABLE} FINAL WHERE {{job:String}} IN ('', job) AND {{account:String}} IN ('', account) "
        "ORDER BY started_at DESC LIMIT {limit:UInt32}",
        {"job": job or "", "account": account or "", "limit": limit},
    )


def told(row: Mapping[str, Any], language: str) -> str:
    """The message of a row of the history, in the reader's language."""
    own = json.loads(row["metrics"] or "{}").get(TOLD, {}).get(language)
    return own or retold(row["message"], language)


def status_of(client: Client, job: str, account: str, run_id: str, since: datetime = _EPOCH) -> str:
    """Of the run, or of its newest attempt; empty where there is none."""
    found = select(
        client,
        f"SELECT status FROM {TABLE} FINAL WHERE job = {{job:String}} AND account = {{account:String}} "
        "AND run_id = {run_id:String} AND started_at >= {since:DateTime64(3, 'UTC')} "
        "ORDER BY started_at DESC LIMIT 1",
        {"job": job, "account": account, "run_id": run_id, "since": max(since - _LONGEST, _EPOCH)},
    )
    return str(found.item()) if found.height else ""


def facts_since(client: Client, job: str, account: str, since: datetime) -> set[str]:
    """Names of what good runs counted that read the source since then, e.g. `orders`. One with an earlier
    fetch read it earlier."""
    found = select(
        client,
        f"SELECT DISTINCT arrayJoin(JSONExtractKeys(metrics, 'facts')) AS name FROM {TABLE} FINAL WHERE job = "
        "{job:String} AND account = {account:String} AND status = 'success' AND started_at >= "
        f"{{since:DateTime64(3, 'UTC')}} AND {_READ_AT} >= {{since:DateTime64(3, 'UTC')}}",
        {"job": job, "account": account, "since": since},
    )
    return {*found["name"]}


def covered(
    client: Client,
    job: str,
    account: str,
    *,
    even_with_warnings: bool = False,
    later_than: int = 0,
    since: datetime = _EPOCH,
) -> pl.DataFrame:
    """The windows that good runs have read of this account: columns first, last (Date), read_at (UTC; before the
    run, where a fetch was used again), version, whole (whether the run saw all that the source has).

    A run with a warning, say that tags were missing, counts only with `even_with_warnings`: its days may have to be
    read again. `later_than`: only reads of a higher version; `since`: only of runs that began then or later.
    """
    return select(
        client,
        "SELECT toDate(JSONExtractString(metrics, 'window', 'first')) AS first, "
        "toDate(JSONExtractString(metrics, 'window', 'last')) AS last, "
        f"{_READ_AT} AS read_at, "
        "JSONExtractUInt(metrics, 'version') AS version, NOT JSONExtractBool(metrics, 'partial') AS whole "
        f"FROM {TABLE} FINAL "
        "WHERE job = {job:String} AND status = 'success' AND JSONHas(metrics, 'window') "
        "AND account = {account:String} "
        "AND (JSONLength(metrics, 'warnings') = 0 OR {lenient:Bool}) "
        # The history of years is left alone: no run reads long after its beginning.
        "AND started_at >= {oldest:DateTime64(3, 'UTC')} AND version >= {version:UInt64}",
        {
            "job": job,
            "account": account,
            "lenient": even_with_warnings,
            "oldest": max(min(datetime.fromtimestamp(later_than / 1000, UTC), datetime.now(UTC)) - _LONGEST, since),
            "version": later_than + 1 if later_than else 0,
        },
    )


def days_read_later(client: Client, job: str, account: str, version: int) -> pl.DataFrame:
    """The days that good runs have read later than `version`: column day."""
    good = covered(client, job, account, even_with_warnings=True, later_than=version)
    return (
        good.filter(pl.col("whole") == 1).select(day=pl.date_ranges("first", "last").explode()).unique().sort("day")
    )


def reads(good: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Those of the `covered` runs that read the whole window."""
    return good.filter((pl.col("first") <= window.first) & (pl.col("last") >= window.last))


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
        "account": run.account,
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
