"""Plain documents of orders, made by arithmetic: any number of them in no time, and nothing random."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

_OFFSET = timezone(timedelta(hours=3))


def order(number: int, created: datetime, paid: datetime | None, **more: Any) -> dict[str, Any]:
    """One order with one ticket."""
    return {
        "id": number,
        "payed": paid is not None,
        "payed_at": _when(paid),
        "event_id": 800_000 + number % 7,
        "price": 490,
        "original_price": 490,
        "currency_id": "RUB",
        "utm": [],
        "baskets": [
            {
                "id": number * 10,
                "show_id": 900_000,
                "price": 490,
                "original_price": 490,
                "quantity": 1,
                "deleted_at": None,
                "refunded_at": None,
                "refunded_amount": None,
            }
        ],
        "created_at": _when(created),
        "deleted_at": None,
        **more,
    }


def evenly(count: int, first: datetime, step: timedelta) -> list[dict[str, Any]]:
    """`count` orders, one a `step` from `first` on; each fifth is never paid, the others after 0 to 29 hours."""
    orders = []
    for number in range(count):
        created = first + number * step
        paid = None if number % 5 == 0 else created + timedelta(minutes=number % 30 * 60)
        orders.append(order(1_000_000 + number, created, paid))
    return orders


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(_OFFSET).isoformat(timespec="seconds")
