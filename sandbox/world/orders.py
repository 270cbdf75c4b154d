"""The orders created on one Moscow day, with their whole life; what has not happened yet is cut by ``as_of``.

They depend on the seed, the scale and the date alone, so worlds of different length and end agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from sandbox.world.ads import ads_bringing
from sandbox.world.baskets import draft_baskets
from sandbox.world.catalogue import season_events, shows_on_sale
from sandbox.world.clock import day_start, season_of
from sandbox.world.extras import add_extras
from sandbox.world.lifecycle import plan_life
from sandbox.world.people import POOL, buyer
from sandbox.world.programme import Ad, Event, Show
from sandbox.world.promo import FREE, PARTIAL, Promo
from sandbox.world.randomness import happens, pick, stream
from sandbox.world.sales import Order
from sandbox.world.tags import draw_tags

ORDERS_A_DAY = 120
IDS_A_DAY = 100_000
_WEEKDAYS = (0.85, 0.85, 0.9, 0.95, 1.15, 1.2, 1.1)
_MONTHS = (0.85, 0.9, 1.0, 1.0, 0.95, 0.9, 0.85, 0.9, 1.0, 1.05, 1.1, 1.3)
# Orders by Moscow hour. Evenings are busy up to midnight, so some are paid on the next day.
_HOURS = (3, 1.5, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 10, 10, 8, 6)
_CUMULATIVE_HOURS = tuple(accumulate(_HOURS))
_DEALS = (("plain", 0.52), ("partial", 0.2), ("free", 0.2), ("mixed", 0.06), ("invitation", 0.02))
_BACKEND_USER = 7001


@dataclass(frozen=True, slots=True)
class Offer:
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
        _draft(rng, day.toordinal() * IDS_A_DAY + number, moment, rng.choices(offers, cum_weights=weights)[0])
        for number, moment in enumerate(moments)
    ]


def _offers(seed: int, day: date) -> list[Offer]:
    season = season_of(day)
    events = [*season_events(seed, season), *season_events(seed, season + 1)]
    return [
        Offer(event, shows, ads_bringing(event, day)) for event in events if (shows := shows_on_sale(event, day))
    ]


def _count(rng: Random, scale: float, day: date) -> int:
    wanted = ORDERS_A_DAY * scale * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * rng.uniform(0.85, 1.15)
    return min(int(wanted + rng.random()), IDS_A_DAY - 1)


def _moment(rng: Random, day: date) -> datetime:
    hour = rng.choices(range(len(_HOURS)), cum_weights=_CUMULATIVE_HOURS)[0]
    return day_start(day) + timedelta(seconds=hour * 3600 + rng.randrange(3600))


def _draft(rng: Random, order_id: int, created_at: datetime, offer: Offer) -> Order:
    deal = pick(rng, _DEALS)
    promo = _promo(rng, deal)
    person = buyer(rng.randrange(POOL))
    utm, utm_as_list = draw_tags(rng, offer.ads)
    order = Order(
        id=order_id,
        buyer=person,
        event_id=offer.event.id,
        currency=offer.event.currency,
        created_at=created_at,
        updated_at=created_at,
        reserved_to=created_at + timedelta(hours=24),
        baskets=draft_baskets(
            rng, order_id, created_at, offer.shows, person=person, promo=promo, mixed=deal == "mixed"
        ),
        discount_id=promo.discount_id if promo else None,
        promo_code_id=promo.promo_code_id if promo and deal != "invitation" else None,
        backend_user_id=_BACKEND_USER + rng.randrange(3) if deal == "invitation" else None,
        basket_user_id=6_000_000 + rng.randrange(POOL),
        payment_type="free" if deal == "invitation" else _payment_type(rng),
        utm={} if deal == "invitation" else utm,
        utm_as_list=utm_as_list and deal != "invitation",
    )
    plan_life(rng, order, {show.id: show for show in offer.shows})
    add_extras(rng, order)
    return order


def _promo(rng: Random, deal: str) -> Promo | None:
    if deal == "plain":
        return None
    return rng.choice(PARTIAL) if deal == "partial" else FREE


def _payment_type(rng: Random) -> str:
    """An open list: mostly cards, sometimes the number of another payment method."""
    return "4326371" if happens(rng, 0.12) else "card"
