"""What loads changed and marts do not show yet, `meta_unfinished`: so that a run that dies between a table and its
marts is mended by the next one, without comparing all history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.load.tables import Table
from tasks.load.upsert import merge

TABLE = Table("meta_unfinished", key=("entry",))
_TYPES: dict[str, pl.DataType] = {
    "started_at": pl.Datetime("ms", "UTC"),
    "noted_at": pl.Datetime("ms", "UTC"),
    "days": pl.List(pl.Date()),
    "is_done": pl.UInt8(),
    "_ver": pl.UInt64(),
}
_NOBODY = Run("", "", datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Entry:
    """`changed`: the table, or, with no `days`, the mart of which any day may be wrong."""

    entry: str
    changed: str
    run: Run
    days: tuple[date, ...]
    version: int


def note(client: Client, run: Run, table: str, days: Iterable[date]) -> None:
    """Before rows of these days are written."""
    _write(client, [Entry(uuid.uuid4().hex, table, run, tuple(sorted(days)), _now())], is_done=0)


def note_all_days(client: Client, marts: Iterable[str]) -> None:
    """Any day of these marts may be wrong: what they are made by changes."""
    _write(client, [Entry(f"all of {mart}", mart, _NOBODY, (), _now()) for mart in marts], is_done=0)


def to_finish(client: Client, run: Run) -> list[Entry]:
    """What this run changed, and what runs of the same account left that are no more."""
    of_others = (
        "(run_id, started_at) IN (SELECT run_id, started_at FROM meta_job_runs FINAL "
        "WHERE job = {job:String} AND account = {account:String} AND status = 'running' "
        "AND started_at > now() - INTERVAL 90 DAY AND run_id != {run_id:String})"
    )
    return _open(client, run, f"AND NOT ({of_others})")


def all_days(client: Client) -> dict[str, Entry]:
    """By mart, where any day of it may be wrong."""
    return {entry.changed: entry for entry in _open(client, _NOBODY)}


def close(client: Client, entries: Iterable[Entry]) -> None:
    """The marts show them. What was noted anew meanwhile stays."""
    if done := [replace(entry, version=entry.version + 1) for entry in entries]:
        _write(client, done, is_done=1)
        merge(client, TABLE.name)


def _open(client: Client, run: Run, only: str = "") -> list[Entry]:
    found = select(
        client,
        f"SELECT entry, changed, run_id, started_at, days, _ver FROM {TABLE.name} FINAL "
        f"WHERE NOT is_done AND job = {{job:String}} AND account = {{account:String}} {only}",
        {"job": run.job, "account": run.account, "run_id": run.run_id},
    )
    return [
        Entry(entry, changed, Run(run.job, run_id, started_at, run.account), tuple(days), version)
        for entry, changed, run_id, started_at, days, version in found.iter_rows()
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
            "noted_at": datetime.now(UTC),
            "_ver": one.version,
        }
        for one in entries
    ]
    insert(client, TABLE.name, pl.DataFrame(rows, schema_overrides=_TYPES))


def _now() -> int:
    """Microseconds: of two notes of the same the later one is the newer."""
    return int(datetime.now(UTC).timestamp() * 1_000_000)
