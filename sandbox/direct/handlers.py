"""Routes: checks in front of every service, and the two ways in which services answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.direct.errors import DirectError
from sandbox.direct.gate import check_access
from sandbox.direct.points import CALLER_ERROR, PRICES
from sandbox.direct.replies import Replies
from sandbox.direct.reports import service as reports
from sandbox.direct.services import SERVICES, call, objects_in
from sandbox.world.clock import moscow_day

if TYPE_CHECKING:
    from sandbox.direct.api import DirectApi

_VERSIONS = ("v5", "v501")
Answer = Callable[[HttpRequest, Replies], Response]


class Handlers:
    """Binds routes to one API. Paths are case-sensitive; anything but POST is 405, an unknown service 404."""

    def __init__(self, api: DirectApi) -> None:
        self._api = api

    def routes(self) -> list[Route]:
        return [
            *(self._route(f"/json/{version}/reports", self._report) for version in _VERSIONS),
            *(self._route(f"/json/{version}/{name}", self._regular) for version in _VERSIONS for name in SERVICES),
        ]

    def _route(self, path: str, answer: Answer) -> Route:
        async def endpoint(request: HttpRequest) -> Response:
            if self._api.switches.seconds_per_request:
                await asyncio.sleep(self._api.switches.seconds_per_request)
            with self._api.lock:
                return answer(request, self._replies(request))

        return Route(path, endpoint, methods=["POST"])

    def _replies(self, request: HttpRequest) -> Replies:
        service = _service(request)
        method = request.scope["sandbox.request"].params.get("method", "unknown")
        command = "json-api/reports.create" if service == "reports" else f"api5/{service}.{method}"
        number = len(self._api.requests)
        return Replies(number, f"direct.{command}", request.headers, self._api.switches)

    def _check(self, request: HttpRequest) -> None:
        api = self._api
        if request.scope["direct.crowd"] > api.switches.simultaneous:
            raise DirectError(506, "")
        check_access(request.headers, api.token, api.login, api.switches)

    def _report(self, request: HttpRequest, replies: Replies) -> Response:
        api = self._api
        units = {"Units": api.points.spend(0)} if api.switches.units_on_reports else {}
        try:
            self._check(request)
            api.pace.count()
            params = _body(request).get("params")
            today = moscow_day(api.world.until)
            wanted, turn = reports.answer(params, request.headers, api.rows, today, api.queue, api.switches)
        except DirectError as error:
            extra = {**units, "reportsInQueue": str(api.queue.unfinished())}
            return replies.error(error, extra, on_reports=True)
        return replies.report(wanted, turn, api.queue.unfinished(), units)

    def _regular(self, request: HttpRequest, replies: Replies) -> Response:
        api = self._api
        service = _service(request)
        try:
            self._check(request)
            base, each = PRICES[service]
            api.points.require(base)
            body = _body(request)
            v501 = "/v501/" in request.url.path
            result = call(
                service, body.get("method"), body.get("params"), api.world, api.rows, api.switches, v501=v501
            )
        except DirectError as error:
            cost = 0 if error.is_free else CALLER_ERROR
            return replies.error(error, self._units(cost), on_reports=False)
        return replies.result(result, self._units(base + each * objects_in(result)))

    def _units(self, spent: int) -> dict[str, str]:
        return {"Units": self._api.points.spend(spent), "Units-Used-Login": self._api.login}


def _service(request: HttpRequest) -> str:
    return request.url.path.rsplit("/", 1)[-1]


def _body(request: HttpRequest) -> dict[str, Any]:
    recorded = request.scope["sandbox.request"]
    if not recorded.params:
        raise DirectError(8000, "JSON can't be processed")
    body: dict[str, Any] = recorded.params
    return body
