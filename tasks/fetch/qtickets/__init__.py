"""QTickets, organizer REST API: orders of a window and all events, GET only.

POST /orders would create an order and 403 or 404 never mend themselves, so nothing here writes and neither is
retried. The server is asked to filter, and every record is judged here all the same: unknown parameters are
ignored with HTTP 200, so a filter that did not work looks like success.
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
from tasks.fetch.qtickets.asking import contradiction, first_with_select, without_cities, without_tickets
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
    order_rows,
    seen_columns,
    shows_without_a_day,
    tickets_without_a_state,
)
from tasks.fetch.qtickets.values import is_true, moment, whole
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.window import MOSCOW, Window

logger = logging.getLogger("zakaz.fetch")

_SLACK = timedelta(hours=3)
"""Moscow's offset: how far a server that drops or adds it shifts the days asked for. Asked for on both sides of
the window, so that its first and last hours are not lost without a sign."""

VERSION = "3"
"""Part of every cache key: raise it when the same reply would give other raw rows."""

_MOST_SINGLY = 30
"""Orders without tickets that are asked for one by one. More are no accident, and the load refuses them."""
_ENOUGH_ORDERS = 3
"""Fewest orders with a hundredfold price for which 'most are' says something about the unit of money."""

_HINTS = {
    401: "The token is not valid: put the right QTICKETS_TOKEN into secrets/.env.qtickets.",
    403: "The token is not valid: put the right QTICKETS_TOKEN into secrets/.env.qtickets.",
    404: "Check QTICKETS_BASE_URL: it should end in /api/rest/v1.",
}


def fetch_orders(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    """Ticket lines of the orders booked in `window` and before `as_of`.

    An order is booked when it was paid, or, while it is not paid, when it was made. Columns: ORDER_COLUMNS, all
    text; grain: one basket. The upper bound `as_of` keeps orders paid meanwhile from moving the pages.
    Raises SourceError.
    """
    return asyncio.run(_Orders(settings, window, as_of).fetch())


def fetch_events(settings: Settings, window: Window, as_of: datetime) -> Fetched:  # noqa: ARG001
    """All events, past, hidden and deleted ones too: a late refund may belong to any of them.

    Columns: EVENT_COLUMNS, all text; grain: the event itself, then each of its shows. Raises SourceError.
    """
    return asyncio.run(_events(settings))


def account(settings: Settings) -> str:
    """What tells one account's data from another's: the address and, since the token alone decides which
    organizer's orders come, a fingerprint of it, and of what changes the answer. Only hashes of it are kept."""
    how = (settings.qtickets_filter, settings.qtickets_date_format, settings.qtickets_payment_lag)
    who = hashlib.sha256(f"{check_settings(settings)} {how}".encode()).hexdigest()
    return f"{settings.qtickets_base_url}#{who}"


def check_settings(settings: Settings) -> str:
    """The token, or a SettingsError that says where to put one."""
    return require(settings.qtickets_token, "QTICKETS_TOKEN", ".env.qtickets")


async def _events(settings: Settings) -> Fetched:
    async with Client(api_of(settings), settings) as client:
        listing = Listing(client, "events", settings.qtickets_page_size, form=first_form(settings))
        listing, first = await first_with_select(
            listing, EVENT_SELECT if settings.qtickets_select else (), without_cities
        )
        records = await read_all(listing, first)
        rows = [row for event in records for row in event_rows(event)]
        lost = sum(map(shows_without_a_day, records))
        text = f"QTickets did not tell when {lost} shows start, so the first and last of their events may be wrong"
        return Fetched(
            rows,
            seen_columns(rows, EVENT_COLUMNS),
            warnings=(text,) if lost else (),
            facts={"events": len(records)},
        )


class _Orders:
    """One fetch of orders: the paid ones by the day of payment, the unpaid ones by the day of order."""

    def __init__(self, settings: Settings, window: Window, as_of: datetime) -> None:
        self.settings = settings
        self.start, self.end = window.start, min(window.end, as_of)
        self.asked = (self.start - _SLACK, min(window.end + _SLACK, as_of))
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
                # Orders paid later than the lag allows for are not seen this way, so nothing may be taken as gone.
                self.partial = True
                records = await self._unfiltered()
            # The newest first: where two orders claim one ticket, the later order is right.
            kept = sorted(filter(self._wanted, records), key=_number, reverse=True)
            kept = await self._completed(kept)
            self._prove_unit_of_money(kept)
            rows = [row for record in kept for row in order_rows(record)]
            if silent := tickets_without_a_state(rows):
                self._warn(f"QTickets did not tell whether {silent} tickets were given back; they count as sold")
            return Fetched(
                rows,
                seen_columns(rows, ORDER_COLUMNS),
                tuple(self.warnings),
                {"orders": len(kept), "orders_read": len(records)},
                partial=self.partial,
                notes=tuple(self.notes),
            )

    async def _completed(self, orders: list[Record]) -> list[Record]:
        """Paid orders that came without tickets are asked for again, each by itself. One that has none even then
        gives a row without a ticket, to be judged."""
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

    def _prove_unit_of_money(self, orders: list[Record]) -> None:
        """An order's own price is the sum of its tickets. Where most are a hundred times it, one is in kopecks."""
        found = Counter(fit(order, baskets_of(order)) for order in orders)
        judged = found.total() - found[None]
        if found["hundredfold"] >= _ENOUGH_ORDERS and found["hundredfold"] > judged / 2:
            raise SourceError(
                f"QTickets gives {found['hundredfold']} of {judged} orders a price that is a hundred times that of "
                f"their tickets, or a hundredth of it (window {self.window}): one of the two is in kopecks. "
                "Nothing was loaded."
            )
        if odd := found["hundredfold"] + found["differs"]:
            self._note(f"the price of {odd} of {judged} orders is not the sum of their tickets; the tickets count")

    async def _filtered(self) -> list[Record] | None:
        """None where the server did not filter, or gave nothing, which may be the same."""
        found = await self._first_filtered_page()
        if found is None:
            return None
        paid = await read_all(*found)
        if outside := sum(not self._was_asked_for(record) for record in paid):
            self._note(
                f"QTickets obeyed only a part of the filter: {outside} of {len(paid)} orders were outside the days "
                "asked for and left out"
            )
        by_id = {_id(record): record for record in (*await self._unpaid(found[0]), *paid)}
        return list(by_id.values())

    async def _unpaid(self, like: Listing) -> list[Record]:
        """Orders made in the window and not paid, and perhaps paid ones with them."""
        span = Span(self.start, self.end)
        unpaid = await walk(self._listing(like, (Condition("payed", "=", 0),)), span, _created_at)
        if any(is_true(record.get("payed")) for record in unpaid):
            self._note("QTickets ignored the filter on payed: unpaid orders were looked for among all")
        if unpaid:
            return unpaid
        # Not one in the whole account: so it is said, or the filter found nothing. Both look alike.
        everything = await walk(self._listing(like, ()), span, _created_at)
        if not everything:
            raise contradiction("some paid orders", "none at all")
        unpaid = [record for record in everything if not is_true(record.get("payed"))]
        if unpaid:
            self._note(f"QTickets' filter on payed gave nothing, though {len(unpaid)} orders are not paid")
        return unpaid

    async def _first_filtered_page(self) -> tuple[Listing, Page] | None:
        where = (
            Condition("payed_at", ">=", self._moment(self.asked[0])),
            Condition("payed_at", "<", self._moment(self.asked[1])),
        )
        for form in self._forms():
            base = Listing(self.client, "orders", self.settings.qtickets_page_size, where=where, form=form)
            try:
                listing, page = await self._first_page(base)
            except FormRefused:
                if form is self.form:
                    raise
                break  # The filter was ignored in the body and gets no further in the query.
            except SourceError:
                if not self.client.refused_question:
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
        """Orders paid in the window were made in it or, at most, the payment lag before."""
        lag = timedelta(days=self.settings.qtickets_payment_lag)
        base = Listing(self.client, "orders", self.settings.qtickets_page_size, form=self.form)
        base, page = await self._first_page(base.plain() if self.refused else base)
        records = await walk(self._listing(base, ()), Span(self.start - lag, self.end), _created_at)
        if not records:
            if page.total or (await base.plain().page(1)).total:
                raise contradiction("some orders", "none at all")
            self._warn("QTickets says that this account has not a single order")
        if not self.warnings and (missed := sum(self._wanted(record) for record in records)):
            self._warn(f"QTickets' filter on payed_at gave nothing, though {missed} orders are in the window")
        return records

    async def _first_page(self, base: Listing) -> tuple[Listing, Page]:
        """As `first_with_select`; what it learnt of `select` is kept."""
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
        """Whether the filter's lower bound held. The upper one may be ignored: that only costs calls."""
        paid = moment(record.get("payed_at"))
        return paid >= self.asked[0] if paid else not record or record.get("payed_at") is not None

    def _was_asked_for(self, record: Record) -> bool:
        paid = moment(record.get("payed_at"))
        return paid is None or self.asked[0] <= paid < self.asked[1]

    def _wanted(self, record: Record) -> bool:
        """Booked in the window. One whose dates cannot be read is wanted too: it is judged, not lost."""
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
        _HINTS,
        setting="QTICKETS_BASE_URL",
        is_own=_is_own,
        smaller="Load a narrower window, or set a smaller QTICKETS_PAGE_SIZE.",
    )


def _is_own(body: Mapping[str, Any]) -> bool:
    """A refusal has a code of QTickets' own, but that of a wrong token only a text."""
    code, error = body.get("code"), body.get("error")
    return error == "Wrong authorization" or (
        isinstance(error, str) and isinstance(code, str) and CODE.fullmatch(code) is not None
    )


def first_form(settings: Settings) -> Form:
    """How a question travels as long as nothing speaks against it."""
    name = settings.qtickets_filter
    return Form("body", may_change=True) if name == "auto" else Form(name)


def _created_at(record: Record) -> datetime | None:
    return moment(record.get("created_at"))


def _number(record: Record) -> int:
    return whole(record.get("id")) or 0


def _id(record: Record) -> str | int:
    return key if (key := key_of(record)) is not None else id(record)
