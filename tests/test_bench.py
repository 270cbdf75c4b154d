"""The benchmark still runs, and what it loads is right; what it measures is looked at by people."""

import subprocess
import sys
from pathlib import Path

import pytest

_LITTLE = ("--runs", "1", "--sizes", "1000", "--a-year", "1000")


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "first load", *_LITTLE, "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])

    assert done.returncode == 0, done.stderr
    assert "first load of a year" in done.stdout.splitlines()[-1], "ratios are told"
