"""One request each 1/rate seconds, of all accounts together where an address counts them together."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from sandbox import QticketsApi
from tasks.fetch import pace as module
from tasks.fetch import qtickets
from tasks.fetch.http import ApiClient
from tasks.fetch.vk_ads.token import api_of as vk
from tasks.settings import Settings


def test_no_request_starts_before_its_turn_and_accounts_of_one_address_of_qtickets_share_the_turns(
    settings_for: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a standing clock each request, whatever its thread and a retried one too, waits a turn longer than the one
    before: a server that is in trouble is not asked faster than one that is well."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    api = QticketsApi([], [])
    api.faults.add("status", status=500, times=3, after=5)
    settings = settings_for(api, http_backoff=0, qtickets_rate=8)

    async def load() -> None:
        async with ApiClient(qtickets.api_of(settings), settings) as client:
            await asyncio.gather(*(client.get("orders") for _ in range(5)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asyncio.run(load()), range(4)))

    assert sorted(waited) == [turn / 8 for turn in range(23)]
    assert len(api.requests) == 23
    other = settings_for(api)
    alone = [ApiClient(api_of(other), other)._pace for api_of in (qtickets.api_of, vk, vk)]
    assert len({ApiClient(qtickets.api_of(settings), settings)._pace, *alone}) == 4, "of another address or source"
