"""Ground truth of what was sold: buyers, orders and their lines, in exact types.

Money is ``Decimal`` in the currency's main unit and instants are aware UTC datetimes. Orders and lines are
mutable on purpose: a test changes one figure and sees whether a loader notices. Nothing here knows how an API
words it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.world import secrets


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person, every field of which is personal data and carries the marker of ``secrets``."""

    id: int
    details_id: int
    email: str
    name: str
    middlename: str | None
    surname: str
    phone: str
    vk_id: str
    facebook_id: str
    telegram_id: int | None = None
    telegram_name: str | None = None


@dataclass(slots=True)
class Basket:
    """One ticket line. ``price`` is per unit and after discount; the line costs ``total``.

    ``refunded_amount`` and ``refunded_deduction`` are for the whole line.
    """

    id: int
    show_id: int
    seat_id: str
    seat_name: str
    original_price: Decimal
    discount: Decimal
    price: Decimal
    quantity: int
    series: str
    barcode: str
    holder: Buyer
    created_at: datetime
    updated_at: datetime
    organization_name: str | None = None
    legal_name: str | None = None
    work_position: str | None = None
    inn: str | None = None
    kpp: str | None = None
    comment: str | None = None
    checked_at: datetime | None = None
    deleted_at: datetime | None = None
    refunded_at: datetime | None = None
    refunded_amount: Decimal | None = None
    refunded_deduction: Decimal | None = None

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity

    @property
    def pdf_url(self) -> str:
        return secrets.ticket_url("pdf", self.id)

    @property
    def passbook_url(self) -> str:
        return secrets.ticket_url("passbook", self.id)


@dataclass(slots=True)
class Order:
    """One order with its lines. Paid means ``payed_at``; cancelled means ``deleted_at``."""

    id: int
    buyer: Buyer
    event_id: int
    currency: str
    created_at: datetime
    updated_at: datetime
    reserved_to: datetime
    baskets: list[Basket]
    payed_at: datetime | None = None
    deleted_at: datetime | None = None
    extended_at: datetime | None = None
    reserved: bool = False
    payment_type: str = "card"
    card_mask: str | None = None
    discount_id: int | None = None
    promo_code_id: int | None = None
    backend_user_id: int | None = None
    basket_user_id: int = 0
    utm: dict[str, str] = field(default_factory=dict)
    utm_as_list: bool = False
    custom: str | None = None
    answers: list[str] = field(default_factory=list)
    roistat_visit: str | None = None

    @property
    def price(self) -> Decimal:
        return sum((basket.total for basket in self.baskets), Decimal(0))

    @property
    def original_price(self) -> Decimal:
        return sum((basket.original_price * basket.quantity for basket in self.baskets), Decimal(0))

    @property
    def uniqid(self) -> str:
        return secrets.uniqid(self.id)

    @property
    def payment_url(self) -> str:
        return secrets.order_url("pay", self.id)

    @property
    def cancel_url(self) -> str:
        return secrets.order_url("cancel-order", self.id)
