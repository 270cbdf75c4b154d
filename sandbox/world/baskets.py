"""The lines of an order: which seats of which shows, at what price."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.world import secrets
from sandbox.world.people import POOL, buyer
from sandbox.world.programme import Price, Show
from sandbox.world.promo import Promo
from sandbox.world.randomness import happens, pick
from sandbox.world.sales import Basket, Buyer

_SIZES = ((1, 0.46), (2, 0.35), (3, 0.12), (4, 0.05), (5, 0.02))
_IDS_AN_ORDER = 10
_IDS_A_DAY = 100_000
_TWO_SHOWS_SHARE = 0.03
_QUANTITY_SHARE = 0.02
_OTHER_HOLDER_SHARE = 0.2
KOPECK = Decimal("0.01")


def draft_baskets(
    rng: Random,
    order_id: int,
    created_at: datetime,
    shows: list[Show],
    *,
    person: Buyer,
    promo: Promo | None,
    mixed: bool,
) -> list[Basket]:
    """One to five lines. ``mixed`` gives the discount to the last line alone, and has at least two."""
    count = max(pick(rng, _SIZES), 2 if mixed else 1)
    chosen = _choose_shows(rng, shows, count)
    baskets = []
    for line, show in enumerate(chosen):
        percent = promo.percent if promo and (not mixed or line == count - 1) else 0
        placed_at = created_at - timedelta(seconds=rng.randint(15, 240))
        baskets.append(_draft(rng, order_id, line, show, percent=percent, placed_at=placed_at, person=person))
    return baskets


def _choose_shows(rng: Random, shows: list[Show], count: int) -> list[Show]:
    first = rng.choice(shows)
    if count > 1 and len(shows) > 1 and happens(rng, _TWO_SHOWS_SHARE):
        other = rng.choice([show for show in shows if show is not first])
        return [first] * (count - 1) + [other]
    return [first] * count


def _draft(
    rng: Random, order_id: int, line: int, show: Show, *, percent: int, placed_at: datetime, person: Buyer
) -> Basket:
    price = rng.choice(show.prices)
    day, sequence = divmod(order_id, _IDS_A_DAY)
    discount = (price.amount * percent / 100).quantize(KOPECK, ROUND_HALF_UP)
    seat_id, seat_name = _seat(rng, price)
    return Basket(
        id=order_id * _IDS_AN_ORDER + line,
        show_id=show.id,
        seat_id=seat_id,
        seat_name=seat_name,
        original_price=price.amount,
        discount=discount,
        price=price.amount - discount,
        quantity=rng.randint(2, 4) if price.admission and happens(rng, _QUANTITY_SHARE) else 1,
        series=secrets.series(order_id * 7 + line),
        barcode=secrets.barcode(day, sequence, line),
        holder=buyer(rng.randrange(POOL)) if happens(rng, _OTHER_HOLDER_SHARE) else person,
        created_at=placed_at,
        updated_at=placed_at,
    )


def _seat(rng: Random, price: Price) -> tuple[str, str]:
    if price.admission:
        return f"{price.zone}-1;1", price.label
    row, place = rng.randint(1, 30), rng.randint(1, 40)
    return f"{price.zone}-{row};{place}", f"{price.label}: Ряд {row}, Место {place}"
