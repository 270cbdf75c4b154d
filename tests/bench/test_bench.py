"""The benchmark still runs; what it measures is looked at by people."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_benchmark_of_the_path_runs() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.bench", "all", "2000"], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert all(title in done.stdout for title in ("plain insert", "first load", "load again", "sales by day"))
