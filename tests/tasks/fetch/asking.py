"""One call through the HTTP client and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tasks.errors import SourceError
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.traffic import counted
from tasks.settings import Settings

HINT = "Put the right token into the settings."


@dataclass
class Asked:
    """The reply or the error, and what was counted."""

    reply: Any
    error: SourceError | None
    calls: int
    retries: int


Ask = Callable[..., Asked]


def described(url: str, token: str, rate: float) -> Api:
    return Api("Somewhere", url, {"Authorization": f"Bearer {token}"}, rate, {403: HINT}, setting="SOME_BASE_URL")


async def ask_once(api: Api, settings: Settings, path: str) -> Asked:
    with counted() as traffic:
        async with ApiClient(api, settings) as client:
            try:
                reply, error = await client.get(path), None
            except SourceError as refused:
                reply, error = None, refused
        return Asked(reply, error, traffic.calls, traffic.retries)
