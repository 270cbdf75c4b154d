"""What every answer of today's API passes: the token, the limits, and the headers that tell them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from sandbox.vk.ads import errors
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.switches import Switches
from sandbox.vk.throttle import DAY, HOUR, SECOND
from sandbox.vk.wire import Document

if TYPE_CHECKING:
    from sandbox.vk.ads.api import VkAdsApi

Answer = Callable[[HttpRequest, Parameters], Document]
Endpoint = Callable[[HttpRequest], Any]
Method = tuple[str, str]
"""Resource and version: what a limit is for."""

_HEADERS = {SECOND: "RPS", HOUR: "Hourly", DAY: "Daily"}
_TOKEN: Method = ("oauth2", "v2")


class Gate:
    """Wraps the answers of one API."""

    def __init__(self, api: VkAdsApi) -> None:
        self._api = api

    def reading(self, method: Method, answer: Answer) -> Endpoint:
        """An endpoint for whoever has a token."""

        async def endpoint(request: HttpRequest) -> Response:
            def respond() -> Response:
                scheme, _, access = request.headers.get("authorization", "").partition(" ")
                self._api.tokens.use(access if scheme.lower() == "bearer" else "")
                self._throttle(method)
                return errors.reply(answer(request, Parameters(request.scope["sandbox.request"].query)))

            return self._sent(method, respond)

        return endpoint

    def issuing(self, answer: Callable[[HttpRequest], Response]) -> Endpoint:
        """An endpoint for whoever wants one."""

        async def endpoint(request: HttpRequest) -> Response:
            def respond() -> Response:
                self._throttle(_TOKEN)
                return answer(request)

            return self._sent(_TOKEN, respond)

        return endpoint

    def _sent(self, method: Method, respond: Callable[[], Response]) -> Response:
        """Keep changes out while answering, and tell limits on every answer, refusals too."""
        with self._api.cabinet.lock:
            try:
                response = respond()
            except errors.ApiError as error:
                response = worded(error, self._api.switches).response()
            remaining = self._api.throttle.remaining(method)
            for window, limit in self._api.throttle.limits.items():
                name = _HEADERS.get(window, "Minutely")
                response.headers[f"X-RateLimit-{name}-Limit"] = str(limit)
                response.headers[f"X-RateLimit-{name}-Remaining"] = str(remaining[window])
        response.headers["x-request-id"] = f"{len(self._api.requests):032x}"
        return response

    def _throttle(self, method: Method) -> None:
        throttle, switches = self._api.throttle, self._api.switches
        used_up = throttle.take(method)
        if used_up:
            wait = max(throttle.resets_in(window) for window in used_up)
            limits = {window: throttle.limits[window] for window in used_up}
            retry_after = wait if switches.sends_retry_after else None
            raise errors.too_many(limits, bodiless=switches.bodiless_429, retry_after=retry_after)


def worded(error: errors.ApiError, switches: Switches) -> errors.ApiError:
    """With the code as the switches want it."""
    inner = (error.document or {}).get("error")
    if switches.bare_error_codes and isinstance(inner, dict):
        inner["code"] = str(inner["code"]).removeprefix("ERR_")
    return error
