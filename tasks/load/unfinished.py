"""What loads changed and marts do not show yet, `meta_unfinished`: so that a run that dies between a table and its
marts is mended by the next one, without comparing all history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.alive import LONGEST
from tasks.load.frames import insert, select
from tasks.load.runs import Run, oldest_under_way
from tasks.load.tables import Table

TABLE = Table("meta_unfinished", key=("entry",))
_TYPES: dict[str, pl.DataType] = {
    "started_at": pl.Datetime("ms", "UTC"),
    "days": pl.List(pl.Date()),
    "is_done": pl.UInt8(),
    "_ver": pl.UInt64(),
}
_NOBODY = Run("", "", datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Entry:
    """`changed`: the table, or, with no `days`, the mart of which any day may be wrong. `is_over`: the run that
    noted it changes nothing any more; else that is not known, as of a run on another machine."""

    entry: str
    changed: str
    run: Run
    days: tuple[date, ...]
    version: int
    is_over: bool = True


def note(client: Client, run: Run, table: str, days: Iterable[date]) -> None:
    """Before rows of these days are written or removed."""
    _write(client, [Entry(uuid.uuid4().hex, table, run, tuple(sorted(days)), version=1)], is_done=0)


def note_all_days(client: Client, marts: Iterable[str]) -> None:
    """Any day of these marts may be wrong: what they are made by has changed. After the change: a run that compared
    before it and ends after it takes an earlier note for done."""
    if names := list(marts):
        version = _next(client)
        _write(client, [Entry(f"all of {mart}", mart, _NOBODY, (), version) for mart in names], is_done=0)


def not_shown(client: Client, run: Run) -> list[Entry]:
    """What this run changed, and what other runs of the same account did that are no more, or that still go on or
    seem to."""
    return _open(client, run)


def due(client: Client, run: Run) -> tuple[list[Entry], dict[str, Entry]]:
    """What this run itself changed, and by mart where any day of it may be wrong."""
    found = _open(client, run, _NOBODY)
    own = [entry for entry in found if entry.run.run_id == run.run_id]
    return own, {entry.changed: entry for entry in found if not entry.run.job}


def close(client: Client, entries: Iterable[Entry]) -> None:
    """The marts show them. What is not over stays, and what was noted anew meanwhile."""
    if done := [replace(entry, version=entry.version + 1) for entry in entries if entry.is_over]:
        _write(client, done, is_done=1)


def _open(client: Client, run: Run, also: Run | None = None) -> list[Entry]:
    """Of the account of `run`, and of that of `also`. Whose run has ended is over, and after so long every one; so
    is an earlier attempt of the same run, and what is of none."""
    ended = (
        "SELECT run_id, started_at FROM meta_job_runs FINAL WHERE job = {job:String} "
        "AND account = {account:String} AND status != 'running' AND started_at > {since:DateTime64(3, 'UTC')}"
    )
    found = select(
        client,
        "SELECT entry, changed, job, account, run_id, started_at, days, _ver, run_id IN ('', {run_id:String}) "
        f"OR noted_at < now() - INTERVAL {LONGEST.days} DAY OR (run_id, started_at) IN ({ended}) AS is_over "
        f"FROM {TABLE.name} FINAL WHERE NOT is_done AND (job = {{job:String}} AND account = {{account:String}} "
        "OR job = {also_job:String} AND account = {also_account:String})",
        {
            "job": run.job,
            "account": run.account,
            "run_id": run.run_id,
            "since": oldest_under_way(),
            "also_job": (also or run).job,
            "also_account": (also or run).account,
        },
    )
    return [
        Entry(entry, changed, Run(job, run_id, started_at, account), tuple(days), version, bool(is_over))
        for entry, changed, job, account, run_id, started_at, days, version, is_over in found.iter_rows()
    ]


def _write(client: Client, entries: list[Entry], *, is_done: int) -> None:
    rows = [
        {
            "entry": one.entry,
            "changed": one.changed,
            "job": one.run.job,
            "account": one.run.account,
            "run_id": one.run.run_id,
            "started_at": one.run.started_at,
            "days": list(one.days),
            "is_done": is_done,
            "_ver": one.version,
        }
        for one in entries
    ]
    insert(client, TABLE.name, pl.DataFrame(rows, schema_overrides=_TYPES))


def _next(client: Client) -> int:
    """Microseconds, higher than all before: of two notes of the same the later one is the newer, whosever clock is
    ahead."""
    now = "toUInt64(toUnixTimestamp64Micro(now64(6)))"
    return int(select(client, f"SELECT greatest({now}, max(_ver) + 1) AS version FROM {TABLE.name}").item())
