"""Promo codes: which one an order was made with. Most are shared, as in mailings; a few are a person's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.world.orders import FIRST_DISCOUNT
from sandbox.world.sales import Order
from sandbox.world.secrets import MARK

_FIRST, _FIRST_PERSONAL = 168_000, 40_000_000_000
_WITHOUT_A_CODE, _PERSONAL = 3, 20
"""One of so many orders with a discount has no code; one of so many has a personal one."""
_NAMES = ("VESNA", "DRUZYA", "SEMYA", "GOST", "PARTNER", "KLUB", "PRAZDNIK")


@dataclass(frozen=True, slots=True)
class PromoCode:
    id: int
    discount_id: int
    code: str
    personal: bool


def promo_code_of(order: Order) -> PromoCode | None:
    discount = order.discount_id
    if discount is None or order.backend_user_id is not None or order.id % _WITHOUT_A_CODE == 0:
        return None
    if order.id % _PERSONAL == 0:
        return PromoCode(_FIRST_PERSONAL + order.id, discount, f"{MARK}{order.id}", personal=True)
    percent = discount - FIRST_DISCOUNT
    return PromoCode(_FIRST + percent, discount, f"{_NAMES[percent % len(_NAMES)]}{percent}", personal=False)


def promo_codes_of(orders: Iterable[Order]) -> list[PromoCode]:
    """Each once, by id."""
    codes = {code.id: code for order in orders if (code := promo_code_of(order))}
    return [codes[number] for number in sorted(codes)]
