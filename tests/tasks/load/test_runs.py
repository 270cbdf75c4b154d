"""The run history: one row a run from beginning to end, newest first, and where a job's data come from."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

from clickhouse_connect.driver.client import Client

from tasks.load import runs
from tasks.load.runs import Run
from tests.tasks.load.engines import rows, values
from tests.tasks.load.tickets import utc

STARTED = utc("2026-03-31T20:59:59")
RUN = Run("qtickets_loader", "run-1", STARTED)


def finish(client: Client, run: Run, status: str = "success", **metrics: object) -> None:
    runs.begin(client, run, "loading")
    runs.end(client, run, status, 1, "done", metrics)


def test_a_run_that_is_going_on_stands_there_as_running(client: Client) -> None:
    runs.begin(client, RUN, "2026-03-31: loading")

    assert rows(client, "SELECT * EXCEPT _ver FROM meta_job_runs") == [
        {
            "job": "qtickets_loader",
            "run_id": "run-1",
            "started_at": "2026-03-31 20:59:59.000",
            "finished_at": None,
            "status": "running",
            "rows_processed": 0,
            "message": "2026-03-31: loading",
            "metrics": "{}",
        }
    ]


def test_its_end_takes_the_place_of_its_beginning_also_without_final(client: Client) -> None:
    runs.begin(client, RUN, "loading")
    runs.end(client, RUN, "success", 312, "312 ticket lines", {"rows_written": 12})

    sql = "SELECT status, rows_processed, message, metrics, finished_at >= started_at FROM meta_job_runs"
    expected = [("success", 312, "312 ticket lines", '{"rows_written": 12}', 1)]
    assert values(client, sql) == values(client, sql + " FINAL") == expected


def test_a_run_that_ends_within_the_millisecond_or_before_its_start_has_ended(client: Client) -> None:
    """A clock that was set back must not leave it running for ever."""
    late = Run("qtickets_loader", "run-1", utc("2099-01-01T00:00"))

    finish(client, late, "failed")

    assert values(client, "SELECT status FROM meta_job_runs") == [("failed",)]


def test_a_failed_run_and_its_retry_are_two_runs(client: Client) -> None:
    finish(client, RUN, "failed")
    finish(client, Run(RUN.job, "run-2", STARTED))

    assert values(client, "SELECT run_id, status FROM meta_job_runs ORDER BY run_id") == [
        ("run-1", "failed"),
        ("run-2", "success"),
    ]


def test_the_history_is_newest_first_limited_and_of_one_job_if_asked(client: Client) -> None:
    for hours, job in enumerate(["qtickets_loader", "quality", "qtickets_loader", "vk_ads_loader"]):
        finish(client, Run(job, f"run-{hours}", STARTED + timedelta(hours=hours)))

    assert runs.history(client, 10)["run_id"].to_list() == ["run-3", "run-2", "run-1", "run-0"]
    assert runs.history(client, 1)["run_id"].to_list() == ["run-3"]
    assert runs.history(client, 10, "qtickets_loader")["run_id"].to_list() == ["run-2", "run-0"]
    assert runs.history(client, 10, "nobody's").height == 0


def test_a_message_and_metrics_may_hold_anything(client: Client) -> None:
    message = "«Ошибка»: \\ ' \" %s {x:Int8}\nи ещё строка"
    metrics = {
        "window": {"first": utc("2026-03-01T00:00").date()},
        "sum": Decimal("0.10"),
        "слова": [message, None],
    }
    runs.begin(client, RUN, message)
    runs.end(client, RUN, "failed", 2**32, message, metrics)

    found = rows(client, "SELECT message, metrics, rows_processed FROM meta_job_runs")[0]
    assert (found["message"], found["rows_processed"]) == (message, 2**32)
    assert json.loads(found["metrics"]) == {
        "window": {"first": "2026-03-01"},
        "sum": "0.10",
        "слова": [message, None],
    }


def test_origins_are_those_of_every_run_that_may_have_written(client: Client) -> None:
    assert runs.origins(client) == set()
    later = [STARTED + timedelta(hours=hour) for hour in range(1, 5)]
    finish(client, Run(RUN.job, "run-2", later[0]), "failed", origin="sandbox")
    assert runs.origins(client) == set(), "a run that failed before it wrote"
    finish(client, Run("other_loader", "run-3", later[1]), "failed", origin="elsewhere", tables={"t": {"new": 1}})
    finish(client, RUN, origin="qtickets.ru")
    runs.begin(client, Run(RUN.job, "run-4", later[2]), "still running, or dead", {"origin": "ads.vk.com"})
    assert runs.origins(client) == {"elsewhere", "qtickets.ru", "ads.vk.com"}


def test_what_is_covered_is_what_good_runs_of_the_account_read_without_a_warning(client: Client) -> None:
    window = {"first": "2026-03-01", "last": "2026-03-31"}
    later = [STARTED + timedelta(hours=hour) for hour in range(1, 5)]
    finish(client, RUN, window=window, account="a", warnings=[])
    finish(client, Run(RUN.job, "run-2", later[0]), window=window, account="b", warnings=[])
    finish(client, Run(RUN.job, "run-3", later[1]), window=window, account="a", warnings=["no tags"])
    finish(client, Run(RUN.job, "run-4", later[2]), "failed", window=window, account="a", warnings=[])
    covered = runs.covered(client, RUN.job, "a").select("first", "last", "read_at")
    assert covered.rows() == [(date(2026, 3, 1), date(2026, 3, 31), STARTED)]


def test_days_read_later_are_those_of_all_good_runs_that_saw_everything_whatever_they_warned_of(
    client: Client,
) -> None:
    def one(number: int, first: str, last: str, version: int, status: str = "success", **metrics: object) -> None:
        window = {"first": first, "last": last}
        run = Run(RUN.job, f"run-{number}", STARTED + timedelta(hours=number))
        finish(client, run, status, window=window, version=version, **({"account": "a"} | metrics))

    one(1, "2026-03-01", "2026-03-02", 11, warnings=["no tags"])
    one(2, "2026-03-02", "2026-03-03", 12)
    one(3, "2026-03-05", "2026-03-05", 10)
    one(4, "2026-03-06", "2026-03-06", 12, account="b")
    one(5, "2026-03-07", "2026-03-07", 12, partial=True)
    one(6, "2026-03-08", "2026-03-08", 12, "failed")

    assert runs.days_read_later(client, RUN.job, "a", 10)["day"].to_list() == [date(2026, 3, n) for n in (1, 2, 3)]
    assert runs.days_read_later(client, RUN.job, "a", 12).is_empty()


def test_of_two_reads_the_later_one_has_the_higher_version_also_where_a_clock_was_set_back(client: Client) -> None:
    runs.begin(client, RUN, "loading", {"origin": "sandbox"})
    reads = [runs.begin_read(client, RUN) for _ in range(3)]
    client.command(
        "INSERT INTO meta_job_runs (job, run_id, started_at, _ver) VALUES ('x', 'y', now(), 4000000000000)"
    )

    reads += [runs.begin_read(client, RUN) for _ in range(2)]

    assert reads == sorted(set(reads))
    assert reads[-2] > 4_000_000_000_000
    (row,) = rows(client, "SELECT status, message, metrics FROM meta_job_runs FINAL WHERE run_id = 'run-1'")
    assert (row["status"], row["message"], json.loads(row["metrics"])) == (
        "running",
        "loading",
        {"origin": "sandbox"},
    )


def test_a_run_that_is_begun_again_ends_its_first_attempt(client: Client) -> None:
    runs.begin(client, RUN, "first attempt")
    again = Run(RUN.job, RUN.run_id, STARTED + timedelta(hours=1))
    runs.begin(client, again, "second attempt")
    history = runs.history(client, 10)
    assert history["status"].to_list() == ["running", "failed"]
    assert history["message"].to_list() == ["second attempt", "interrupted and begun again"]
