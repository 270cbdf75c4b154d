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

from tasks.fetch.qtickets.listing import Record
from tasks.utm import UTM, read_value

Row = dict[str, str | None]

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
ORDER_COLUMNS = (*ORDER_FIELDS, *BASKET_FIELDS, *UTM)
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
    """One row a basket (ticket line). A paid order without baskets gives one row without a ticket."""
    head = _pick(order, ORDER_FIELDS) | (_utm(order["utm"]) if "utm" in order else {})
    baskets = [b for b in _list(order.get("baskets")) if isinstance(b, dict)]
    if not baskets:
        return [head] if is_true(order.get("payed")) else []
    return [head | _pick(basket, BASKET_FIELDS) for basket in baskets]


def event_rows(event: Record) -> list[Row]:
    """One row for the event itself and one for each of its shows."""
    city = event.get("city")
    head = _pick(event, EVENT_FIELDS) | _pick(city if isinstance(city, dict) else {}, CITY_FIELDS)
    shows = [s for s in _list(event.get("shows")) if isinstance(s, dict)]
    return [head, *(head | _pick(show, SHOW_FIELDS) for show in shows)]


def seen_columns(rows: Iterable[Row], columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that at least one record really had; of no rows, all of them."""
    keys: set[str] = set()
    for row in rows:
        keys.update(row)
    return tuple(c for c in columns if c in keys) if keys else columns


def is_true(flag: object) -> bool:
    """Flags come as true or as 1."""
    return flag is True or str(flag) == "1"


def _pick(record: Record, fields: dict[str, str]) -> Row:
    return {column: _text(record[key]) for column, key in fields.items() if key in record}


def _utm(utm: Any) -> Row:
    """Tags come as an object, a list of objects, or, when there are none, []; text and pairs are read too."""
    tags = read_value(utm)
    return {name: _without_persons(name, tags.get(name)) for name in UTM}


def _without_persons(tag: str, text: str | None) -> str | None:
    if not text:
        return text
    if tag not in ("utm_campaign", "utm_content"):
        text = _BARE_PHONE.sub("*", text)
    return _PERSONAL.sub(lambda m: f"{m[1]}_*" if m[1] else "*", text)


def _list(value: Any) -> list[Any]:
    """PHP sends a list whose keys have gaps as an object."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
