"""An address with TLS is kept to: the password never goes over the wire in the clear."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tasks.errors import WarehouseError
from tasks.load.address import address
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.fetch.applications import Serve

TLS_HANDSHAKE = b"\x16\x03"
PASSWORD = "hidden"


@pytest.fixture
def listener(serve_raw: Serve) -> tuple[int, list[bytes]]:
    """A port, and the first bytes of each connection to it; nobody is answered."""
    heard: list[bytes] = []
    return serve_raw(lambda connection: heard.append(connection.recv(65536))), heard


@pytest.mark.parametrize(
    "form", ["https://{}", "clickhouse://{}/?secure=true", "http://{}?secure=1", "https://{}/zakaz"]
)
def test_nothing_but_a_tls_handshake_is_sent(
    make_settings: Callable[..., Settings], listener: tuple[int, list[bytes]], form: str
) -> None:
    port, heard = listener
    dsn = form.format(f"user:{PASSWORD}@127.0.0.1:{port}")

    with pytest.raises(WarehouseError, match="cannot be reached"), warehouse(make_settings(clickhouse_dsn=dsn)):
        pass

    assert heard
    assert all(first.startswith(TLS_HANDSHAKE) for first in heard)
    secrets = (PASSWORD.encode(), base64.b64encode(f"user:{PASSWORD}".encode()))
    assert not any(secret in first for first in heard for secret in secrets)


def test_without_tls_the_listener_would_have_heard_the_password(
    make_settings: Callable[..., Settings], listener: tuple[int, list[bytes]]
) -> None:
    port, heard = listener

    with (
        pytest.raises(WarehouseError),
        warehouse(make_settings(clickhouse_dsn=f"http://user:{PASSWORD}@127.0.0.1:{port}")),
    ):
        pass

    assert base64.b64encode(f"user:{PASSWORD}".encode()) in heard[0]


def test_an_address_shows_neither_user_nor_password_in_its_words() -> None:
    found = address(f"https://somebody:{PASSWORD}@warehouse.example:8443/zakaz", "zakaz")

    assert found.place == "warehouse.example:8443"
    assert PASSWORD not in repr(found)
    assert "somebody" not in repr(found)
