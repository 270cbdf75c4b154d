"""What people rely on at night: deployments run on a worker, by hand and by cron, and whatever fails is told."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import datetime, timedelta

import asyncpg
import pytest

from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import DAYS
from tests.production.figures import facts, sales
from tests.production.stack import MOSCOW, Stack

pytestmark = pytest.mark.slow
LOADS = ("qtickets/nightly", "vk_ads/nightly", "direct/nightly")


def test_deployments_run_by_hand_bring_the_right_figures_and_artifacts(production: Stack) -> None:
    production.start_anew()
    world = production.world
    for deployment in LOADS:
        said = production.run("prefect", "deployment", "run", deployment, "--param", f"days={DAYS}", "--watch")
        assert "Completed" in said
    quality = production.run("prefect", "deployment", "run", "quality/regular", "--watch")

    assert "Completed" in quality
    assert sales(production) == truth.sales(world)
    first = clock.first_of(DAYS)
    for source, table in (("vk_ads", "fact_vk_ads_daily"), ("direct", "fact_direct_daily")):
        assert facts(production, table) == ad_truth.facts(world, source, first, clock.yesterday())
    for key in ("vk-ads-load", "direct-load", "quality", "quality-checks"):
        assert production.get(f"/artifacts/{key}/latest")["data"]
    sales_load = production.get("/artifacts/qtickets-load/latest")["data"]
    assert f"| stg_qtickets_tickets | {len(truth.tickets(world))} |" in sales_load
    assert not production.chat.messages


def test_cron_makes_runs_at_moscow_hours(production: Stack) -> None:
    """The hours are written out here again: they are what people were promised."""
    hours = {name: {f"{at:%H:%M}" for at in due} for name, due in production.made_by_cron.items()}
    nightly = {
        "backup/nightly": {"05:30"},
        "direct/nightly": {"03:40"},
        "qtickets/nightly": {"03:20"},
        "smoke/daily": {"02:30"},
        "vk_ads/nightly": {"03:30"},
    }
    weekly = {"direct/weekly": {"05:10"}, "qtickets/weekly": {"04:50"}, "vk_ads/weekly": {"05:00"}}
    assert {name: hours[name] for name in nightly | weekly} == nightly | weekly
    assert {at.weekday() for name in weekly for at in production.made_by_cron[name]} == {6}, "Sundays"
    assert {minute[-2:] for minute in hours["qtickets/frequent"]} == {"00", "15", "30", "45"}
    every_two_hours = hours["quality/regular"] - {"04:15", "10:01"}  # of which the scheduler makes the next few
    assert len(hours["quality/regular"]) == len(every_two_hours) + 2
    assert every_two_hours and every_two_hours <= {f"{hour:02}:05" for hour in range(0, 24, 2)}
    assert "backfill/by-hand" not in hours


def test_a_parameter_that_cannot_be_is_refused_before_there_is_a_run(production: Stack) -> None:
    found = production.get("/deployments/name/qtickets/nightly")
    with production.api as client:
        for parameters in ({"days": 0}, {"days": "many"}):
            reply = client.post(f"/deployments/{found['id']}/create_flow_run", json={"parameters": parameters})
            assert reply.status_code in (409, 422), parameters
        backfill = production.get("/deployments/name/backfill/by-hand")
        reply = client.post(
            f"/deployments/{backfill['id']}/create_flow_run",
            json={"parameters": {"source": "facebook", "date_from": "2026-01-01"}},
        )
        assert reply.status_code in (409, 422)
    properties = backfill["parameter_openapi_schema"]["properties"]
    assert properties["source"]["enum"] == ["qtickets", "vk_ads", "direct"]
    assert "env" not in found["parameter_openapi_schema"]["properties"], "settings are no parameters"


def test_after_an_outage_one_run_does_the_work_of_all_that_waited(production: Stack) -> None:
    production.wait_for(production.start_run("direct/nightly"), "COMPLETED")
    due = datetime.now(MOSCOW) - timedelta(hours=3)

    waited = production.start_run("direct/nightly", due=due)
    wanted_anew = production.start_run("direct/nightly", due=due, refresh=True)

    assert production.wait_for(waited, "COMPLETED")["name"] == "Skipped"
    assert production.wait_for(wanted_anew, "COMPLETED")["name"] == "Completed"


def test_a_failed_run_is_told_once(production: Stack) -> None:
    production.chat.messages.clear()
    production.apis.direct.faults.add("status", path="*", times=1000, status=400)
    try:
        run = production.start_run("direct/nightly")
        state = production.wait_for(run, "FAILED", "COMPLETED", "CRASHED")
    finally:
        production.apis.direct.faults.clear()

    assert state["type"] == "FAILED"
    told = production.chat.wait_for("direct failed", 60)
    assert f"/runs/flow-run/{run}" in told
    time.sleep(8)  # an automation that told it again would have done so by now
    assert len(production.chat.messages) == 1
    production.wait_for(production.start_run("direct/nightly"), "COMPLETED")
    production.chat.wait_for("Over: direct failed", 60)


def test_a_run_that_could_not_begin_is_told(production: Stack) -> None:
    production.chat.messages.clear()
    production.start_run("qtickets/nightly", date_from="the first of May")

    told = production.chat.wait_for("qtickets failed", 90)

    assert "date_from" in told
    time.sleep(8)
    assert len(production.chat.messages) == 1


def test_a_worker_killed_in_the_middle_is_told_and_the_next_run_mends_it(production: Stack) -> None:
    production.start_anew()
    production.zakaz("automations", "--file", str(production.automations_with({"no sign of life": 45})))
    ended = production.start_run("qtickets/frequent")
    production.wait_for(ended, "COMPLETED")
    production.chat.messages.clear()
    production.apis.qtickets.faults.add("timeout", times=1000, seconds=20)
    run = production.start_run("qtickets/nightly", days=DAYS)
    production.wait_for(run, "RUNNING")
    time.sleep(3)

    production.kill(production.workers[0])
    production.apis.qtickets.faults.clear()
    _give_a_sign(production, ended)

    told = production.chat.wait_for("qtickets crashed", 150)
    assert "No sign of life" in told
    assert production.state_of(run)["type"] == "CRASHED"
    production.start_worker("two")
    again = production.start_run("qtickets/nightly", days=DAYS)
    production.wait_for(again, "COMPLETED")
    assert sales(production) == truth.sales(production.world)
    assert production.state_of(ended)["type"] == "COMPLETED", "a late sign of a run that ended well changes nothing"


def _give_a_sign(production: Stack, run: str) -> None:
    """As a run's last sign of life does that is delivered after its end."""
    resource = {"prefect.resource.id": f"prefect.flow-run.{run}"}
    ours = {"prefect.resource.id": "prefect.tag.zakaz", "prefect.resource.role": "tag"}
    event = {
        "occurred": datetime.now(MOSCOW).isoformat(),
        "event": "prefect.flow-run.heartbeat",
        "resource": resource,
    }
    production.post("/events", [event | {"related": [ours], "id": str(uuid.uuid4())}])


def test_a_run_whose_worker_died_before_it_began_is_found_too(production: Stack) -> None:
    run = _run_whose_worker_died(production)

    _is_found(production, run)


def test_a_run_that_died_before_the_automations_were_renewed_is_found_all_the_same(production: Stack) -> None:
    run = _run_whose_worker_died(production)

    said = production.zakaz("automations", "--file", str(production.automations_with({"no sign of life": 40})))

    assert "renewed" in said
    _is_found(production, run)


def test_a_run_that_the_server_has_forgotten_is_found_once_a_worker_starts(production: Stack) -> None:
    """As after a night without power: what the server counts is too old for it when it is back."""
    run = _run_whose_worker_died(production)
    asyncio.run(_forget_what_is_counted(production))
    time.sleep(60)
    assert production.state_of(run)["type"] == "PENDING"

    production.kill(production.workers[0])
    production.start_worker("after the night")

    _is_found(production, run)


def _run_whose_worker_died(production: Stack) -> str:
    """Before it began, while its silence is watched. No other worker takes it: it is not due yet."""
    production.zakaz("automations", "--file", str(production.automations_with({"no sign of life": 45})))
    production.chat.messages.clear()
    run = production.start_run("direct/nightly", due=datetime.now(MOSCOW) + timedelta(hours=1))
    for name in ("Pending", "Submitting"):
        state = {"type": "PENDING", "name": name}
        production.post(f"/flow_runs/{run}/set_state", {"state": state, "force": True})
    deadline = time.monotonic() + 60
    while not asyncio.run(_counted(production, run)):
        assert time.monotonic() < deadline, "the server does not watch it"
        time.sleep(0.5)
    time.sleep(3)  # what it has to say of the second state
    return run


async def _counted(production: Stack, run: str) -> int:
    """Of what the server counts for its automations, that which is about this run."""
    connection = await asyncpg.connect(production.database_url.replace("+asyncpg", ""))
    found = await connection.fetchval(
        "SELECT count(*) FROM automation_bucket WHERE bucketing_key::text LIKE $1", f"%{run}%"
    )
    await connection.close()
    return int(found)


def _is_found(production: Stack, run: str) -> None:
    production.chat.wait_for("direct crashed", 150)
    assert production.state_of(run)["type"] == "CRASHED"


async def _forget_what_is_counted(production: Stack) -> None:
    connection = await asyncpg.connect(production.database_url.replace("+asyncpg", ""))
    assert (await connection.execute("DELETE FROM automation_bucket")) != "DELETE 0"
    await connection.close()


def test_a_source_without_a_good_run_in_time_is_told_soon_after_and_once(production: Stack) -> None:
    production.zakaz("automations", "--file", str(production.automations_with({"no good run of vk_ads": 60})))
    production.chat.messages.clear()

    production.wait_for(production.start_run("vk_ads/nightly"), "COMPLETED")
    time.sleep(5)
    production.wait_for(production.start_run("vk_ads/nightly"), "COMPLETED")
    good = time.monotonic()

    told = production.chat.wait_for("no good run of vk_ads by 10:00", 150)
    assert 50 < time.monotonic() - good < 110, "the time is counted from the last good run"
    assert "zakaz smoke" in told
    assert len(production.chat.messages) == 1


def test_a_run_that_cannot_read_its_settings_is_told(production: Stack) -> None:
    """It does not know whom to tell: the server does."""
    production.chat.messages.clear()
    worker = production.workers[0]
    production.kill(worker)
    production.env["QTICKETS_RATE"] = "fast"
    try:
        wrong = production.start_worker("wrong")
        production.start_run("qtickets/nightly")
        told = production.chat.wait_for("qtickets failed", 90)
    finally:
        production.env["QTICKETS_RATE"] = "500"
    production.kill(wrong)
    production.start_worker("four")
    assert "QTICKETS_RATE" in told


def test_a_source_that_is_not_in_use_is_neither_deployed_nor_missed(production: Stack) -> None:
    production.env["ZAKAZ_SOURCES"] = "qtickets,vk_ads"
    try:
        said = production.zakaz("deploy")
    finally:
        del production.env["ZAKAZ_SOURCES"]

    assert "direct/nightly: removed" in said
    assert "Zakaz: no good run of direct in time: removed" in said
    assert "direct/nightly: 40 3 * * *" in production.zakaz("deploy")


def test_what_a_person_paused_and_what_is_another_teams_stays_so(production: Stack) -> None:
    nightly = production.get("/deployments/name/direct/nightly")
    with production.api as client:
        client.post(f"/deployments/{nightly['id']}/pause_deployment").raise_for_status()
    theirs = {"name": "theirs", "flow_id": nightly["flow_id"], "tags": ["zakaz"], "entrypoint": "report.py:flow"}
    made = production.post("/deployments/", theirs)

    said = production.zakaz("deploy")

    assert "direct/nightly: 40 3 * * *, paused" in said
    assert production.get("/deployments/name/direct/nightly")["paused"] is True
    assert production.get(f"/deployments/{made['id']}")["name"] == "theirs"
    with production.api as client:
        client.post(f"/deployments/{nightly['id']}/resume_deployment").raise_for_status()
        client.delete(f"/deployments/{made['id']}").raise_for_status()


def test_deploying_again_changes_nothing_and_removes_what_is_no_longer_declared(production: Stack) -> None:
    def held() -> tuple[list[str], list[str]]:
        deployments = production.post("/deployments/filter", {})
        crons = sorted(
            f"{d['name']} {s['schedule']['cron']} {s['active']}" for d in deployments for s in d["schedules"]
        )
        return crons, sorted(a["name"] for a in production.post("/automations/filter", {}))

    production.zakaz("deploy")
    before = held()
    frequent = production.get("/deployments/name/qtickets/frequent")
    old = {"schedule": {"cron": "0 0 * * *", "timezone": "Europe/Moscow"}, "active": True, "slug": "earlier"}
    production.post(f"/deployments/{frequent['id']}/schedules", [old])
    assert held() != before

    said = production.zakaz("deploy")

    assert held() == before
    assert "schedule earlier removed" in said
    assert "made" not in said and "renewed" not in said
