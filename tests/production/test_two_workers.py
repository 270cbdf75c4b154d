"""Two workers, runs of all sources that overlap, a world that moves on meanwhile: the figures are exact all the same.

A minute of the schedule passes in a few seconds, and every minute or two every source is read, sales by two deployments.
The queues' limit of one run at a time is lifted: what protects the figures must be the way they are loaded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import make_world
from tests.production.figures import facts, sales
from tests.production.stack import Stack, stack

pytestmark = pytest.mark.slow
DAYS = 20
MINUTES = 10
SECONDS_A_MINUTE = 5
A_STEP_OF_THE_WORLD = timedelta(hours=6)
"""So that every minute brings orders, payments, refunds and restated spend."""
EVERY = {"qtickets/frequent": 1, "qtickets/nightly": 5, "vk_ads/nightly": 2, "direct/nightly": 2}
"""Minutes between runs; all are due in the last one, so that each source is read once more at the end."""


@pytest.fixture
def production(tmp_path: Path, clickhouse_dsn: str, clickhouse_database: str) -> Iterator[Stack]:
    with stack(tmp_path, make_world(days=DAYS), clickhouse_dsn, clickhouse_database) as made:
        made.deploy()
        for queue in made.post("/work_pools/zakaz/queues/filter", {}):
            with made.api as client:
                client.patch(f"/work_pools/zakaz/queues/{queue['name']}", json={"concurrency_limit": None})
        yield made


def test_overlapping_runs_of_two_workers_leave_exact_figures(production: Stack) -> None:
    # Between reading the orders and loading them a run waits, so that the next ones overtake it.
    production.apis.qtickets.faults.add("timeout", path="/events", times=10_000, seconds=8)
    production.start_worker("one")
    production.start_worker("two")
    started = []
    for minute in range(MINUTES):
        until = clock.now() - (MINUTES - 1 - minute) * A_STEP_OF_THE_WORLD
        production.show(make_world(until, days=DAYS - (clock.today() - truth.moscow_day(until)).days))
        due = [name for name, every in EVERY.items() if minute % every == every - 1]
        started += [production.start_run(deployment, days=DAYS) for deployment in due]
        time.sleep(SECONDS_A_MINUTE)
    states = [production.wait_for(run, "COMPLETED", "FAILED", "CRASHED", seconds=400) for run in started]

    assert [s["message"] for s in states if s["type"] != "COMPLETED"] == []
    runs = [production.get(f"/flow_runs/{run}") for run in started]
    overlapping = [(a, b) for n, a in enumerate(runs) for b in runs[n + 1 :] if _overlap(a, b)]
    assert any(a["flow_id"] == b["flow_id"] for a, b in overlapping), "runs of one source did overlap"
    assert any(a["flow_id"] != b["flow_id"] for a, b in overlapping)
    for name in ("one", "two"):
        assert "Completed" in (production.home / f"{name}.log").read_text(), f"worker {name} took its part"
    assert sales(production) == truth.sales(production.world)
    first, last = clock.first_of(DAYS), clock.yesterday()
    for source, table in (("vk_ads", "fact_vk_ads_daily"), ("direct", "fact_direct_daily")):
        assert facts(production, table) == ad_truth.facts(production.world, source, first, last)
    recorded = production.select("SELECT run_id, status FROM meta_job_runs WHERE endsWith(job, '_loader')")
    assert set(recorded["status"]) == {"success"}
    completed = [run for run, state in zip(started, states, strict=True) if state["name"] == "Completed"]
    assert sorted(recorded["run_id"]) == sorted(completed), "no run was taken by both"
    quality = json.loads(production.zakaz("quality", "--json"))
    assert [
        check["message"]
        for check in quality["checks"]
        if check["status"] == "broken" and check["severity"] == "fail"
    ] == []
    assert not production.chat.messages


def _overlap(a: dict[str, str], b: dict[str, str]) -> bool:
    return a["start_time"] < b["end_time"] and b["start_time"] < a["end_time"]
