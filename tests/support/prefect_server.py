"""A Prefect server as a process of its own, which a test may kill."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.clickhouse_server import answers, free_port

_SECONDS = 90


@contextmanager
def prefect_server(
    home: Path, port: int, env: Mapping[str, str], module: str = "prefect server start"
) -> Iterator[subprocess.Popen[bytes]]:
    """`module`: what `python -m` starts, with its arguments. What it says is in `server.log` of the home."""
    command = [sys.executable, "-m", *module.split(), "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, cwd=home, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _SECONDS
        while not answers(f"http://127.0.0.1:{port}/api/health"):
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
        self.url = f"http://127.0.0.1:{self._port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is None or self._process.poll() is not None:
            env = os.environ | {"PREFECT_HOME": str(self._home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
            self._process = self._stack.enter_context(prefect_server(self._home, self._port, env))

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()
