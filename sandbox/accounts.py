"""Several accounts of one API at one address: whose a request is, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import Fault, Faults
from sandbox.misbehave import Misbehave, PageEdit
from sandbox.recorder import MAIN, Recorder, Request


class Accounts:
    """What every stand-in is: an ASGI application of one account, named ``main``, to which others may be added.

    Each account is an object of the API's own class, with its own data and credentials. ``requests``, ``faults``
    and ``switches`` are the API's: all its accounts share them.
    """

    account = MAIN
    _app: ASGIApp
    _recorder: Recorder

    def _open(
        self,
        app: ASGIApp,
        page_edits: Mapping[str, PageEdit],
        errors: Callable[[int], bytes],
        parse: Callable[[Request], dict[str, Any]],
    ) -> None:
        """``app`` answers the requests of this account alone."""
        self._app = app
        self.accounts: dict[str, Self] = {}
        self.faults = Faults()
        layer = Misbehave(self._pass_on, self.faults, page_edits, errors, self._change_before)
        self._recorder = Recorder(layer, parse, self._owner)
        self._join(MAIN, self)

    def _join(self, name: str, other: Self) -> Self:
        if name in self.accounts:
            raise ValueError(f"there is an account {name!r} already")
        other.account, other.accounts = name, self.accounts
        other.faults, other._recorder = self.faults, self._recorder
        self.accounts[name] = other
        return other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._recorder(scope, receive, send)

    @property
    def requests(self) -> list[Request]:
        """The last requests in order of arrival, each with the name of its account. ``params`` have no secrets,
        ``body`` may."""
        return self._recorder.requests

    def _claim(self, _request: Request, _headers: Headers) -> int:
        """How surely a request is meant for this account; 0 is not at all."""
        return 0

    def _before(self, fault: Fault, request: Request) -> None:
        """Change the account's data before a request is answered."""
        raise NotImplementedError

    def _owner(self, request: Request, headers: Headers) -> str:
        """The account that claims the request most surely, the earliest of several. ``main`` refuses what is
        nobody's."""
        return max(self.accounts.values(), key=lambda one: one._claim(request, headers)).account

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.accounts[scope["sandbox.request"].account]._app(scope, receive, send)

    def _change_before(self, fault: Fault, request: Request) -> None:
        self.accounts[request.account]._before(fault, request)
