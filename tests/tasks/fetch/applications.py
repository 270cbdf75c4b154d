"""Servers that do what the sandbox cannot: raw bytes, requests and replies changed on their way."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tasks.errors import SourceError

Question = dict[str, Any]
Reply = dict[str, Any]
Bend = Callable[[Question], None]
Alter = Callable[[Question, Reply], Any]
Act = Callable[[socket.socket], None]
Serve = Callable[..., int]


@dataclass
class Asked:
    """The reply or the error of one call, and what was counted."""

    reply: Any
    error: SourceError | None
    calls: int
    retries: int


Ask = Callable[..., Asked]


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
    """Answers every request with these bytes, and counts them."""

    def __init__(self, body: bytes, headers: dict[str, str] | None = None, *, status: int = 200) -> None:
        self.body, self.headers, self.status = body, headers or {}, status
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Between:
    """Stands before an API. `bend` changes the parameters in the body of a request, and the query is dropped, so that
    only the changed ones arrive. `alter` gets parameters and reply, and gives another reply: an object, the bytes of
    a body, or a status that refuses the request."""

    def __init__(self, api: ASGIApp, *, bend: Bend | None = None, alter: Alter | None = None) -> None:
        self._api, self._bend, self._alter = api, bend, alter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        question = json.loads(body) if body else {}
        answer: list[bytes] = []
        scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
        if self._bend:
            self._bend(question)
            body, scope = json.dumps(question).encode(), {**scope, "query_string": b""}

        async def request() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            answer.append(message.get("body", b""))

        await self._api(scope, request, keep if self._alter else send)
        if self._alter:
            await _response(self._alter(question, json.loads(b"".join(answer))))(scope, receive, send)


def _response(reply: Any) -> Response:
    if isinstance(reply, bytes):
        return Response(reply, media_type="application/json")
    if isinstance(reply, int):
        return JSONResponse({"error": "Unknown error", "status": reply, "code": "UNKNOWN_ERROR", "info": []}, reply)
    return JSONResponse(reply)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body
