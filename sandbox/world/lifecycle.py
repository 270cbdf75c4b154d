"""What becomes of an order: paid, given up, cancelled, refunded, scanned. All is planned at its creation, and
``as_of`` takes back what is still to come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.world.catalogue import Show
from sandbox.world.randomness import happens, pick
from sandbox.world.sales import Basket, Order

_PAID_SHARE = 0.8
# Seconds between order and payment: mostly minutes, sometimes up to thirty hours.
_DELAYS = (((60, 480), 0.66), ((480, 3600), 0.2), ((3600, 72_000), 0.1), ((72_000, 108_000), 0.04))
_RESERVATION_SECONDS = 24 * 3600
_EXTENDED_SHARE, _BY_HAND_SHARE, _KEPT_SHARE = 0.15, 0.3, 0.01
_FREE_LATER_SHARE = 0.08
_REFUND_SHARE, _FULL_REFUND_SHARE, _DEDUCTION_SHARE, _SECOND_REFUND_SHARE = 0.05, 0.5, 0.5, 0.3
_PAID_CANCELLED_SHARE, _LINE_CANCELLED_SHARE = 0.004, 0.012
_SCAN_SHARE = 0.85
_DEDUCTION = Decimal("0.1")
_FIRST_REFUND_HOURS, _LAST_REFUND_HOURS = 2, 60 * 24


def plan_life(rng: Random, order: Order, shows: dict[int, Show]) -> None:
    """Fill in every later instant of the order and its lines."""
    if order.price == 0:
        late = timedelta(seconds=rng.randint(60, 900)) if happens(rng, _FREE_LATER_SHARE) else timedelta()
        order.payed_at = order.created_at + late
    elif happens(rng, _PAID_SHARE):
        order.payed_at = order.created_at + timedelta(seconds=rng.randint(*pick(rng, _DELAYS)))
    else:
        _give_up(rng, order)
        return
    _after_payment(rng, order, order.payed_at or order.created_at)
    for basket in order.baskets:
        _scan(rng, basket, shows[basket.show_id])


def _give_up(rng: Random, order: Order) -> None:
    """Cancelled by hand within the reservation, or by the vendor a quarter of an hour after its end."""
    if happens(rng, _KEPT_SHARE):
        return  # an indefinite reservation, which nothing cancels
    limit = _RESERVATION_SECONDS * (2 if happens(rng, _EXTENDED_SHARE) else 1)
    by_hand = happens(rng, _BY_HAND_SHARE)
    waited = rng.randint(600, limit) if by_hand else limit + rng.randint(900, 960)
    order.deleted_at = order.created_at + timedelta(seconds=waited)
    for basket in order.baskets:
        basket.deleted_at = order.deleted_at


def _after_payment(rng: Random, order: Order, payed_at: datetime) -> None:
    if order.price > 0 and happens(rng, _REFUND_SHARE):
        _refund(rng, order, payed_at)
    elif happens(rng, _PAID_CANCELLED_SHARE):
        order.deleted_at = _later(rng, payed_at)
        for basket in order.baskets:
            basket.deleted_at = order.deleted_at
    elif len(order.baskets) > 1 and happens(rng, _LINE_CANCELLED_SHARE):
        rng.choice(order.baskets).deleted_at = _later(rng, payed_at)


def _refund(rng: Random, order: Order, payed_at: datetime) -> None:
    """Whole order or some lines; now and then another line follows on a later day."""
    payable = [basket for basket in order.baskets if basket.price > 0]
    whole = len(payable) == 1 or happens(rng, _FULL_REFUND_SHARE)
    chosen = payable if whole else rng.sample(payable, rng.randint(1, len(payable) - 1))
    deduct = happens(rng, _DEDUCTION_SHARE)
    at = _later(rng, payed_at)
    for basket in chosen:
        if happens(rng, _SECOND_REFUND_SHARE):
            at = _later(rng, at)
        _refund_line(basket, at, deduct)


def _refund_line(basket: Basket, at: datetime, deduct: bool) -> None:
    kept = (basket.total * _DEDUCTION).quantize(Decimal("0.01"), ROUND_HALF_UP) if deduct else Decimal(0)
    basket.refunded_at = at
    basket.refunded_amount = basket.total - kept
    basket.refunded_deduction = kept


def _later(rng: Random, moment: datetime) -> datetime:
    """Between two hours and sixty days later, sooner more likely."""
    hours = _FIRST_REFUND_HOURS + (_LAST_REFUND_HOURS - _FIRST_REFUND_HOURS) * rng.random() ** 3
    return moment + timedelta(seconds=int(hours * 3600))


def _scan(rng: Random, basket: Basket, show: Show) -> None:
    at = show.opens_at + timedelta(seconds=rng.randint(60, 5400))
    gone = basket.refunded_at or basket.deleted_at
    if happens(rng, _SCAN_SHARE) and (gone is None or gone > at):
        basket.checked_at = at


def as_of(order: Order, until: datetime) -> Order | None:
    """The order as it stood at that instant, cut back in place, or None if it was created later."""
    if order.created_at > until:
        return None
    order.payed_at = _happened(order.payed_at, until)
    order.card_mask = order.card_mask if order.payed_at else None
    order.deleted_at = _happened(order.deleted_at, until)
    for basket in order.baskets:
        basket.deleted_at = _happened(basket.deleted_at, until)
        basket.checked_at = _happened(basket.checked_at, until)
        basket.refunded_at = _happened(basket.refunded_at, until)
        if basket.refunded_at is None:
            basket.refunded_amount = basket.refunded_deduction = None
    return order


def _happened(moment: datetime | None, until: datetime) -> datetime | None:
    return moment if moment is not None and moment <= until else None
