"""No reply is read further than a limit, and none for longer than the deadline, however it is sent."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from tasks.fetch import bodies
from tests.tasks.fetch.applications import Ask, Raw, Serve

MB = 2**20
TOO_LARGE = (
    "Somewhere answered GET /orders with more than 16 MB, which is no plausible reply. Nothing was loaded. "
    "Load a narrower window."
)
PIECE = b" " * 65_536
CHUNK = b"10000\r\n" + PIECE + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
GZIP = {"Content-Encoding": "gzip"}


class Flood:
    """Sends a head and then the same piece until nobody reads on; `sent` counts bytes, far more than a limit."""

    def __init__(self, head: bytes, piece: bytes = PIECE, status: int = 200) -> None:
        self._head = b"HTTP/1.1 %d X\r\n%s\r\n" % (status, head)
        self._piece, self.status, self.sent = piece, status, 0

    def __call__(self, connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(self._head)
        while self.sent < 100 * MB:
            connection.sendall(self._piece)
            self.sent += len(self._piece)


ENDED = gzip.compress(b"{}")
FLOODS = {
    "of a length that it tells": Flood(b"Content-Length: 1000000000000\r\n"),
    "behind a packed body that has ended": Flood(
        CHUNKED + b"Content-Encoding: gzip\r\n\r\n%x\r\n%s" % (len(ENDED), ENDED), CHUNK
    ),
    "of a redirect": Flood(CHUNKED, CHUNK, 302),
    "of a refusal": Flood(CHUNKED, CHUNK, 500),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_body_without_end_is_left_at_the_limit(ask: Ask, serve_raw: Serve, kind: str) -> None:
    flood = FLOODS[kind]

    asked = ask(f"http://127.0.0.1:{serve_raw(flood)}", http_attempts=2 if flood.status == 200 else 1)

    assert str(asked.error) == TOO_LARGE if flood.status == 200 else f"HTTP {flood.status}" in str(asked.error)
    assert asked.calls == 1
    assert flood.sent < 50 * MB, "what is in the buffers of two sockets and no more"


def bomb(size: int) -> bytes:
    """gzip of so many MB of nothing, without the checksum: one packed MB again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size - 1)


@pytest.mark.parametrize(("status", "most"), [(200, 60 * MB), (500, 10 * MB)])
def test_a_packed_body_is_unpacked_to_the_limit_only(ask: Ask, status: int, most: int) -> None:
    app = Raw(bomb(1600), GZIP, status=status)
    tracemalloc.start()

    asked = ask(app, http_attempts=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (len(app.body) < 2 * MB, app.requests, peak < most) == (True, 1, True)
    assert str(asked.error) == TOO_LARGE if status == 200 else "HTTP 500" in str(asked.error)


@pytest.mark.parametrize("packed", [False, True])
def test_a_reply_as_long_as_the_limit_is_read_whole(ask: Ask, packed: bool) -> None:
    body = b'{"data": []}'.ljust(bodies.MOST)

    app = Raw(gzip.compress(body, 1), {"Content-Encoding": "GZIP"}) if packed else Raw(body)

    assert ask(app).reply == {"data": []}


def test_only_gzip_is_accepted_and_it_is_unpacked_once(ask: Ask) -> None:
    """Each layer more would be a thousand times the size."""
    app = Raw(gzip.compress(gzip.compress(b'{"data": []}')), {"Content-Encoding": "gzip, gzip"})

    asked = ask(app)

    assert app.asked[b"accept-encoding"] == b"gzip"
    assert "in 3 tries: HTTP 200 with something that is not JSON." in str(asked.error)
    assert ask(Raw(b'{"data": []}', {"Content-Encoding": "none"})).reply == {"data": []}


# --- the deadline ---

DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "chunks": (b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n", b"1\r\n \r\n"),
    "a body of a refusal": (b"HTTP/1.1 500 X\r\nContent-Length: 99999\r\n\r\n", b" "),
}


def drip(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Sends a head and then a piece fifty times a second, for ten seconds."""

    def act(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        for _ in range(500):
            threading.Event().wait(0.02)
            connection.sendall(piece)

    return act


@pytest.mark.parametrize("kind", DRIPS)
def test_a_slow_reply_ends_with_the_deadline(ask: Ask, serve_raw: Serve, kind: str) -> None:
    """Each byte comes within the time-out."""
    asked = ask(f"http://127.0.0.1:{serve_raw(drip(*DRIPS[kind]))}", http_timeout=30, http_deadline=0.5)

    assert str(asked.error) == (
        "Somewhere did not answer GET /orders in the 0.5 s allowed. Nothing was loaded; the next run tries again."
    )
    assert asked.error is not None and (asked.error.transient, asked.calls) == (True, 1)
