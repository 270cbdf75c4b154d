"""The application: Direct's services over the ads and the spend of a world."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from sandbox.accounts import Accounts
from sandbox.direct.errors import PAGE_EDITS, status_body
from sandbox.direct.handlers import Handlers
from sandbox.direct.points import Pace, Points
from sandbox.direct.reports.queue import ReportQueue
from sandbox.direct.services import only_direct
from sandbox.direct.switches import DIRECT_LOGIN, DIRECT_TOKEN, DirectSwitches
from sandbox.faults import Fault
from sandbox.recorder import Request
from sandbox.world import World
from sandbox.world.spend import AdDay, ad_days

_READS = ("get", "check")


class DirectApi(Accounts):
    """ASGI application of one advertiser, whose ``rows`` (spend) it shares with the caller.

    Change ``rows`` or ``world`` only inside ``change()``, which keeps the server out. ``requests`` grows with
    every request, ``faults`` makes requests fail, ``switches`` may be changed at any time, and ``clock`` (seconds)
    may be replaced to let hours pass. Money is in ``currency``, and the world's figures are taken as they are.
    """

    source, mount = "direct", "/direct"

    def __init__(
        self,
        world: World,
        switches: DirectSwitches | None = None,
        *,
        login: str = DIRECT_LOGIN,
        token: str = DIRECT_TOKEN,
        currency: str = "RUB",
    ) -> None:
        self.switches = switches or DirectSwitches()
        self.login, self.token, self.currency = login, token, currency
        self.lock = RLock()
        self.clock: Callable[[], float] = time.monotonic
        self.world = only_direct(world)
        self.rows: list[AdDay] = ad_days(self.world)
        self.reset()
        app = Starlette(routes=Handlers(self).routes(), middleware=[Middleware(GZipMiddleware, compresslevel=1)])
        self._open(app, PAGE_EDITS, status_body, _parameters)

    @classmethod
    def of(cls, world: World, switches: DirectSwitches | None = None) -> DirectApi:
        """The API over a generated world."""
        return cls(world, switches)

    def add(self, account: str, world: World, *, token: str = DIRECT_TOKEN, currency: str = "RUB") -> DirectApi:
        """Another login, which the token may see; without ``Client-Login`` a token's first one is meant."""
        login = f"{DIRECT_LOGIN}-{account}"
        other = DirectApi(world, self.switches, login=login, token=token, currency=currency)
        other.clock = self.clock
        other.reset()
        return self._join(account, other)

    def settings(self, url: str) -> dict[str, str]:
        """What points a loader at this account, by the names that the loader has for them."""
        return {"DIRECT_LOGIN": self.login, "DIRECT_TOKEN": self.token, "DIRECT_BASE_URL": url}

    @property
    def writes(self) -> list[Request]:
        """Those that were no reads: a loader leaves this empty. (Everything is sent by POST.)"""
        return [
            request
            for request in self.requests
            if not request.path.endswith("/reports") and request.params.get("method") not in _READS
        ]

    def show(self, world: World) -> None:
        """Serve another view from now on, e.g. the same world at a later instant. Stored reports stay."""
        own = only_direct(world)
        rows = ad_days(own)
        with self.change():
            self.world, self.rows[:] = own, rows

    def reset(self) -> None:
        """Empty queue, full points, no memory of earlier requests' pace."""
        self.points = Points(self._switches, self._now)
        self.queue = ReportQueue(self._switches, self._now)
        self.pace = Pace(self._switches, self._now)

    @contextmanager
    def change(self) -> Iterator[DirectApi]:
        """Hold the server still while figures change."""
        with self.lock:
            yield self

    def has_token(self, headers: Headers) -> bool:
        return headers.get("authorization") == f"Bearer {self.token}"

    def has_login(self, headers: Headers) -> bool:
        """Logins differ neither by case nor by dots and hyphens."""
        return headers.get("client-login", "").lower().replace(".", "-") == self.login

    def _claim(self, _request: Request, headers: Headers) -> int:
        return self.has_token(headers) * (1 + self.has_login(headers))

    def _switches(self) -> DirectSwitches:
        return self.switches

    def _now(self) -> float:
        return self.clock()

    def _before(self, fault: Fault, _request: Request) -> None:
        """``mutate`` gets the rows; there is nothing here that could drift."""
        if fault.kind != "mutate":
            raise ValueError(f"Direct has no fault {fault.kind!r}")
        with self.lock:
            fault.options["call"](self.rows)


def _parameters(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
