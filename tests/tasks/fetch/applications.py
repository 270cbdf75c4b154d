"""Servers that do what the sandbox cannot: raw bytes, replies that trickle in, questions bent on their way."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Question = dict[str, Any]
Act = Callable[[socket.socket], None]
Serve = Callable[..., int]


def sends(content: bytes) -> Act:
    """Reads the request, sends these bytes and closes."""

    def act(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return act


class Stage:
    """Many applications behind one server, each below a path of its own: a server a test takes long to stop."""

    mount = "/stage"

    def __init__(self) -> None:
        self._apps: dict[str, ASGIApp] = {}
        self._count = 0

    def add(self, app: ASGIApp) -> str:
        """The application's path below the stage's own base URL."""
        self._count += 1
        self._apps[str(self._count)] = app
        return f"/{self._count}"

    def clear(self) -> None:
        """Let go of all of them: thousands of documents each would keep the garbage collector busy."""
        self._apps.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["path"][len(scope["root_path"]) :].split("/")[1]
        await self._apps[number]({**scope, "root_path": f"{scope['root_path']}/{number}"}, receive, send)


class Raw:
    """Answers every request with these bytes, `pause` seconds between two of them when it is set."""

    def __init__(
        self, body: bytes, headers: dict[str, str] | None = None, pause: float = 0, status: int = 200
    ) -> None:
        self.body, self.headers, self.pause, self.status = body, headers or {}, pause, status
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        parts = [self.body[i : i + 1] for i in range(len(self.body))] if self.pause else [self.body]
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b""})


class Bent:
    """Stands before an API and changes what is asked in a body, as a server with its own ideas would.

    The query is dropped, so that nothing but the changed body reaches the API.
    """

    def __init__(self, api: ASGIApp, bend: Callable[[Question], None]) -> None:
        self._api, self._bend = api, bend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        question = json.loads(await _body(receive))
        self._bend(question)
        body = json.dumps(question).encode()

        async def changed() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._api({**scope, "query_string": b""}, changed, send)


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
