"""One production for a module: it takes its time to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows import clock
from tests.flows.conftest import _one_day, make_world  # noqa: F401 - an autouse fixture
from tests.production.stack import Stack, stack
from tests.support.fixtures import new_database


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, clickhouse_dsn: str) -> Iterator[Stack]:
    """Deployed by `zakaz deploy`, with one worker."""
    clock.wait_for_a_day_that_lasts()
    home = tmp_path_factory.mktemp("production")
    with new_database(clickhouse_dsn) as database, stack(home, make_world(), clickhouse_dsn, database) as made:
        made.deploy()
        made.start_worker("one")
        yield made
