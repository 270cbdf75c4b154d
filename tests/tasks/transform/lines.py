"""Raw ticket lines for the tests of the transform: one good line, changed where a test says so."""

from __future__ import annotations

from typing import Any

import polars as pl

from tasks.transform.qtickets import tickets

LINE: dict[str, str | None] = {
    "ticket_id": "1",
    "order_id": "1",
    "event_id": "7",
    "show_id": "70",
    "payed": "true",
    "payed_at": "2026-03-10T12:00:00+03:00",
    "created_at": "2026-03-10T11:58:00+03:00",
    "order_deleted_at": None,
    "ticket_deleted_at": None,
    "order_price": None,
    "order_original_price": None,
    "original_price": None,
    "currency": "RUB",
    "price": "490",
    "quantity": "1",
    "price_is_for": "unit",
    "refunded_at": None,
    "refunded_amount": None,
    "utm_source": None,
    "utm_medium": None,
    "utm_campaign": None,
    "utm_content": None,
    "utm_term": None,
}


def table(*changes: dict[str, str | None]) -> pl.DataFrame:
    """The tickets made of these lines, in their order; ids count up unless a change names them."""
    rows = [LINE | {"ticket_id": str(number)} | change for number, change in enumerate(changes, 1)]
    return tickets(pl.DataFrame(rows, schema=dict.fromkeys(LINE, pl.String)))


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    return table(*changes).rows(named=True)


def one(**change: str | None) -> dict[str, Any]:
    (ticket,) = made(change)
    return ticket
