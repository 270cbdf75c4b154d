"""Gives applications the means to close a connection without an answer, which ASGI has no message for."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class HangUp:
    """Outermost ASGI layer; adds ``scope["sandbox.hang_up"]``, a function that drops the TCP connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        def hang_up() -> None:
            # uvicorn's ``send`` is a method of what holds the transport; nothing public leads there.
            cycle: Any = getattr(send, "__self__", None)
            cycle.transport.close()

        await self._app({**scope, "sandbox.hang_up": hang_up}, receive, send)
