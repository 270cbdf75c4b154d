"""The lines of an order: which seats of which shows, at what price, and whose."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.world.catalogue import Price, Show
from sandbox.world.randomness import happens, pick
from sandbox.world.sales import Basket
from sandbox.world.secrets import POOL, Buyer, barcode, buyer

KOPECK = Decimal("0.01")
_SIZES = ((1, 0.46), (2, 0.35), (3, 0.12), (4, 0.05), (5, 0.02))
_IDS_AN_ORDER, _IDS_A_DAY = 10, 100_000
_TWO_SHOWS_SHARE, _QUANTITY_SHARE, _OTHER_HOLDER_SHARE = 0.03, 0.02, 0.2


def draft_baskets(
    rng: Random, order_id: int, created_at: datetime, shows: list[Show], person: Buyer, percent: int, *, mixed: bool
) -> list[Basket]:
    """One to five lines. ``mixed`` gives the discount to the last line alone, and has at least two."""
    count = max(pick(rng, _SIZES), 2 if mixed else 1)
    baskets = []
    for line, show in enumerate(_choose_shows(rng, shows, count)):
        placed_at = created_at - timedelta(seconds=rng.randint(15, 240))
        own_percent = percent if not mixed or line == count - 1 else 0
        baskets.append(_draft(rng, order_id, line, show, own_percent, placed_at, person))
    return baskets


def _choose_shows(rng: Random, shows: list[Show], count: int) -> list[Show]:
    first = rng.choice(shows)
    if count > 1 and len(shows) > 1 and happens(rng, _TWO_SHOWS_SHARE):
        other = rng.choice([show for show in shows if show is not first])
        return [first] * (count - 1) + [other]
    return [first] * count


def _draft(
    rng: Random, order_id: int, line: int, show: Show, percent: int, placed_at: datetime, person: Buyer
) -> Basket:
    price = rng.choice(show.prices)
    day, sequence = divmod(order_id, _IDS_A_DAY)
    discount = (price.amount * percent / 100).quantize(KOPECK, ROUND_HALF_UP)
    seat = _seat(rng, price)
    return Basket(
        id=order_id * _IDS_AN_ORDER + line,
        show_id=show.id,
        seat_name=seat,
        original_price=price.amount,
        price=price.amount - discount,
        quantity=rng.randint(2, 4) if price.admission and happens(rng, _QUANTITY_SHARE) else 1,
        barcode=barcode(day, sequence, line),
        holder=buyer(rng.randrange(POOL)) if happens(rng, _OTHER_HOLDER_SHARE) else person,
        created_at=placed_at,
    )


def _seat(rng: Random, price: Price) -> str:
    if price.admission:
        return price.label
    return f"{price.label}: Ряд {rng.randint(1, 30)}, Место {rng.randint(1, 40)}"
