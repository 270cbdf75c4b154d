"""Remembers every request, so that a test can assert what a loader did: methods, number, pace, parameters."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REMEMBERED = 50_000


@dataclass(slots=True)
class Request:
    """One request as it came, and what became of it. ``path`` is relative to the API's base.

    ``status`` stays None where no answer was sent; ``clock`` is ``time.monotonic`` at arrival. Headers are
    not kept, so no token is.
    """

    method: str
    path: str
    query: str
    body: bytes
    content_type: str
    params: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    status: int | None = None
    fault: str | None = None


class Recorder:
    """ASGI layer: reads the body, records, and hands the ``Request`` on as ``scope["sandbox.request"]``."""

    def __init__(self, app: ASGIApp, parse: Callable[[Request], dict[str, Any]]) -> None:
        self._app = app
        self._parse = parse
        self.requests: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # From here on ``receive`` only tells that the client left; handlers use ``Request``.
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        request = Request(
            method=scope["method"],
            path=unquote(scope["path"][len(scope.get("root_path", "")) :]) or "/",
            query=scope["query_string"].decode("latin-1"),
            body=body,
            content_type=Headers(scope=scope).get("content-type", ""),
        )
        request.params = self._parse(request)
        self.requests.append(request)
        del self.requests[:-_REMEMBERED]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        await self._app({**scope, "sandbox.request": request}, receive, noting)


class Recorded:
    """What every stand-in has in common: it is an ASGI application behind a recorder, which it makes."""

    _recorder: Recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._recorder(scope, receive, send)

    @property
    def requests(self) -> list[Request]:
        """The last requests in order of arrival. ``params`` have no secrets, ``body`` may."""
        return self._recorder.requests
