"""Fixtures of a real ClickHouse server and of a chat, for `pytest_plugins` in the root conftest."""

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import clickhouse_connect
import pytest

from tests.support.clickhouse_library import DSN_VARIABLE
from tests.support.clickhouse_server import clickhouse_server
from tests.support.receiver import Receiver


@pytest.fixture(scope="session")
def clickhouse_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DSN of one server for the whole session: the one named in ZAKAZ_TEST_CLICKHOUSE_DSN, else our own."""
    if dsn := os.environ.get(DSN_VARIABLE):
        yield dsn
        return
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server.dsn


@contextmanager
def new_database(dsn: str) -> Iterator[str]:
    """Name of a database that nobody else has, not yet created; it is dropped at the end."""
    name = f"zakaz_test_{uuid.uuid4().hex[:12]}"
    yield name
    drop_databases(dsn, [name])


def drop_databases(dsn: str, names: Iterable[str]) -> None:
    with clickhouse_connect.get_client(dsn=dsn) as client:
        for name in names:
            client.command(f"DROP DATABASE IF EXISTS {name} SYNC")


@pytest.fixture
def clickhouse_database(clickhouse_dsn: str) -> Iterator[str]:
    """Name of a database that no other test has, not yet created; it is dropped after the test."""
    with new_database(clickhouse_dsn) as name:
        yield name


@pytest.fixture(scope="session")
def _free_databases(clickhouse_dsn: str) -> Iterator[list[str]]:
    free: list[str] = []
    yield free
    drop_databases(clickhouse_dsn, free)


@pytest.fixture
def ready_database(clickhouse_dsn: str, _free_databases: list[str]) -> Iterator[str]:
    """Name of a database without a row that no other test uses meanwhile. It is handed on with the schema that whoever had
    it first made, since that takes a second."""
    from tests.tasks.load.engines import emptied

    name = _free_databases.pop() if _free_databases else f"zakaz_test_{uuid.uuid4().hex[:12]}"
    yield name
    with clickhouse_connect.get_client(dsn=clickhouse_dsn) as client:
        client.command(f"CREATE DATABASE IF NOT EXISTS {name}")
        client.database = name
        emptied(client)
    _free_databases.append(name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
