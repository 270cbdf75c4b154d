"""The pictures of docs/prefect.md, of docs/report.md and of the README, taken anew: `make screenshots`.

Starts what `make up` starts, with the sandbox and in a folder of its own, lets it load, makes one run fail, and
looks at the Prefect UI in a browser. Nothing of the user's own settings, warehouse or Prefect is touched. A picture
in which a path or a secret of this machine could be read is not taken: the script ends.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from shots import SHOTS, Subject, has_own_browser, take, take_reports

ROOT = Path(__file__).resolve().parents[1]
_SETTINGS = (
    "QTICKETS_",
    "VK_",
    "DIRECT_",
    "CLICKHOUSE_",
    "PREFECT_",
    "ZAKAZ_",
    "ALERT_",
    "LANDING_",
    "BACKUP_",
    "REPORT_",
)
_RUN_SECONDS = 300


class Machine:
    """`zakaz up` in `home`, asked as people and programs ask it."""

    def __init__(self, home: Path, chat: str) -> None:
        self.home, self.port = home, _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = f"zakaz:{secrets.token_urlsafe(24)}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        self._env = kept | {
            "ZAKAZ_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "ZAKAZ_ALERT_BLOCK": "custom-webhook/zakaz-alerts",
            "ZAKAZ_LANGUAGE": "en",
            "ALERT_URL": chat,
            "PREFECT_SERVER_API_AUTH_STRING": self.password,
            "PREFECT_API_AUTH_STRING": self.password,
        }
        # The worker and its runs read it: the sandbox's tokens are in it.
        self._tokens = home / "data" / "up" / "sandbox.env"

    def zakaz(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "cli.main", *arguments]
        subprocess.run(command, env=self._env, cwd=self.home, check=True, timeout=600)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET without a body, else POST. SQLite says through Prefect that another writes: asked again."""
        for _ in range(10):
            method, address = "POST" if body else "GET", f"{self.url}/api{path}"
            user, _, password = self.password.partition(":")
            reply = httpx.request(method, address, json=body, auth=(user, password), timeout=60)
            if reply.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(1)
        return reply.raise_for_status().json()

    def deployment(self, name: str) -> str:
        return str(self.ask(f"/deployments/name/{name}")["id"])

    def run(self, deployment: str, **parameters: object) -> str:
        """The id of a run that is over."""
        body = {"parameters": parameters}
        run = str(self.ask(f"/deployments/{self.deployment(deployment)}/create_flow_run", body)["id"])
        self._wait_for(f"{deployment} to end", lambda: self.ask(f"/flow_runs/{run}")["state"]["type"] in _OVER)
        return run

    def first_run(self, deployment: str) -> str:
        """Of those that `zakaz up` begins by itself: the id, once it is over."""
        wanted = {
            "deployments": {"id": {"any_": [self.deployment(deployment)]}},
            "flow_runs": {"state": {"type": {"any_": list(_OVER)}}},
        }
        return str(self._wait_for(deployment, lambda: self.ask("/flow_runs/filter", wanted))[0]["id"])

    def artifact(self, run: str, key: str) -> str:
        wanted = {"artifacts": {"flow_run_id": {"any_": [run]}, "key": {"any_": [key]}}}
        return str(self._wait_for(f"artifact {key}", lambda: self.ask("/artifacts/filter", wanted))[0]["id"])

    @contextmanager
    def wrong_token(self, name: str) -> Iterator[None]:
        """As if somebody had withdrawn it."""
        right = self._tokens.read_text()
        lines = [f"{name}=withdrawn" if line.startswith(f"{name}=") else line for line in right.splitlines()]
        self._tokens.write_text("\n".join(lines) + "\n")
        try:
            yield
        finally:
            self._tokens.write_text(right)

    def private(self) -> list[str]:
        """What no picture may show."""
        tokens = [line.partition("=")[2] for line in self._tokens.read_text().splitlines() if "TOKEN=" in line]
        return [str(self.home), str(ROOT), str(Path.home()), tempfile.gettempdir(), *tokens]

    def _wait_for(self, what: str, found: Any) -> Any:
        deadline = time.monotonic() + _RUN_SECONDS
        while not (answer := found()):
            if time.monotonic() > deadline:
                raise SystemExit(f"Waited {_RUN_SECONDS} s for {what}; see {self.home}/data/up/worker.log.")
            time.sleep(1)
        return answer


_OVER = ("COMPLETED", "FAILED", "CRASHED")


def main() -> None:
    given = argparse.ArgumentParser(description="Take the pictures of the docs anew.")
    given.add_argument("--browser", help="Chromium or Chrome; by default the one found, else Playwright's own")
    given.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    arguments = given.parse_args()
    browser = arguments.browser or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if not (browser or has_own_browser()):
        sys.exit("There is no Chromium here. Install one, e.g. `.venv/bin/playwright install chromium`.")
    home = Path(tempfile.mkdtemp(prefix="zakaz-"))
    with _chat() as chat:
        machine = Machine(home, chat)
        take_reports(draw_reports(machine), browser, arguments.out)
        try:
            machine.zakaz("up", "--port", str(machine.port))
            subject = live_a_little(machine)
            take(SHOTS, machine.url, machine.password, subject, machine.private(), browser, arguments.out)
        finally:
            machine.zakaz("down")
    # Kept where something went wrong, for its logs.
    shutil.rmtree(home)


def draw_reports(machine: Machine) -> dict[str, Path]:
    """The demo's page, by its language."""
    say("A demo, for the report")
    machine.zakaz("demo")
    pages = {language: machine.home / f"report.{language}.html" for language in ("en", "ru")}
    for language, page in pages.items():
        machine.zakaz("report", "--language", language, "--out", str(page))
    return pages


def live_a_little(machine: Machine) -> Subject:
    """What the pictures are of. Loads and checks run by themselves; the rest is what people do."""
    say("Waiting for the first loads and the checks, some three minutes")
    loaded = machine.first_run("qtickets/weekly")
    checked = machine.first_run("quality/nightly")
    machine.run("qtickets/frequent")
    say("A run whose token was withdrawn")
    with machine.wrong_token("DIRECT_TOKEN"):
        failed = machine.run("direct/nightly")
    return Subject(
        frequent=machine.deployment("qtickets/frequent"),
        backfill=machine.deployment("backfill/by-hand"),
        loaded=loaded,
        failed=failed,
        what_was_loaded=machine.artifact(loaded, "qtickets-load"),
        checks=machine.artifact(checked, "quality-checks"),
    )


@contextmanager
def _chat() -> Iterator[str]:
    """The address of a chat that takes everything: with it the automations have somebody to tell."""

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
