"""`make` finds an allowed Python, or says what to install; a half-made environment never stays."""

import subprocess
from pathlib import Path

from tests.ops.files import ROOT

STUB = """#!/bin/sh
test "$1" = -c && exit %d
mkdir -p .venv/bin && touch .venv/bin/begun && exit %d
"""


def made(folder: Path, allowed: int, status: int) -> subprocess.CompletedProcess[str]:
    """`make .venv/.made` where each Python is one that is allowed, and makes an environment, with these statuses."""
    for name in ("python3.11", "python3.12", "python3.13", "python3"):
        stub = folder / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(STUB % (allowed if name == "python3.13" else 1, status))
        stub.chmod(0o755)
    command = ["make", "-f", str(ROOT / "Makefile"), ".venv/.made"]
    env = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_a_half_made_environment_is_removed_and_made_anew(tmp_path: Path) -> None:
    none = made(tmp_path, 1, 0)
    assert (none.returncode, "Python 3.11, 3.12 or 3.13" in none.stdout) == (2, True)
    assert made(tmp_path, 0, 1).returncode == 2
    assert not (tmp_path / ".venv").exists()

    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "old").touch()  # and no pip
    done = made(tmp_path, 0, 0)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / ".venv" / "bin").iterdir()) == ["begun"]
