"""The application: what each route of today's VK Ads API answers, and what every answer passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.accounts import Accounts
from sandbox.faults import Fault
from sandbox.recorder import Request
from sandbox.vk.ads import errors, faults, lists, statistics
from sandbox.vk.ads.switches import Switches
from sandbox.vk.ads.tokens import Tokens
from sandbox.vk.cabinet import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, Cabinet
from sandbox.vk.from_world import contents
from sandbox.vk.throttle import DAY, HOUR, SECOND, Clock, Throttle
from sandbox.vk.wire import Document, Parameters, form_of, reply
from sandbox.world import World

_V2 = "/api/v2"
_TOKEN_PATH = f"{_V2}/oauth2/token.json"
# The vendor names no numbers; these were seen in the tests of clients.
_LIMITS = {SECOND: 20, HOUR: 5000, DAY: 50_000}
_SECRETS = ("client_secret", "refresh_token", "access_token")
Answer = Callable[[Request], Document]


class VkAdsApi(Accounts):
    """ASGI application over a cabinet, which it may share with the legacy API.

    ``requests`` grows with every request, ``faults`` makes requests fail, ``switches`` may be flipped at any time,
    ``tokens`` expire or are revoked on demand, ``throttle.limits`` are the rate limits of every method.
    """

    source, mount = "vk_ads", "/vk"

    def __init__(self, cabinet: Cabinet, *, clock: Clock = time.time, tokens: Tokens | None = None) -> None:
        self.cabinet = cabinet
        self.switches = Switches()
        self.tokens = tokens or Tokens(clock)
        self.throttle = Throttle(dict(_LIMITS), self.tokens.clock)
        routes = [
            Route(_TOKEN_PATH, self._endpoint("oauth2", self._token, is_open=True), methods=["POST"]),
            Route(f"{_V2}/user.json", self._endpoint("user", self._user)),
            Route(f"{_V2}/billing/transaction_groups.json", self._endpoint("billing", self._transactions)),
            Route(f"{_V2}/agency/clients.json", self._endpoint("clients", self._clients)),
            *(Route(f"{_V2}/{name}.json", self._endpoint(name, self._list(name))) for name in lists.DEFAULT_FIELDS),
            *(
                Route(f"{_V2}/statistics/{level}/day.json", self._endpoint("statistics", self._by_day(level)))
                for level in statistics.LEVELS
            ),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, compresslevel=1)])
        self._open(app, faults.PAGE_EDITS, errors.fault_body, _parameters)

    @classmethod
    def of(cls, world: World, *, oddities: bool = False) -> VkAdsApi:
        """The API over a generated world."""
        return cls(Cabinet.of(world, oddities=oddities))

    def add(self, account: str, world: World, *, currency: str = "RUB", agency: VkAdsApi | None = None) -> VkAdsApi:
        """Another cabinet, with its own client id and secret, and the rate limits of this one.

        ``agency`` is the account of an agency, which may get tokens of the cabinet as well.
        """
        cabinet = Cabinet(contents(world), account_id=VK_ACCOUNT_ID + len(self.accounts), currency=currency)
        client = f"{VK_CLIENT_ID}-{account}", f"{VK_CLIENT_SECRET}-{account}"
        other = VkAdsApi(cabinet, tokens=Tokens(self.tokens.clock, *client, agency.tokens if agency else None))
        other.switches, other.throttle.limits = self.switches, dict(self.throttle.limits)
        return self._join(account, other)

    def settings(self, url: str) -> dict[str, str]:
        """What points a loader at this account, by the names that the loader has for them."""
        tokens = self.tokens
        return {"VK_CLIENT_ID": tokens.client_id, "VK_CLIENT_SECRET": tokens.client_secret, "VK_BASE_URL": url}

    @property
    def writes(self) -> list[Request]:
        """Those that would have changed the account, or its tokens: a loader leaves this empty."""
        return [one for one in self.requests if one.method != "GET" and one.path != _TOKEN_PATH]

    def _endpoint(self, method: str, answer: Answer, *, is_open: bool = False) -> Callable[[HttpRequest], Any]:
        """``method`` is what the limits count; an endpoint that is not open wants a token."""

        async def endpoint(request: HttpRequest) -> Response:
            host = self.switches.moved_to
            if host and request.url.hostname != host:
                return RedirectResponse(request.url.replace(hostname=host), 301)
            with self.cabinet.lock:
                try:
                    if not is_open:
                        self.tokens.use(_access(request.headers))
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

    def _claim(self, request: Request, headers: Headers) -> int:
        """Of a token that was this account's once, too."""
        if request.path != _TOKEN_PATH:
            return int(self.tokens.made_here(_access(headers)))
        form, agency = form_of(request), self.tokens.agency
        names_us = agency is not None and form.get("client_id") == agency.client_id and self.cabinet.is_named(form)
        if names_us or self.tokens.made_here(form.get("refresh_token", "")):
            return 2
        return int(form.get("client_id") == self.tokens.client_id)

    def _before(self, fault: Fault, _request: Request) -> None:
        faults.change_before(fault, self.cabinet)

    def _user(self, _: Request) -> Document:
        cabinet = self.cabinet
        return {
            "id": cabinet.account_id,
            "username": cabinet.username,
            "types": ["advert"],
            "status": "active",
            "currency": cabinet.currency,
            "account": {"id": cabinet.account_id, "currency": cabinet.currency, "balance": "10000.00"},
        }

    def _transactions(self, _: Request) -> Document:
        return statistics.transactions(self.cabinet, self.switches)

    def _clients(self, request: Request) -> Document:
        cabinets = [one.cabinet for one in self.accounts.values() if one.tokens.agency is self.tokens]
        return lists.clients(cabinets, Parameters(request.query), self.switches)

    def _list(self, name: str) -> Answer:
        def answer(request: Request) -> Document:
            turn = len(self.requests)
            return lists.page(name, self.cabinet, Parameters(request.query), self.switches, turn)

        return answer

    def _by_day(self, level: str) -> Answer:
        def answer(request: Request) -> Document:
            return statistics.by_day(level, self.cabinet, Parameters(request.query), self.switches)

        return answer


def _access(headers: Headers) -> str:
    scheme, _, access = headers.get("authorization", "").partition(" ")
    return access if scheme.lower() == "bearer" else ""


def _parameters(request: Request) -> dict[str, Any]:
    given = form_of(request) if request.method == "POST" else Parameters(request.query).plain()
    return {name: value for name, value in given.items() if name not in _SECRETS}
