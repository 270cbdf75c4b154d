"""The application: routes of the organizer's REST API over lists of documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from sandbox.bulk import garbage_kept
from sandbox.faults import Fault, Faults
from sandbox.misbehave import Misbehave
from sandbox.qtickets import derived, page_faults
from sandbox.qtickets.errors import UnhandledFault
from sandbox.qtickets.event_documents import event_document
from sandbox.qtickets.handlers import Handlers
from sandbox.qtickets.order_documents import order_document
from sandbox.qtickets.query import page_query, raw_parameters
from sandbox.qtickets.switches import SANDBOX_TOKEN, Switches
from sandbox.qtickets.table import Table
from sandbox.qtickets.variants import restructure, reword
from sandbox.qtickets.wire import Document
from sandbox.recorder import Recorded, Recorder, Request
from sandbox.world import World

# Default page sizes as captured.
_EVENTS, _ORDERS, _CLIENTS, _DISCOUNTS, _PROMO_CODES = 10, 50, 100, 100, 500


class QticketsApi(Recorded):
    """ASGI application over documents, generated or captured, which it shares with the caller.

    Change documents only inside ``change()``: it keeps the server out and drops the indexes. ``requests``
    grows with every request, ``faults`` makes requests fail, ``switches`` may be flipped at any time.
    """

    mount = "/api/rest/v1"

    def __init__(
        self,
        orders: list[Document],
        events: list[Document],
        switches: Switches | None = None,
        *,
        token: str = SANDBOX_TOKEN,
    ) -> None:
        self.orders = orders
        self.events = events
        self.switches = switches or Switches()
        self.token = token
        self.faults = Faults()
        self.lock = RLock()
        self.tables = self._tables()
        self._structure = self.switches.structure()
        app = Starlette(**Handlers(self).routing(), middleware=[Middleware(GZipMiddleware, compresslevel=1)])
        layer = Misbehave(app, self.faults, page_faults.PAGE_EDITS, page_faults.error_body, self._before)
        self._recorder = Recorder(layer, self._parameters)

    @classmethod
    def of(cls, world: World, switches: Switches | None = None) -> QticketsApi:
        """The API over a generated world."""
        return cls(*_documents(world), switches)

    @property
    def writes(self) -> list[Request]:
        """Those that were no reads: a loader leaves this empty."""
        return [request for request in self.requests if request.method not in ("GET", "HEAD")]

    def show(self, world: World) -> None:
        """Serve another view from now on, e.g. the same world at a later instant."""
        orders, events = _documents(world)
        with self.change():
            self.orders[:], self.events[:] = orders, events

    @contextmanager
    def change(self) -> Iterator[QticketsApi]:
        """Hold the server still while documents change."""
        with self.lock:
            try:
                yield self
            finally:
                self.touch()

    def touch(self) -> None:
        """Forget indexes and derived lists, because documents changed."""
        with self.lock:
            self.tables = self._tables()

    def current_tables(self) -> dict[str, Table]:
        """The tables as the switches are now."""
        if self._structure != self.switches.structure():
            self._structure = self.switches.structure()
            self.touch()
        return self.tables

    def _tables(self) -> dict[str, Table]:
        return {
            "orders": Table(
                "Order",
                lambda: self.orders,
                _ORDERS,
                adapt=lambda order: restructure(order, self.switches),
                reword=lambda order: reword(order, self.switches),
            ),
            "events": Table("Event", lambda: self.events, _EVENTS),
            "clients": Table("Client", lambda: derived.clients(self.orders), _CLIENTS),
            "discounts": Table("Discount", derived.discounts, _DISCOUNTS),
            "promo-codes": Table("PromoCode", derived.promo_codes, _PROMO_CODES, sorted_by_id=False),
        }

    def _parameters(self, request: Request) -> dict[str, Any]:
        try:
            return raw_parameters(request, self.switches)
        except UnhandledFault:
            return {}

    def _before(self, fault: Fault, request: Request) -> None:
        """Change the data that a request is about to read."""
        with self.lock:
            table = self.current_tables()[request.path.split("/")[1]]
            if fault.kind == "mutate":
                fault.options["call"](table.documents)
            else:
                query = page_query(request, self.switches)
                page_faults.drift(table, query, fault.options.get("mode", "insert"))
            self.touch()


def _documents(world: World) -> tuple[list[Document], list[Document]]:
    with garbage_kept():
        orders = [order_document(order) for order in world.orders]
        return orders, [event_document(event) for event in world.events]
