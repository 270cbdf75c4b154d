"""QTickets records to raw rows: the allow-list. A field that is not listed here never leaves the client.

The API also sends names, e-mails, phones, cards, barcodes, ticket and payment links, so a row is built from listed
fields rather than by removing personal ones. Values stay text as they came over the wire if they are of their
field's kind (see `tasks/fetch/kinds.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

from tasks.fetch.kinds import Kind, code, flag, instant, number, words
from tasks.fetch.qtickets.listing import Record
from tasks.fetch.qtickets.prices import price_is_for
from tasks.fetch.qtickets.values import is_false, moment, whole
from tasks.utm import OF_ADS, UTM, read_value

Row = dict[str, str | None]

Fields = Mapping[str, tuple[str, Kind]]
"""Column of the raw row -> key of the record and kind of the value."""


def _number_or_none(value: Any) -> str | None:
    """`0` where there is none; null is left for what was not told."""
    return "0" if value is None else number(value)


ORDER_FIELDS: Fields = {
    "order_id": ("id", number),
    "payed": ("payed", flag),
    "payed_at": ("payed_at", instant),
    "created_at": ("created_at", instant),
    "order_deleted_at": ("deleted_at", instant),
    "event_id": ("event_id", number),
    "order_price": ("price", number),
    "order_original_price": ("original_price", number),
    "currency": ("currency_id", code),
    "promo_code_id": ("promo_code_id", _number_or_none),
    "discount_id": ("discount_id", _number_or_none),
}
BASKET_FIELDS: Fields = {
    "ticket_id": ("id", number),
    "show_id": ("show_id", number),
    "price": ("price", number),
    "original_price": ("original_price", number),
    "discount": ("discount_value", _number_or_none),
    "quantity": ("quantity", number),
    "ticket_deleted_at": ("deleted_at", instant),
    "refunded_at": ("refunded_at", instant),
    "refunded_amount": ("refunded_amount", number),
}
_STATE = ("order_deleted_at", "ticket_deleted_at", "refunded_at")
ORDER_COLUMNS = (*ORDER_FIELDS, *BASKET_FIELDS, "price_is_for", *UTM)
ORDER_SELECT = (
    *(key for key, _ in ORDER_FIELDS.values()),
    "utm",
    *(f"baskets.{key}" for key, _ in BASKET_FIELDS.values()),
)

EVENT_FIELDS: Fields = {
    "event_id": ("id", number),
    "event_name": ("name", words),
    "is_active": ("is_active", flag),
    "currency": ("currency_id", code),
    "venue": ("place_name", words),
    "event_deleted_at": ("deleted_at", instant),
}
CITY_FIELDS: Fields = {"city": ("name", words), "timezone": ("timezone", words)}
SHOW_FIELDS: Fields = {
    "show_id": ("id", number),
    "show_start_at": ("start_date", instant),
    "show_deleted_at": ("deleted_at", instant),
    "show_is_active": ("is_active", flag),
    "sale_starts_at": ("sale_start_date", instant),
    "sale_ends_at": ("sale_finish_date", instant),
}
EVENT_COLUMNS = (*EVENT_FIELDS, *CITY_FIELDS, "shows_known", *SHOW_FIELDS)
EVENT_SELECT = (
    *(key for key, _ in EVENT_FIELDS.values()),
    "created_at",
    *(f"city.{key}" for key, _ in CITY_FIELDS.values()),
    *(f"shows.{key}" for key, _ in SHOW_FIELDS.values()),
)


def mark_of(event: Record) -> str | None:
    """By what an event of this organizer is known again: its number, which another may use too, and when it was
    made. Nothing where one of them is not told: a field left out for once makes no stranger."""
    event_id, made_at = whole(event.get("id")), moment(event.get("created_at"))
    return f"{event_id} {made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" if event_id and made_at else None


def order_rows(order: Record) -> list[Row]:
    """One row a basket (ticket line). An order without baskets gives one row without a ticket, which validation
    rejects; an unpaid one gives none."""
    head = pick(order, ORDER_FIELDS) | (_utm(order["utm"]) if "utm" in order else {})
    baskets = baskets_of(order)
    if not baskets:
        return [] if is_false(order.get("payed")) else [head]
    unit: Row = {"price_is_for": price_is_for(order, baskets)}
    return [head | pick(basket, BASKET_FIELDS) | unit for basket in baskets]


def baskets_of(order: Record) -> list[Record]:
    """The baskets of an order. One that is not an object becomes an empty one, whose row is rejected."""
    return [basket if isinstance(basket, dict) else {} for basket in _list(order.get("baskets"))]


def parts_of(value: Any) -> list[Record]:
    """The objects of a field that holds one or several."""
    return [part for part in _list(value) if isinstance(part, dict)]


def event_rows(event: Record) -> list[Row]:
    """One row for the event itself and one for each of its shows. `shows_known`: whether all starts were told."""
    city = event.get("city")
    place = city if isinstance(city, dict) else {"name": city} if isinstance(city, str) else {}
    head = pick(event, EVENT_FIELDS) | pick(place, CITY_FIELDS)
    head["shows_known"] = "false" if shows_without_a_day(event) else "true"
    return [head, *(head | pick(show, SHOW_FIELDS) for show in parts_of(event.get("shows")))]


def shows_without_a_day(event: Record) -> int:
    """How many shows have no `start_date` at all, not even null, and are not deleted. What is no show, or no list
    of shows, counts as one, as does an event without the field: nobody knows what it held."""
    shows = event.get("shows")
    if "shows" not in event or (shows is not None and not isinstance(shows, dict | list)):
        return 1
    return sum(
        not isinstance(show, dict) or ("start_date" not in show and not show.get("deleted_at"))
        for show in _list(shows)
    )


def tickets_without_a_state(rows: Sequence[Row]) -> int:
    """How many rows lack a column of _STATE that others have. Each counts as sold."""
    present = {column for row in rows for column in _STATE if column in row}
    return sum(not present <= row.keys() for row in rows if "ticket_id" in row)


def seen_columns(rows: Iterable[Row], columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that at least one row has; all of them if there are no rows."""
    keys: set[str] = set()
    for row in rows:
        keys.update(row)
    return tuple(c for c in columns if c in keys) if keys else columns


def pick(record: Record, fields: Fields) -> Row:
    """The listed fields that the record has."""
    return {column: kind(record[key]) for column, (key, kind) in fields.items() if key in record}


def _utm(utm: Any) -> Row:
    """Tags come as an object, a list of objects or, when there are none, as []; text and pairs are read too."""
    tags = read_value(utm)
    return {name: words(tags.get(name), numbers_are_ids=name in OF_ADS) for name in UTM}


def _list(value: Any) -> list[Any]:
    """PHP sends a list whose keys have gaps as an object; one object alone is a list of one."""
    if isinstance(value, dict):
        return [value] if "id" in value else list(value.values())
    return value if isinstance(value, list) else []
