"""Orders of the world as documents of ``GET /orders``: every key, in the captured order.

Assumed, as no capture exists: the shape of ``refunds[]``, of ``fields`` and of a filled ``custom``; that a
cancelled ticket of a paid order keeps its ``ticket_amount``; that a refund leaves price, ``deleted_at`` and
barcode alone (see ``Switches``).
"""

from __future__ import annotations

from typing import Any

from sandbox.qtickets.wire import Document, money, when
from sandbox.world import Basket, Buyer, Order

_SITE = {"id": 100, "host": "tickets.example.invalid"}
_PAYMENT_ID = 12000


def order_document(order: Order) -> Document:
    return {
        "id": order.id,
        "uniqid": order.uniqid,
        "payed": order.payed_at is not None,
        "payed_at": when(order.payed_at),
        "client_id": order.buyer.id,
        "client": client_document(order.buyer),
        "site_id": _SITE["id"],
        "site": dict(_SITE),
        "payment_id": _PAYMENT_ID,
        "payment_type_id": order.payment_type,
        "payment_card_number": order.card_mask,
        "payment_url": order.payment_url,
        "cancel_url": order.cancel_url,
        "basket_user_id": order.basket_user_id,
        "backend_user_id": order.backend_user_id,
        "access_code_id": None,
        "discount_id": order.discount_id,
        "promo_code_id": order.promo_code_id,
        "reserved": order.reserved,
        "reserved_to": when(order.reserved_to),
        "reserve_extended": order.extended_at is not None,
        "event_id": order.event_id,
        "price": money(order.price),
        "original_price": money(order.original_price),
        "currency_id": order.currency,
        "utm": _utm(order),
        "custom": {"comment": order.custom} if order.custom else "",
        "fields": [{"name": "Вопрос организатора", "value": answer} for answer in order.answers],
        "baskets": [_basket(order, basket) for basket in order.baskets],
        "refunds": [refund for basket in order.baskets for refund in _refunds(basket)],
        "integrations": {"roistat": {"roistat_visit": order.roistat_visit}} if order.roistat_visit else [],
        "created_at": when(order.created_at),
        "updated_at": when(order.updated_at),
        "deleted_at": when(order.deleted_at),
    }


def client_document(buyer: Buyer) -> Document:
    details: Document = {
        "id": buyer.details_id,
        "name": buyer.name,
        "middlename": buyer.middlename,
        "surname": buyer.surname,
        "phone": buyer.phone,
        "vk_id": buyer.vk_id,
        "facebook_id": buyer.facebook_id,
    }
    if buyer.telegram_id:
        details["telegram_user"] = {
            "id": buyer.telegram_id,
            "first_name": buyer.name,
            "last_name": buyer.surname,
            "username": buyer.telegram_name,
        }
    return {"id": buyer.id, "email": buyer.email, "details": details}


def _utm(order: Order) -> Any:
    if not order.utm:
        return []
    return [dict(order.utm)] if order.utm_as_list else dict(order.utm)


def _basket(order: Order, basket: Basket) -> Document:
    never_a_ticket = order.payed_at is None and (basket.deleted_at or order.deleted_at) is not None
    merely_cancelled = basket.deleted_at is not None and basket.refunded_at is None
    return {
        "id": basket.id,
        "series": basket.series,
        "barcode": None if never_a_ticket else basket.barcode,
        "show_id": basket.show_id,
        "seat_id": basket.seat_id,
        "seat_name": basket.seat_name,
        "original_price": money(basket.original_price),
        "ticket_original_price": money(basket.original_price),
        "discount_value": money(basket.discount),
        "price": money(basket.price),
        "ticket_amount": 0 if never_a_ticket else money(basket.price),
        "service_fee_amount": 0,
        "multiprice_code": None,
        "quantity": basket.quantity,
        "client_email": basket.holder.email,
        "client_phone": basket.holder.phone,
        "client_name": basket.holder.name,
        "client_surname": basket.holder.surname,
        "client_middlename": basket.holder.middlename,
        "organization_name": basket.organization_name,
        "legal_name": basket.legal_name,
        "work_position": basket.work_position,
        "inn": basket.inn,
        "kpp": basket.kpp,
        "comment": basket.comment,
        "pdf_url": None if never_a_ticket else basket.pdf_url,
        "passbook_url": None if never_a_ticket else basket.passbook_url,
        "related_baskets": [],
        "services": [],
        "checked_at": when(basket.checked_at),
        "created_at": when(basket.created_at),
        "updated_at": when(basket.updated_at),
        "deleted_at": when(basket.deleted_at),
        "refunded_at": when(basket.refunded_at),
        **_refunded(basket, cancelled=merely_cancelled),
        "refunds": _refunds(basket),
    }


def _refunded(basket: Basket, *, cancelled: bool) -> Document:
    """Trap: a merely cancelled ticket has 0 here, not null, so an amount alone is no refund."""
    if basket.refunded_at is None:
        amount = 0 if cancelled else None
        return {"refunded_amount": amount, "refunded_deduction_amount": amount}
    return {
        "refunded_amount": money(basket.refunded_amount or basket.total * 0),
        "refunded_deduction_amount": money(basket.refunded_deduction or basket.total * 0),
    }


def _refunds(basket: Basket) -> list[Document]:
    if basket.refunded_at is None:
        return []
    return [{"id": basket.id, "basket_id": basket.id, **_refunded(basket, cancelled=False)}]
