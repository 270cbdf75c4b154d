"""Every personal or secret value a world contains, so that a test can search for each where none may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.world.programme import Event
from sandbox.world.promo import PROMOS
from sandbox.world.sales import Basket, Buyer, Order
from sandbox.world.secrets import MARK


def personal_strings(orders: Iterable[Order], events: Iterable[Event]) -> set[str]:
    """Exactly the strings an API would send (numbers as text); none is part of an innocent value."""
    found: set[str | None] = {promo.code for promo in PROMOS if MARK in promo.code}
    found.update(event.payee for event in events)
    for order in orders:
        found.update(_of_order(order))
        for basket in order.baskets:
            found.update(_of_basket(basket))
    return {value for value in found if value}


def _of_order(order: Order) -> Iterator[str | None]:
    yield from (
        order.uniqid,
        order.payment_url,
        order.cancel_url,
        order.card_mask,
        order.custom,
        order.roistat_visit,
    )
    yield from order.answers
    yield from _of_buyer(order.buyer)


def _of_buyer(buyer: Buyer) -> Iterator[str | None]:
    yield from (buyer.email, buyer.name, buyer.middlename, buyer.surname, buyer.phone, buyer.vk_id)
    yield from (buyer.facebook_id, buyer.telegram_name)
    yield str(buyer.telegram_id) if buyer.telegram_id else None


def _of_basket(basket: Basket) -> Iterator[str | None]:
    yield from (basket.barcode, basket.series, basket.pdf_url, basket.passbook_url, basket.comment)
    yield from (basket.organization_name, basket.legal_name, basket.work_position, basket.inn, basket.kpp)
    yield from _of_buyer(basket.holder)
