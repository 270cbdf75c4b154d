"""The application: what each route of today's VK Ads API answers, and what every answer passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.misbehave import Misbehave
from sandbox.recorder import Recorded, Recorder, Request
from sandbox.vk.ads import errors, faults, lists, statistics
from sandbox.vk.ads.switches import Switches
from sandbox.vk.ads.tokens import Tokens
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.throttle import DAY, HOUR, SECOND, Clock, Throttle
from sandbox.vk.wire import Document, Parameters, form_of, reply
from sandbox.world import World

_V2 = "/api/v2"
_TOKEN_PATH = f"{_V2}/oauth2/token.json"
# The vendor names no numbers; these were seen in the tests of clients.
_LIMITS = {SECOND: 20, HOUR: 5000, DAY: 50_000}
_SECRETS = ("client_secret", "refresh_token", "access_token")
Answer = Callable[[Request], Document]


class VkAdsApi(Recorded):
    """ASGI application over a cabinet, which it may share with the legacy API.

    ``requests`` grows with every request, ``faults`` makes requests fail, ``switches`` may be flipped at any time,
    ``tokens`` expire or are revoked on demand, ``throttle.limits`` are the rate limits of every method.
    """

    mount = "/vk"

    def __init__(self, cabinet: Cabinet, *, clock: Clock = time.time) -> None:
        self.cabinet = cabinet
        self.switches = Switches()
        self.tokens = Tokens(clock)
        self.throttle = Throttle(dict(_LIMITS), clock)
        self.faults = Faults()
        routes = [
            Route(_TOKEN_PATH, self._endpoint("oauth2", self._token, is_open=True), methods=["POST"]),
            Route(f"{_V2}/user.json", self._endpoint("user", self._user)),
            *(Route(f"{_V2}/{name}.json", self._endpoint(name, self._list(name))) for name in lists.DEFAULT_FIELDS),
            *(
                Route(f"{_V2}/statistics/{level}/day.json", self._endpoint("statistics", self._by_day(level)))
                for level in statistics.LEVELS
            ),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, compresslevel=1)])
        layer = Misbehave(
            app,
            self.faults,
            faults.PAGE_EDITS,
            errors.fault_body,
            lambda fault, _: faults.change_before(fault, self.cabinet),
        )
        self._recorder = Recorder(layer, _parameters)

    @classmethod
    def of(cls, world: World, *, oddities: bool = False) -> VkAdsApi:
        """The API over a generated world."""
        return cls(Cabinet.of(world, oddities=oddities))

    @property
    def writes(self) -> list[Request]:
        """Those that would have changed the account, or its tokens: a loader leaves this empty."""
        return [one for one in self.requests if one.method != "GET" and one.path != _TOKEN_PATH]

    def _endpoint(self, method: str, answer: Answer, *, is_open: bool = False) -> Callable[[HttpRequest], Any]:
        """``method`` is what the limits count; an endpoint that is not open wants a token."""

        async def endpoint(request: HttpRequest) -> Response:
            with self.cabinet.lock:
                try:
                    if not is_open:
                        scheme, _, access = request.headers.get("authorization", "").partition(" ")
                        self.tokens.use(access if scheme.lower() == "bearer" else "")
                    used_up = self.throttle.take(method)
                    if used_up:
                        limits = {window: self.throttle.limits[window] for window in used_up}
                        raise errors.too_many(limits, bodiless=self.switches.bodiless_429)
                    return reply(answer(request.scope["sandbox.request"]))
                except errors.ApiError as error:
                    return error.response(bare_codes=self.switches.bare_error_codes)

        return endpoint

    def _token(self, request: Request) -> Document:
        return self.tokens.answer(form_of(request), self.switches)

    def _user(self, _: Request) -> Document:
        account_id = self.cabinet.account_id
        return {
            "id": account_id,
            "username": f"{account_id}@vk",
            "types": ["advert"],
            "status": "active",
            "currency": "RUB",
            "account": {"id": account_id, "currency": "RUB", "balance": "10000.00"},
        }

    def _list(self, name: str) -> Answer:
        def answer(request: Request) -> Document:
            turn = len(self.requests)
            return lists.page(name, self.cabinet, Parameters(request.query), self.switches, turn)

        return answer

    def _by_day(self, level: str) -> Answer:
        def answer(request: Request) -> Document:
            return statistics.by_day(level, self.cabinet, Parameters(request.query), self.switches)

        return answer


def _parameters(request: Request) -> dict[str, Any]:
    given = form_of(request) if request.method == "POST" else Parameters(request.query).plain()
    return {name: value for name, value in given.items() if name not in _SECRETS}
