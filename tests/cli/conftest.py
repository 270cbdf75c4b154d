"""`zakaz` as a person or cron starts it, in a home of its own, on the embedded warehouse: in this process, or one of its
own where a process is what matters."""

import io
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import pytest

from cli.main import _run
from sandbox.world import World
from tasks import settings
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.product import Product
from tests.support.stage import Stage, stage
from tests.tasks.load.engines import embedded

ROOT = Path(__file__).parents[2]
_KEPT = ("QTICKETS_", "VK_", "DIRECT_", "CLICKHOUSE_", "PREFECT_API")
PATIENT = "from cli import main, stopping; stopping.RECORD_SECONDS = 60; main.main()"
"""The command line, which after a signal waits for its record as long as a busy machine takes."""
SOON = 300
"""Seconds. On an idle machine it takes one."""


@dataclass
class Zakaz:
    """`env` may be changed by a test."""

    home: Path
    env: dict[str, str]
    world: World
    stage: Stage
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Two days, some days ago, so that no test depends on when the day ends."""
        self.last = self.world.until.date() - timedelta(days=1)
        self.first = self.last - timedelta(days=1)
        self.days = ("--from", str(self.first), "--to", str(self.last))

    def process(self, *arguments: str, module: str = "cli.main") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=600)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, of which nothing is left: a start takes longer than what most commands do."""
        out, err = io.StringIO(), io.StringIO()
        dsn = self.env.get("CLICKHOUSE_DSN")
        with (
            # Where none is open the engine starts anew with each connection.
            warehouse(embedded(Settings(_env_file=None, clickhouse_dsn=dsn))) if dsn else nullcontext(),
            patch.dict(os.environ, self.env, clear=True),
            patch.object(settings, "HOME", self.home),
            patch.object(logging.getLogger("zakaz"), "handlers", []),
            patch.object(logging, "lastResort", None),
            patch.object(logging, "raiseExceptions", False),
            chdir(self.home),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = _run([*arguments])
        return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """In a session of its own, so that whatever it leaves behind is found."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, *arguments], env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=pipe,
            stderr=pipe, text=True, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def stop(self, process: subprocess.Popen[str], *numbers: int) -> None:
        """Send the signals: one line, status 1, and nothing is left."""
        for number in numbers:
            process.send_signal(number)
        out, err = process.communicate(timeout=SOON)
        assert (process.returncode, out, "Traceback" in err) == (1, "", False)
        assert complaints(err) == [f"zakaz: stopped by {signal.Signals(numbers[-1]).name}."]
        assert of_session(process.pid) == []

    @property
    def product(self) -> Product:
        return Product(Settings(_env_file=None, clickhouse_dsn=self.env["CLICKHOUSE_DSN"]))

    def add(self, api: str) -> None:
        self.stage.add(api, "spb", World.generate(until=self.world.until, days=3, scale=0.1, seed=8), self.home)

    def ends(self) -> list[tuple[Any, ...]]:
        """Of each run its job, with an account `spb`, how it ended and in what words."""
        job = "concat(job, if(account = 'spb', ' spb', '')) AS of"
        sql = f"SELECT {job}, status, message FROM meta_job_runs ORDER BY of, started_at, _ver"
        return [(job, status, said.partition("; ")[2]) for job, status, said in self.product.select(sql).rows()]


def complaints(errors: str) -> list[str]:
    return [line for line in errors.splitlines() if line.startswith("zakaz: ")]


def of_session(number: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == number:
                found.append(process)
        except ProcessLookupError:
            pass
    return found


def wait_for(event: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 600
    while not event():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAKAZ_LANGUAGE", "en")


@pytest.fixture
def zakaz(tmp_path: Path) -> Iterator[Zakaz]:
    """Three days of a promoter that ended some days ago, served. No signal is ignored from the start, as it would be
    where the tests themselves run under nohup."""
    ignored = [n for n in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM) if signal.getsignal(n) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    until = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=4)
    world = World.generate(until=until, days=3, scale=0.2)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT)}
    with stage(world) as served:
        dsn = f"chdb://{tmp_path / 'data' / 'warehouse'}"
        given = served.environment(dsn, "zakaz", tmp_path / "data") | {
            "ZAKAZ_HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect"), "PYTHONPATH": str(ROOT),
            "CLICKHOUSE_LOCK_WAIT": "60", "COLUMNS": "200",
        }  # fmt: skip
        made = Zakaz(tmp_path, kept | given, world, served)
        yield made
        for process in made.started:
            for left in of_session(process.pid):
                left.kill()
            process.communicate()
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
