"""Orders and events of the world as documents of ``GET /orders`` and ``GET /events``.

Personal data and secrets are all there, of the rest only what tells something. Assumed, as no capture exists: the
shape of ``fields`` and of a filled ``custom``; that a refund leaves price, ``deleted_at`` and barcode alone (see
``Switches``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.qtickets.wire import Document, money, when
from sandbox.world import Basket, Event, Order, Show
from sandbox.world.promo import PromoCode, promo_code_of
from sandbox.world.seats import Level


def order_document(order: Order) -> Document:
    return {
        "id": order.id,
        "payed": order.payed_at is not None,
        "payed_at": when(order.payed_at),
        "client_id": order.buyer.id,
        "client": {
            "id": order.buyer.id,
            "email": order.buyer.email,
            "details": {"name": order.buyer.name, "surname": order.buyer.surname, "phone": order.buyer.phone},
        },
        "payment_type_id": order.payment_type,
        "payment_card_number": order.card_mask,
        "cancel_url": order.cancel_url,
        "basket_user_id": order.basket_user_id,
        "backend_user_id": order.backend_user_id,
        "discount_id": order.discount_id,
        "promo_code_id": code.id if (code := promo_code_of(order)) else None,
        "event_id": order.event_id,
        "price": money(order.price),
        "original_price": money(order.original_price),
        "currency_id": order.currency,
        "utm": _utm(order),
        "custom": {"comment": order.notes["custom"]} if "custom" in order.notes else "",
        "fields": [{"name": "Вопрос", "value": order.notes["answer"]}] if "answer" in order.notes else [],
        "baskets": [_basket(order, basket) for basket in order.baskets],
        "integrations": {"roistat": {"roistat_visit": order.notes["visit"]}} if "visit" in order.notes else [],
        "created_at": when(order.created_at),
        "deleted_at": when(order.deleted_at),
    }


def _utm(order: Order) -> Any:
    """PHP's empty object is a list."""
    if not order.utm:
        return []
    return [dict(order.utm)] if order.utm_as_list else dict(order.utm)


def _basket(order: Order, basket: Basket) -> Document:
    never_a_ticket = order.payed_at is None and (basket.deleted_at or order.deleted_at) is not None
    return {
        "id": basket.id,
        "barcode": None if never_a_ticket else basket.barcode,
        "show_id": basket.show_id,
        "seat_name": basket.seat_name,
        "original_price": money(basket.original_price),
        "discount_value": money(basket.original_price - basket.price),
        "price": money(basket.price),
        "quantity": basket.quantity,
        "client_email": basket.holder.email,
        "client_phone": basket.holder.phone,
        "client_name": basket.holder.name,
        "client_surname": basket.holder.surname,
        "organization_name": basket.organization_name,
        "comment": basket.comment,
        "pdf_url": None if never_a_ticket else basket.pdf_url,
        "checked_at": when(basket.checked_at),
        "created_at": when(basket.created_at),
        "deleted_at": when(basket.deleted_at),
        "refunded_at": when(basket.refunded_at),
        **_refunded(basket),
    }


def _refunded(basket: Basket) -> Document:
    """Trap: a merely cancelled ticket has 0 here, not null, so an amount alone is no refund."""
    if basket.refunded_at is None:
        nothing = None if basket.deleted_at is None else 0
        return {"refunded_amount": nothing, "refunded_deduction_amount": nothing}
    return {
        "refunded_amount": money(basket.refunded_amount or Decimal(0)),
        "refunded_deduction_amount": money(basket.refunded_deduction or Decimal(0)),
    }


def event_document(event: Event) -> Document:
    return {
        "id": event.id,
        "is_active": int(event.is_active),
        "name": event.name,
        "currency_id": event.currency,
        "place_name": event.venue,
        "age": event.age,
        "shows": [_show(event, show) for show in event.shows],
        # The payee can be a person.
        "payments": [{"id": 12000, "is_active": True, "name": event.payee}] if event.payee else [],
        "city": {"id": event.city.id, "name": event.city.name, "timezone": event.city.timezone},
        "created_at": when(event.created_at),
        "deleted_at": when(event.deleted_at),
    }


def _show(event: Event, show: Show) -> Document:
    return {
        "id": show.id,
        "is_active": int(show.is_active),
        "sale_start_date": when(event.sale_starts_at),
        "sale_finish_date": when(show.starts_at),
        "open_date": when(show.opens_at),
        "start_date": when(show.starts_at),
        "finish_date": when(show.finishes_at),
        "min_price": money(min(price.amount for price in show.prices)) if show.shows_prices else None,
        "deleted_at": when(show.deleted_at),
    }


def promo_code_document(code: PromoCode) -> Document:
    return {
        "id": code.id,
        "is_active": 1,
        "discount_id": code.discount_id,
        "code": code.code,
        "max_uses_count": 1 if code.personal else 0,
        "deleted_at": None,
    }


def seats_document(levels: list[Level]) -> Document | list[Document]:
    """By seat id: of standing places one for all of a price, and one for those kept from sale. PHP's empty object
    is a list."""
    seats: Document = {}
    for level in levels:
        free = level.total - level.sold - level.ordered - level.disabled
        if level.admission:
            seats[f"{level.label}-1;1"] = _seat(
                level, level.total - level.disabled, level.sold, level.ordered, free
            )
            seats[f"{level.label}-2;1"] = _seat(level, level.disabled, 0, 0, level.disabled) | {"disabled": True}
            continue
        states = [(1, 0, 0)] * level.sold + [(0, 1, 0)] * level.ordered + [(0, 0, 1)] * (free + level.disabled)
        for number, state in enumerate(states, 1):
            kept = {"disabled": number > level.total - level.disabled}
            seats[f"{level.label}-1;{number}"] = _seat(level, 1, *state) | kept
    return seats or []


def _seat(level: Level, most: int, sold: int, ordered: int, free: int) -> Document:
    return {
        "name": level.label,
        "admission": level.admission,
        "max_quantity": most,
        "free_quantity": free,
        "ordered_quantity": ordered,
        "disabled": False,
        "payed_quantity": sold,
        "in_basket_quantity": 0,
        "price": money(level.price),
    }
