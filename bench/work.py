"""The process that is measured: `python -m bench.work WORK FOLDER LANDED`. It imports what `zakaz load` does, and
prints as JSON the seconds of the work itself and what each statement took."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver._backend.chdb_backend import ChdbBackend

import cli.here
import cli.run  # noqa: F401
from bench import world
from tasks.backfill import backfill
from tasks.ingest import ingest
from tasks.load.frames import insert
from tasks.load.migrate import migrated
from tasks.load.sql import sql_files
from tasks.quality.run import run_checks, summary
from tests.support.product import Clock, on_the_clock

HEAVY = "v_campaign_performance"
CONCERTS = ("v_ad_shows", "v_show_economics", "v_event_economics", "v_show_pace", "v_show_forecast", "v_forecasts")
_READER_MEMORY = 1_000_000_000
"""As sql/access/datalens_reader.sql has it."""
_SECONDS: list[float] = []
_STATEMENTS: dict[str, list[float]] = {}
"""Text without its values -> how often, wall seconds, CPU seconds of the process meanwhile, rows read of tables."""


def _log_statements() -> None:
    """Of the embedded engine, which keeps no log of its own."""
    query = ChdbBackend._query_locked

    def logged(self: Any, sql: str | bytes, *rest: Any, **options: Any) -> Any:
        text = re.sub(r"'[^']*'|\b\d+\b", "?", sql.decode() if isinstance(sql, bytes) else sql)
        entry = _STATEMENTS.setdefault(" ".join(text.split())[:300], [0, 0.0, 0.0, 0])
        wall, cpu = time.perf_counter(), time.process_time()
        result = query(self, sql, *rest, **options)
        took = (1, time.perf_counter() - wall, time.process_time() - cpu, result.storage_rows_read())
        entry[:] = map(sum, zip(entry, took, strict=True))
        return result

    ChdbBackend._query_locked = logged


@contextmanager
def _timed() -> Iterator[None]:
    begun = time.perf_counter()
    yield
    _SECONDS.append(time.perf_counter() - begun)


def reload(folder: Path, raise_by: int) -> str:
    with _timed():
        report, changed = world.reload(folder, raise_by)
    tickets = report.tables["stg_qtickets_tickets"]
    assert tickets.written == tickets.changed == changed, report.message
    assert changed or not report.written, report.message
    return report.message


def load_year(folder: Path, landed: Path, run_id: str) -> str:
    """The engine is started before, as it is for the plain insert."""
    account = world.account_of(folder, landing=landed / "landing")
    with migrated(account.settings), on_the_clock(Clock(world.NOW)), _timed():
        report = ingest(account, world.SETTLED[1], run_id)
    assert run_id == "first" or not report.written, report.message
    return f"{report.message} {report.seconds}"


def insert_plainly(folder: Path, landed: Path) -> None:
    facts = pl.read_parquet(landed / "facts.parquet")
    with migrated(world.account_of(folder).settings) as client, _timed():
        insert(client, "stg_qtickets_tickets", facts)


def load_years(folder: Path, landed: Path, years: int) -> str:
    account, window = world.account_of(folder, landing=landed / "landing"), world.SETTLED[years]
    load = lambda month: ingest(account, month, f"backfill {month}")  # noqa: E731
    with on_the_clock(Clock(world.NOW)), _timed():
        return backfill(account, window.first, window.last, refresh=False, load=load)


def judge(folder: Path) -> str:
    settings = world.account_of(folder).settings
    with on_the_clock(Clock(world.NOW)), _timed():
        return summary(run_checks(settings, world.NOW.date(), "checks", channel=None, sends_alerts=False))


def look(folder: Path, wanted: Callable[[str], bool]) -> str:
    """Compute whole views, and name the dearest by their CPU time."""
    took: dict[str, float] = {}
    with migrated(world.account_of(folder).settings) as client, _timed():
        for view in filter(wanted, (file.name for file in sql_files("views"))):
            begun = time.process_time()
            client.command(f"SELECT * FROM {view} SETTINGS max_memory_usage = {_READER_MEMORY} FORMAT Null")
            took[view] = time.process_time() - begun
    return ", ".join(f"{view} {took[view]:.2f}" for view in sorted(took, key=lambda view: -took[view])[:6])


def main(work: str, folder: Path, landed: Path) -> None:
    what, _, number = work.partition(" ")
    works: dict[str, Callable[[], object]] = {
        "world": lambda: world.make_world(folder, int(number)),
        "landed": lambda: world.make_landed(folder, int(number)),
        "sums": lambda: world.check_sums(folder, landed, int(number)),
        "reload": lambda: reload(folder, int(number)),
        "checks": lambda: judge(folder),
        "heaviest": lambda: look(folder, lambda view: view == HEAVY),
        "concerts": lambda: look(folder, lambda view: view in CONCERTS),
        "views": lambda: look(folder, lambda view: view not in (HEAVY, *CONCERTS)),
        "plain": lambda: insert_plainly(folder, landed),
        "first": lambda: load_year(folder, landed, "first"),
        "again": lambda: load_year(folder, landed, f"again {time.time()}"),
        "backfill": lambda: load_years(folder, landed, int(number)),
    }
    logging.disable(logging.ERROR)  # Checks of a promoter that is made up are broken.
    _log_statements()
    said = works[what]()
    print(json.dumps({"seconds": sum(_SECONDS), "said": said, "statements": _STATEMENTS}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
