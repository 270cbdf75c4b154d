"""What a fetch must bring, worked out from the world or from documents by plain loops. Imports no product code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from sandbox.world import Basket, Order, World

MOSCOW = timezone(timedelta(hours=3))
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
ORDER_COLUMNS = {
    "order_id", "payed", "payed_at", "created_at", "order_deleted_at", "event_id", "order_price", "currency",
    "order_original_price", "original_price",
    "ticket_id", "show_id", "price", "quantity", "ticket_deleted_at", "refunded_at", "refunded_amount", "price_is_for", *UTM,
}  # fmt: skip

Row = dict[str, str | None]
Rows = dict[str | None, Row]


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """The first instant of these Moscow days and the first one after them."""
    return (
        datetime.combine(first, time(), MOSCOW).astimezone(UTC),
        datetime.combine(last + timedelta(days=1), time(), MOSCOW).astimezone(UTC),
    )


def booked(order: Order) -> datetime:
    return order.payed_at or order.created_at


def expected_rows(world: World, first: date, last: date, as_of: datetime, *, flags_as_ints: bool = False) -> Rows:
    """Raw rows by ticket id of the orders booked on these days and before `as_of`."""
    start, end = bounds(first, last)
    rows: Rows = {}
    for order in world.orders:
        if start <= booked(order) < end and booked(order) < as_of:
            for basket in order.baskets:
                rows[str(basket.id)] = _row(order, basket, flags_as_ints)
    return rows


def ids_of_documents(documents: Iterable[Mapping[str, Any]], first: date, last: date, as_of: datetime) -> set[str]:
    """Ticket ids of the documents booked on these days and before `as_of`."""
    start, end = bounds(first, last)
    found = set()
    for document in documents:
        moment = datetime.fromisoformat(document["payed_at"] or document["created_at"])
        if start <= moment < end and moment < as_of:
            found |= {str(basket["id"]) for basket in document["baskets"]}
    return found


def by_ticket(rows: Iterable[Row]) -> Rows:
    """Rows by ticket id; a ticket that came twice is a failure."""
    found: Rows = {}
    for row in rows:
        assert row["ticket_id"] not in found, f"ticket {row['ticket_id']} came twice"
        found[row["ticket_id"]] = row
    return found


def _row(order: Order, basket: Basket, flags_as_ints: bool) -> Row:
    paid = order.payed_at is not None
    return {
        "order_id": str(order.id),
        "payed": str(int(paid)) if flags_as_ints else str(paid).lower(),
        "payed_at": _when(order.payed_at),
        "created_at": _when(order.created_at),
        "order_deleted_at": _when(order.deleted_at),
        "event_id": str(order.event_id),
        "order_price": _money(sum((b.price * b.quantity for b in order.baskets), Decimal(0))),
        "currency": order.currency,
        "order_original_price": _money(sum((b.original_price * b.quantity for b in order.baskets), Decimal(0))),
        "original_price": _money(basket.original_price),
        "ticket_id": str(basket.id),
        "show_id": str(basket.show_id),
        "price": _money(basket.price),
        "quantity": str(basket.quantity),
        "ticket_deleted_at": _when(basket.deleted_at),
        "refunded_at": _when(basket.refunded_at),
        "refunded_amount": _refunded(basket),
        "price_is_for": "unit",
        **{name: order.utm.get(name) for name in UTM},
    }


def _refunded(basket: Basket) -> str | None:
    """A ticket that was merely cancelled has a 0."""
    if basket.refunded_at is not None:
        return _money(basket.refunded_amount or Decimal(0))
    return "0" if basket.deleted_at is not None else None


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(MOSCOW):%Y-%m-%dT%H:%M:%S}+03:00"


def _money(amount: Decimal) -> str:
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")
