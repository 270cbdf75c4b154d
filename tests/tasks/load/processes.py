"""Other processes for tests: a script of a few lines, run with the settings of the test."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tasks.settings import Settings

ROOT = Path(__file__).parents[3]
SECONDS = 120
"""A process of a test that takes longer hangs."""


def start(
    folder: Path, script: str, settings: Settings, *arguments: str, name: str = "zakaz"
) -> subprocess.Popen[str]:
    """Run the script as a program of that name. Standard input, output and errors are pipes."""
    program = folder / name
    # Not written anew under one that was started a moment ago and has yet to read it.
    if not program.exists() or program.read_text() != dedent(script):
        program.write_text(dedent(script))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CLICKHOUSE_DSN": settings.clickhouse_dsn.get_secret_value(),
        "CLICKHOUSE_DATABASE": settings.clickhouse_database,
        "CLICKHOUSE_LOCK_WAIT": str(settings.clickhouse_lock_wait),
    }
    pipe = subprocess.PIPE
    command = [sys.executable, str(program), *arguments]
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder)


def finish(process: subprocess.Popen[str]) -> str:
    """What it printed; fails the test if it failed."""
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, out + err
    return out
