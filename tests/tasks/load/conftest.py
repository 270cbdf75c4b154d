"""Fixtures of a warehouse: `settings` of a test's own, or the `client` of one that a module's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import _no_flow_run, emptied, place_of, server_settings, settings

__all__ = ["_no_flow_run", "client", "place", "server_settings", "settings"]


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """On the embedded engine; a module that uses both has a `place` of its own."""
    yield from place_of("embedded", request, tmp_path_factory)


@pytest.fixture
def client(place: Settings) -> Iterator[Client]:
    """A warehouse with the schema and without a row."""
    with warehouse(place) as client:
        yield emptied(client)
