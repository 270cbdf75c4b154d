"""The path of a row without Prefect: a scene for a test that loads, a loaded warehouse for those that only read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.path.scene import Scene, scene_of, the_world
from tests.support.fixtures import new_database


@pytest.fixture
def scene(clickhouse_dsn: str, clickhouse_database: str, tmp_path: Path) -> Iterator[Scene]:
    """The shared world, which nobody changes, and an empty warehouse."""
    with scene_of(the_world(), clickhouse_dsn, clickhouse_database, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def loaded(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The shared world in the warehouse, to be read."""
    with new_database(clickhouse_dsn) as database:
        with scene_of(the_world(), clickhouse_dsn, database, tmp_path_factory.mktemp("loaded")) as made:
            made.loaded()
        yield made
