"""An order as it stood at an instant: later payments, refunds, cancellations and scans are still to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.sales import Basket, Order

_RESERVATION = timedelta(hours=24)


def as_of(order: Order, until: datetime) -> Order | None:
    """The order itself, cut back in place, or None if it was created later."""
    if order.created_at > until:
        return None
    order.payed_at = _happened(order.payed_at, until)
    order.card_mask = order.card_mask if order.payed_at else None
    order.deleted_at = _happened(order.deleted_at, until)
    order.extended_at = _happened(order.extended_at, until)
    order.reserved_to = order.created_at + _RESERVATION * (2 if order.extended_at else 1)
    # Neither a scan nor a refund touches the order's own updated_at: the former captured, the latter assumed.
    order.updated_at = max(
        moment for moment in (order.created_at, order.payed_at, order.deleted_at, order.extended_at) if moment
    )
    for basket in order.baskets:
        _cut(basket, order.payed_at, until)
    return order


def _happened(moment: datetime | None, until: datetime) -> datetime | None:
    return moment if moment is not None and moment <= until else None


def _cut(basket: Basket, payed_at: datetime | None, until: datetime) -> None:
    basket.deleted_at = _happened(basket.deleted_at, until)
    basket.checked_at = _happened(basket.checked_at, until)
    basket.refunded_at = _happened(basket.refunded_at, until)
    if basket.refunded_at is None:
        basket.refunded_amount = basket.refunded_deduction = None
    moments = (basket.created_at, payed_at, basket.deleted_at, basket.checked_at, basket.refunded_at)
    basket.updated_at = max(moment for moment in moments if moment)
