"""``POST /orders`` creates an order: the trap for whoever takes it for a query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.qtickets.order_documents import order_document
from sandbox.qtickets.wire import Document
from sandbox.world import Basket, Order
from sandbox.world.people import buyer

_PERSON = 0


def created_order(data: dict[str, Any], order_id: int) -> Document:
    """An unpaid order with as many lines as were sent; prices are not worked out."""
    now = datetime.now(UTC)
    lines = data.get("baskets") or []
    order = Order(
        id=order_id,
        buyer=buyer(_PERSON),
        event_id=int(data.get("event_id") or 0),
        currency=str(data.get("currency_id") or "RUB"),
        created_at=now,
        updated_at=now,
        reserved_to=now + timedelta(hours=24),
        baskets=[_basket(order_id * 10 + number, line, now) for number, line in enumerate(lines)],
    )
    return order_document(order)


def _basket(basket_id: int, line: dict[str, Any], now: datetime) -> Basket:
    return Basket(
        id=basket_id,
        show_id=int(line.get("show_id") or 0),
        seat_id=str(line.get("seat_id") or ""),
        seat_name="",
        original_price=Decimal(0),
        discount=Decimal(0),
        price=Decimal(0),
        quantity=1,
        series="",
        barcode="",
        holder=buyer(_PERSON),
        created_at=now,
        updated_at=now,
    )
