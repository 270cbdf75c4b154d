"""No reply is read further than a limit, and none for longer than the deadline, however it is sent."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch import bodies, probes
from tasks.fetch.direct.reports import Reports
from tasks.fetch.direct.service import Direct
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Raw, Serve
from tests.tasks.fetch.asking import Ask

MB = 2**20
TOO_LARGE = (
    "Somewhere answered GET /orders with more than 16 MB, which is no plausible reply. Nothing was loaded. "
    "Load a narrower window."
)
PIECE = b" " * 65_536
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))


class Flood:
    """Sends a head and then the same piece until nobody reads on; `sent` counts bytes, far more than a limit."""

    def __init__(self, head: bytes, piece: bytes = PIECE, status: int = 200) -> None:
        self._head = b"HTTP/1.1 %d X\r\n%s\r\n" % (status, head)
        self._piece, self.sent = piece, 0

    def __call__(self, connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(self._head)
        while self.sent < 100 * MB:
            connection.sendall(self._piece)
            self.sent += len(self._piece)


class Drip:
    """Sends a head and then a piece fifty times a second, for ten seconds."""

    def __init__(self, head: bytes, piece: bytes) -> None:
        self._head, self._piece = head, piece

    def __call__(self, connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(self._head)
        for _ in range(500):
            threading.Event().wait(0.02)
            connection.sendall(self._piece)


ENDED = gzip.compress(b"{}")
FLOODS = {
    "in chunks": (CHUNKED, CHUNK),
    "of a length that it tells": (b"Content-Length: 1000000000000\r\n", PIECE),
    "without a length": (b"", PIECE),
    "behind a packed body that has ended": (
        CHUNKED + b"Content-Encoding: gzip\r\n\r\n%x\r\n%s" % (len(ENDED), ENDED),
        CHUNK,
    ),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_body_that_floods_is_left_at_the_limit_and_not_asked_for_again(
    ask: Ask, serve_raw: Serve, kind: str
) -> None:
    flood = Flood(*FLOODS[kind])

    asked = ask(f"http://127.0.0.1:{serve_raw(flood)}")

    assert str(asked.error) == TOO_LARGE
    assert asked.error is not None and not asked.error.transient
    assert asked.calls == 1
    assert flood.sent < 50 * MB, "what is in the buffers of two sockets and no more"


def test_a_packed_body_is_unpacked_to_the_limit_only(ask: Ask) -> None:
    app = Raw(gzip.compress(bytes(bodies.MOST + 1)), {"Content-Encoding": "gzip"})

    asked = ask(app)

    assert str(asked.error) == TOO_LARGE
    assert (len(app.body) < MB, app.requests) == (True, 1)


@pytest.mark.parametrize("packed", [False, True])
def test_a_reply_as_long_as_the_limit_is_read_whole(ask: Ask, packed: bool) -> None:
    body = b'{"data": []}'.ljust(bodies.MOST)

    app = Raw(gzip.compress(body, 1), {"Content-Encoding": "GZIP"}) if packed else Raw(body)

    assert ask(app).reply == {"data": []}


class Headers(Raw):
    """Remembers what was asked for."""

    asked: dict[bytes, bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked = dict(scope["headers"])
        await super().__call__(scope, receive, send)


def test_gzip_is_all_that_is_asked_for_and_unpacked_and_only_once(ask: Ask) -> None:
    """Each layer more would be a thousand times the size."""
    app = Headers(gzip.compress(gzip.compress(b'{"data": []}')), {"Content-Encoding": "gzip, gzip"})

    asked = ask(app)

    assert app.asked[b"accept-encoding"] == b"gzip"
    assert "in 3 tries: HTTP 200 with something that is not JSON." in str(asked.error)


@pytest.mark.parametrize("label", ["utf-8", "identity", "none", ""])
def test_an_encoding_that_is_none_changes_nothing(ask: Ask, label: str) -> None:
    assert ask(Raw(b'{"data": []}', {"Content-Encoding": label})).reply == {"data": []}


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500])
def test_of_a_refusal_no_more_is_read_than_tells_whose_it_is(ask: Ask, serve_raw: Serve, status: int) -> None:
    flood = Flood(CHUNKED, CHUNK, status)

    asked = ask(f"http://127.0.0.1:{serve_raw(flood)}", http_attempts=1)

    assert f"HTTP {status}" in str(asked.error)
    assert flood.sent < 50 * MB


def test_a_refusal_of_gigabytes_packed_is_unpacked_to_its_limit_only(ask: Ask) -> None:
    asked = ask(Raw(gzip.compress(bytes(bodies.MOST)), {"Content-Encoding": "gzip"}, status=500), http_attempts=2)

    assert "did not answer GET /orders in 2 tries: HTTP 500." in str(asked.error)


def test_a_refusal_that_a_login_reads_is_no_longer_either(
    make_settings: Callable[..., Settings], serve_raw: Serve
) -> None:
    flood = Flood(CHUNKED, CHUNK, 401)
    settings = make_settings(
        vk_base_url=f"http://127.0.0.1:{serve_raw(flood)}", vk_token="a-token", http_attempts=1
    )

    with pytest.raises(SourceError, match="HTTP 401"):
        probes.vk_ads(settings)

    assert flood.sent < 50 * MB


def report(settings: Settings) -> None:
    async def once() -> None:
        direct = Direct(settings)
        async with direct.client:
            await Reports(direct, settings, datetime(2026, 11, 21, tzinfo=UTC)).ad_days(DAY, "YES")

    asyncio.run(once())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\t".ljust(25 * MB), "more than 24 MB"),
        (b"a\n" * 500_001, "more than 500000 lines"),
    ],
)
def test_a_report_may_be_longer_and_has_an_end_too(
    make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str], body: bytes, words: str
) -> None:
    app = Raw(body)
    settings = make_settings(direct_base_url=base_url_of(app), direct_login="promoter", direct_token="a-token")

    with pytest.raises(SourceError) as caught:
        report(settings)

    assert f"Yandex Direct answered POST /json/v501/reports with {words}, which is no plausible" in str(
        caught.value
    )
    assert app.requests == 1


# --- the deadline ---

DRIPS = {
    "the first line": (b"", b"H"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "replies before the reply": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n", b"1\r\n \r\n"),
    "a body of a refusal": (b"HTTP/1.1 500 X\r\nContent-Length: 99999\r\n\r\n", b" "),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_what_drips_ends_with_the_deadline(ask: Ask, serve_raw: Serve, kind: str) -> None:
    asked = ask(f"http://127.0.0.1:{serve_raw(Drip(*DRIPS[kind]))}", http_timeout=30, http_deadline=0.5)

    assert str(asked.error) == (
        "Somewhere did not answer GET /orders in the 0.5 s allowed. Nothing was loaded; the next run tries again."
    )
    assert asked.calls == 1


def test_a_handshake_that_drips_ends_with_the_time_allowed_for_a_connection(ask: Ask, serve_raw: Serve) -> None:
    """A record of TLS that never is whole."""
    drip = Drip(b"\x16\x03\x03\x40\x00\x02", b"\x00")

    asked = ask(f"https://127.0.0.1:{serve_raw(drip)}", http_timeout=0.5, http_attempts=1)

    assert "in 1 try: no connection to 127.0.0.1 within 0.5 s." in str(asked.error)


def test_a_token_that_drips_in_ends_with_the_deadline(
    make_settings: Callable[..., Settings], serve_raw: Serve, tmp_path: Path
) -> None:
    settings = make_settings(
        vk_base_url=f"http://127.0.0.1:{serve_raw(Drip(*DRIPS['a body']))}",
        vk_client_id="an-id",
        vk_client_secret="a-secret",
        vk_token_file=tmp_path / "token.json",
        http_timeout=30,
        http_deadline=0.5,
    )

    with pytest.raises(SourceError, match=r"^VK Ads did not answer .* in the 0.5 s allowed"):
        probes.vk_ads(settings)


def test_a_report_that_drips_in_ends_with_its_own_deadline(
    make_settings: Callable[..., Settings], serve_raw: Serve
) -> None:
    settings = make_settings(
        direct_base_url=f"http://127.0.0.1:{serve_raw(Drip(*DRIPS['a body']))}",
        direct_login="promoter",
        direct_token="a-token",
        direct_report_deadline=0.5,
        http_timeout=30,
    )

    with pytest.raises(SourceError, match=r"^Yandex Direct did not finish a report within 0.5 s"):
        report(settings)
