"""QTickets, organizer REST API: orders of a window and all events, GET only.

POST /orders would create an order, so nothing here writes. 403 and 404 are not retried. The server filters, and the
client checks every record again: the API ignores unknown parameters with HTTP 200, so a filter that did not work
looks like success.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tasks.errors import SourceError
from tasks.fetch.http import Api, FormRefused
from tasks.fetch.qtickets.first_page import contradiction, first_with_select, without_cities, without_tickets
from tasks.fetch.qtickets.listing import CODE, Client, Condition, Form, Listing, Page, Record
from tasks.fetch.qtickets.prices import fit
from tasks.fetch.qtickets.reading import Span, key_of, read_all, walk
from tasks.fetch.qtickets.rows import (
    EVENT_COLUMNS,
    EVENT_SELECT,
    ORDER_COLUMNS,
    ORDER_SELECT,
    baskets_of,
    event_rows,
    mark_of,
    order_rows,
    seen_columns,
    shows_without_a_day,
    tickets_without_a_state,
)
from tasks.fetch.qtickets.values import is_true, moment, money, whole
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.translation import numbered
from tasks.window import MOSCOW, Window

logger = logging.getLogger("zakaz.fetch")

_SLACK = timedelta(hours=3)
"""Moscow's offset. A server that drops or adds it shifts the filter by as much, so the filter is wider than the
window on both sides: else the first or last hours would be lost silently."""

VERSION = "5"
"""Part of every cache key: raise it when the same reply would give other raw rows."""

_MOST_SINGLY = 30
"""Paid orders without tickets that are read again one by one. More of them fail the load at validation."""
_ENOUGH_ORDERS = 3
"""Fewest orders with a hundredfold price that fail the fetch."""

_HINTS = {
    401: "The token is not valid: put the right QTICKETS_TOKEN into {file}.",
    403: "The token is not valid: put the right QTICKETS_TOKEN into {file}.",
    404: "Check QTICKETS_BASE_URL: it should end in /api/rest/v1.",
}


def fetch_orders(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """Ticket lines of the orders booked in `window` and before `as_of`.

    An order is booked when it is paid, or, until then, when it was created. Columns: ORDER_COLUMNS, all text;
    grain: one basket. With the upper bound `as_of`, orders paid during the fetch do not move the pages.
    Raises SourceError.
    """
    return asyncio.run(_Orders(settings, window, as_of).fetch())


def fetch_events(settings: Settings, window: Window, as_of: datetime) -> Fetched:  # noqa: ARG001
    """All events, also past, hidden and deleted ones: a late refund may belong to any of them.

    Columns: EVENT_COLUMNS, all text; grain: the event itself, then each of its shows. Raises SourceError.
    """
    return asyncio.run(_events(settings))


def reads(settings: Settings) -> str:
    """The address and, after a #, the settings that change the reply."""
    how = (settings.qtickets_filter, settings.qtickets_date_format, settings.qtickets_payment_lag)
    return f"{settings.qtickets_base_url}#{how}"


def credential(settings: Settings) -> str:
    """The token decides whose orders come."""
    token = settings.qtickets_token.get_secret_value().strip() if settings.qtickets_token else ""
    return token and hashlib.sha256(f"{settings.qtickets_base_url} {token}".encode()).hexdigest()


def check_settings(settings: Settings) -> str:
    """The token. Raises SettingsError if it is not set."""
    return require(settings, "QTICKETS_TOKEN")


async def _events(settings: Settings) -> Fetched:
    async with Client(api_of(settings), settings) as client:
        listing = Listing(client, "events", settings.qtickets_page_size, form=first_form(settings))
        listing, first = await first_with_select(
            listing, EVENT_SELECT if settings.qtickets_select else (), without_cities
        )
        records = await read_all(listing, first)
        rows = [row for event in records for row in event_rows(event)]
        unknown = sum(map(shows_without_a_day, records))
        text = (
            f"QTickets did not tell the beginning of {numbered(unknown, 'show')}, so the first and last of their "
            "events may be wrong"
        )
        return Fetched(
            rows,
            seen_columns(rows, EVENT_COLUMNS),
            warnings=(text,) if unknown else (),
            facts={"events": len(records)},
            marks=tuple(sorted(filter(None, map(mark_of, records)))),
        )


class _Orders:
    """One fetch of orders: paid orders by the day of payment, unpaid ones by the day of creation."""

    def __init__(self, settings: Settings, window: Window, as_of: datetime) -> None:
        self.settings = settings
        self.start, self.end = window.start, min(window.end, as_of)
        self.filter_bounds = (self.start - _SLACK, min(window.end + _SLACK, as_of))
        self.window = window
        self.form = first_form(settings)
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.partial = self.refused = False
        self.select = ORDER_SELECT if settings.qtickets_select else ()

    async def fetch(self) -> Fetched:
        async with Client(api_of(self.settings), self.settings) as client:
            self.client = client
            records = await self._filtered()
            if records is None:
                # Orders paid later than the payment lag are not read this way, so no row may be removed.
                self.partial = True
                records = await self._unfiltered()
            # Newest first: if two orders have the same ticket, the later order counts.
            kept = sorted(filter(self._is_in_window, records), key=_number, reverse=True)
            kept = await self._completed(kept)
            self._check_unit_of_money(kept)
            if bare := sum(money(order.get("price")) not in (None, 0) and not baskets_of(order) for order in kept):
                self._note(
                    f"without tickets came {numbered(bare, 'order')} with a price; an unpaid one is left out"
                )
            rows = [row for record in kept for row in order_rows(record)]
            if unknown := tickets_without_a_state(rows):
                of = numbered(unknown, "ticket")
                self._warn(f"QTickets did not tell whether it was given back of {of}; that counts as sold")
            return Fetched(
                rows,
                seen_columns(rows, ORDER_COLUMNS),
                tuple(self.warnings),
                {"orders": len(kept), "orders_read": len(records)},
                partial=self.partial,
                notes=tuple(self.notes),
            )

    async def _completed(self, orders: list[Record]) -> list[Record]:
        """Reads paid orders that came without tickets again, one by one. An order that still has none gives a row
        without a ticket, which validation rejects."""
        bare = [order for order in orders if is_true(order.get("payed")) and not baskets_of(order)]
        again: dict[int, Record] = {}
        for number in [found for order in bare if (found := whole(order.get("id")))][:_MOST_SINGLY]:
            try:
                reply = await self.client.get(f"orders/{number}")
            except SourceError:
                continue
            single = reply.get("data") if isinstance(reply, dict) else None
            if isinstance(single, dict) and whole(single.get("id")) == number and baskets_of(single):
                again[number] = single
        return [again.get(whole(order.get("id")) or 0, order) for order in orders]

    def _check_unit_of_money(self, orders: list[Record]) -> None:
        """Raises SourceError if most orders' prices are a hundred times the sum of their tickets, or a hundredth:
        one of the two is in kopecks."""
        found = Counter(fit(order, baskets_of(order)) for order in orders)
        checked = found.total() - found[None]
        if found["hundredfold"] >= _ENOUGH_ORDERS and found["hundredfold"] > checked / 2:
            raise SourceError(
                f"QTickets gives {found['hundredfold']} of {checked} orders a price that is a hundred times that "
                f"of their tickets, or a hundredth of it (window {self.window}): one of the two is in kopecks. "
                "Nothing was loaded."
            )
        if odd := found["hundredfold"] + found["differs"]:
            of = numbered(odd, "order")
            self._note(f"the price of {of} (of {checked}) is not the sum of the tickets; the tickets count")

    async def _filtered(self) -> list[Record] | None:
        """None if the server did not filter or sent nothing, which may be the same."""
        found = await self._first_filtered_page()
        if found is None:
            return None
        paid = await read_all(*found)
        if outside := sum(not self._matches_filter(record) for record in paid):
            self._note(
                "QTickets obeyed only a part of the filter: outside the days asked for were, and are left out, "
                f"{numbered(outside, 'order')} (of {len(paid)})"
            )
        by_id = {_id(record): record for record in (*await self._unpaid(found[0]), *paid)}
        return list(by_id.values())

    async def _unpaid(self, like: Listing) -> list[Record]:
        """Orders created in the window and not paid, and paid ones too if the server ignores the filter."""
        span = Span(self.start, self.end)
        unpaid = await walk(self._listing(like, (Condition("payed", "=", 0),)), span, _created_at)
        if any(is_true(record.get("payed")) for record in unpaid):
            self._note("QTickets ignored the filter on payed: unpaid orders were looked for among all")
        if unpaid:
            return unpaid
        # Either the account has no unpaid order or the filter does not work: both look the same.
        everything = await walk(self._listing(like, ()), span, _created_at)
        if not everything:
            raise contradiction("some paid orders", "none at all")
        unpaid = [record for record in everything if not is_true(record.get("payed"))]
        if unpaid:
            self._note(f"QTickets' filter on payed gave nothing beside {numbered(len(unpaid), 'unpaid order')}")
        return unpaid

    async def _first_filtered_page(self) -> tuple[Listing, Page] | None:
        where = (
            Condition("payed_at", ">=", self._moment(self.filter_bounds[0])),
            Condition("payed_at", "<", self._moment(self.filter_bounds[1])),
        )
        for form in self._forms():
            base = Listing(self.client, "orders", self.settings.qtickets_page_size, where=where, form=form)
            try:
                listing, page = await self._first_page(base)
            except FormRefused:
                if form is self.form:
                    raise
                break  # The filter was ignored in the body and the query is refused.
            except SourceError:
                if not self.client.refused_parameters:
                    raise
                self.refused, self.select = True, ()
                self._warn("QTickets refused the filter on payed_at: orders are read from the newest back")
                return None
            if not page.records and page.total == 0:
                return None
            if all(self._not_too_early(record) for record in page.records):
                return listing, page
            logger.info("QTickets ignored the filter sent in the %s", form.name)
        self._warn("QTickets ignored the filter on payed_at: orders are read from the newest back")
        return None

    async def _unfiltered(self) -> list[Record]:
        """Reads orders by creation, from the payment lag before the window on."""
        lag = timedelta(days=self.settings.qtickets_payment_lag)
        base = Listing(self.client, "orders", self.settings.qtickets_page_size, form=self.form)
        base, page = await self._first_page(base.plain() if self.refused else base)
        records = await walk(self._listing(base, ()), Span(self.start - lag, self.end), _created_at)
        if not records:
            if page.total or (await base.plain().page(1)).total:
                raise contradiction("some orders", "none at all")
            self._warn("QTickets says that this account has not a single order")
        if not self.warnings and (missed := sum(self._is_in_window(record) for record in records)):
            of = numbered(missed, "order")
            self._warn(f"QTickets' filter on payed_at gave nothing beside {of} of the window")
        return records

    async def _first_page(self, base: Listing) -> tuple[Listing, Page]:
        """As `first_with_select`; keeps `select` for later listings."""
        listing, page = await first_with_select(base, self.select, without_tickets)
        self.select = listing.select
        return listing, page

    def _forms(self) -> Iterator[Form]:
        yield self.form
        if self.form.may_change and self.form.name == "body":
            yield Form("query")

    def _listing(self, like: Listing, where: tuple[Condition, ...]) -> Listing:
        return replace(like, where=where, newest_first=True)

    def _not_too_early(self, record: Record) -> bool:
        """Whether the filter's lower bound was applied. An ignored upper bound only costs calls."""
        paid = moment(record.get("payed_at"))
        return paid >= self.filter_bounds[0] if paid else not record or record.get("payed_at") is not None

    def _matches_filter(self, record: Record) -> bool:
        paid = moment(record.get("payed_at"))
        return paid is None or self.filter_bounds[0] <= paid < self.filter_bounds[1]

    def _is_in_window(self, record: Record) -> bool:
        """Whether it was booked in the window. An order with unreadable dates is kept and left to validation."""
        paid, is_paid = record.get("payed_at"), is_true(record.get("payed"))
        booked = moment(paid) if paid and (is_paid or moment(paid)) else _created_at(record)
        return booked is None or self.start <= booked < self.end

    def _moment(self, instant: datetime) -> str:
        local = instant.astimezone(MOSCOW)
        return local.isoformat() if self.settings.qtickets_date_format == "iso" else f"{local:%Y-%m-%d %H:%M:%S}"

    def _warn(self, text: str) -> None:
        logger.warning("%s (window %s)", text, self.window)
        self.warnings.append(text)

    def _note(self, text: str) -> None:
        logger.info("%s (window %s)", text, self.window)
        self.notes.append(text)


def api_of(settings: Settings) -> Api:
    place = settings.place_of("qtickets", "QTICKETS_TOKEN")
    headers = {
        "Authorization": f"Bearer {check_settings(settings)}",
        "Accept": "application/json",
        "Cache-Control": "no-cache",
    }
    return Api(
        "QTickets",
        settings.qtickets_base_url,
        headers,
        settings.qtickets_rate,
        {status: hint.replace("{file}", place) for status, hint in _HINTS.items()},
        setting="QTICKETS_BASE_URL",
        is_own=_is_own,
        smaller="Load a narrower window, or set a smaller QTICKETS_PAGE_SIZE.",
        # How it counts is not documented.
        counts_by_address=True,
    )


def _is_own(body: Mapping[str, Any]) -> bool:
    """Whether an error body is QTickets' own: it has a code; that of a wrong token has only a text."""
    code, error = body.get("code"), body.get("error")
    return error == "Wrong authorization" or (
        isinstance(error, str) and isinstance(code, str) and CODE.fullmatch(code) is not None
    )


def first_form(settings: Settings) -> Form:
    """How parameters are sent until a server in between refuses it."""
    name = settings.qtickets_filter
    return Form("body", may_change=True) if name == "auto" else Form(name)


def _created_at(record: Record) -> datetime | None:
    return moment(record.get("created_at"))


def _number(record: Record) -> int:
    return whole(record.get("id")) or 0


def _id(record: Record) -> str | int:
    return key if (key := key_of(record)) is not None else id(record)
