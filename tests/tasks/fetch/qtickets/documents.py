"""Plain documents of orders, made by arithmetic, and what a fetch must bring of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import polars as pl

from tasks.landing import Fetched

MOSCOW = timezone(timedelta(hours=3))


def order(number: int, created: datetime, paid: datetime | None, **more: Any) -> dict[str, Any]:
    basket = {
        "id": number * 10,
        "show_id": 900_000,
        **{"price": 490, "original_price": 490, "quantity": 1},
        **{"deleted_at": None, "refunded_at": None, "refunded_amount": None, "discount_value": 0},
    }
    return {
        "id": number, "payed": paid is not None, "payed_at": _when(paid), "event_id": 800_000 + number % 7,
        **{"price": 490, "original_price": 490, "currency_id": "RUB", "utm": [], "baskets": [basket]},
        "created_at": _when(created), **dict.fromkeys(("deleted_at", "promo_code_id", "discount_id")), **more,
    }  # fmt: skip


def event(number: int) -> dict[str, Any]:
    show = dict.fromkeys(("start_date", "deleted_at", "sale_start_date", "sale_finish_date"))
    named = {"id": number, "name": "Щелкунчик", "is_active": 1, "currency_id": "RUB", "place_name": "Зал"}
    city = {"name": "Томск", "timezone": "Asia/Tomsk"}
    return named | {"deleted_at": None, "city": city, "shows": [show | {"id": number, "is_active": 1}]}


def evenly(count: int, first: datetime, step: timedelta) -> list[dict[str, Any]]:
    """`count` orders, one a `step` from `first` on; each fifth is never paid, the others after 0 to 29 hours."""
    orders = []
    for number in range(count):
        created = first + number * step
        paid = None if number % 5 == 0 else created + timedelta(hours=number % 30)
        orders.append(order(1_000_000 + number, created, paid))
    return orders


def ids_of(documents: Iterable[Mapping[str, Any]], first: date, last: date, as_of: datetime) -> set[str]:
    """Ticket ids of the orders booked on these Moscow days and before `as_of`."""
    start, end = (datetime.combine(day, time(), MOSCOW) for day in (first, last + timedelta(days=1)))
    return {
        str(basket["id"])
        for document in documents
        if start <= datetime.fromisoformat(document["payed_at"] or document["created_at"]) < min(end, as_of)
        for basket in document["baskets"]
    }


def tickets_of(rows: Iterable[Mapping[str, str | None]]) -> set[str | None]:
    """Ticket ids; one that came twice is a failure."""
    ids = [row["ticket_id"] for row in rows]
    assert len(ids) == len(set(ids))
    return set(ids)


def raw(fetched: Fetched) -> pl.DataFrame:
    """What a fetch brought, as it comes back from the landing area."""
    return pl.DataFrame(fetched.rows, schema=dict.fromkeys(fetched.columns, pl.String), orient="row")


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(MOSCOW).isoformat(timespec="seconds")
