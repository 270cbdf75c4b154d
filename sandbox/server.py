"""Serves one or several stand-in APIs over real HTTP on one port of this machine.

An API is any ASGI application with a ``mount``, the path below which its clients expect it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
_START_SECONDS, _STOP_SECONDS = 10.0, 5.0


class Api(Protocol):
    """One vendor's API."""

    mount: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


ApiT = TypeVar("ApiT", bound=Api)


@dataclass(frozen=True, slots=True)
class Running(Generic[ApiT]):
    """A server that answers. ``app`` is the first API served and ``base_url`` is its URL."""

    app: ApiT
    origin: str

    @property
    def base_url(self) -> str:
        return self.url_of(self.app)

    def url_of(self, api: Api) -> str:
        """Base URL of any of the APIs served."""
        return self.origin + api.mount


def _composed(*apis: Api) -> ASGIApp:
    """One application with every API below its own path.

    It adds ``scope["sandbox.hang_up"]``, a function that drops the connection, which ASGI has no message for.
    """
    routed = Starlette(routes=[Mount(api.mount, app=api) for api in apis])

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's ``send`` is a method of what holds the transport; nothing public leads there.
        cycle: Any = getattr(send, "__self__", None)
        await routed({**scope, "sandbox.hang_up": cycle.transport.close}, receive, send)

    return application


@contextmanager
def serve(app: ApiT, *others: Api, port: int = 0) -> Iterator[Running[ApiT]]:
    """Serve until the block ends, in a daemon thread. Port 0 is any free one; a taken one raises OSError."""
    listener = _listen(port)
    config = uvicorn.Config(
        _composed(app, *others),
        log_config=None,
        log_level="critical",
        lifespan="off",
        ws="none",
        http="h11",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield Running(app, f"http://{HOST}:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()


def _listen(port: int) -> socket.socket:
    """A listening socket: a second sandbox on the port fails here and not later in a thread."""
    # With the protocol named, asyncio sets TCP_NODELAY; without it every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start")
        time.sleep(0.005)
