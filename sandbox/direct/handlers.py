"""Routes: checks in front of every service, and the two ways in which services answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.direct.errors import DirectError, error_body, to_json
from sandbox.direct.points import PRICES
from sandbox.direct.reports.text import MEDIA_TYPE, render
from sandbox.direct.services import SERVICES, call, objects_in
from sandbox.world.clock import moscow_day

if TYPE_CHECKING:
    from sandbox.direct.api import DirectApi

_VERSIONS = ("v5", "v501")
_JSON = "application/json;charset=utf-8"
_BAD_GATEWAY, _TOO_MANY = 502, 429
_HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_LAST_REQUEST_ID = 10**19
_STEP = 7_919_000_000_000_021
Headers = dict[str, str]


class Handlers:
    """Binds routes to one API. Paths are case-sensitive; anything but POST is 405, an unknown service 404."""

    def __init__(self, api: DirectApi) -> None:
        self._api = api

    def routes(self) -> list[Route]:
        return [
            *(self._route(f"/json/{version}/reports", self._report) for version in _VERSIONS),
            *(self._route(f"/json/{version}/{name}", self._regular) for version in _VERSIONS for name in SERVICES),
        ]

    def _route(self, path: str, answer: Callable[[HttpRequest], Response]) -> Route:
        async def endpoint(request: HttpRequest) -> Response:
            if request.url.path.split("/")[-2] not in self._api.switches.versions:
                return Response(status_code=404)
            with self._api.lock:
                return answer(request)

        return Route(path, endpoint, methods=["POST"])

    def _report(self, request: HttpRequest) -> Response:
        api = self._api
        units = api.points.spend(0) if api.switches.units_on_reports else {}
        try:
            self._check_access(request)
            api.pace.count()
            params, today = _body(request).get("params"), moscow_day(api.world.until)
            wanted, turn = api.queue.answer(params, request.headers, api.rows, today)
        except DirectError as error:
            return self._report_error(error, units)
        if turn.table is not None:
            body = render(wanted.name, turn.table, request.headers, api.switches)
            return self._reply(body, 200, MEDIA_TYPE, units)
        retry_in = {} if turn.retry_in is None else {"retryIn": turn.retry_in}
        return self._reply(b"", turn.status, None, units | retry_in)

    def _regular(self, request: HttpRequest) -> Response:
        api = self._api
        *_, version, service = request.url.path.split("/")
        try:
            self._check_access(request)
            base, each = PRICES[service]
            api.points.require(base)
            body = _body(request)
            result = call(
                service, body.get("method"), body.get("params"), api.world, api.rows, api.switches,
                currency=api.currency, v501=version == "v501",
            )  # fmt: skip
        except DirectError as error:
            told = error_body(error.code, error.detail, request_id=self._request_id)
            return self._reply(told, 200, _JSON, api.points.spend(0))
        return self._reply(
            to_json({"result": result}), 200, _JSON, api.points.spend(base + each * objects_in(result))
        )

    def _check_access(self, request: HttpRequest) -> None:
        if not self._api.has_token(request.headers):
            raise DirectError(53, "Invalid OAuth token")
        if "client-login" in request.headers and not self._api.has_login(request.headers):
            raise DirectError(self._api.switches.wrong_login_code, "No rights to this login")

    def _report_error(self, error: DirectError, units: Headers) -> Response:
        """Reports tell errors by status as well, regular services by the body alone."""
        switches = self._api.switches
        status = error.status or switches.report_statuses.get(error.code, 400)
        if status == _BAD_GATEWAY and switches.html_on_bad_gateway:
            return self._reply(_HTML_502, status, "text/html", units)
        if status == _TOO_MANY and switches.rate_limit_answer.endswith("empty"):
            return self._reply(b"", status, None, units)
        text = switches.report_codes_as_strings
        body = error_body(error.code, error.detail, request_id=self._request_id, text=text)
        return self._reply(body, status, _JSON, units)

    @property
    def _request_id(self) -> str:
        """Of the request being answered. Numeric, up to 19 digits."""
        return str(len(self._api.requests) * _STEP % _LAST_REQUEST_ID)

    def _reply(self, body: bytes, status: int, media_type: str | None, headers: Headers) -> Response:
        content_type = {} if media_type is None else {"Content-Type": media_type}
        return Response(body, status, {"RequestId": self._request_id, **content_type, **headers})


def _body(request: HttpRequest) -> dict[str, Any]:
    body: dict[str, Any] = request.scope["sandbox.request"].params
    if not body:
        raise DirectError(8000, "JSON can't be processed")
    return body
