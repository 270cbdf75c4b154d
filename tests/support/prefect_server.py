"""A Prefect server as a process of its own, which a test may stop, kill or starve."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

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
        while not _is_healthy(port):
            said = (home / "server.log").read_text(errors="replace")[-2000:]
            assert server.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.2)
        yield server
    finally:
        server.terminate()
        server.wait(30)


def _is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False
