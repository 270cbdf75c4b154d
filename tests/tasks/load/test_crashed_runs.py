"""A run whose process is gone is ended by the next one; a run that lives, wherever, is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import alive, runs
from tasks.load.runs import Run
from tests.tasks.load.engines import values

NOW = datetime.now(UTC).replace(microsecond=0)
JOB = "direct_loader"
DEAD, LIVING, NEXT = (
    Run(JOB, name, NOW - timedelta(minutes=minutes)) for name, minutes in (("a", 3), ("b", 2), ("c", 1))
)
CRASHED = "2026-03-31: loading; crashed: its process ended without a word"
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


@contextmanager
def another_process(run: Run, home: Path) -> Iterator[subprocess.Popen[str]]:
    """It holds what a process of the run holds."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, runs._lock(run)],
        env=os.environ | {"ZAKAZ_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def record_beginning(client: Client, run: Run, **metrics: object) -> None:
    """The row alone, as another process wrote it."""
    runs._write(client, run, "running", None, 0, "2026-03-31: loading", metrics, run.version)


def ended(client: Client) -> list[tuple[object, ...]]:
    return values(client, "SELECT run_id, status, message FROM meta_job_runs FINAL ORDER BY run_id")


def test_a_run_that_was_killed_is_ended_by_the_next_and_one_that_lives_is_not(
    client: Client, tmp_path: Path
) -> None:
    record_beginning(client, DEAD, origin="qtickets.ru")
    record_beginning(client, LIVING)
    with another_process(DEAD, tmp_path) as dead, another_process(LIVING, tmp_path):
        runs.end_crashed(client)
        assert ended(client) == [(run, "running", "2026-03-31: loading") for run in "ab"]
        dead.send_signal(signal.SIGKILL)
        dead.wait()

        runs.begin(client, NEXT, "2026-03-31: loading")

        assert ended(client) == [
            ("a", "failed", CRASHED),
            ("b", "running", "2026-03-31: loading"),
            ("c", "running", "2026-03-31: loading"),
        ]
    assert runs.origins(client) == {"qtickets.ru"}, "it may have written"
    metrics, finished = values(
        client, "SELECT metrics, finished_at > started_at FROM meta_job_runs WHERE run_id = 'a'"
    )[0]
    assert json.loads(metrics) == {"origin": "qtickets.ru", "broken_off": True}
    assert finished
    runs.end(client, NEXT, "success", 1, "done", {})
    assert not (tmp_path / "data" / "runs" / runs._lock(NEXT)).exists()


def test_two_runs_of_a_job_in_one_process_leave_each_other_alone(client: Client) -> None:
    for run in (LIVING, NEXT):
        runs.begin(client, run, "2026-03-31: loading")
    runs.end_crashed(client)
    assert [status for _, status, _ in ended(client)] == ["running", "running"]
    for run in (LIVING, NEXT):
        runs.end(client, run, "success", 1, "done", {})


@pytest.mark.parametrize(("hours", "status"), [(1, "running"), (47, "running"), (49, "failed")])
def test_a_run_on_another_machine_counts_as_alive_for_two_days(client: Client, hours: int, status: str) -> None:
    """Nothing of it is here to look at."""
    record_beginning(client, Run(JOB, "x", NOW - timedelta(hours=hours)))
    runs.end_crashed(client)
    assert [row[1] for row in ended(client)] == [status]


@pytest.mark.parametrize(("written", "status"), [(b"another-machine\nanother-boot\n", "running"), (None, "failed")])
def test_the_lock_of_another_machine_on_a_shared_disk_proves_nothing(
    client: Client, tmp_path: Path, written: bytes | None, status: str
) -> None:
    """Some file systems do not tell one machine of the locks of another."""
    record_beginning(client, DEAD)
    alive._FOLDER.mkdir(parents=True)
    (alive._FOLDER / runs._lock(DEAD)).write_bytes(alive._here() if written is None else written)
    runs.end_crashed(client)
    assert [row[1] for row in ended(client)] == [status]


def test_a_run_that_ends_while_it_is_looked_at_keeps_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read as running; then it ended, and its lock with it."""
    runs.begin(client, LIVING, "2026-03-31: loading")
    look = alive.is_gone

    def end_then_look(name: str, since: datetime) -> bool:
        runs.end(client, LIVING, "success", 1, "done", {})
        return look(name, since) or True

    monkeypatch.setattr(alive, "is_gone", end_then_look)
    runs.end_crashed(client)
    assert ended(client) == [("b", "success", "done")]


def test_where_no_lock_can_be_held_the_run_goes_on(client: Client, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    runs.begin(client, NEXT, "2026-03-31: loading")
    runs.end_crashed(client)
    assert [row[1] for row in ended(client)] == ["running"]
    runs.end(client, NEXT, "success", 1, "done", {})
    assert ended(client) == [("c", "success", "done")]


def test_what_is_under_way_in_this_process_can_be_ended_at_once(client: Client) -> None:
    runs.begin(client, LIVING, "2026-03-31: loading", {"origin": "qtickets.ru"})
    runs.begin(client, NEXT, "2026-03-31: loading")
    runs.end(client, NEXT, "success", 1, "done", {})
    runs.end_under_way(client, "stopped by SIGTERM")
    assert ended(client) == [
        ("b", "failed", "2026-03-31: loading; stopped by SIGTERM"),
        ("c", "success", "done"),
    ]
    assert runs.origins(client) == {"qtickets.ru"}
