"""A real ClickHouse server over HTTP for the tests: started in a folder, stopped and started again there.

It is clickhouse-local with an HTTP listener: one process, tables on disk, users out of XML. It has no
`system.query_log`, no replication, no `CREATE USER`; native TCP is off unless asked for: a failed login there ends it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.support import clickhouse_process
from tests.support.clickhouse_library import ClickHouseUnavailableError, library_path
from tests.support.clickhouse_users import DEFAULT, User, write_config

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10
# The listener lives as long as the query that follows it: eleven days, one row a second.
LISTEN = (
    "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM numbers(1000000) SETTINGS max_block_size=1 FORMAT Null"
)


class ClickHouseServer:
    """One server in one folder. Start it in the main thread: the kernel ends it with the thread that did."""

    def __init__(self, directory: Path, users: Iterable[User] = (), *, native: bool = False) -> None:
        self.directory = directory.resolve()
        self.port = 0
        self.native_port = free_port() if native else 0
        self._users = tuple(users)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Where the `default` user logs in, as `clickhouse_connect.get_client(dsn=...)` takes it."""
        return self.dsn_of(DEFAULT)

    def dsn_of(self, user: User) -> str:
        secret = f":{quote(user.password, safe='')}" if user.password else ""
        return f"http://{quote(user.name, safe='')}{secret}@{HOST}:{self.port}"

    def start(self) -> None:
        """Start on a free port, or on the port it had; raises ClickHouseUnavailableError with its log."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        self._launch(library_path(), self.port)

    def stop(self) -> None:
        """Stop it, by force if it does not listen. What was inserted stays in the folder."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)

    def _launch(self, library: Path, port: int) -> None:
        config = write_config(self.directory, self._users)
        script = str(Path(clickhouse_process.__file__))
        engine = [f"--config-file={config}", f"--path={self.directory / 'data'}", f"--listen_host={HOST}"]
        native = "SYSTEM START LISTEN TCP; " if self.native_port else ""
        engine += [f"--tcp_port={self.native_port}"] if native else []
        engine += [f"--http_port={port}", "--multiquery", f"--query={native}{LISTEN}"]
        command = [sys.executable, "-I", script, str(os.getpid()), str(library), *engine]
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C then stops the tests first, who still need the server to clean up.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_ready(port)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise self._failure("ended at start")
            if answers(f"http://{HOST}:{port}/ping"):
                return
            time.sleep(0.02)
        raise self._failure(f"did not answer within {START_SECONDS} s")

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _failure(self, what: str) -> ClickHouseUnavailableError:
        tail = self._log.read_text(errors="replace")[-3000:].strip() or "(it said nothing)"
        return ClickHouseUnavailableError(
            f"The tests' ClickHouse server in {self.directory} {what}. It said:\n{tail}"
        )


@contextmanager
def clickhouse_server(
    directory: Path, users: Iterable[User] = (), *, native: bool = False
) -> Iterator[ClickHouseServer]:
    """A running server with its data in `directory`, stopped at the end."""
    server = ClickHouseServer(directory, users, native=native)
    server.start()
    try:
        yield server
    finally:
        server.stop()


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
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False
