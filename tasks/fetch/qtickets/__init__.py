"""QTickets, organizer REST API: orders of a window and all events, GET only.

POST /orders would create an order and 403 or 404 never mend themselves, so nothing here writes and neither is
retried. The server is asked to filter, and every record is judged here all the same: unknown parameters are
ignored with HTTP 200, so a filter that did not work looks like success.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime, timedelta
from typing import Any

from tasks.fetch.http import Api, ApiClient
from tasks.fetch.qtickets.listing import Condition, Listing, Page, Record
from tasks.fetch.qtickets.reading import Span, read_all, walk
from tasks.fetch.qtickets.rows import (
    EVENT_COLUMNS,
    EVENT_SELECT,
    ORDER_COLUMNS,
    ORDER_SELECT,
    event_rows,
    is_true,
    order_rows,
    seen_columns,
)
from tasks.landing import Fetched
from tasks.settings import Settings, require
from tasks.window import MOSCOW, Window

logger = logging.getLogger("zakaz.fetch")

_SLACK = timedelta(hours=3)
"""Moscow's offset: how far a server that drops or adds it shifts the days asked for. Asked for on both sides of
the window, so that its first and last hours are not lost without a sign."""

VERSION = "2"
"""Part of every cache key: raise it when the same reply would give other raw rows."""

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
    async with ApiClient(api_of(settings), settings) as client:
        listing = Listing(client, "events", settings.qtickets_page_size, form=_forms(settings)[0])
        listing, first = await _with_select(listing, EVENT_SELECT if settings.qtickets_select else (), "city")
        records = await read_all(listing, first)
        rows = [row for event in records for row in event_rows(event)]
        return Fetched(
            rows,
            seen_columns(rows, EVENT_COLUMNS),
            facts={"events": len(records)},
        )


class _Orders:
    """One fetch of orders: the paid ones by the day of payment, the unpaid ones by the day of order."""

    def __init__(self, settings: Settings, window: Window, as_of: datetime) -> None:
        self.settings = settings
        self.start, self.end = window.start, min(window.end, as_of)
        self.asked = (self.start - _SLACK, min(window.end + _SLACK, as_of))
        self.window = window
        self.warnings: list[str] = []
        self.partial = False

    async def fetch(self) -> Fetched:
        async with ApiClient(api_of(self.settings), self.settings) as client:
            self.client = client
            records = await self._filtered()
            if records is None:
                # Orders paid later than the lag allows for are not seen this way, so nothing may be taken as gone.
                self.partial = True
                records = await self._unfiltered()
            # The newest first: where two orders claim one ticket, the later order is right.
            kept = sorted(filter(self._wanted, records), key=_number, reverse=True)
            rows = [row for record in kept for row in order_rows(record)]
            return Fetched(
                rows,
                seen_columns(rows, ORDER_COLUMNS),
                tuple(self.warnings),
                {"orders": len(kept), "orders_read": len(records)},
                partial=self.partial,
            )

    async def _filtered(self) -> list[Record] | None:
        """None where the server did not filter, or gave nothing, which may be the same."""
        found = await self._first_filtered_page()
        if found is None:
            return None
        paid = await read_all(*found)
        if outside := sum(not self._was_asked_for(record) for record in paid):
            self._warn(f"QTickets obeyed only a part of the filter: {outside} of {len(paid)} orders were outside")
        unpaid = await walk(
            self._listing(found[0], (Condition("payed", "=", 0),)), Span(self.start, self.end), _created_at
        )
        if any(is_true(record.get("payed")) for record in unpaid):
            self._warn("QTickets ignored the filter on payed: unpaid orders were looked for among all")
        by_id = {_id(record): record for record in (*unpaid, *paid)}
        return list(by_id.values())

    async def _first_filtered_page(self) -> tuple[Listing, Page] | None:
        where = (
            Condition("payed_at", ">=", self._moment(self.asked[0])),
            Condition("payed_at", "<", self._moment(self.asked[1])),
        )
        for form in _forms(self.settings):
            base = Listing(self.client, "orders", self.settings.qtickets_page_size, where=where, form=form)
            listing, page = await _with_select(base, self._select(), "baskets")
            if not page.records and page.total == 0:
                return None
            if all(self._not_too_early(record) for record in page.records):
                return listing, page
            logger.info("QTickets ignored the filter sent in the %s", form)
        self._warn("QTickets ignored the filter on payed_at: orders are read from the newest back")
        return None

    async def _unfiltered(self) -> list[Record]:
        """Orders paid in the window were made in it or, at most, the payment lag before."""
        lag = timedelta(days=self.settings.qtickets_payment_lag)
        form = _forms(self.settings)[0]
        base = Listing(self.client, "orders", self.settings.qtickets_page_size, form=form)
        base, _ = await _with_select(base, self._select(), "baskets") if self._select() else (base, None)
        records = await walk(self._listing(base, ()), Span(self.start - lag, self.end), _created_at)
        if not records:
            self._warn("QTickets says that this account has not a single order")
        if not self.warnings and (missed := sum(self._wanted(record) for record in records)):
            self._warn(f"QTickets' filter on payed_at gave nothing, though {missed} orders are in the window")
        return records

    def _listing(self, like: Listing, where: tuple[Condition, ...]) -> Listing:
        return Listing(self.client, "orders", self.settings.qtickets_page_size, like.select, where, True, like.form)

    def _select(self) -> tuple[str, ...]:
        return ORDER_SELECT if self.settings.qtickets_select else ()

    def _not_too_early(self, record: Record) -> bool:
        """Whether the filter's lower bound held. The upper one may be ignored: that only costs calls."""
        paid = _moment_of(record.get("payed_at"))
        return paid >= self.asked[0] if paid else record.get("payed_at") is not None

    def _was_asked_for(self, record: Record) -> bool:
        paid = _moment_of(record.get("payed_at"))
        return paid is None or self.asked[0] <= paid < self.asked[1]

    def _wanted(self, record: Record) -> bool:
        """Booked in the window. One whose dates cannot be read is wanted too: it is judged, not lost."""
        booked = _moment_of(record.get("payed_at") or record.get("created_at"))
        return booked is None or self.start <= booked < self.end

    def _moment(self, instant: datetime) -> str:
        local = instant.astimezone(MOSCOW)
        return local.isoformat() if self.settings.qtickets_date_format == "iso" else f"{local:%Y-%m-%d %H:%M:%S}"

    def _warn(self, text: str) -> None:
        logger.warning("%s (window %s)", text, self.window)
        self.warnings.append(text)


async def _with_select(listing: Listing, select: tuple[str, ...], needed: str) -> tuple[Listing, Page]:
    """The listing and its first page, asked without `select` where that made the server leave out `needed`."""
    chosen = Listing(**{**vars(listing), "select": select})
    page = await chosen.page(1)
    if select and page.records and not any(needed in record for record in page.records):
        logger.warning("QTickets left out %s when asked to select fields; asking for all of them", needed)
        chosen = chosen.without_select()
        page = await chosen.page(1)
    return chosen, page


def api_of(settings: Settings) -> Api:
    headers = {
        "Authorization": f"Bearer {check_settings(settings)}",
        "Accept": "application/json",
        "Cache-Control": "no-cache",
    }
    return Api("QTickets", settings.qtickets_base_url, headers, settings.qtickets_rate, _HINTS)


def _forms(settings: Settings) -> tuple[str, ...]:
    return ("body", "query") if settings.qtickets_filter == "auto" else (settings.qtickets_filter,)


def _created_at(record: Record) -> datetime | None:
    return _moment_of(record.get("created_at"))


def _moment_of(value: Any) -> datetime | None:
    """The instant, or None for what is no date with an offset."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _number(record: Record) -> int:
    text = str(record.get("id"))
    return int(text) if text.isdecimal() else 0


def _id(record: Record) -> str | int:
    return str(record["id"]) if record.get("id") is not None else id(record)
