"""One request each 1/rate seconds, of all accounts together that one address counts together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tasks.fetch import pace as module
from tasks.fetch import qtickets
from tasks.fetch.http import ApiClient
from tasks.fetch.vk_ads.token import api_of as vk
from tasks.settings import Settings

THREADS, EACH = 4, 5


def test_accounts_of_one_address_of_qtickets_wait_for_each_other_in_whatever_thread(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a standing clock each of them waits a turn longer than the one before."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))

    async def take(client: ApiClient, turns: int = 1) -> None:
        async with client:
            for _ in range(turns):
                async with client._pace:
                    pass

    async def of_account(token: int) -> None:
        settings = make_settings(qtickets_base_url="https://a.test/v1", qtickets_token=str(token), qtickets_rate=8)
        await take(ApiClient(qtickets.api_of(settings), settings), EACH)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda token: asyncio.run(of_account(token)), range(THREADS)))

    assert sorted(waited) == [turn / 8 for turn in range(THREADS * EACH)]
    waited.clear()
    for api, values in (
        (qtickets.api_of, {"qtickets_base_url": "https://b.test/v1"}),
        *[(vk, {"vk_token": "t"})] * 2,
    ):
        settings = make_settings(**values)
        asyncio.run(take(ApiClient(api(settings), settings)))
    assert waited == [0, 0, 0], "another address, and a source that counts each account"
