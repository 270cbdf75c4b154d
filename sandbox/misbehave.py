"""ASGI layer that makes the scheduled faults happen. What only one API can do (pages, data) it is given."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Fault, Faults
from sandbox.recorder import Request

PageEdit = Callable[[bytes, Fault], bytes]
_HTML = b"<!DOCTYPE html><html><body><h1>Technical works</h1></body></html>"


class Misbehave:
    """``page_edits`` rewrite an answer's body, ``errors`` words a status, ``before`` changes the data."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        page_edits: Mapping[str, PageEdit],
        errors: Callable[[int], bytes],
        before: Callable[[Fault, Request], None],
    ) -> None:
        self._app = app
        self._faults = faults
        self._edits: dict[str, PageEdit] = {
            "truncated": _cut,
            "edit": lambda body, fault: bytes(fault.options["call"](body)),
            **page_edits,
        }
        self._errors = errors
        self._before = before

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Request = scope["sandbox.request"]
        fault = self._faults.take(request.path, request.account)
        if fault is None:
            await self._app(scope, receive, send)
            return
        request.fault = fault.kind
        if fault.kind == "status":
            await self._status(fault)(scope, receive, send)
        elif fault.kind == "html":
            await Response(_HTML, media_type="text/html")(scope, receive, send)
        elif fault.kind == "disconnect":
            await self._disconnect(fault, scope, receive, send)
        elif fault.kind == "timeout":
            if not await _left(receive, float(fault.options.get("seconds", 60))):
                await self._app(scope, receive, send)
        elif fault.kind in self._edits:
            status, body, content_type = await self._answer(scope, receive)
            headers = {"Content-Type": content_type} | fault.options.get("headers", {})
            content = self._edits[fault.kind](body, fault)
            await Response(content, fault.options.get("status", status), headers)(scope, receive, send)
        else:
            self._before(fault, request)
            await self._app(scope, receive, send)

    def _status(self, fault: Fault) -> Response:
        status = int(fault.options.get("status", 503))
        body = fault.options.get("body")
        if fault.options.get("html"):
            response = Response(_HTML, status, media_type="text/html")
        else:
            content = self._errors(status) if body is None else body
            response = Response(content, status, {"Content-Type": "application/json"})
        if fault.options.get("retry_after") is not None:
            response.headers["Retry-After"] = str(fault.options["retry_after"])
        response.headers.update(fault.options.get("headers", {}))
        return response

    async def _disconnect(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.options.get("partial"):
            status, body, content_type = await self._answer(scope, receive)
            headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": _cut(body, fault), "more_body": True})
        scope["sandbox.hang_up"]()
        await _left(receive, 1)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, str]:
        """The app's own answer and its type, uncompressed: half a gzip stream would hide half a page."""
        status, chunks, content_type = 0, [], "application/json"

        async def keep(message: Message) -> None:
            nonlocal status, content_type
            status = message.get("status", status)
            content_type = Headers(raw=message.get("headers", [])).get("content-type", content_type)
            chunks.append(message.get("body", b""))

        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, keep)
        return status, b"".join(chunks), content_type


def _cut(body: bytes, fault: Fault) -> bytes:
    return body[: int(len(body) * float(fault.options.get("keep", 0.5)))]


async def _left(receive: Receive, seconds: float) -> bool:
    """Wait, but not longer than the client does; True if it left."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False
