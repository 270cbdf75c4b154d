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
MAIN = "main"
"""Name of the account that an API starts with."""


@dataclass(slots=True)
class Request:
    """One request as it came, and what became of it. ``path`` is relative to the API's base.

    ``account`` names the account whose token, client or login it carries, ``main`` also where it is nobody's.
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
    account: str = MAIN


class Recorder:
    """ASGI layer: reads the body, records, and hands the ``Request`` on as ``scope["sandbox.request"]``."""

    def __init__(
        self,
        app: ASGIApp,
        parse: Callable[[Request], dict[str, Any]],
        owner: Callable[[Request, Headers], str],
    ) -> None:
        self._app = app
        self._parse = parse
        self._owner = owner
        self.requests: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # From here on ``receive`` only tells that the client left; handlers use ``Request``.
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        headers = Headers(scope=scope)
        request = Request(
            method=scope["method"],
            path=unquote(scope["path"][len(scope.get("root_path", "")) :]) or "/",
            query=scope["query_string"].decode("latin-1"),
            body=body,
            content_type=headers.get("content-type", ""),
        )
        request.params = self._parse(request)
        request.account = self._owner(request, headers)
        self.requests.append(request)
        del self.requests[:-_REMEMBERED]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        await self._app({**scope, "sandbox.request": request}, receive, noting)
