"""The run history: one row a run, from beginning to end; a run whose process is gone is ended by the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import alive, runs
from tasks.load.runs import Run
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
    metrics = {"window": {"first": date(2026, 3, 1)}, "sum": Decimal("0.10"), "слова": [message, None]}
    runs.begin(client, RUN, LOADING)
    (row,) = rows(client, "SELECT * EXCEPT _ver FROM meta_job_runs")
    assert row == {
        "job": JOB,
        "run_id": "run-1",
        "started_at": "2026-03-31 20:59:59.000",
        "finished_at": None,
        "status": "running",
        "rows_processed": 0,
        "message": LOADING,
        "metrics": "{}",
    }

    runs.end(client, RUN, "failed", 2**32, message, metrics)

    (row,) = rows(client, "SELECT *, finished_at >= started_at AS in_order FROM meta_job_runs")
    assert (row["status"], row["rows_processed"], row["message"], row["in_order"]) == ("failed", 2**32, message, 1)
    assert json.loads(row["metrics"]) == {
        "window": {"first": "2026-03-01"},
        "sum": "0.10",
        "слова": [message, None],
    }


def test_the_history_is_newest_first_limited_and_of_one_job_if_asked(client: Client) -> None:
    for hours, job in enumerate([JOB, "quality", JOB, "vk_ads_loader"]):
        finish(client, Run(job, f"run-{hours}", STARTED + timedelta(hours=hours)))

    assert runs.history(client, 10)["run_id"].to_list() == ["run-3", "run-2", "run-1", "run-0"]
    assert runs.history(client, 1)["run_id"].to_list() == ["run-3"]
    assert runs.history(client, 10, JOB)["run_id"].to_list() == ["run-2", "run-0"]


def test_origins_are_those_of_every_run_that_may_have_written(client: Client) -> None:
    finish(client, later(2), "failed", origin="sandbox")
    assert runs.origins(client) == set(), "a run that failed before it wrote"
    finish(client, later(3), "failed", origin="elsewhere", tables={"t": {"new": 1}})
    finish(client, RUN, origin="qtickets.ru")
    runs.begin(client, later(4), "still running, or dead", {"origin": "ads.vk.com"})
    assert runs.origins(client) == {"elsewhere", "qtickets.ru", "ads.vk.com"}
    runs.end(client, later(4), "success", 1, "done", {})


def test_days_are_read_by_good_runs_of_the_account_that_saw_everything(client: Client) -> None:
    """Done without a warning is covered; read later is done whatever it warned of."""

    def one(number: int, days: tuple[int, int], version: int, status: str = "success", **metrics: object) -> None:
        window = {name: f"2026-03-0{day}" for name, day in zip(("first", "last"), days, strict=True)}
        finish(client, later(number), status, window=window, version=version, **({"account": "a"} | metrics))

    one(1, (1, 2), 11, warnings=["no tags"])
    one(2, (2, 3), 12)
    one(3, (5, 5), 10)
    one(4, (6, 6), 12, account="b")
    one(5, (7, 7), 12, partial=True)
    one(6, (8, 8), 12, "failed")

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


def test_a_run_that_is_begun_again_ends_its_first_attempt(client: Client) -> None:
    again = Run(JOB, RUN.run_id, STARTED + timedelta(hours=1))
    runs.begin(client, RUN, "first attempt")
    runs.begin(client, again, "second attempt")

    history = runs.history(client, 10).select("status", "message").rows()
    assert history == [("running", "second attempt"), ("failed", "interrupted and begun again")]
    assert runs.status_of(client, JOB, RUN.run_id) == "running", "that of the newest attempt"
    runs.end(client, again, "success", 1, "done", {})


# --- runs whose process is gone ---


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
    runs._write(client, run, "running", None, 0, LOADING, metrics, run.version)


def test_a_run_that_was_killed_is_ended_by_the_next_and_one_that_lives_is_not(
    client: Client, tmp_path: Path
) -> None:
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
    assert runs.origins(client) == {"qtickets.ru"}, "it may have written"
    runs.end_under_way(client, "stopped by SIGTERM")
    assert statuses(client)[2] == ("c", "failed", f"{LOADING}; stopped by SIGTERM")
    assert not (tmp_path / "data" / "runs" / runs._lock(NEXT)).exists()


@pytest.mark.parametrize(("hours", "status"), [(1, "running"), (47, "running"), (49, "failed")])
def test_a_run_on_another_machine_counts_as_alive_for_two_days(client: Client, hours: int, status: str) -> None:
    """Nothing of it is here to look at."""
    record_beginning(client, Run(JOB, "x", NOW - timedelta(hours=hours)))
    runs.end_crashed(client)
    assert runs.status_of(client, JOB, "x") == status


@pytest.mark.parametrize(("written", "status"), [(b"another-machine\nanother-boot\n", "running"), (None, "failed")])
def test_the_lock_of_another_machine_on_a_shared_disk_proves_nothing(
    client: Client, written: bytes | None, status: str
) -> None:
    """Some file systems do not tell one machine of the locks of another."""
    record_beginning(client, DEAD)
    alive._FOLDER.mkdir(parents=True)
    (alive._FOLDER / runs._lock(DEAD)).write_bytes(alive._here() if written is None else written)
    runs.end_crashed(client)
    assert runs.status_of(client, JOB, "a") == status


def test_a_run_that_ends_while_it_is_looked_at_keeps_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read as running; then it ended, and its lock with it."""
    runs.begin(client, LIVING, LOADING)
    look = alive.is_gone

    def end_then_look(name: str, since: datetime) -> bool:
        runs.end(client, LIVING, "success", 1, "done", {})
        return look(name, since) or True

    monkeypatch.setattr(alive, "is_gone", end_then_look)
    runs.end_crashed(client)
    assert statuses(client) == [("b", "success", "done")]
