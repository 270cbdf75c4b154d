"""What the tests of fetching share: applications behind one real HTTP server, and one call to any of them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from sandbox import World
from sandbox.server import Running, serve
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.traffic import counted
from tasks.settings import Settings
from tests.tasks.fetch.account import UNTIL
from tests.tasks.fetch.applications import Ask, Asked, Stage


@pytest.fixture(autouse=True)
def _no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Of any test here, however it ends. All secrets of the sandbox contain the mark."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not [line for record in caplog.get_records("call") if MARK in (line := record.getMessage())]


@pytest.fixture(scope="session")
def world() -> World:
    """Two months up to 2026-01-20 18:30 in Moscow, over a change of VAT. Not to be changed."""
    return World.generate(until=UNTIL, days=60, scale=0.1)


@pytest.fixture(scope="session")
def _running() -> Iterator[Running[Stage]]:
    with serve(Stage()) as running:
        yield running


@pytest.fixture
def base_url_of(_running: Running[Stage]) -> Iterator[Callable[[ASGIApp], str]]:
    yield lambda app: _running.base_url + _running.app.add(app)
    _running.app.clear()


@pytest.fixture
def settings_for(
    make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str]
) -> Callable[..., Settings]:
    """`settings_for(app, **values)`: every API's address leads to the application."""

    def settings(app: ASGIApp | str, **values: Any) -> Settings:
        names = ("qtickets_base_url", "vk_base_url", "vk_legacy_base_url", "direct_base_url")
        known = {
            **dict.fromkeys(names, app if isinstance(app, str) else base_url_of(app)),
            **{"vk_token": "a-vk-token", "vk_account_id": "1", "vk_rate": 1000},
            **{"direct_login": "promoter", "direct_token": "a-direct-token", "direct_rate": 1000},
        }
        return make_settings(**known | values)

    return settings


@pytest.fixture
def error_of(settings_for: Callable[..., Settings]) -> Callable[..., SourceError]:
    """`error_of(fetch, app, **values)`: the error of a fetch that tries each call once, which is one line."""

    def error(fetch: Callable[[Settings], Any], app: ASGIApp, **values: Any) -> SourceError:
        with pytest.raises(SourceError) as caught:
            found = fetch(settings_for(app, **{"http_attempts": 1} | values))
            if isinstance(found, Coroutine):
                asyncio.run(found)
        assert "\n" not in str(caught.value)
        return caught.value

    return error


@pytest.fixture
def ask(settings_for: Callable[..., Settings]) -> Ask:
    """`ask(app, rate=1000, token="…", **settings)`: one GET /orders and what came of it."""

    async def once(settings: Settings, token: str, rate: float) -> Asked:
        headers = {"Authorization": f"Bearer {token}"}
        url = settings.qtickets_base_url
        api = Api("Somewhere", url, headers, rate, {}, setting="SOME_BASE_URL")
        with counted() as traffic:
            async with ApiClient(api, settings) as client:
                try:
                    reply, error = await client.get("orders"), None
                except SourceError as refused:
                    reply, error = None, refused
            return Asked(reply, error, traffic.calls, traffic.retries)

    def run(app: ASGIApp | str, *, token: str = "a-secret-token", rate: float = 1000, **settings: object) -> Asked:
        return asyncio.run(once(settings_for(app, **settings), token, rate))

    return run
