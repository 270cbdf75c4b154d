"""Ground truth of what was sold: orders and their lines, in exact types.

Money is ``Decimal`` in the currency's main unit and instants are aware UTC datetimes. Mutable on purpose: a test
changes one figure and sees whether a loader notices. Nothing here knows how an API words it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.world import secrets
from sandbox.world.secrets import Buyer


@dataclass(slots=True)
class Basket:
    """One ticket line. ``price`` is per unit and after discount; the line costs ``total``.

    ``refunded_amount`` and ``refunded_deduction`` are for the whole line.
    """

    id: int
    show_id: int
    seat_name: str
    original_price: Decimal
    price: Decimal
    quantity: int
    barcode: str
    holder: Buyer
    created_at: datetime
    organization_name: str | None = None
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
        return secrets.link("ticket/pdf", self.id)

    def personal(self) -> Iterator[str | None]:
        yield from (self.barcode, self.pdf_url, self.comment, self.organization_name)
        yield from self.holder.personal()


@dataclass(slots=True)
class Order:
    """One order with its lines. Paid means ``payed_at``; cancelled means ``deleted_at``."""

    id: int
    buyer: Buyer
    event_id: int
    currency: str
    created_at: datetime
    baskets: list[Basket]
    payed_at: datetime | None = None
    deleted_at: datetime | None = None
    payment_type: str = "card"
    card_mask: str | None = None
    discount_id: int | None = None
    backend_user_id: int | None = None
    basket_user_id: int = 0
    utm: dict[str, str] = field(default_factory=dict)
    utm_as_list: bool = False
    notes: dict[str, str] = field(default_factory=dict)
    """What the buyer wrote or a visit counter added: ``custom``, ``answer``, ``visit``."""

    @property
    def price(self) -> Decimal:
        return sum((basket.total for basket in self.baskets), Decimal(0))

    @property
    def original_price(self) -> Decimal:
        return sum((basket.original_price * basket.quantity for basket in self.baskets), Decimal(0))

    @property
    def cancel_url(self) -> str:
        return secrets.link("cancel-order", self.id)

    def personal(self) -> Iterator[str | None]:
        yield from (self.cancel_url, self.card_mask, *self.notes.values(), *self.buyer.personal())
        for basket in self.baskets:
            yield from basket.personal()
