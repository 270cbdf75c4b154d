"""The orders created on one Moscow day, with their lines and their whole life, which ``lifecycle.as_of`` cuts.

They depend on the seed, the scale and the date alone, so worlds of different length and end agree.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from random import Random

from sandbox.world.ads import DIRECT, VK, Ad, ads_bringing
from sandbox.world.catalogue import Event, Price, Show, season_events, shows_on_sale
from sandbox.world.clock import day_start, season_of
from sandbox.world.lifecycle import plan_life
from sandbox.world.randomness import happens, pick, stream
from sandbox.world.sales import Basket, Order
from sandbox.world.secrets import MARK, POOL, Buyer, barcode, buyer

_ORDERS_A_DAY, _IDS_A_DAY = 120, 100_000
_WEEKDAYS = (0.85, 0.85, 0.9, 0.95, 1.15, 1.2, 1.1)
_MONTHS = (0.85, 0.9, 1.0, 1.0, 0.95, 0.9, 0.85, 0.9, 1.0, 1.05, 1.1, 1.3)
# Orders by Moscow hour. Evenings are busy up to midnight, so some are paid on the next day.
_HOURS = (3, 1.5, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 10, 10, 8, 6)
_CUMULATIVE_HOURS = tuple(accumulate(_HOURS))
_DEALS = (("plain", 0.52), ("partial", 0.2), ("free", 0.2), ("mixed", 0.06), ("invitation", 0.02))
_DISCOUNTS, _FREE = (5, 10, 15, 30, 33, 50), 100
FIRST_DISCOUNT, _FIRST_BACKEND_USER, _FIRST_BASKET_USER = 6800, 7001, 6_000_000
_OTHER_PAYMENT_SHARE = 0.12
_NOTES = {"custom": 0.03, "answer": 0.03, "visit": 0.05}
_COMPANY_SHARE, _COMMENT_SHARE = 0.02, 0.03

_SIZES = ((1, 0.46), (2, 0.35), (3, 0.12), (4, 0.05), (5, 0.02))
_TWO_SHOWS_SHARE, _QUANTITY_SHARE, _OTHER_HOLDER_SHARE = 0.03, 0.02, 0.2
_IDS_AN_ORDER = 10
_KOPECK = Decimal("0.01")

_ORIGINS = ((None, 0.48), (VK, 0.16), (DIRECT, 0.16), ("other", 0.20))
_LIST_SHARE = 0.02
# Written by hand in posts, profiles and mailings, hence the missing keys and the loose spelling.
_HAND_MADE: tuple[dict[str, str], ...] = (
    {"utm_source": "insta", "utm_medium": "lenta_free1", "utm_campaign": "roditeli"},
    {"utm_source": "insta", "utm_medium": "opisanie", "utm_campaign": "profil"},
    {"utm_source": "tg", "utm_medium": "post"},
    {"utm_source": "vk", "utm_medium": "posty", "utm_campaign": "organizovannaya"},
    {"utm_source": "email", "utm_medium": "mailing", "utm_campaign": "dajdzhest", "utm_content": "knopka"},
    {"utm_source": "yandex", "utm_medium": "maps"},
    {"utm_source": "partner"},
    {"utm_campaign": "bloger", "utm_content": "stories"},
)

_Offer = tuple[Event, list[Show], list[Ad]]


def orders_of_day(seed: int, scale: float, day: date) -> list[Order]:
    """All orders created on that Moscow day, in order of time and id."""
    offers = _offers(seed, day)
    if not offers:
        return []
    rng = stream(seed, "orders", float(scale), day.isoformat())
    weights = list(accumulate(event.popularity for event, _, _ in offers))
    moments = sorted(_moment(rng, day) for _ in range(_count(rng, scale, day)))
    return [
        _draft(rng, day.toordinal() * _IDS_A_DAY + number, moment, rng.choices(offers, cum_weights=weights)[0])
        for number, moment in enumerate(moments)
    ]


def _offers(seed: int, day: date) -> list[_Offer]:
    """The events on sale, their coming shows, and the ads that bring people to them."""
    season = season_of(day)
    events = [*season_events(seed, season), *season_events(seed, season + 1)]
    return [(event, shows, ads_bringing(event, day)) for event in events if (shows := shows_on_sale(event, day))]


def _count(rng: Random, scale: float, day: date) -> int:
    wanted = _ORDERS_A_DAY * scale * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * rng.uniform(0.85, 1.15)
    return min(int(wanted + rng.random()), _IDS_A_DAY - 1)


def _moment(rng: Random, day: date) -> datetime:
    hour = rng.choices(range(len(_HOURS)), cum_weights=_CUMULATIVE_HOURS)[0]
    return day_start(day) + timedelta(seconds=hour * 3600 + rng.randrange(3600))


def _draft(rng: Random, order_id: int, created_at: datetime, offer: _Offer) -> Order:
    event, shows, ads = offer
    deal = pick(rng, _DEALS)
    invited = deal == "invitation"
    percent = 0 if deal == "plain" else rng.choice(_DISCOUNTS) if deal == "partial" else _FREE
    person = buyer(rng.randrange(POOL))
    utm, utm_as_list = _tags(rng, ads)
    order = Order(
        id=order_id,
        buyer=person,
        event_id=event.id,
        currency=event.currency,
        created_at=created_at,
        baskets=_baskets(rng, order_id, created_at, shows, person, percent, mixed=deal == "mixed"),
        discount_id=FIRST_DISCOUNT + percent if percent else None,
        backend_user_id=_FIRST_BACKEND_USER + rng.randrange(3) if invited else None,
        basket_user_id=_FIRST_BASKET_USER + rng.randrange(POOL),
        payment_type="free" if invited else "4326371" if happens(rng, _OTHER_PAYMENT_SHARE) else "card",
        utm={} if invited else utm,
        utm_as_list=utm_as_list and not invited,
    )
    plan_life(rng, order, {show.id: show for show in shows})
    _add_personal(rng, order)
    return order


def _baskets(
    rng: Random, order_id: int, created_at: datetime, shows: list[Show], person: Buyer, percent: int, *, mixed: bool
) -> list[Basket]:
    """One to five lines. ``mixed`` gives the discount to the last line alone, and has at least two."""
    count = max(pick(rng, _SIZES), 2 if mixed else 1)
    baskets = []
    for line, show in enumerate(_choose_shows(rng, shows, count)):
        placed_at = created_at - timedelta(seconds=rng.randint(15, 240))
        own_percent = percent if not mixed or line == count - 1 else 0
        baskets.append(_line(rng, order_id, line, show, own_percent, placed_at, person))
    return baskets


def _choose_shows(rng: Random, shows: list[Show], count: int) -> list[Show]:
    first = rng.choice(shows)
    if count > 1 and len(shows) > 1 and happens(rng, _TWO_SHOWS_SHARE):
        other = rng.choice([show for show in shows if show is not first])
        return [first] * (count - 1) + [other]
    return [first] * count


def _line(
    rng: Random, order_id: int, line: int, show: Show, percent: int, placed_at: datetime, person: Buyer
) -> Basket:
    price = rng.choice(show.prices)
    day, sequence = divmod(order_id, _IDS_A_DAY)
    discount = (price.amount * percent / 100).quantize(_KOPECK, ROUND_HALF_UP)
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


def _tags(rng: Random, ads: list[Ad]) -> tuple[dict[str, str], bool]:
    """Those of the ad that brought the buyer, hand-made ones or none; and whether the API words them as a list."""
    origin = pick(rng, _ORIGINS)
    if origin is None:
        return {}, False
    choices = _HAND_MADE if origin == "other" else [ad.tags for ad in ads if ad.source == origin]
    tags = rng.choice(choices) if choices else {}
    return dict(tags), bool(tags) and happens(rng, _LIST_SHARE)


def _add_personal(rng: Random, order: Order) -> None:
    """Card, notes, a company's name: each now and then."""
    if order.payment_type == "card" and order.price > 0 and order.payed_at:
        order.card_mask = f"987654******{rng.randrange(10_000):04d}"
    order.notes = {kind: f"{kind}-{MARK}{order.id}" for kind, share in _NOTES.items() if happens(rng, share)}
    for basket in order.baskets:
        if happens(rng, _COMPANY_SHARE):
            basket.organization_name = f"Ромашка-{MARK}{rng.randrange(POOL):05d}"
        if happens(rng, _COMMENT_SHARE):
            basket.comment = f"Комментарий {MARK}{basket.id}"
