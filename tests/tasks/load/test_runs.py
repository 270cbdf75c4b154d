"""The run history: one row a run, from beginning to end; a run whose process is gone is ended by the next one. What tables show
and marts do not yet is not forgotten, whoever dies, and not taken from a run that is at work.

Rejected rows: kept whole and once, told apart by their reason, released when a good version was accepted."""

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

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import alive, runs
from tasks.load.quarantine import quarantine
from tasks.load.runs import Run
from tasks.load.unfinished import close, due, not_shown, note, note_all_days
from tasks.sources.vk_ads import SOURCE as VK
from tasks.steps import record_key
from tasks.window import Window
from tests.tasks.load.engines import rows, values
from tests.tasks.load.tickets import utc
from tests.validation.frames import raw_vk

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


def test_what_came_with_an_earlier_fetch_was_not_brought_today(client: Client) -> None:
    for number, read in ((1, {"read_at": str(STARTED)}), (2, {})):
        assert runs.facts_since(client, JOB, later(1).account, later(1).started_at) == set()
        finish(client, later(number), facts={"seats": 3}, **read)
    assert runs.facts_since(client, JOB, later(1).account, later(1).started_at) == {"seats"}


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


(AD_DAYS,) = VK.resources
_REJECTED = ("record_key", "reason", "column", "value", "record")
NEGATIVE, NO_CURRENCY = "price is negative", "currency is missing"


def rejected(key: str, reason: str = NEGATIVE, record: dict[str, object] | None = None) -> dict[str, str]:
    text = json.dumps(record or {"ticket_id": key, "price": "-1"}, ensure_ascii=False)
    return dict(zip(_REJECTED, (key, reason, "price", "-1", text), strict=True))


def run(
    client: Client, *wrong: dict[str, str], accepted: tuple[str, ...] = (), hours: int = 0, window: Window | None = None,
    is_whole: bool = True, **of: str,
) -> tuple[int, int]:  # fmt: skip
    """One run that rejects and accepts; how many rows were newly rejected and how many released."""
    frame = pl.DataFrame(list(wrong), schema=dict.fromkeys(_REJECTED, pl.String))
    keys = pl.Series("ticket_id", accepted, dtype=pl.String)
    whose = ({"source": "qtickets", "account": "main", "resource": "orders"} | of).values()
    which = (f"run-{hours}", 1000 + hours, window)
    return quarantine(client, *whose, frame, lambda: keys, *which, is_whole=is_whole)


def march(first: int, last: int) -> Window:
    return Window(first=date(2026, 3, first), last=date(2026, 3, last))


def held(client: Client) -> list[tuple[str, str]]:
    """Key and reason of all that is there, read without FINAL."""
    return values(client, "SELECT record_key, reason FROM meta_quarantine ORDER BY record_key, reason")


def test_a_rejected_row_is_kept_with_all_that_is_known_of_it_once_however_often_it_comes(
    client: Client,
) -> None:
    record = {"ticket_id": "5", "event": 'Лекция «О \\" кавычках»\n', "price": "-1", "utm": None}
    wrong = rejected("5", record=record)
    assert run(client, wrong, wrong) == (1, 0)
    assert run(client, wrong, hours=800) == (0, 0), "a month later, so in another partition"
    told = "record_key, reason, column, value, run_id, record"
    (found,) = rows(client, f"SELECT {told} FROM meta_quarantine")
    assert json.loads(found.pop("record")) == record
    assert list(found.values()) == ["5", NEGATIVE, "price", "-1", "run-0"]


def test_a_row_is_released_when_a_good_version_is_accepted_and_may_come_back(client: Client) -> None:
    """One that is neither rejected nor accepted stays: its window was not loaded."""
    run(client, rejected("5"), rejected("6"))
    for hours in (1, 3):
        assert run(client, accepted=("5", "7"), hours=hours) == (0, 1)
        assert held(client) == [("6", NEGATIVE)]
        assert run(client, rejected("5"), hours=hours + 1) == (1, 0)
    assert run(client, rejected("5", reason=NO_CURRENCY), hours=5) == (1, 1), "it is there as it was rejected last"


def test_an_earlier_read_settles_nothing_that_was_read_later(client: Client) -> None:
    """A run that was resumed a day later brings the good row of yesterday; today's is rejected."""
    run(client, rejected("5"), hours=24)
    assert run(client, accepted=("5",), hours=1) == (0, 0)
    assert run(client, rejected("5", reason=NO_CURRENCY), hours=1) == (1, 0)
    assert ("5", NEGATIVE) in held(client)


def test_a_row_that_a_load_of_all_its_days_does_not_find_is_gone_from_the_source(client: Client) -> None:
    week, month, other = (march(*days) for days in ((1, 7), (1, 31), (5, 9)))
    run(client, rejected("5"), rejected(""), window=week)
    assert run(client, window=other, hours=1) == (0, 0)
    # A load that did not see everything settles nothing, and the row's window stays known.
    assert run(client, rejected("5"), window=week, is_whole=False, hours=2) == (0, 0)
    assert run(client, rejected("5"), window=week, hours=3) == (0, 1)
    assert run(client, window=None, hours=4) == (0, 0)
    assert run(client, window=month, hours=5) == (0, 1)
    assert held(client) == []


def test_only_the_same_key_of_the_same_resource_of_the_account_settles_a_row(client: Client) -> None:
    """Ad 5 of two days; ads without a number of two campaigns of the wizard; rows without a key."""
    run(client, rejected("2026-03-01/a/7/8/5"), rejected("2026-03-01/a/7//--"), rejected(""), resource="ad_days")
    for other in ({"source": "vk_ads"}, {"account": "spb"}):
        assert run(client, rejected("2026-03-01/a/7/8/5"), resource="ad_days", **other) == (1, 0)
    accepted = ("2026-03-02/a/7/8/5", "2026-03-01/a/9//--", "")
    assert run(client, accepted=accepted, resource="ad_days", hours=1) == (0, 0)
    assert run(client, accepted=("2026-03-01/a/7/8/5",), resource="ad_days", hours=2) == (0, 1)
    assert len(held(client)) == 4


def test_the_key_is_that_of_the_row_and_none_where_its_first_part_is_missing() -> None:
    raw = raw_vk({"campaign_id": None, "ad_id": "--"}, {"stat_date": None})
    assert raw.select(record_key(AD_DAYS)).to_series().to_list() == ["2026-01-19/a//5757287178/--", ""]
