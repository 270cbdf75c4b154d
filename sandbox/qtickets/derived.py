"""The small endpoints, derived from orders and events: buyers, seats and barcodes of a show, promo codes.

Only as true as a demo needs: seats are one row of standing places a price, with a fixed capacity.
"""

from __future__ import annotations

from typing import Any

from sandbox.qtickets.select import selected, tree_of
from sandbox.qtickets.wire import Document
from sandbox.world.promo import PROMOS

_CAPACITY = 500
_SINCE = "2025-05-17T08:44:46+03:00"


def clients(orders: list[Document]) -> list[Document]:
    found = {order["client"]["id"]: order["client"] for order in orders if order.get("client")}
    return [found[client_id] for client_id in sorted(found)]


def discounts() -> list[Document]:
    """Trap: no key tells the percentage."""
    return [
        {
            "id": promo.discount_id,
            "is_active": int(promo.is_active),
            "name": f"Скидка {promo.percent}%",
            "active_from": None,
            "active_to": None,
            "type": "P",
            "events": [],
            "shows": [],
            "created_at": _SINCE,
            "updated_at": _SINCE,
            "deleted_at": None,
        }
        for promo in PROMOS
    ]


def promo_codes() -> list[Document]:
    """Not in order of id, as captured."""
    return [
        {
            "id": promo.promo_code_id,
            "is_active": int(promo.is_active),
            "type": 0,
            "discount_id": promo.discount_id,
            "code": promo.code,
            "max_uses_count": 0,
            "active_from": None,
            "active_to": None,
            "created_at": _SINCE,
            "updated_at": _SINCE,
            "deleted_at": None,
        }
        for promo in reversed(PROMOS)
    ]


def tickets(orders: list[Document], show_id: int) -> list[Document]:
    """Valid ticket lines of a show: paid, neither cancelled nor refunded; invitations included."""
    return [
        basket
        for order in orders
        if order["payed"] and not order["deleted_at"]
        for basket in order["baskets"]
        if basket["show_id"] == show_id and not basket["deleted_at"] and not basket["refunded_at"]
    ]


def barcodes(orders: list[Document], show_id: int, select: list[str]) -> list[Document]:
    """A bare list. Without ``select`` ids and barcodes only."""
    tree = tree_of(select or ["id", "barcode"], nested=True)
    return [selected(basket, tree) for basket in tickets(orders, show_id)]


def seats(event: Document, show: Document, orders: list[Document], select: list[str], *, flat: bool) -> Any:
    """Flat: an object by seat id with what was selected; else zones. PHP's empty object is a list."""
    sold = tickets(orders, show["id"])
    rows = [_seat(event, price, sold) for price in show["prices"]]
    if flat:
        tree = tree_of(select, nested=True)
        return {row["id"]: selected(row, tree) if select else row for row in rows} or []
    tree = tree_of([*select, "seat_id"] if select else ["seat_id", "admission"], nested=True)
    return {row["zone_id"]: _zone(row, selected({"seat_id": row["id"], **row}, tree)) for row in rows} or []


def _zone(row: Document, seat: Document) -> Document:
    return {"zone_id": row["zone_id"], "name": row["name"], "description": "", "seats": {row["id"]: seat}}


def _seat(event: Document, price: Document, sold: list[Document]) -> Document:
    zone = f"zone{price['color_theme']}"
    payed = sum(basket["quantity"] for basket in sold if basket["original_price"] == price["default_price"])
    return {
        "id": f"{zone}-1;1",
        "root_id": f"{zone}-1;1",
        "name": f"Зона {price['color_theme']}",
        "zone_id": zone,
        "zone_root_id": zone,
        "short_seat_id": "1;1",
        "admission": True,
        "row": "1",
        "place": "1",
        "max_quantity": _CAPACITY,
        "free_quantity": max(_CAPACITY - payed, 0),
        "ordered_quantity": 0,
        "available": payed < _CAPACITY,
        "disabled": False,
        "ordered": False,
        "payed_quantity": payed,
        "in_basket_quantity": 0,
        "price": price["default_price"],
        "currency_id": event["currency_id"],
        "related_seats": [],
        "multiprice_name": None,
        "multiprice_code": None,
        "spread": {
            "partner_id": None,
            "users": [],
            "client_groups": [],
            "client_emails": [],
            "agents": False,
        },
        "color_theme_id": int(price["color_theme"]),
        "coords": [0, 0],
    }
