"""The application: lists of the organizer's REST API that a loader reads, over documents, and seats of shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.accounts import Accounts
from sandbox.faults import Fault
from sandbox.qtickets import page_faults, wire
from sandbox.qtickets.documents import event_document, order_document, promo_code_document, seats_document
from sandbox.qtickets.pages import page, shaper
from sandbox.qtickets.query import Query, query_of, raw_parameters
from sandbox.qtickets.switches import SANDBOX_TOKEN, Switches
from sandbox.qtickets.table import Table
from sandbox.qtickets.wire import Document, UnhandledFault
from sandbox.recorder import Request
from sandbox.world import World
from sandbox.world.promo import promo_codes_of
from sandbox.world.seats import levels_of
from sandbox.world.world import garbage_kept


class QticketsApi(Accounts):
    """ASGI application over an organizer's documents, generated or captured, which it shares with the caller.

    Change documents only inside ``change()``: it keeps the server out and drops the indexes. ``requests``
    grows with every request, ``faults`` makes requests fail, ``switches`` may be flipped at any time.
    """

    source, mount = "qtickets", "/api/rest/v1"

    def __init__(
        self,
        orders: list[Document],
        events: list[Document],
        switches: Switches | None = None,
        *,
        token: str = SANDBOX_TOKEN,
        world: World | None = None,
    ) -> None:
        self.orders = orders
        self.events = events
        self._see(world)
        self.switches = switches or Switches()
        self.token = token
        self.lock = RLock()
        self._touch()
        answers = [("", self._list), ("/{id}", self._detail)]
        app = Starlette(
            routes=[
                Route(f"/{name}{rest}", self._endpoint(name, answer), methods=["GET"])
                for name in self._tables
                for rest, answer in answers
            ]
            + [Route("/shows/{id}/seats", self._endpoint("events", self._seats), methods=["GET"])],
            exception_handlers={404: _no_route, 405: _write, UnhandledFault: _unhandled},
            middleware=[Middleware(GZipMiddleware, compresslevel=1)],
        )
        self._open(app, page_faults.PAGE_EDITS, wire.error_body, self._parameters)

    @classmethod
    def of(cls, world: World, switches: Switches | None = None) -> QticketsApi:
        """The API over a generated world."""
        return cls(*_documents(world), switches, world=world)

    def add(self, account: str, world: World) -> QticketsApi:
        """Another organizer, chosen by its own token."""
        other = QticketsApi(*_documents(world), self.switches, token=f"{SANDBOX_TOKEN}-{account}", world=world)
        return self._join(account, other)

    def settings(self, url: str) -> dict[str, str]:
        """What points a loader at this account, by the names that the loader has for them."""
        return {"QTICKETS_TOKEN": self.token, "QTICKETS_BASE_URL": url}

    def show(self, world: World) -> None:
        """Serve another view from now on, e.g. the same world at a later instant."""
        orders, events = _documents(world)
        with self.change():
            self.orders[:], self.events[:] = orders, events
            self._see(world)

    def _see(self, world: World | None) -> None:
        self.world = world
        self.promo_codes = [promo_code_document(code) for code in promo_codes_of(world.orders)] if world else []

    @contextmanager
    def change(self) -> Iterator[QticketsApi]:
        """Hold the server still while documents change."""
        with self.lock:
            try:
                yield self
            finally:
                self._touch()

    def _touch(self) -> None:
        """Forget all indexes. The sizes of pages are those captured."""
        self._tables = {
            "orders": Table("Order", lambda: self.orders, per_page=50),
            "events": Table("Event", lambda: self.events, per_page=10),
            "promo-codes": Table("PromoCode", lambda: self.promo_codes, per_page=500),
        }

    def _endpoint(
        self, name: str, answer: Callable[[HttpRequest, Table, Query], Response]
    ) -> Callable[[HttpRequest], Any]:
        """Check the token, read the parameters, and keep changes out while answering."""

        async def endpoint(request: HttpRequest) -> Response:
            if not self._is_mine(request.headers):
                return wire.wrong_authorization()
            with self.lock:
                query = query_of(request.scope["sandbox.request"], self.switches)
                return answer(request, self._tables[name], query)

        return endpoint

    def _is_mine(self, headers: Headers) -> bool:
        return headers.get("authorization") == f"Bearer {self.token}"

    def _claim(self, _request: Request, headers: Headers) -> int:
        return int(self._is_mine(headers))

    def _list(self, _: HttpRequest, table: Table, query: Query) -> Response:
        return wire.reply(wire.body(page(table, query, self.switches)))

    def _detail(self, request: HttpRequest, table: Table, query: Query) -> Response:
        """What is no number counts as 0, as captured."""
        text: str = request.path_params["id"]
        wanted = int(text) if text.isdecimal() else 0
        document = table.with_id(wanted)
        if document is None:
            return wire.not_found(table.resource, wanted)
        return wire.reply(wire.body({"data": shaper(query, self.switches)(document)}))

    def _seats(self, request: HttpRequest, _: Table, query: Query) -> Response:
        """Not flat, or nothing selected: only what a seat is called, as captured."""
        text: str = request.path_params["id"]
        wanted = int(text) if text.isdecimal() else 0
        shows = (show for event in self.world.events for show in event.shows) if self.world else ()
        show = next((show for show in shows if show.id == wanted), None)
        past = self.switches.past_seats
        is_told = past == "told" or show is None or self.world is None or show.starts_at > self.world.until
        if show is None or self.world is None or (past == "refused" and not is_told):
            return wire.not_found("Show", wanted)
        seats = seats_document(levels_of(self.world, show) if is_told else [])
        for seat in seats.values() if isinstance(seats, dict) else ():
            for field in set(seat) - set(query.select if query.flat else ("admission",)):
                del seat[field]
        return wire.reply(wire.body({"data": seats}))

    def _parameters(self, request: Request) -> dict[str, Any]:
        try:
            return raw_parameters(request, self.switches)
        except UnhandledFault:
            return {}

    def _before(self, fault: Fault, request: Request) -> None:
        """Change the data that a request is about to read."""
        with self.change():
            table = self._tables.get(request.path.split("/")[1], self._tables["events"])
            if fault.kind == "mutate":
                fault.options["call"](table.documents)
            else:
                page_faults.drift(table, query_of(request, self.switches), fault.options.get("mode", "insert"))


async def _no_route(_request: HttpRequest, _error: Exception) -> Response:
    return wire.no_such_page()


async def _write(request: HttpRequest, _error: Exception) -> Response:
    return wire.write_refused(request.method)


async def _unhandled(_request: HttpRequest, _error: Exception) -> Response:
    """503 also for what will never work, so it is not always transient."""
    return wire.reply(wire.error_body(503), 503)


def _documents(world: World) -> tuple[list[Document], list[Document]]:
    with garbage_kept():
        orders = [order_document(order) for order in world.orders]
        return orders, [event_document(event) for event in world.events]
