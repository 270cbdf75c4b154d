"""What the tests of fetching share: one call through the client, against any application served over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.server import Api as Application
from sandbox.server import serve
from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient
from tasks.settings import Settings

HINT = "Put the right token into the settings."
TOKEN = "a-secret-token"


@dataclass
class Asked:
    """What came of one call: the reply or the error, and what the client counted."""

    reply: Any
    error: SourceError | None
    calls: int
    retries: int


Ask = Callable[..., Asked]


@pytest.fixture
def base_url_of() -> Iterator[Callable[[Application], str]]:
    """Serves applications until the test ends and gives their addresses."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serve(app)).base_url


@pytest.fixture
def ask(make_settings: Callable[..., Settings], base_url_of: Callable[[Application], str]) -> Ask:
    """`ask(app, path="orders", rate=1000, token=TOKEN, **settings)`: one GET and what came of it."""

    def once(
        app: Application | str, path: str = "orders", *, rate: float = 1000, token: str = TOKEN, **settings: object
    ) -> Asked:
        url = app if isinstance(app, str) else base_url_of(app)
        api = Api("Somewhere", url, {"Authorization": f"Bearer {token}"}, rate, {403: HINT})
        return asyncio.run(_ask(api, make_settings(**settings), path))

    return once


async def _ask(api: Api, settings: Settings, path: str) -> Asked:
    async with ApiClient(api, settings) as client:
        try:
            reply, error = await client.get(path), None
        except SourceError as refused:
            reply, error = None, refused
        return Asked(reply, error, client.calls, client.retries)
