"""Fixtures of two shards, for the tests that want a warehouse on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import clickhouse_connect
import pytest

from tasks.settings import Settings
from tests.cluster.servers import CLUSTER, Shards, two_shards


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    with two_shards(tmp_path_factory.mktemp("shards")) as shards:
        yield shards


@pytest.fixture
def cluster_database(shards: Shards) -> Iterator[str]:
    """Name of a database that no other test has, not yet created; it is dropped after the test."""
    name = f"zakaz_test_{uuid.uuid4().hex[:12]}"
    yield name
    drop_database(shards, name)


@pytest.fixture
def cluster_settings(shards: Shards, cluster_database: str, make_settings: Callable[..., Settings]) -> Settings:
    """An empty place on both shards."""
    return make_settings(
        clickhouse_dsn=shards.dsn, clickhouse_database=cluster_database, clickhouse_cluster=CLUSTER
    )


def drop_database(shards: Shards, name: str) -> None:
    for server in shards.servers:
        with clickhouse_connect.get_client(dsn=server.dsn) as client:
            client.command(f"DROP DATABASE IF EXISTS {name} SYNC")
