"""The process that is measured: `python -m tests.bench.work WORK FOLDER LANDED`. Prints what it knows as JSON.

It imports what `zakaz load` imports, and keeps a log of the statements that the embedded engine was sent.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver._backend import chdb_backend

import cli.here
import cli.run  # noqa: F401
from tasks.backfill import backfill
from tasks.ingest import Report, ingest
from tasks.load.frames import insert
from tasks.load.migrate import migrated
from tasks.load.sql import sql_files
from tasks.quality.run import run_checks, summary
from tasks.window import Window
from tests.bench.world import BY_YEARS, NOW, TWO_DAYS, World, account_of, check_sums, make_landed, make_world
from tests.support.product import Clock, on_the_clock

_STATEMENTS: dict[str, list[float]] = {}
"""Text without its values -> how often, wall seconds, CPU seconds of the process meanwhile, rows read of tables."""
_SECONDS: list[float] = []
"""Wall seconds of the work, without the start of the process."""


class _Counted:
    """A result that streams."""

    def __init__(self, stream: Any, entry: list[float]) -> None:
        self._stream, self._entry = stream, entry

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with _added(self._entry):
            chunk = next(self._stream)
        self._entry[3] += chunk.storage_rows_read()
        return chunk

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _added(entry: list[float]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        entry[1] += time.perf_counter() - wall
        entry[2] += time.process_time() - cpu


def _log_statements() -> None:
    backend = chdb_backend.ChdbBackend
    ask, stream = backend._query_locked, backend._open_stream

    def entry_of(sql: str | bytes) -> list[float]:
        text = sql.decode() if isinstance(sql, bytes) else sql
        short = " ".join(re.sub(r"'[^']*'|\b\d+\b", "?", text).split())[:300]
        entry = _STATEMENTS.setdefault(short, [0, 0.0, 0.0, 0])
        entry[0] += 1
        return entry

    def asked(self: Any, sql: str | bytes, *rest: Any, **options: Any) -> Any:
        entry = entry_of(sql)
        with _added(entry):
            result = ask(self, sql, *rest, **options)
        entry[3] += result.storage_rows_read()
        return result

    def streamed(self: Any, sql: str | bytes, *rest: Any, **options: Any) -> Any:
        entry = entry_of(sql)
        with _added(entry):
            result = stream(self, sql, *rest, **options)
        return _Counted(result, entry)

    backend._query_locked, backend._open_stream = asked, streamed


@contextmanager
def _timed() -> Iterator[None]:
    begun = time.perf_counter()
    yield
    _SECONDS.append(time.perf_counter() - begun)


def reload(folder: Path, raise_by: int) -> str:
    world = World(folder)
    with _timed():
        report, changed = world.reload(raise_by)
    tickets = report.tables["stg_qtickets_tickets"]
    assert tickets.written == tickets.changed == changed, report.message
    assert changed or not report.written, report.message
    return report.message


def load_year(folder: Path, landed: Path, *, again: bool = False) -> str:
    """The engine is started before, as for the plain insert."""
    account = account_of(folder, landing=landed / "landing")
    with migrated(account.settings), on_the_clock(Clock(NOW)), _timed():
        report = ingest(account, BY_YEARS[1], "again" if again else "first")
    assert not (again and report.written), report.message
    return f"{report.message} {report.seconds}"


def insert_plainly(folder: Path, landed: Path) -> str:
    facts = pl.read_parquet(landed / "facts.parquet")
    with migrated(account_of(folder).settings) as client, _timed():
        insert(client, "stg_qtickets_tickets", facts)
    return f"{facts.height} rows"


def load_years(folder: Path, landed: Path, years: int) -> str:
    account, window = account_of(folder, landing=landed / "landing"), BY_YEARS[years]

    def load(month: Window) -> Report:
        return ingest(account, month, f"backfill {month}")

    with migrated(account.settings), on_the_clock(Clock(NOW)), _timed():
        return backfill(account, window.first, window.last, refresh=False, load=load)


def judge(folder: Path) -> str:
    with on_the_clock(Clock(NOW)), _timed():
        settings = account_of(folder).settings
        return summary(run_checks(settings, NOW.date(), "checks", channel=None, sends_alerts=False))


def look(folder: Path, wanted: Callable[[str], bool]) -> str:
    """Read whole views, and name the slowest."""
    took: dict[str, float] = {}
    with migrated(account_of(folder).settings) as client, _timed():
        for view in filter(wanted, (file.name for file in sql_files("views"))):
            begun = time.perf_counter()
            client.command(f"SELECT * FROM {view} FORMAT Null")
            took[view] = time.perf_counter() - begun
    slowest = max(took, key=lambda view: took[view])
    return f"{slowest} {took[slowest]:.2f} s"


_HEAVY = "v_campaign_performance"
WORK: dict[str, Callable[[Path, Path], str | None]] = {
    "unchanged": lambda folder, _: reload(folder, 0),
    "changed": lambda folder, _: reload(folder, 1),
    "checks": lambda folder, _: judge(folder),
    "heaviest": lambda folder, _: look(folder, lambda view: view == _HEAVY),
    "views": lambda folder, _: look(folder, lambda view: view != _HEAVY),
    "plain": insert_plainly,
    "first": load_year,
    "again": lambda folder, landed: load_year(folder, landed, again=True),
    "backfill-3": lambda folder, landed: load_years(folder, landed, 3),
    "backfill-5": lambda folder, landed: load_years(folder, landed, 5),
}


def main(work: str, folder: Path, landed: Path) -> None:
    what, _, number = work.partition(" ")
    prepare: dict[str, Callable[[], None]] = {
        "world": lambda: make_world(folder, int(number)),
        "landed": lambda: make_landed(folder, int(number)),
        "sums": lambda: check_sums(folder, landed, int(number)),
    }
    _log_statements()
    said = prepare[what]() if what in prepare else WORK[what](folder, landed)
    read = sum(int(entry[3]) for entry in _STATEMENTS.values())
    print(json.dumps({"seconds": sum(_SECONDS), "read": read, "said": said, "statements": _STATEMENTS}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
