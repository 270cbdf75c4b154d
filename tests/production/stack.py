"""Production in small: Prefect on PostgreSQL, a work pool, workers, a ClickHouse server, the stand-in APIs, a chat.

Everything is a real process and is asked over HTTP, as people and programs ask it. The made-up world ended long ago, so
that nothing hangs on the day.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from sandbox.world import World
from tests.support.clickhouse_server import free_port
from tests.support.prefect_server import postgres, prefect_server
from tests.support.product import Product
from tests.support.receiver import Receiver
from tests.support.stage import Stage, stage

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
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def zakaz(self, *arguments: str, **env: str) -> str:
        command = [sys.executable, "-m", "cli.main", *arguments]
        done = subprocess.run(
            command, env=self.env | env, cwd=self.home, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.env['PREFECT_API_URL']}{path}"
        reply = httpx.request(method, url, json=body, timeout=300, trust_env=False)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/deployments/name/{name}"))

    def start_run(self, deployment: str, **parameters: Any) -> str:
        place = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        made = self.ask("POST", place, {"parameters": parameters})
        return str(made["id"])

    def state_of(self, run: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/flow_runs/{run}")["state"])

    def wait_for(self, run: str, *states: str) -> dict[str, Any]:
        """The run's state, once it is one of these (by type)."""
        until(lambda: self.state_of(run)["type"] in states, lambda: str(self.state_of(run)))
        return self.state_of(run)

    def start_worker(self, name: str) -> None:
        command = [sys.executable, "-m", "cli.main", "worker", "--name", name, "--limit", "3"]
        with (self.home / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen(
                command, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.workers.append(worker)

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As a machine dies: the worker and its runs at once, without a word."""
        family = [*psutil.Process(worker.pid).children(recursive=True), psutil.Process(worker.pid)]
        for process in family:
            process.kill()
        worker.wait(10)
        self.workers.remove(worker)

    def stop_the_clock(self) -> None:
        """Once the scheduler has made runs, it makes no more: one that nobody here began would disturb."""
        scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        until(lambda: bool(self.ask("POST", "/flow_runs/filter", scheduled)), lambda: "the scheduler made no run")
        for one in self.ask("POST", "/deployments/filter", {}):
            for schedule in one["schedules"]:
                self.ask("PATCH", f"/deployments/{one['id']}/schedules/{schedule['id']}", {"active": False})

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
        time.sleep(0.5)


def bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@contextmanager
def stack(home: Path, world: World, dsn: str, database: str) -> Iterator[Stack]:
    """Everything but workers and deployments."""
    with ExitStack() as closing:
        apis = closing.enter_context(stage(world))
        chat = Receiver()
        closing.callback(chat.close)
        port = free_port()
        env = bare_environment() | apis.environment(dsn, database, home)
        env |= {
            "PYTHONPATH": str(ROOT),
            "ZAKAZ_HOME": str(home),
            "ZAKAZ_ALERT_BLOCK": "custom-webhook/zakaz-alerts",
            "ALERT_URL": chat.url,
            "ZAKAZ_LANGUAGE": "en",
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_UI_URL": f"http://127.0.0.1:{port}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
        }
        # Nobody but the server knows its database.
        database_url = closing.enter_context(postgres())
        closing.enter_context(
            prefect_server(home, port, env | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url})
        )
        made = Stack(home, env, apis, Product(apis.settings(dsn, database, home)), chat)
        closing.callback(lambda: [made.kill(worker) for worker in list(made.workers)])
        yield made
