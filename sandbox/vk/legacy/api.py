"""The application: legacy methods over one advertiser's account."""

from __future__ import annotations

import json
import time
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.accounts import Accounts
from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.recorder import Request
from sandbox.vk.cabinet import VK_LEGACY_TOKEN, Cabinet
from sandbox.vk.legacy import errors
from sandbox.vk.legacy.methods import METHODS, Arguments, call
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.throttle import HOUR, SECOND, Clock, Throttle
from sandbox.vk.wire import body, form_of, reply

_RPS, _QUOTA = 3, 5000
_URL_TOO_LONG = 414


class VkLegacyApi(Accounts):
    """ASGI application over a cabinet, which it may share with today's API.

    ``authorization`` says what is wrong with the token, if anything. ``throttle.limits`` has the user's calls a
    second, ``quota.limits`` those of ``ads`` an hour.
    """

    mount = "/vk-legacy/method"

    def __init__(self, cabinet: Cabinet, *, clock: Clock = time.time) -> None:
        self.cabinet = cabinet
        self.switches = Switches()
        self.token = VK_LEGACY_TOKEN
        self.authorization: Literal["valid", "expired", "other_ip", "revoked"] = "valid"
        self.throttle = Throttle({SECOND: _RPS}, clock)
        self.quota = Throttle({HOUR: _QUOTA}, clock)
        app = Starlette(
            routes=[Route("/{method}", self._endpoint, methods=["GET", "POST"])],
            middleware=[Middleware(GZipMiddleware, compresslevel=1)],
        )
        self._open(app, _PAGE_EDITS, _fault_body, _parameters)

    @property
    def writes(self) -> list[Request]:
        """Calls of methods that a loader has no business with, e.g. ``ads.updateAds``."""
        return [request for request in self.requests if request.path.lstrip("/") not in METHODS]

    async def _endpoint(self, request: HttpRequest) -> Response:
        record: Request = request.scope["sandbox.request"]
        if len(request.scope["path"]) + len(record.query) > self.switches.max_url:
            page = "<html><h1>414 Request-URI Too Large</h1></html>"
            return Response(page, _URL_TOO_LONG, media_type="text/html")
        arguments = _arguments(record)
        with self.cabinet.lock:
            try:
                self._admit(arguments)
                found = call(request.path_params["method"], arguments, self.cabinet, self.switches)
            except errors.LegacyError as error:
                return reply(error.document())
            return reply({"response": found})

    def _admit(self, arguments: Arguments) -> None:
        """Version, token, calls a second, calls an hour."""
        if not arguments.get("v"):
            raise errors.LegacyError(errors.NO_VERSION)
        if arguments.get("access_token") != self.token or self.authorization != "valid":
            raise errors.LegacyError(errors.AUTHORIZATION)
        if self.throttle.take("all"):
            raise errors.LegacyError(errors.TOO_MANY)
        if self.quota.take("ads"):
            raise errors.LegacyError(errors.QUOTA)

    def _before(self, fault: Fault, _request: Request) -> None:
        if fault.kind != "mutate":
            raise ValueError(f"the legacy API has neither pages that drift nor totals: {fault.kind}")
        with self.cabinet.change():
            fault.options["call"](self.cabinet)


def _arguments(request: Request) -> Arguments:
    """From the query and from a form."""
    return dict(parse_qsl(request.query, keep_blank_values=True)) | form_of(request)


def _parameters(request: Request) -> dict[str, Any]:
    return {name: value for name, value in _arguments(request).items() if name != "access_token"}


def _fault_body(_: int) -> bytes:
    """Whatever the HTTP status that a fault asks for."""
    return body(errors.LegacyError(errors.INTERNAL).document())


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("response", None)
    return body(document)


def _error_as_page(_: bytes, fault: Fault) -> bytes:
    """Options: ``code``, ``message``."""
    code = int(fault.options.get("code", errors.INTERNAL))
    return body(errors.LegacyError(code, fault.options.get("message")).document())


_PAGE_EDITS: dict[str, PageEdit] = {"no_data": _without_data, "error_as_page": _error_as_page}
