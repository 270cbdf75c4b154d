"""The path of a row without Prefect: a scene for a test that loads, a loaded warehouse for those that only read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrated
from tasks.settings import Settings
from tests.path.scene import Scene, scene_of, the_world
from tests.support.fixtures import new_database


@pytest.fixture
def scene(clickhouse_dsn: str, ready_database: str, tmp_path: Path) -> Iterator[Scene]:
    """The shared world, which nobody changes, and an empty warehouse."""
    with scene_of(the_world(), clickhouse_dsn, ready_database, tmp_path) as made:
        yield made


@pytest.fixture
def client(clickhouse_dsn: str, ready_database: str) -> Iterator[Client]:
    """A warehouse with the schema and nothing in it."""
    where = {"clickhouse_dsn": clickhouse_dsn, "clickhouse_database": ready_database}
    with migrated(Settings(_env_file=None, **where)) as client:
        yield client


@pytest.fixture(scope="session")
def loaded(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The shared world in the warehouse, to be read."""
    with new_database(clickhouse_dsn) as database:
        with scene_of(the_world(), clickhouse_dsn, database, tmp_path_factory.mktemp("loaded")) as made:
            made.loaded()
        yield made
