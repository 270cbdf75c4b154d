"""What the tests of fetching share: applications behind one real HTTP server, and one call to any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from starlette.types import ASGIApp

from sandbox.server import Running, serve
from tasks.fetch.traffic import Traffic, counted
from tasks.settings import Settings
from tests.tasks.fetch.applications import Stage
from tests.tasks.fetch.asking import Ask, Asked, ask_once, described


@pytest.fixture(scope="session")
def _running() -> Iterator[Running[Stage]]:
    with serve(Stage()) as running:
        yield running


@pytest.fixture
def base_url_of(_running: Running[Stage]) -> Iterator[Callable[[ASGIApp], str]]:
    """Serves an application until the test ends and gives its address."""
    yield lambda app: _running.base_url + _running.app.add(app)
    _running.app.clear()


@pytest.fixture
def traffic() -> Iterator[Traffic]:
    """What went over the wire during the test."""
    with counted() as traffic:
        yield traffic


@pytest.fixture
def ask(make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str]) -> Ask:
    """`ask(app, path="orders", rate=1000, token="…", **settings)`: one GET and what came of it."""

    def once(
        app: ASGIApp | str,
        path: str = "orders",
        *,
        rate: float = 1000,
        token: str = "a-secret-token",
        **settings: object,
    ) -> Asked:
        url = app if isinstance(app, str) else base_url_of(app)
        return asyncio.run(ask_once(described(url, token, rate), make_settings(**settings), path))

    return once
