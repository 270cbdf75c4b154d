"""The application: legacy methods over one advertiser's account."""

from __future__ import annotations

import time
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Fault, Faults
from sandbox.misbehave import Misbehave
from sandbox.recorder import Recorded, Recorder, Request
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.credentials import VK_LEGACY_TOKEN
from sandbox.vk.legacy import errors
from sandbox.vk.legacy import faults as page_faults
from sandbox.vk.legacy.arguments import Arguments, arguments_of
from sandbox.vk.legacy.methods import Methods
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.throttle import HOUR, SECOND, Clock, Throttle
from sandbox.vk.wire import Document, body
from sandbox.world import World

JSON = "application/json; charset=utf-8"
_RPS, _QUOTA = 3, 5000
_EVERYTHING, _ADS = ("all", ""), ("ads", "")
_URL_TOO_LONG = 414
_FLOOD_STATS = "ads.getFloodStats"


class VkLegacyApi(Recorded):
    """ASGI application over a cabinet, which it may share with today's API.

    ``authorization`` says what is wrong with the token, if anything. ``throttle.limits`` has the user's calls a
    second, ``quota.limits`` those of ``ads`` an hour, which ads.getFloodStats tells.
    """

    mount = "/vk-legacy/method"

    def __init__(self, cabinet: Cabinet, switches: Switches | None = None, *, clock: Clock = time.time) -> None:
        self.cabinet = cabinet
        self.switches = switches or Switches()
        self.token = VK_LEGACY_TOKEN
        self.authorization: Literal["valid", "expired", "other_ip", "revoked"] = "valid"
        self.throttle = Throttle({SECOND: _RPS}, clock)
        self.quota = Throttle({HOUR: _QUOTA}, clock)
        self.faults = Faults()
        self._methods = Methods(self)
        self._scripted: dict[int, errors.LegacyError] = {}
        app = Starlette(
            routes=[Route("/{method}", self._endpoint, methods=["GET", "POST"])],
            middleware=[Middleware(GZipMiddleware, compresslevel=1)],
        )
        layer = Misbehave(app, self.faults, page_faults.PAGE_EDITS, page_faults.fault_body, self._before)
        self._recorder = Recorder(layer, _parameters)

    @classmethod
    def of(cls, world: World, switches: Switches | None = None, *, oddities: bool = False) -> VkLegacyApi:
        """The API over a generated world."""
        return cls(Cabinet.of(world, oddities=oddities), switches)

    @property
    def writes(self) -> list[Request]:
        """Calls of methods that a loader has no business with, e.g. ``ads.updateAds``."""
        return [request for request in self.requests if not self._methods.knows(request.path.lstrip("/"))]

    def flood_stats(self) -> Document:
        """Calls left, and seconds until there are more."""
        return {"left": self.quota.remaining(_ADS)[HOUR], "refresh": self.quota.resets_in(HOUR)}

    async def _endpoint(self, request: HttpRequest) -> Response:
        record: Request = request.scope["sandbox.request"]
        scripted = self._scripted.pop(id(record), None)
        if len(request.scope["path"]) + len(record.query) > self.switches.max_url:
            return Response(
                "<html><h1>414 Request-URI Too Large</h1></html>", _URL_TOO_LONG, media_type="text/html"
            )
        name: str = request.path_params["method"]
        arguments = arguments_of(record)
        with self.cabinet.lock:
            try:
                if scripted is not None:
                    raise scripted
                self._admit(name, arguments, request)
                document = {"response": self._methods.call(name, arguments)}
            except errors.LegacyError as error:
                document = error.document(name, arguments)
        return Response(body(document), 200, {"Content-Type": JSON})

    def _admit(self, name: str, arguments: Arguments, request: HttpRequest) -> None:
        """Version, token, calls a second, calls an hour; asking for what is left costs nothing."""
        if self.switches.requires_version and not arguments.get("v"):
            raise errors.LegacyError(errors.BAD_REQUEST)
        token = arguments.get("access_token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        state = self.authorization if token else "missing"
        if token != self.token or state != "valid":
            raise errors.LegacyError(errors.AUTHORIZATION, errors.TOKEN_MESSAGES.get(state))
        if self.throttle.take(_EVERYTHING):
            raise errors.LegacyError(errors.TOO_MANY)
        if name.startswith("ads.") and name != _FLOOD_STATS and self.quota.take(_ADS):
            raise errors.LegacyError(errors.QUOTA)

    def _before(self, fault: Fault, request: Request) -> None:
        if fault.kind == "error_as_page":
            # The error echoes the parameters, so it is worded where they are known.
            self._scripted[id(request)] = page_faults.error_of(fault)
        else:
            page_faults.change_before(fault, self.cabinet)


def _parameters(request: Request) -> dict[str, Any]:
    return {name: value for name, value in arguments_of(request).items() if name != "access_token"}
