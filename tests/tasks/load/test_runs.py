"""The run history: one row a run, from beginning to end; a run whose process is gone is ended by the next one. What tables show
and marts do not yet is not forgotten, whoever dies, and not taken from a run that is at work."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import alive, runs
from tasks.load.runs import Run
from tasks.load.unfinished import close, due, not_shown, note, note_all_days
from tests.tasks.load.engines import rows, values
from tests.tasks.load.tickets import utc

STARTED = utc("2026-03-31T20:59:59")
JOB = "qtickets_loader"
RUN = Run(JOB, "run-1", STARTED)
NOW = datetime.now(UTC).replace(microsecond=0)
DEAD, LIVING, NEXT = (
    Run(JOB, name, NOW - timedelta(minutes=minutes)) for name, minutes in zip("abc", (3, 2, 1), strict=True)
)
LOADING = "2026-03-31: loading"
_HOLDER = """
import sys
from tasks.load import alive
alive.hold(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "_FOLDER", tmp_path / "data" / "runs")
    monkeypatch.setattr(runs, "_under_way", {})


def later(number: int) -> Run:
    return Run(JOB, f"run-{number}", STARTED + timedelta(hours=number))


def finish(client: Client, run: Run, status: str = "success", **metrics: object) -> None:
    runs.begin(client, run, "loading")
    runs.end(client, run, status, 1, "done", metrics)


def statuses(client: Client) -> list[tuple[object, ...]]:
    return values(client, "SELECT run_id, status, message FROM meta_job_runs FINAL ORDER BY run_id, started_at")


def test_the_end_of_a_run_takes_the_place_of_its_beginning_also_without_final(client: Client) -> None:
    """Whatever its message and metrics hold."""
    message = "«Ошибка»: \\ ' \" %s {x:Int8}\nи ещё строка"
    runs.begin(client, RUN, LOADING)
    found = "SELECT status, isNull(finished_at), rows_processed, message FROM meta_job_runs"
    assert values(client, found) == [("running", 1, 0, LOADING)]
    runs.end(client, RUN, "failed", 2**32, message, {"sum": Decimal("0.10"), "слова": [message, None]})
    assert values(client, found) == [("failed", 0, 2**32, message)]
    (row,) = rows(client, "SELECT metrics FROM meta_job_runs")
    assert json.loads(row["metrics"]) == {"sum": "0.10", "слова": [message, None]}


def test_days_are_read_by_good_runs_of_the_account_that_saw_everything(client: Client) -> None:
    """Done without a warning is covered; read later is done whatever it warned of."""
    read: list[tuple[int, int, int, dict[str, Any]]] = [
        (1, 2, 11, {"warnings": ["no tags"]}), (2, 3, 12, {}), (5, 5, 10, {}), (6, 6, 12, {"account": "b"}),
        (7, 7, 12, {"partial": True}), (8, 8, 12, {"status": "failed"}),
    ]  # fmt: skip
    for number, (first, last, version, more) in enumerate(read, 1):
        window = {"first": f"2026-03-0{first}", "last": f"2026-03-0{last}"}
        run = replace(later(number), account=more.pop("account", "a"))
        finish(client, run, more.pop("status", "success"), window=window, version=version, **more)

    def days(version: int) -> list[int]:
        return [day.day for day in runs.days_read_later(client, JOB, "a", version)["day"]]

    assert (days(10), days(12)) == ([1, 2, 3], [])
    covered = runs.covered(client, JOB, "a").sort("first").select("first", "read_at").rows()
    assert covered == [(date(2026, 3, day), later(number).started_at) for day, number in ((2, 2), (5, 3), (7, 5))]


def test_of_two_reads_the_later_one_has_the_higher_version_also_where_a_clock_was_set_back(client: Client) -> None:
    runs.begin(client, RUN, "loading", {"origin": "sandbox"})
    reads = [runs.begin_read(client, RUN) for _ in range(3)]
    ahead = "INSERT INTO meta_job_runs (job, run_id, started_at, _ver) VALUES ('x', 'y', now(), 4000000000000)"
    client.command(ahead)
    reads += [runs.begin_read(client, RUN) for _ in range(2)]
    assert reads == sorted(set(reads))
    assert reads[-2] > 4_000_000_000_000
    (row,) = rows(client, "SELECT status, message, metrics FROM meta_job_runs FINAL WHERE run_id = 'run-1'")
    assert row == {"status": "running", "message": "loading", "metrics": '{"origin": "sandbox"}'}
    runs.end(client, RUN, "success", 1, "done", {})


@contextmanager
def another_process(run: Run, home: Path) -> Iterator[subprocess.Popen[str]]:
    """It holds what a process of the run holds."""
    command, env = [sys.executable, "-c", _HOLDER, runs._lock(run)], os.environ | {"ZAKAZ_HOME": str(home)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def record_beginning(client: Client, run: Run, **metrics: object) -> None:
    """The row alone, as another process wrote it."""
    runs._write(client, run, "running", None, 0, LOADING, metrics, run.version)


def test_a_killed_run_is_ended_by_the_next_and_one_that_lives_is_not(client: Client, tmp_path: Path) -> None:
    record_beginning(client, DEAD, origin="qtickets.ru")
    record_beginning(client, LIVING)
    with another_process(DEAD, tmp_path) as dead, another_process(LIVING, tmp_path):
        runs.end_crashed(client)
        assert statuses(client) == [(run, "running", LOADING) for run in "ab"]
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        runs.begin(client, NEXT, LOADING)
        assert statuses(client) == [
            ("a", "failed", f"{LOADING}; crashed: its process ended without a word"),
            ("b", "running", LOADING),
            ("c", "running", LOADING),
        ]
    runs.end_under_way(client, "stopped by SIGTERM")
    assert statuses(client)[2] == ("c", "failed", f"{LOADING}; stopped by SIGTERM")
    assert not (tmp_path / "data" / "runs" / runs._lock(NEXT)).exists()


MINE, GONE, AT_WORK, ANOTHERS = (
    Run("qtickets_loader", name, NOW - timedelta(minutes=number), account)
    for number, (name, account) in enumerate([("mine", "a"), ("dead", "a"), ("living", "a"), ("another's", "b")])
)
DAYS = (date(2026, 3, 9), date(2026, 3, 10))


def found(client: Client, run: Run) -> dict[str, tuple[date, ...]]:
    return {entry.run.run_id: entry.days for entry in not_shown(client, run) if entry.is_over}


def test_a_run_finishes_its_own_changes_and_those_of_runs_of_its_account_that_are_no_more(client: Client) -> None:
    for run in (MINE, GONE, AT_WORK, ANOTHERS):
        runs.begin(client, run, "loading")
        note(client, run, "stg_qtickets_tickets", reversed(DAYS))
    runs.end(client, GONE, "failed", 0, "it died", {})
    assert found(client, MINE) == {"mine": DAYS, "dead": DAYS}
    close(client, not_shown(client, MINE))
    assert found(client, MINE) == {}
    assert found(client, AT_WORK) == {"living": DAYS}
    runs.end(client, AT_WORK, "failed", 0, "it died, too", {})
    assert found(client, MINE) == {"living": DAYS}
    assert found(client, replace(ANOTHERS, run_id="next")) == {}, "it lives"


def test_a_mart_that_is_to_be_compared_anew_while_it_is_compared_stays_so(client: Client) -> None:
    note_all_days(client, ["agg_marketing_daily", "stg_qtickets_sales_raw"])
    compared = due(client, MINE)[1]
    note_all_days(client, ["agg_marketing_daily"])
    close(client, compared.values())
    assert due(client, MINE)[1].keys() == {"agg_marketing_daily"}
    close(client, due(client, MINE)[1].values())
    assert due(client, MINE)[1] == {}
