"""What the tests of fetching and of loading share: a port that speaks whatever a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.tasks.fetch.applications import Act, Serve


@pytest.fixture
def serve_raw() -> Iterator[Serve]:
    """`serve_raw(act, tls=None)`: a port whose every connection `act` deals with."""
    stops: list[Callable[[], None]] = []

    def serve(act: Act, tls: ssl.SSLContext | None = None) -> int:
        server = socket.create_server(("127.0.0.1", 0))

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
                            act(stream)
                    except OSError:
                        pass

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(5)

        stops.append(stop)
        return int(server.getsockname()[1])

    yield serve
    for stop in stops:
        stop()
