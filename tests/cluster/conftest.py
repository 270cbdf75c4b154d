"""`client` is a warehouse on two shards here, asked through a door that takes each server in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings


@pytest.fixture
def settings(cluster_settings: Settings) -> Settings:
    return cluster_settings


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """With the schema."""
    with warehouse(settings) as client:
        migrate(client)
        yield client
