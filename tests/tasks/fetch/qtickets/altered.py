"""A server whose replies are changed on their way: what is asked is untouched, what comes back is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Question = dict[str, Any]
Reply = dict[str, Any]
Alter = Callable[[Question, Reply], Any]


class Altered:
    """`alter` gets the question of the body and the reply's JSON; it gives another reply, as an object, as the bytes
    of a body, or as a status that refuses the question."""

    def __init__(self, api: ASGIApp, alter: Alter) -> None:
        self._api, self._alter = api, alter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await _body(receive)
        answer: list[bytes] = []

        async def again() -> Message:
            return {"type": "http.request", "body": asked, "more_body": False}

        async def keep(message: Message) -> None:
            answer.append(message.get("body", b""))

        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._api({**scope, "headers": headers}, again, keep)
        question = json.loads(asked) if asked else {}
        altered = self._alter(question, json.loads(b"".join(answer)))
        if isinstance(altered, int):
            refusal = {"error": "Unknown error", "status": altered, "code": "UNKNOWN_ERROR", "info": []}
            response = Response(json.dumps(refusal), altered, media_type="application/json")
        else:
            content = altered if isinstance(altered, bytes) else json.dumps(altered).encode()
            response = Response(content, media_type="application/json")
        await response(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
