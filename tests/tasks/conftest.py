"""What the tests of tasks share: a warehouse, and a port that speaks whatever a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.fetch.applications import Act, Serve
from tests.tasks.load.engines import emptied, place_of


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """On the embedded engine; a module that uses both has a `place` of its own."""
    yield from place_of("embedded", request, tmp_path_factory)


@pytest.fixture
def client(place: Settings) -> Iterator[Client]:
    """A warehouse with the schema and without a row."""
    with warehouse(place) as client:
        yield emptied(client)


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
