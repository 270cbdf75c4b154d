"""A small world, and fetches from whatever stands in for QTickets."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import ASGIApp

from sandbox import SANDBOX_TOKEN, QticketsApi, Switches, World
from tasks.settings import Settings

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> World:
    """Ten weeks up to 2026-07-01 15:00 in Moscow. Not to be changed."""
    return World.generate(until=NOW, days=70, scale=0.25)


@pytest.fixture(scope="session")
def _documents(world: World) -> QticketsApi:
    return QticketsApi.of(world)


@pytest.fixture(scope="session")
def _copies(_documents: QticketsApi) -> bytes:
    """Documents to be unpickled anew, which is much faster than a deep copy."""
    return pickle.dumps((_documents.orders, _documents.events))


@pytest.fixture
def api_of_world(_documents: QticketsApi, _copies: bytes) -> Callable[..., QticketsApi]:
    """The world's API with the switches given; `own=True` where the test changes documents."""

    def api(own: bool = False, **switches: Any) -> QticketsApi:
        orders, events = pickle.loads(_copies) if own else (_documents.orders, _documents.events)
        return QticketsApi(orders, events, Switches(**switches))

    return api


@pytest.fixture
def settings_for(
    make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str]
) -> Callable[..., Settings]:
    """Serves an application and gives settings that lead to it."""

    def settings(app: ASGIApp, **values: Any) -> Settings:
        return make_settings(**{"qtickets_base_url": base_url_of(app), "qtickets_token": SANDBOX_TOKEN, **values})

    return settings
