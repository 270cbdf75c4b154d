"""Production in small: Prefect on PostgreSQL, a work pool, workers, a ClickHouse server, the stand-in APIs, a chat.

Everything is a real process and is asked over HTTP, as people and programs ask it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import psutil

from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi
from sandbox.qtickets import SANDBOX_TOKEN, QticketsApi
from sandbox.server import serve
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi, VkLegacyApi
from sandbox.world import World
from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows.conftest import Apis, make_world
from tests.support.clickhouse_server import free_port
from tests.support.postgres import postgres
from tests.support.prefect_server import prefect_server
from tests.support.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
MOSCOW = ZoneInfo("Europe/Moscow")
_OURS = ("QTICKETS_", "VK_", "DIRECT_", "CLICKHOUSE_", "PREFECT_", "ZAKAZ_", "ALERT_", "LANDING_")


@dataclass
class Stack:
    """All of it, running. `apis` may be made to fail."""

    home: Path
    env: dict[str, str]
    apis: Apis
    world: World
    chat: Receiver
    database_url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    made_by_cron: dict[str, list[datetime]] = field(default_factory=dict)

    def show(self, world: World) -> None:
        """Time goes on: the APIs tell of this world from now on."""
        self.world = world
        self.apis.show(world)

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=self.env["PREFECT_API_URL"], timeout=120)

    @property
    def settings(self) -> Settings:
        return Settings(
            _env_file=None,
            clickhouse_dsn=self.env["CLICKHOUSE_DSN"],
            clickhouse_database=self.env["CLICKHOUSE_DATABASE"],
        )

    def run(self, *command: str, timeout: float = 240) -> str:
        """`python -m …` to its good end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def zakaz(self, *arguments: str) -> str:
        return self.run("cli.main", *arguments)

    def post(self, path: str, body: Any) -> Any:
        with self.api as client:
            reply = client.post(path, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def get(self, path: str) -> Any:
        with self.api as client:
            return client.get(path).raise_for_status().json()

    def start_run(self, deployment: str, due: datetime | None = None, **parameters: Any) -> str:
        """As `prefect deployment run` does, or as cron did for a moment that has passed; the run's id."""
        found = self.get(f"/deployments/name/{deployment}")
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due.isoformat()}} if due else None
        body = {"parameters": parameters} | ({"state": state} if state else {})
        made = self.post(f"/deployments/{found['id']}/create_flow_run", body)
        return str(made["id"])

    def state_of(self, run: str) -> dict[str, Any]:
        return self.get(f"/flow_runs/{run}")["state"]

    def wait_for(self, run: str, *states: str, seconds: float = 120) -> dict[str, Any]:
        """The run's state, once it is one of these (by type)."""
        deadline = time.monotonic() + seconds
        while (state := self.state_of(run))["type"] not in states:
            assert time.monotonic() < deadline, f"the run is {state['name']}: {state['message']}"
            time.sleep(0.3)
        return state

    def start_worker(self, name: str, limit: int = 3) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cli.main", "worker", "--name", name, "--limit", str(limit)]
        with (self.home / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen(
                command, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As a machine dies: the worker and its runs at once, without a word."""
        family = [*psutil.Process(worker.pid).children(recursive=True), psutil.Process(worker.pid)]
        for process in family:
            process.kill()
        worker.wait(10)
        self.workers.remove(worker)

    def start_anew(self) -> None:
        """The world of today, no warehouse, automations as shipped, nothing said: another test may have been there."""
        self.show(make_world())
        with warehouse(self.settings) as client:
            client.command(f"DROP DATABASE {self.settings.clickhouse_database} SYNC")
        self.zakaz("automations")
        self.chat.messages.clear()

    def select(self, sql: str) -> pl.DataFrame:
        with warehouse(self.settings) as client:
            return select(client, sql)

    def deploy(self) -> None:
        """As shipped, and take the clock."""
        self.zakaz("deploy")
        self._take_the_clock()

    def _take_the_clock(self) -> None:
        """Remember what cron made, by deployment, and stop it: a run that nobody here began would disturb a test."""
        deployments = self.post("/deployments/filter", {})
        flows = {one["id"]: one["name"] for one in self.post("/flows/filter", {})}
        names = {one["id"]: f"{flows[one['flow_id']]}/{one['name']}" for one in deployments}
        scheduled = {one["id"] for one in deployments if one["schedules"]}
        deadline = time.monotonic() + START_SECONDS
        while True:
            runs = self.post("/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
            made = [run for run in runs if run["auto_scheduled"]]
            if {run["deployment_id"] for run in made} >= scheduled:
                break
            assert time.monotonic() < deadline, "the scheduler made no runs"
            time.sleep(1)
        for run in made:
            at = datetime.fromisoformat(run["expected_start_time"]).astimezone(MOSCOW)
            self.made_by_cron.setdefault(names[run["deployment_id"]], []).append(at)
        with self.api as client:
            for one in deployments:
                for schedule in one["schedules"]:
                    place = f"/deployments/{one['id']}/schedules/{schedule['id']}"
                    client.patch(place, json={"active": False}).raise_for_status()

    def automations_with(self, seconds: dict[str, int]) -> Path:
        """automations.yaml with other times: words of a name, and seconds to wait instead of its own."""
        text = (ROOT / "automations.yaml").read_text("utf-8")
        blocks = re.split(r"(?m)^(?=  - name:)", text)
        for word, wait in seconds.items():
            hits = [n for n, block in enumerate(blocks) if word in block.splitlines()[0]]
            assert hits, word
            for n in hits:
                blocks[n] = re.sub(r"within: \d+", f"within: {wait}", blocks[n])
        file = self.home / "automations.yaml"
        file.write_text("".join(blocks), "utf-8")
        return file


def bare_environment() -> dict[str, str]:
    """This process's, without anything that is set for Zakaz or Prefect."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@contextmanager
def stack(home: Path, world: World, dsn: str, database: str) -> Iterator[Stack]:
    """Everything but workers and deployments."""
    with ExitStack() as closing:
        vk = VkAdsApi.of(world)
        apis = Apis(QticketsApi.of(world), vk, VkLegacyApi(vk.cabinet), DirectApi.of(world))
        vk.throttle.limits = {1: 1000}
        running = closing.enter_context(serve(apis.qtickets, apis.vk, apis.vk_legacy, apis.direct))
        chat = Receiver()
        closing.callback(chat.close)
        port = free_port()
        env = bare_environment() | {
            "PYTHONPATH": str(ROOT),
            "ZAKAZ_HOME": str(home),
            "CLICKHOUSE_DSN": dsn,
            "CLICKHOUSE_DATABASE": database,
            "LANDING_URL": str(home / "landing"),
            "QTICKETS_BASE_URL": running.base_url,
            "QTICKETS_TOKEN": SANDBOX_TOKEN,
            "QTICKETS_RATE": "500",
            "VK_BASE_URL": running.url_of(apis.vk),
            "VK_CLIENT_ID": VK_CLIENT_ID,
            "VK_CLIENT_SECRET": VK_CLIENT_SECRET,
            "VK_TOKEN_FILE": str(home / "vk_token.json"),
            "VK_RATE": "50",
            "DIRECT_BASE_URL": running.url_of(apis.direct),
            "DIRECT_LOGIN": DIRECT_LOGIN,
            "DIRECT_TOKEN": DIRECT_TOKEN,
            "DIRECT_RATE": "50",
            "HTTP_BACKOFF": "0.1",
            "FETCH_RETRIES": "0",
            "ZAKAZ_ALERT_BLOCK": "custom-webhook/zakaz-alerts",
            "ALERT_URL": chat.url,
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_UI_URL": f"http://127.0.0.1:{port}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
        }
        made = Stack(home, env, apis, world, chat, closing.enter_context(postgres()))
        env = made.env | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": made.database_url}  # nobody else needs it
        closing.enter_context(prefect_server(home, port, env))
        closing.callback(_stop_workers, made)
        yield made


def _stop_workers(made: Stack) -> None:
    for worker in list(made.workers):
        made.kill(worker)
