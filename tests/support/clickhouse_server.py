"""A real ClickHouse server over HTTP: clickhouse-local with a listener. It has no `system.query_log`, no replication, no
`CREATE USER`; native TCP is off unless asked for: a failed login there ends it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.support import clickhouse_process
from tests.support.clickhouse_library import ClickHouseUnavailableError, library_path
from tests.support.clickhouse_users import DEFAULT, User, write_config

HOST = "127.0.0.1"
START_SECONDS = 300
STOP_SECONDS = 10
LISTEN = """SYSTEM START LISTEN HTTP;
SELECT sleepEachRow(1) FROM numbers(1000000) SETTINGS max_block_size=1 FORMAT Null"""
"""The listener lives as long as the query that follows it: eleven days, one row a second."""


@dataclass(frozen=True)
class ClickHouseServer:
    directory: Path
    port: int
    native_port: int

    @property
    def dsn(self) -> str:
        """Where the `default` user logs in, as `clickhouse_connect.get_client(dsn=...)` takes it."""
        return self.dsn_of(DEFAULT)

    def dsn_of(self, user: User) -> str:
        secret = f":{quote(user.password, safe='')}" if user.password else ""
        return f"http://{quote(user.name, safe='')}{secret}@{HOST}:{self.port}"


@contextmanager
def clickhouse_server(
    directory: Path, users: Iterable[User] = (), *, native: bool = False
) -> Iterator[ClickHouseServer]:
    """A running server with its data in `directory`; raises ClickHouseUnavailableError with its log. Start it in the
    main thread: the kernel ends it with the thread that did."""
    server = ClickHouseServer(directory.resolve(), free_port(), free_port() if native else 0)
    server.directory.mkdir(parents=True, exist_ok=True)
    config, log = write_config(server.directory, users), server.directory / "server.log"
    engine = [f"--config-file={config}", f"--path={server.directory / 'data'}", f"--listen_host={HOST}"]
    engine += [f"--tcp_port={server.native_port}"] if native else []
    listen = f"SYSTEM START LISTEN TCP; {LISTEN}" if native else LISTEN
    engine += [f"--http_port={server.port}", "--multiquery", f"--query={listen}"]
    command = [sys.executable, "-I", clickhouse_process.__file__, str(os.getpid()), str(library_path()), *engine]
    with log.open("wb") as out:
        # A session of its own: Ctrl-C then stops the tests first, who still need the server to clean up.
        streams = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
        process = subprocess.Popen(command, **streams, start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://{HOST}:{server.port}/ping"):
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-3000:].strip()
                raise ClickHouseUnavailableError(f"No server came up in {directory}. It said:\n{said}")
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def free_port() -> int:
    """A port that nobody listens on, nor will before whoever it is for: it is bound, to be shared, until the end."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    _held.append(holder)
    return int(holder.getsockname()[1])


_held: list[socket.socket] = []


def answers(url: str) -> bool:
    """Whether a GET succeeds; a configured proxy is not asked."""
    try:
        return httpx.get(url, timeout=5, trust_env=False, verify=False).is_success  # Nor are certificates read.
    except httpx.HTTPError:
        return False
