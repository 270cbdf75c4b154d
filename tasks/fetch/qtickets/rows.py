"""QTickets records to raw rows: the allow-list. What is not named here never leaves the client.

Names, e-mails, phones, cards, barcodes, ticket and payment links give away a person or a ticket; the API sends
them all, so the row is built from what is wanted rather than by removing what is not. Values stay text, as they
came over the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tasks.fetch.decode import without_surrogates
from tasks.fetch.qtickets.listing import Record
from tasks.fetch.qtickets.prices import price_is_for
from tasks.fetch.qtickets.values import is_false
from tasks.utm import UTM, read_value

Row = dict[str, str | None]

_LONGEST = 1000
"""Characters of a value that lands. Names and tags are far shorter, and numbers that long are rejected."""

# column of the raw row -> key of the order / of its basket
ORDER_FIELDS = {
    "order_id": "id",
    "payed": "payed",
    "payed_at": "payed_at",
    "created_at": "created_at",
    "order_deleted_at": "deleted_at",
    "event_id": "event_id",
    "order_price": "price",
    "order_original_price": "original_price",
    "currency": "currency_id",
}
BASKET_FIELDS = {
    "ticket_id": "id",
    "show_id": "show_id",
    "price": "price",
    "original_price": "original_price",
    "quantity": "quantity",
    "ticket_deleted_at": "deleted_at",
    "refunded_at": "refunded_at",
    "refunded_amount": "refunded_amount",
}
ORDER_COLUMNS = (*ORDER_FIELDS, *BASKET_FIELDS, "price_is_for", *UTM)
ORDER_SELECT = (*ORDER_FIELDS.values(), "utm", *(f"baskets.{key}" for key in BASKET_FIELDS.values()))

# Some links carry the id of a person in a messenger, or an address, inside a tag.
_PERSONAL = re.compile(
    r"(?i)(?<![^\W_])(tgid|tg|pm|vkid)_\d{5,}"
    r"|[\w.+-]+@[\w.-]+\.\w+|(?:t\.me|vk\.com|wa\.me)/\S+"
    r"|[+ ]\d{10,15}|(?<!\d)[+ ]?[78][ (-]+\d{3}[) -]+\d{3}[ -]?\d\d[ -]?\d\d(?!\d)"
)
_BARE_PHONE = re.compile(r"(?<!\d)[78]9\d{9}(?!\d)")
"""Looked for only in tags that hold no id of an ad or a campaign, which may look the same."""

EVENT_FIELDS = {
    "event_id": "id",
    "event_name": "name",
    "is_active": "is_active",
    "currency": "currency_id",
    "venue": "place_name",
    "event_deleted_at": "deleted_at",
}
CITY_FIELDS = {"city": "name", "timezone": "timezone"}
SHOW_FIELDS = {"show_id": "id", "show_start_at": "start_date", "show_deleted_at": "deleted_at"}
EVENT_COLUMNS = (*EVENT_FIELDS, *CITY_FIELDS, *SHOW_FIELDS)
EVENT_SELECT = (
    *EVENT_FIELDS.values(),
    *(f"city.{key}" for key in CITY_FIELDS.values()),
    *(f"shows.{key}" for key in SHOW_FIELDS.values()),
)


def order_rows(order: Record) -> list[Row]:
    """One row a basket (ticket line). An order without baskets gives one row without a ticket, to be judged, unless
    it is plainly unpaid."""
    head = _pick(order, ORDER_FIELDS) | (_utm(order["utm"]) if "utm" in order else {})
    baskets = baskets_of(order)
    if not baskets:
        return [] if is_false(order.get("payed")) else [head]
    unit: Row = {"price_is_for": price_is_for(order, baskets)}
    return [head | _pick(basket, BASKET_FIELDS) | unit for basket in baskets]


def baskets_of(order: Record) -> list[Record]:
    """A basket that is no object is an empty one: its row is rejected, and seen."""
    return [basket if isinstance(basket, dict) else {} for basket in _list(order.get("baskets"))]


def parts_of(value: Any) -> list[Record]:
    """The objects in a field that is one or holds several."""
    return [part for part in _list(value) if isinstance(part, dict)]


def event_rows(event: Record) -> list[Row]:
    """One row for the event itself and one for each of its shows."""
    city = event.get("city")
    place = city if isinstance(city, dict) else {"name": city} if isinstance(city, str) else {}
    head = _pick(event, EVENT_FIELDS) | _pick(place, CITY_FIELDS)
    shows = [s for s in _list(event.get("shows")) if isinstance(s, dict)]
    return [head, *(head | _pick(show, SHOW_FIELDS) for show in shows)]


def seen_columns(rows: Iterable[Row], columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that at least one record really had; of no rows, all of them."""
    keys: set[str] = set()
    for row in rows:
        keys.update(row)
    return tuple(c for c in columns if c in keys) if keys else columns


def _pick(record: Record, fields: dict[str, str]) -> Row:
    return {column: _text(record[key]) for column, key in fields.items() if key in record}


def _utm(utm: Any) -> Row:
    """Tags come as an object, a list of objects, or, when there are none, []; text and pairs are read too."""
    tags = read_value(utm)
    return {name: _without_persons(name, tags.get(name)) for name in UTM}


def _without_persons(tag: str, text: str | None) -> str | None:
    if not text:
        return text
    # More is read than is kept, so that no address is cut before it is seen for one.
    text = text[: 2 * _LONGEST]
    if tag not in ("utm_campaign", "utm_content"):
        text = _BARE_PHONE.sub("*", text)
    return _PERSONAL.sub(lambda m: f"{m[1]}_*" if m[1] else "*", text)[:_LONGEST]


def _list(value: Any) -> list[Any]:
    """PHP sends a list whose keys have gaps as an object; one object alone is a list of one."""
    if isinstance(value, dict):
        return [value] if "id" in value else list(value.values())
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    """The text that lands. Half a surrogate cannot be written to Parquet; very long text is no value of ours."""
    if value is None:
        return None
    if not isinstance(value, str):
        try:
            value = json.dumps(value, ensure_ascii=False)
        except (RecursionError, ValueError):
            return "nested too deep"
    return without_surrogates(value[:_LONGEST])
