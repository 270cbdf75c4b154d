"""How much, for how long and how fast: limits of a reply, pauses, Retry-After, the deadline, requests a second."""

import asyncio
import gzip
import socket
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from sandbox import QticketsApi
from tasks.errors import SourceError
from tasks.fetch import bodies, qtickets
from tasks.fetch import pace as module
from tasks.fetch.http import ApiClient, TryAgain, retry_after
from tasks.fetch.vk_ads.today import _judge_limit
from tasks.fetch.vk_ads.token import api_of as vk
from tests.tasks.fetch.applications import Ask, Raw, Serve

MB = 2**20
TOO_LARGE = (
    "Somewhere answered GET /orders with more than 16 MB, which is no plausible reply. Nothing was loaded. "
    "Load a narrower window."
)
PIECE = b" " * 65_536
CHUNKED = b"Transfer-Encoding: chunked\r\n"
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(("status", "words"), [(200, TOO_LARGE), (302, "HTTP 302"), (500, "HTTP 500")])
def test_a_body_without_end_is_left_at_the_limit(ask: Ask, serve_raw: Serve, status: int, words: str) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 %d X\r\n%s\r\n" % (status, CHUNKED))
        while sent < 100 * MB:
            connection.sendall(b"10000\r\n" + PIECE + b"\r\n")
            sent += len(PIECE)

    asked = ask(f"http://127.0.0.1:{serve_raw(flood)}", http_attempts=1)
    assert words in str(asked.error)
    assert asked.calls == 1
    assert sent < 50 * MB, "what is in the buffers of two sockets and no more"


def bomb(size: int) -> bytes:
    """gzip of so many MB of nothing, without the checksum: one packed MB again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size - 1)


def test_a_packed_body_is_unpacked_to_the_limit_only(ask: Ask) -> None:
    app = Raw(bomb(1600), GZIP)
    tracemalloc.start()
    asked = ask(app)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (str(asked.error), asked.calls) == (TOO_LARGE, 1)
    assert (len(app.body) < 2 * MB, peak < 60 * MB) == (True, True)


def test_a_reply_as_long_as_the_limit_is_read_whole_and_unpacked_only_once(ask: Ask) -> None:
    """Each layer more would be a thousand times the size."""
    packed = gzip.compress(b'{"data": []}'.ljust(bodies.MOST), 1)
    assert ask(Raw(packed, GZIP)).reply == {"data": []}
    twice = ask(Raw(gzip.compress(packed), {"Content-Encoding": "gzip, gzip"}))
    assert "in 3 tries: HTTP 200 with something that is not JSON." in str(twice.error)


def test_a_slow_reply_ends_with_the_deadline(ask: Ask, serve_raw: Serve) -> None:
    """Each byte comes within the time-out."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n%s\r\n" % CHUNKED)
        for _ in range(500):
            threading.Event().wait(0.02)
            connection.sendall(b"1\r\n \r\n")

    asked = ask(f"http://127.0.0.1:{serve_raw(drip)}", http_timeout=30, http_deadline=0.5)
    assert str(asked.error) == (
        "Somewhere did not answer GET /orders in the 0.5 s allowed. Nothing was loaded; the next run tries again."
    )
    assert asked.error is not None and (asked.error.transient, asked.calls) == (True, 1)


# --- pauses ---


def test_retry_after_is_a_number_a_date_or_nothing() -> None:
    readable = {"1": 1, "00.30": 0.3, "Wed, 21 Oct 2015 07:28:00 GMT": 0}
    odd = ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "soon", "-5", "nan", "5, 5", ""]
    for text, seconds in (readable | dict.fromkeys(odd)).items():
        assert retry_after(httpx.Response(429, headers={"Retry-After": text})) == seconds, text
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    until_then = retry_after(httpx.Response(503, headers={"Retry-After": ahead}))
    assert until_then is not None and 3540 < until_then <= 3600


def test_retry_after_is_waited_for_unless_it_is_beyond_the_deadline(ask: Ask) -> None:
    api = QticketsApi([], [], token="a-secret-token")
    api.faults.add("status", status=429, retry_after=0.3)
    assert ask(api).error is None
    first, second = api.requests
    assert second.clock - first.clock >= 0.3
    api.faults.add("status", status=429, retry_after=3600)
    asked = ask(api, http_deadline=5)
    assert asked.calls == 1
    assert "in the 5 s allowed: HTTP 429, and asks to wait 3600 s." in str(asked.error)


@pytest.mark.parametrize(
    ("remaining", "then"),
    [
        ({"1": 0, "60": 5, "86400": 5}, 0.85), ({"1": 0, "60": 0}, 49.85),
        ({"1": 0, "3600": 0}, "run again after the next full hour"), ({"1": 0, "86400": 0}, "run again tomorrow"),
    ],
)  # fmt: skip
def test_a_short_limit_of_vk_is_waited_for_and_a_long_one_ends_the_run(  # type: ignore[no-untyped-def]
    monkeypatch, remaining: dict[str, int], then: float | str
) -> None:
    """To a tenth of a second after the next full one, by the longest that is used up."""
    now = datetime(2026, 1, 20, 15, 30, 10, 250_000, tzinfo=UTC)
    monkeypatch.setattr("tasks.fetch.vk_ads.today.datetime", SimpleNamespace(now=lambda _tz: now))
    with pytest.raises(TryAgain if isinstance(then, float) else SourceError) as caught:
        _judge_limit(httpx.Response(429, json={"remaining": remaining}))
    if isinstance(caught.value, TryAgain):
        assert caught.value.retry_after == pytest.approx(then, abs=0.01)
    else:
        assert str(then) in str(caught.value)


def test_no_request_starts_before_its_turn(settings_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts of one address of QTickets share the turns. At a standing clock each request, whatever its thread and a
    retried one too, waits a turn longer than the one before: a server that is in trouble is not asked faster."""
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
