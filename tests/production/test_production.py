"""At night deployments run on a worker, and whatever fails is told, once: in Prefect on PostgreSQL, a ClickHouse server, the
stand-in APIs and a chat, all real processes. The world ended long ago, so that nothing hangs on the day."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from sandbox.world import World
from tests.flows import ad_truth, truth
from tests.support.clickhouse_server import free_port
from tests.support.prefect_server import postgres, prefect_server
from tests.support.product import Product
from tests.support.receiver import Receiver
from tests.support.stage import Stage, stage

pytestmark = pytest.mark.slow
WORLD = World.generate(until=datetime.fromisoformat("2026-03-08T12:00:00+03:00"), days=10, scale=0.05)
SPB = World.generate(until=WORLD.until, days=10, scale=0.05, seed=8)
"""Of a second account of QTickets."""
LAST = truth.moscow_day(WORLD.until)
FIRST = LAST - timedelta(days=WORLD.days - 1)
DAYS = {"date_from": str(FIRST), "date_to": str(LAST)}
ROOT = Path(__file__).resolve().parents[2]
_OURS = ("QTICKETS_", "VK_", "DIRECT_", "CLICKHOUSE_", "PREFECT_", "ZAKAZ_", "ALERT_", "LANDING_")


@dataclass
class Stack:
    """All of it, running. `apis` may be made to fail."""

    home: Path
    env: dict[str, str]
    apis: Stage
    product: Product
    chat: Receiver
    client: httpx.Client
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def zakaz(self, *arguments: str, **env: str) -> str:
        command = [sys.executable, "-m", "cli.main", *arguments]
        how = {"cwd": self.home, "capture_output": True, "text": True, "timeout": 600}
        done = subprocess.run(command, env=self.env | env, **how)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.client.request(method, f"{self.env['PREFECT_API_URL']}{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/deployments/name/{name}"))

    def start_run(self, deployment: str, **parameters: Any) -> str:
        """At once, whatever stands still."""
        run = {"parameters": parameters, "work_queue_name": f"{deployment.partition('/')[0]}-now"}
        place = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        return str(self.ask("POST", place, run)["id"])

    def state_of(self, run: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/flow_runs/{run}")["state"])

    def wait_for(self, run: str, *states: str) -> dict[str, Any]:
        """The run's state, once it is one of these (by type)."""
        until(lambda: self.state_of(run)["type"] in states, lambda: str(self.state_of(run)))
        return self.state_of(run)

    def start_worker(self, name: str) -> None:
        command = [sys.executable, "-m", "cli.main", "worker", "--name", name, "--limit", "3"]
        with (self.home / f"{name}.log").open("wb") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.workers.append(subprocess.Popen(command, env=self.env, cwd=self.home, **streams))

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As a machine dies: the worker and its runs at once, without a word."""
        for process in (*psutil.Process(worker.pid).children(recursive=True), worker):
            process.kill()
        worker.wait(10)
        self.workers.remove(worker)

    def stop_the_clock(self) -> None:
        """What the scheduler makes waits in queues that stand still: a run that nobody here began would disturb."""
        scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        until(lambda: bool(self.ask("POST", "/flow_runs/filter", scheduled)), lambda: "the scheduler made no run")
        for queue in self.ask("POST", "/work_pools/zakaz/queues/filter", {}):
            self.ask("PATCH", f"/work_pools/zakaz/queues/{queue['name']}", {"is_paused": True})

    def automations_with(self, seconds: dict[str, int]) -> Path:
        """automations.yaml with other times: words of a name, and seconds to wait instead of its own."""
        declared = yaml.safe_load((ROOT / "automations.yaml").read_text("utf-8"))
        for one in declared["automations"]:
            for word in [word for word in seconds if word in one["name"]]:
                one["trigger"]["within"] = seconds[word]
        file = self.home / "automations.yaml"
        file.write_text(yaml.safe_dump(declared), "utf-8")
        return file


def until(happened: Callable[[], bool], or_else: Callable[[], str], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, or_else()
        time.sleep(1)


def bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@pytest.fixture
def production(tmp_path: Path, clickhouse_dsn: str, clickhouse_database: str) -> Iterator[Stack]:
    """Everything but workers and deployments."""
    home, dsn, database = tmp_path, clickhouse_dsn, clickhouse_database
    with ExitStack() as closing:
        apis, chat = closing.enter_context(stage(WORLD)), Receiver()
        apis.add("qtickets", "spb", SPB, home)
        closing.callback(chat.close)
        port = free_port()
        env = bare_environment() | apis.environment(dsn, database, home)
        env |= {
            "PYTHONPATH": str(ROOT), "ZAKAZ_HOME": str(home), "ZAKAZ_LANGUAGE": "en",
            "ZAKAZ_ALERT_BLOCK": "custom-webhook/zakaz-alerts", "ALERT_URL": chat.url,
            "PREFECT_HOME": str(home / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_UI_URL": f"http://127.0.0.1:{port}", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "3", "DO_NOT_TRACK": "1",
        }  # fmt: skip
        # Nobody but the server knows its database.
        of_server = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": closing.enter_context(postgres())}
        closing.enter_context(prefect_server(home, port, env | of_server))
        client = closing.enter_context(httpx.Client(timeout=300, trust_env=False))
        made = Stack(home, env, apis, Product(apis.settings(dsn, database, home)), chat, client)
        closing.callback(lambda: [made.kill(worker) for worker in list(made.workers)])
        yield made


def test_a_night_of_production(production: Stack) -> None:
    assert "direct/nightly: 40 3 * * *" in production.zakaz("deploy")
    production.stop_the_clock()
    short = {"no good run of vk_ads": 60}
    production.zakaz("automations", "--file", str(production.automations_with(short)))
    production.start_worker("one")
    deployments_bring_the_right_figures(production)
    # Not before: on a busy machine three runs at once that are well may be silent for as long.
    production.zakaz("automations", "--file", str(production.automations_with(short | {"no sign of life": 50})))
    killed = a_worker_is_killed_in_the_middle(production)
    production.start_worker("two")
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
    could_not_begin = production.start_run("direct/weekly", date_from="the first of May")
    assert production.wait_for(could_not_begin, "FAILED", "CRASHED")["type"] == "FAILED"
    assert "date_from" in production.chat.wait_for("direct failed", 300)
    assert "No sign of life" in production.chat.wait_for("qtickets crashed", 300)
    assert production.state_of(killed)["type"] == "CRASHED"
    until(lambda: set(parts(production, killed).values()) == {"CRASHED"}, lambda: str(parts(production, killed)))
    production.apis.faults("qtickets").add("status", path="*", times=1000, status=400)
    failed = production.start_run("qtickets/nightly", refresh=True, **DAYS)
    production.wait_for(failed, "FAILED")
    production.apis.faults("qtickets").clear()
    assert f"/runs/flow-run/{failed}" in production.chat.wait_for("qtickets failed", 300)
    production.wait_for(production.start_run("qtickets/nightly", refresh=True, **DAYS), "COMPLETED")
    production.chat.wait_for("Resolved: qtickets failed", 300)
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
    missed = "Zakaz: no good run of direct in time"
    assert {"direct/nightly: removed", f"{missed}: removed"} <= {*said.splitlines()}
    assert production.ask("POST", "/deployments/filter", {"flows": {"name": {"any_": ["direct"]}}}) == []
    assert missed not in [one["name"] for one in production.ask("POST", "/automations/filter", {})]
