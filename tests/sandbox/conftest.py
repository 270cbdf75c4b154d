"""One small world, served once over real HTTP; every test starts with its documents and switches fresh."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox import SANDBOX_TOKEN, QticketsApi, Running, Switches, World, serve

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
Get = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def world() -> World:
    """Full size: statistics hold here."""
    return World.generate(until=UNTIL)


@pytest.fixture(scope="session")
def full(world: World) -> QticketsApi:
    """The documents of the whole world, to be read only."""
    api = QticketsApi.of(world)
    # The collector would search these hundreds of thousands of objects all through the session.
    gc.freeze()
    return api


@pytest.fixture(scope="session")
def small_world() -> World:
    return World.generate(until=UNTIL, days=25, scale=0.2)


@pytest.fixture(scope="session")
def _running(small_world: World) -> Iterator[Running[QticketsApi]]:
    with serve(QticketsApi.of(small_world)) as running:
        yield running


@pytest.fixture
def running(_running: Running[QticketsApi], small_world: World) -> Iterator[Running[QticketsApi]]:
    api = _running.app
    api.switches = Switches()
    api.faults.clear()
    api.requests.clear()
    tables = api.current_tables()
    yield _running
    # Every change of a document makes new tables.
    if api.tables is not tables:
        api.show(small_world)


@pytest.fixture
def api(running: Running[QticketsApi]) -> QticketsApi:
    return running.app


@pytest.fixture(scope="session")
def _client(_running: Running[QticketsApi]) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with httpx.Client(base_url=_running.base_url, headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def client(_client: httpx.Client, running: Running[QticketsApi]) -> httpx.Client:
    return _client


@pytest.fixture
def get(client: httpx.Client) -> Get:
    """``get("/orders", {"page": 2})`` sends the second argument as a JSON body; keywords go to httpx."""

    def send(path: str, body: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        return client.request("GET", path, **(options if body is None else {"json": body, **options}))

    return send
