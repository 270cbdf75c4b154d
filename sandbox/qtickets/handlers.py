"""What each route answers. Holds no state of its own: documents, switches and the lock are the API's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.qtickets import derived, errors
from sandbox.qtickets.created import created_order
from sandbox.qtickets.pages import page, shaper
from sandbox.qtickets.query import Query, page_query

if TYPE_CHECKING:
    from sandbox.qtickets.api import QticketsApi

Answer = Callable[[HttpRequest, Query], Response]
_LISTS = ("orders", "events", "clients", "discounts", "promo-codes")
# Routes that really take a write, so that a write to any other path is the site's HTML 404, as captured.
_WRITABLE = (
    "/orders/{id:int}", "/orders/{id:int}/baskets", "/orders/{id:int}/restore", "/baskets/{id:int}",
    "/clients", "/events", "/events/{id:int}", "/promo-codes", "/promo-codes/{id:int}",
    "/shows/{id:int}/barcodes", "/shows/{id:int}/barcode/{barcode}",
)  # fmt: skip
_WRITES = ["POST", "PUT", "PATCH", "DELETE"]


class Handlers:
    """Binds routes to one API."""

    def __init__(self, api: QticketsApi) -> None:
        self._api = api

    def routing(self) -> dict[str, Any]:
        """Keyword arguments for ``Starlette``."""
        routes = [
            *(self._get(f"/{name}", self._list(name)) for name in _LISTS),
            *(self._get(f"/{name}/{{id}}", self._detail(name)) for name in _LISTS),
            self._get("/shows/{id}/seats", self._seats),
            self._get("/shows/{id}/barcodes", self._barcodes),
            Route("/orders", self._guarded(self._create), methods=["POST"]),
            *(Route(path, self._guarded(self._refuse), methods=_WRITES) for path in _WRITABLE),
        ]
        handlers = {404: self._no_route, 405: self._wrong_method, errors.UnhandledFault: self._unhandled}
        return {"routes": routes, "exception_handlers": handlers}

    def _get(self, path: str, answer: Answer) -> Route:
        return Route(path, self._guarded(answer), methods=["GET"])

    def _guarded(self, answer: Answer) -> Callable[[HttpRequest], Any]:
        """Check the token, read the parameters, and keep changes out while answering."""

        async def endpoint(request: HttpRequest) -> Response:
            if request.headers.get("authorization") != f"Bearer {self._api.token}":
                return errors.wrong_authorization()
            with self._api.lock:
                return answer(request, page_query(request.scope["sandbox.request"], self._api.switches))

        return endpoint

    def _list(self, name: str) -> Answer:
        def answer(_: HttpRequest, query: Query) -> Response:
            return errors.reply(page(self._api.current_tables()[name], query, self._api.switches))

        return answer

    def _detail(self, name: str) -> Answer:
        def answer(request: HttpRequest, query: Query) -> Response:
            table = self._api.current_tables()[name]
            wanted = _number(request)
            document = table.by_id(wanted)
            if document is None:
                return errors.not_found(table.resource, wanted)
            return errors.reply({"data": shaper(table, query, self._api.switches)(document)})

        return answer

    def _seats(self, request: HttpRequest, query: Query) -> Response:
        wanted = _number(request)
        for event in self._api.events:
            for show in event["shows"]:
                if show["id"] == wanted:
                    found = derived.seats(event, show, self._api.orders, query.select, flat=query.flat)
                    return errors.reply({"data": found})
        return errors.not_found("Show", wanted)

    def _barcodes(self, request: HttpRequest, query: Query) -> Response:
        wanted = _number(request)
        if not any(show["id"] == wanted for event in self._api.events for show in event["shows"]):
            return errors.not_found("Show", wanted)
        return errors.reply(derived.barcodes(self._api.orders, wanted, query.select))

    def _create(self, request: HttpRequest, _: Query) -> Response:
        data = request.scope["sandbox.request"].params.get("data")
        if not isinstance(data, dict):
            raise errors.UnhandledFault("POST /orders without data")
        order = created_order(data, max((int(order["id"]) for order in self._api.orders), default=0) + 1)
        self._api.orders.append(order)
        self._api.touch()
        return errors.reply({"data": order})

    def _refuse(self, request: HttpRequest, _: Query) -> Response:
        return errors.write_refused(request.method)

    async def _no_route(self, _request: HttpRequest, _error: Exception) -> Response:
        return errors.no_such_page()

    async def _wrong_method(self, request: HttpRequest, _error: Exception) -> Response:
        """Where the vendor only reads. What follows a resource must be a number, or it is no route at all."""
        _, *rest = request.scope["sandbox.request"].path.strip("/").split("/")
        if rest and not rest[0].isdecimal():
            return errors.no_such_page()
        return errors.write_refused(request.method)

    async def _unhandled(self, _request: HttpRequest, _error: Exception) -> Response:
        return errors.unknown_error()


def _number(request: HttpRequest) -> int:
    """The id in the path; what is no number counts as 0, as captured."""
    text: str = request.path_params["id"]
    return int(text) if text.isdecimal() else 0
