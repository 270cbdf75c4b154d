"""The orders created on one Moscow day, with their whole life; what has not happened yet is cut by ``as_of``.

They depend on the seed, the scale and the date alone, so worlds of different length and end agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from sandbox.world.ads import DIRECT, VK, Ad, ads_bringing
from sandbox.world.baskets import draft_baskets
from sandbox.world.catalogue import Event, Show, season_events, shows_on_sale
from sandbox.world.clock import day_start, season_of
from sandbox.world.lifecycle import plan_life
from sandbox.world.randomness import happens, pick, stream
from sandbox.world.sales import Order
from sandbox.world.secrets import MARK, POOL, buyer

_ORDERS_A_DAY, _IDS_A_DAY = 120, 100_000
_WEEKDAYS = (0.85, 0.85, 0.9, 0.95, 1.15, 1.2, 1.1)
_MONTHS = (0.85, 0.9, 1.0, 1.0, 0.95, 0.9, 0.85, 0.9, 1.0, 1.05, 1.1, 1.3)
# Orders by Moscow hour. Evenings are busy up to midnight, so some are paid on the next day.
_HOURS = (3, 1.5, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 10, 10, 8, 6)
_CUMULATIVE_HOURS = tuple(accumulate(_HOURS))
_DEALS = (("plain", 0.52), ("partial", 0.2), ("free", 0.2), ("mixed", 0.06), ("invitation", 0.02))
_DISCOUNTS, _FREE = (5, 10, 15, 30, 33, 50), 100
_FIRST_DISCOUNT, _FIRST_BACKEND_USER, _FIRST_BASKET_USER = 6800, 7001, 6_000_000
_OTHER_PAYMENT_SHARE = 0.12
_CUSTOM_SHARE, _ANSWER_SHARE, _ROISTAT_SHARE, _COMPANY_SHARE, _COMMENT_SHARE = 0.03, 0.03, 0.05, 0.02, 0.03

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


@dataclass(frozen=True, slots=True)
class _Offer:
    """An event on sale with its coming shows and the ads that bring people to it."""

    event: Event
    shows: list[Show]
    ads: list[Ad]


def orders_of_day(seed: int, scale: float, day: date) -> list[Order]:
    """All orders created on that Moscow day, in order of time and id."""
    offers = _offers(seed, day)
    if not offers:
        return []
    rng = stream(seed, "orders", float(scale), day.isoformat())
    weights = list(accumulate(offer.event.popularity for offer in offers))
    moments = sorted(_moment(rng, day) for _ in range(_count(rng, scale, day)))
    return [
        _draft(rng, day.toordinal() * _IDS_A_DAY + number, moment, rng.choices(offers, cum_weights=weights)[0])
        for number, moment in enumerate(moments)
    ]


def _offers(seed: int, day: date) -> list[_Offer]:
    season = season_of(day)
    events = [*season_events(seed, season), *season_events(seed, season + 1)]
    return [
        _Offer(event, shows, ads_bringing(event, day)) for event in events if (shows := shows_on_sale(event, day))
    ]


def _count(rng: Random, scale: float, day: date) -> int:
    wanted = _ORDERS_A_DAY * scale * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * rng.uniform(0.85, 1.15)
    return min(int(wanted + rng.random()), _IDS_A_DAY - 1)


def _moment(rng: Random, day: date) -> datetime:
    hour = rng.choices(range(len(_HOURS)), cum_weights=_CUMULATIVE_HOURS)[0]
    return day_start(day) + timedelta(seconds=hour * 3600 + rng.randrange(3600))


def _draft(rng: Random, order_id: int, created_at: datetime, offer: _Offer) -> Order:
    deal = pick(rng, _DEALS)
    invited = deal == "invitation"
    percent = 0 if deal == "plain" else rng.choice(_DISCOUNTS) if deal == "partial" else _FREE
    person = buyer(rng.randrange(POOL))
    utm, utm_as_list = _tags(rng, offer.ads)
    order = Order(
        id=order_id,
        buyer=person,
        event_id=offer.event.id,
        currency=offer.event.currency,
        created_at=created_at,
        baskets=draft_baskets(rng, order_id, created_at, offer.shows, person, percent, mixed=deal == "mixed"),
        discount_id=_FIRST_DISCOUNT + percent if percent else None,
        backend_user_id=_FIRST_BACKEND_USER + rng.randrange(3) if invited else None,
        basket_user_id=_FIRST_BASKET_USER + rng.randrange(POOL),
        payment_type="free" if invited else "4326371" if happens(rng, _OTHER_PAYMENT_SHARE) else "card",
        utm={} if invited else utm,
        utm_as_list=utm_as_list and not invited,
    )
    plan_life(rng, order, {show.id: show for show in offer.shows})
    _add_personal(rng, order)
    return order


def _tags(rng: Random, ads: list[Ad]) -> tuple[dict[str, str], bool]:
    """Those of the ad that brought the buyer, hand-made ones or none; and whether the API words them as a list."""
    origin = pick(rng, _ORIGINS)
    if origin is None:
        return {}, False
    choices = _HAND_MADE if origin == "other" else [ad.tags for ad in ads if ad.source == origin]
    tags = rng.choice(choices) if choices else {}
    return dict(tags), bool(tags) and happens(rng, _LIST_SHARE)


def _add_personal(rng: Random, order: Order) -> None:
    """Card, comments, answers to questions, a company's papers: each now and then."""
    tag = f"{MARK}{order.id}"
    if order.payment_type == "card" and order.price > 0 and order.payed_at:
        order.card_mask = f"987654******{rng.randrange(10_000):04d}"
    if happens(rng, _CUSTOM_SHARE):
        order.custom = f"Позвоните мне {tag}"
    if happens(rng, _ANSWER_SHARE):
        order.answers = [f"Ответ {tag}"]
    if happens(rng, _ROISTAT_SHARE):
        order.roistat_visit = f"visit-{tag}"
    for basket in order.baskets:
        if happens(rng, _COMPANY_SHARE):
            basket.organization_name = f"Ромашка-{MARK}{rng.randrange(POOL):05d}"
        if happens(rng, _COMMENT_SHARE):
            basket.comment = f"Комментарий {MARK}{basket.id}"
