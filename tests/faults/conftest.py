"""The bench with its clean loads: of all faults in a process, since it takes seconds to make."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench import Bench, bench


@pytest.fixture(scope="module")
def bench_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its settings lead."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def made(clickhouse_dsn: str, bench_folder: Path) -> Iterator[Bench]:
    with bench(clickhouse_dsn, bench_folder, f"faults_{uuid.uuid4().hex[:8]}") as ready:
        yield ready
