"""What is asked for once a Moscow day, after the events: the seats of the shows on sale, and promo codes.

No figure of sales or spend rests on either, so whatever fails here is a warning and the load goes on. What seats
were like on a day cannot be asked for later, so what may yet come is left to the next load: such a Fetched is
partial.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tasks.errors import SourceError
from tasks.fetch import kinds
from tasks.fetch.http import FormRefused, Query
from tasks.fetch.qtickets import api_of, first_form
from tasks.fetch.qtickets.first_page import first_with_select
from tasks.fetch.qtickets.listing import Client, Form, Listing, Record, brackets
from tasks.fetch.qtickets.reading import read_all
from tasks.fetch.qtickets.rows import Fields, Row, pick
from tasks.fetch.qtickets.values import is_false, moment, money, whole
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.translation import numbered
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.fetch")

SEAT_FIELDS: Fields = {
    "max_quantity": ("max_quantity", kinds.number),
    "free_quantity": ("free_quantity", kinds.number),
    "payed_quantity": ("payed_quantity", kinds.number),
    "ordered_quantity": ("ordered_quantity", kinds.number),
    "in_basket_quantity": ("in_basket_quantity", kinds.number),
    "disabled": ("disabled", kinds.flag),
    "price": ("price", kinds.number),
}
SEAT_COLUMNS = ("day", "show_id", "seats", *SEAT_FIELDS)
PROMO_FIELDS: Fields = {
    "promo_code_id": ("id", kinds.number),
    "discount_id": ("discount_id", kinds.number),
    "code": ("code", kinds.words),
}
PROMO_COLUMNS = tuple(PROMO_FIELDS)
_COUNTED = ("max_quantity", "free_quantity", "payed_quantity")
"""Without them a seat says nothing."""
_FAILURES = 3
"""In a row, after which the rest of the shows are not asked for."""
_PATIENCE = {"http_attempts": 2, "http_deadline": 30.0}
"""The load waits for this, and the next one asks again."""


def fetch_seats(settings: Settings, events: Fetched, as_of: datetime) -> Fetched:
    """The seats of the shows that are on sale at `as_of`, one call a show. Columns: SEAT_COLUMNS, text; grain: a
    show and what its seats have in common, with the number of `seats`."""
    return _tolerant(settings, "seats", lambda client: _seats(client, settings, _on_sale(events, as_of), as_of))


def fetch_promo_codes(settings: Settings, events: Fetched, as_of: datetime) -> Fetched:  # noqa: ARG001
    """All promo codes. Columns: PROMO_COLUMNS, text; grain: code. One that may be used once is a person's: its
    text stays behind."""
    return _tolerant(settings, "promo codes", lambda client: _promo_codes(client, settings))


def _tolerant(settings: Settings, what: str, read: Callable[[Client], Awaitable[Fetched]]) -> Fetched:
    async def within() -> Fetched:
        patient = {name: min(getattr(settings, name), most) for name, most in _PATIENCE.items()}
        async with Client(api_of(settings), settings.model_copy(update=patient)) as client:
            return await read(client)

    if not settings.qtickets_extras:
        return Fetched([], (), partial=True)
    try:
        return asyncio.run(within())
    except SourceError as error:
        warning = f"the {what} could not be read: {error}"
        return Fetched([], (), warnings=(warning,), partial=error.transient)


async def _seats(client: Client, settings: Settings, shows: list[int], as_of: datetime) -> Fetched:
    rows: list[Row] = []
    bare = failed = in_row = 0
    reason, partial = "", False
    for number, show in enumerate(shows):
        try:
            seats = await _seats_of(client, first_form(settings), show)
        except SourceError as error:
            failed, in_row, reason = failed + 1, in_row + 1, reason or str(error)
            if in_row == _FAILURES:
                failed += len(shows) - number - 1
                partial = error.transient
                break
            continue
        in_row, bare = 0, bare + (not seats)
        head = (("day", str(moscow_today(as_of))), ("show_id", str(show)))
        rows += [dict((*head, *seat, ("seats", str(count)))) for seat, count in seats.items()]
    return Fetched(
        rows,
        SEAT_COLUMNS,
        partial=partial,
        warnings=(f"seats of {numbered(failed, 'show')} (of {len(shows)}) could not be read: {reason}",)
        if failed
        else (),
        notes=(f"QTickets has no seats of {numbered(bare, 'show')} on sale (of {len(shows)})",) if bare else (),
    )


def _on_sale(events: Fetched, as_of: datetime) -> list[int]:
    """Ids of the shows that are to come and whose sale has begun, by the rows of the events."""
    rows: Any = events.rows if isinstance(events.rows, list) else []
    return sorted({show for row in rows if (show := whole(row.get("show_id"))) and _is_on_sale(row, as_of)})


def _is_on_sale(row: Mapping[str, str | None], as_of: datetime) -> bool:
    starts, begins, ends = (moment(row.get(name)) for name in ("show_start_at", "sale_starts_at", "sale_ends_at"))
    is_off = row.get("event_deleted_at") or row.get("show_deleted_at") or is_false(row.get("show_is_active"))
    is_begun, is_over = not begins or begins <= as_of, ends is not None and ends <= as_of
    return bool(starts and starts > as_of and is_begun and not is_over and not is_off)


async def _seats_of(client: Client, form: Form, show: int) -> Counter[tuple[tuple[str, str | None], ...]]:
    """What seats have in common, and how many do. Asked in the query and in the body, as what is not understood is
    ignored."""
    asked: dict[str, Any] = {"flat": True, "select": ["id", *(key for key, _ in SEAT_FIELDS.values())]}
    path, query = f"shows/{show}/seats", Query(brackets({**asked, "flat": 1}))
    try:
        reply = await client.get(path, query=query, body=asked if form.name == "body" else None)
    except FormRefused:
        reply = await client.get(path, query=query)
    data = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(data, dict | list):
        raise SourceError(f"QTickets answered GET /{path} without `data`")
    seats = [pick(seat, SEAT_FIELDS) for seat in _flat(data)]
    for seat in seats:
        is_counted = all(whole(seat.get(name)) is not None for name in _COUNTED)
        others = (seat.get(name) for name in ("ordered_quantity", "in_basket_quantity"))
        is_priced = seat.get("price") is None or money(seat["price"]) is not None
        if not (is_counted and is_priced and all(one is None or whole(one) is not None for one in others)):
            raise SourceError(f"QTickets answered GET /{path} with seats whose numbers cannot be read")
    return Counter(tuple(seat.items()) for seat in seats)


def _flat(data: Any) -> Iterator[Record]:
    """Seats, which come by their ids or within zones."""
    for one in data.values() if isinstance(data, dict) else data:
        if isinstance(one, dict) and isinstance(one.get("seats"), dict | list):
            yield from _flat(one["seats"])
        else:
            yield one if isinstance(one, dict) else {}


async def _promo_codes(client: Client, settings: Settings) -> Fetched:
    listing = Listing(client, "promo-codes", None, form=first_form(settings))
    select = (*(key for key, _ in PROMO_FIELDS.values()), "max_uses_count")
    records = await read_all(*await first_with_select(listing, select, lambda _: False))
    return Fetched([_promo_code(record) for record in records], PROMO_COLUMNS)


def _promo_code(record: Record) -> Row:
    """Only what is known to be for several uses is shared."""
    row = pick(record, PROMO_FIELDS)
    return row if whole(record.get("max_uses_count")) not in (None, 1) else row | {"code": ""}
