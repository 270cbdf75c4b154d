"""What people rely on at night: deployments run on a worker, by hand and by cron, and whatever fails is told, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sandbox.world import World
from tests.flows import ad_truth, truth
from tests.production.stack import Stack, stack, until

pytestmark = pytest.mark.slow
WORLD = World.generate(until=datetime.fromisoformat("2026-03-08T12:00:00+03:00"), days=10, scale=0.05)
SPB = World.generate(until=WORLD.until, days=10, scale=0.05, seed=8)
"""Of a second account of QTickets."""
LAST = truth.moscow_day(WORLD.until)
FIRST = LAST - timedelta(days=WORLD.days - 1)
DAYS = {"date_from": str(FIRST), "date_to": str(LAST)}


@pytest.fixture
def production(tmp_path: Path, clickhouse_dsn: str, clickhouse_database: str) -> Iterator[Stack]:
    with stack(tmp_path, WORLD, clickhouse_dsn, clickhouse_database) as made:
        made.apis.add("qtickets", "spb", SPB, tmp_path)
        yield made


def test_a_night_of_production(production: Stack) -> None:
    assert "direct/nightly: 40 3 * * *" in production.zakaz("deploy")
    production.stop_the_clock()
    short = {"no good run of vk_ads": 60}
    production.zakaz("automations", "--file", str(production.automations_with(short)))
    production.start_worker("one")
    deployments_bring_the_right_figures(production)
    a_failed_run_is_told_and_told_as_over(production)
    # Not before: on a busy machine a run that is well may be silent for as long.
    production.zakaz("automations", "--file", str(production.automations_with(short | {"no sign of life": 45})))
    killed = a_worker_is_killed_in_the_middle(production)
    the_killed_run_is_told_and_the_next_one_mends_it(production, killed)
    told = production.chat.wait_for("no good run of vk_ads by 10:00", 300)
    assert "zakaz smoke" in told
    for words in ("Zakaz: direct failed", "Zakaz: qtickets crashed", "Zakaz: qtickets failed"):
        assert sum(words in message for message in production.chat.messages) == 1, words
    deploying_again_removes_what_is_not_declared_and_leaves_what_people_did(production)


def deployments_bring_the_right_figures(production: Stack) -> None:
    runs = [production.start_run(f"{source}/nightly", **DAYS) for source in ("qtickets", "vk_ads", "direct")]
    for run in runs:
        production.wait_for(run, "COMPLETED")

    assert sales(production) == truth.sales(WORLD)
    assert sales(production, "spb") == truth.sales(SPB)
    for source in ("vk_ads", "direct"):
        assert production.product.held(source) == ad_truth.facts(WORLD, source, FIRST, LAST)
        key = f"{source.replace('_', '-')}-load"
        assert f"fact_{source}_daily" in production.ask("GET", f"/artifacts/{key}/latest")["data"]
    recorded = production.product.select("SELECT run_id, account, status FROM meta_job_runs").rows()
    of_accounts = parts(production, runs[0])
    assert {run for run, *_ in recorded} == {*of_accounts, *runs[1:]}
    assert sorted(ends for _, *ends in recorded) == [["main", "success"]] * 3 + [["spb", "success"]]
    assert [message for message in production.chat.messages if "no good run" not in message] == []


def parts(production: Stack, run: str) -> dict[str, str]:
    """The runs within a run, an account each: id and type of state."""
    found = production.ask("POST", "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run]}}})
    assert len(found) == 2
    return {one["id"]: one["state_type"] for one in found}


def sales(production: Stack, account: str = "main") -> dict[truth.Key, truth.Figures]:
    return production.product.held("sales", account)


def a_failed_run_is_told_and_told_as_over(production: Stack) -> None:
    production.apis.faults("direct").add("status", path="*", times=1000, status=400)
    run = production.start_run("direct/nightly", refresh=True, **DAYS)
    production.wait_for(run, "FAILED")
    production.apis.faults("direct").clear()

    assert f"/runs/flow-run/{run}" in production.chat.wait_for("direct failed", 300)
    production.wait_for(production.start_run("direct/nightly", refresh=True, **DAYS), "COMPLETED")
    production.chat.wait_for("Resolved: direct failed", 300)


def a_worker_is_killed_in_the_middle(production: Stack) -> str:
    """Once its run has asked for the orders of both accounts, which do not come."""
    faults = [
        production.apis.faults("qtickets").add("timeout", times=1000, seconds=20, account=name)
        for name in ("main", "spb")
    ]
    run = production.start_run("qtickets/nightly", refresh=True, **DAYS)
    until(lambda: all(fault.fired for fault in faults), lambda: str(production.state_of(run)))
    production.kill(production.workers[0])
    production.apis.faults("qtickets").clear()
    return run


def the_killed_run_is_told_and_the_next_one_mends_it(production: Stack, killed: str) -> None:
    assert "No sign of life" in production.chat.wait_for("qtickets crashed", 300)
    assert production.state_of(killed)["type"] == "CRASHED"
    until(lambda: set(parts(production, killed).values()) == {"CRASHED"}, lambda: str(parts(production, killed)))
    production.start_worker("two")
    could_not_begin = production.start_run("qtickets/frequent", date_from="the first of May")
    assert production.wait_for(could_not_begin, "FAILED", "CRASHED")["type"] == "FAILED"
    assert "date_from" in production.chat.wait_for("qtickets failed", 300)
    production.wait_for(production.start_run("qtickets/nightly", refresh=True, **DAYS), "COMPLETED")

    assert sales(production) == truth.sales(WORLD)
    ids = "', '".join(parts(production, killed))
    status = production.product.select(f"SELECT status FROM meta_job_runs FINAL WHERE run_id IN ('{ids}')")
    assert status["status"].to_list() == ["failed"] * 2, "the next run ends them"


def deploying_again_removes_what_is_not_declared_and_leaves_what_people_did(production: Stack) -> None:
    paused, frequent = production.deployment("vk_ads/nightly"), production.deployment("qtickets/frequent")
    production.ask("POST", f"/deployments/{paused['id']}/pause_deployment")
    theirs = {"name": "theirs", "flow_id": paused["flow_id"], "tags": ["zakaz"], "entrypoint": "report.py:flow"}
    made = production.ask("POST", "/deployments/", theirs)
    old = {"schedule": {"cron": "0 0 * * *", "timezone": "Europe/Moscow"}, "active": True, "slug": "earlier"}
    production.ask("POST", f"/deployments/{frequent['id']}/schedules", [old])

    said = production.zakaz("deploy", ZAKAZ_SOURCES="qtickets,vk_ads")

    assert "schedule earlier removed" in said
    assert "vk_ads/nightly: 30 3 * * *, paused" in said
    assert production.deployment("vk_ads/nightly")["paused"] is True
    assert production.ask("GET", f"/deployments/{made['id']}")["name"] == "theirs"
    # A source that is not in use is neither deployed nor missed.
    assert "direct/nightly: removed" in said
    assert "Zakaz: no good run of direct in time: removed" in said
