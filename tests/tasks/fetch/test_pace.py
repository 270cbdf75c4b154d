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
from tasks.fetch.pace import Pace
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

    async def of_account(token: int) -> None:
        settings = make_settings(qtickets_base_url="https://a.test/v1", qtickets_token=str(token), qtickets_rate=8)
        async with ApiClient(qtickets.api_of(settings), settings) as client:
            for _ in range(EACH):
                async with client._pace:
                    pass

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda token: asyncio.run(of_account(token)), range(THREADS)))

    assert sorted(waited) == [turn / 8 for turn in range(THREADS * EACH)]


def test_accounts_of_other_addresses_and_of_a_source_that_counts_each_have_a_pace_of_their_own(
    make_settings: Callable[..., Settings],
) -> None:
    def pace(api: Callable[[Settings], object], **values: str) -> Pace:
        settings = make_settings(**values)
        return ApiClient(api(settings), settings)._pace  # type: ignore[arg-type]

    addresses = ("https://b.test/v1", "https://c.test/v1", "https://b.test/v1")
    first, other, same = (pace(qtickets.api_of, qtickets_base_url=at) for at in addresses)

    assert first is same
    assert len({first, other, *(pace(vk, vk_client_id="a") for _ in range(2))}) == 4
