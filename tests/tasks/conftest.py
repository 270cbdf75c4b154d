"""What the tests of tasks share: a warehouse, and a port that speaks whatever a test wants."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.fetch.applications import Act, Serve
from tests.tasks.load.engines import _no_flow_run, emptied, place_of

__all__ = ["_no_flow_run"]


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
    """`serve_raw(act)`: a port whose every connection `act` deals with."""
    servers: list[socketserver.TCPServer] = []

    def serve(act: Act) -> int:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(5)
                with suppress(OSError):
                    act(self.request)

        server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
