"""The events of a season: a tour of a few titles through all cities, with the oddities a loader must survive.

A season is a quarter. Its events depend on the seed and the season alone, never on the instant of the view;
the lifecycle (``is_active``, ``deleted_at``) is cut at that instant by ``as_of``. Events and shows are mutable on
purpose: a test changes one and sees whether a loader notices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from sandbox.world.cities import CITIES, City
from sandbox.world.clock import QUARTERS, day_start, local_time, season_start
from sandbox.world.randomness import happens, pick, stream
from sandbox.world.secrets import MARK

# By whether the seed is odd: worlds of two accounts, whose ids are the same, share no event's name.
_TITLES = (
    ("Белые ночи", "Цирк на воде", "Хиты кино", "Органный вечер", "Сказки Пушкина", "Танго под звёздами"),
    (
        "Щелкунчик", "Мир динозавров", "Симфония при свечах", "Песчаное шоу", "Бумажный цирк", "Ночь джаза",
        "Космос рядом", "Рок-хиты с оркестром", "Тайна старого чердака", "Океан света", "Большой стендап",
        "Кино вживую",
    ),
)  # fmt: skip
_SEASON_NAMES = ("зима", "весна", "лето", "осень")
_TITLES_A_SEASON = 3
# Cities with a second event in the season, by position in CITIES.
_EXTRA_CITIES = (0, 1, 4, 5)

# Positions in the season's list of events that carry an oddity.
_MANY_SHOWS, _HIDDEN, _DELETED_LATER, _DELETED_BEFORE_SALE, _WITHOUT_PAYMENTS = 1, 5, 7, 9, 10

_ANNOUNCED_BEFORE = timedelta(days=80)
IDS_A_SEASON, IDS_AN_EVENT = 100, 100
_DEACTIVATED_SHARE = 0.6
# Longer than anyone takes to pay, so that nobody pays for a show that is over.
_SALE_CLOSES_BEFORE = timedelta(hours=32)

_SHOW_COUNTS = ((1, 0.5), (2, 0.25), (3, 0.15), (4, 0.1))
_MANY = 13
_FIRST_DAY, _LAST_DAY = 5, 85
_BEGINNINGS = ((12, 0), (19, 0), (20, 30))
_INACTIVE_SHARE, _PRICELESS_SHARE, _DOORS_SHARE, _ADMISSION_SHARE = 0.12, 0.22, 0.9, 0.45
_FACTORS = {"RUB": Decimal(1), "KZT": Decimal(6), "BYN": Decimal("0.035")}
_ADMISSIONS = (("Детский билет", 490), ("Взрослый билет", 690), ("Семейный билет", 1790))
_SEATED = (("Балкон", 990), ("Амфитеатр", 1690), ("Партер", 2790))


@dataclass(frozen=True, slots=True)
class Price:
    """One price level of a show; ``admission`` means standing places without seat numbers."""

    amount: Decimal
    label: str
    admission: bool


@dataclass(slots=True)
class Show:
    """One session of an event. Without ``shows_prices`` the API gives null as its lowest price."""

    id: int
    event_id: int
    is_active: bool
    opens_at: datetime
    starts_at: datetime
    finishes_at: datetime
    prices: list[Price]
    shows_prices: bool
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Event:
    """What tickets are sold for. (name, city) is unique over all events of a world."""

    id: int
    name: str
    city: City
    venue: str
    currency: str
    is_active: bool
    age: str
    payee: str | None
    popularity: float
    sale_starts_at: datetime
    shows: list[Show]
    created_at: datetime
    deleted_at: datetime | None = None


@cache
def season_events(seed: int, season: int) -> tuple[Event, ...]:
    """All events of a season with their whole life; shared between calls, so never change them in place."""
    rng = stream(seed, "season", season)
    titles = rng.sample(_TITLES[seed % 2], _TITLES_A_SEASON)
    # A city's second event takes the next title, which keeps (name, city) unique.
    stops = [(city, city) for city in range(len(CITIES))] + [(city, city + 1) for city in _EXTRA_CITIES]
    return tuple(
        _draft(rng, seed, season, slot, CITIES[city], titles[title % _TITLES_A_SEASON])
        for slot, (city, title) in enumerate(stops)
    )


def _draft(rng: Random, seed: int, season: int, slot: int, city: City, title: str) -> Event:
    start = season_start(season)
    announced = timedelta(hours=7 * slot + 9, minutes=rng.randrange(60), seconds=0 if seed % 2 else 30)
    created_at = day_start(start) - _ANNOUNCED_BEFORE + announced
    event_id = season * IDS_A_SEASON + slot
    shows = _draft_shows(rng, event_id, city, start, many=slot == _MANY_SHOWS)
    year, quarter = divmod(season, QUARTERS)
    return Event(
        id=event_id,
        name=f"{title}: {_SEASON_NAMES[quarter]} {year}",
        city=city,
        venue=f"Дворец культуры «{city.name}»",
        currency=city.currency,
        is_active=slot != _HIDDEN,
        age=rng.choice(("0+", "6+", "12+", "18+")),
        payee=None if slot == _WITHOUT_PAYMENTS else f"ИП Получатель-{MARK}{event_id}",
        popularity=city.weight * rng.uniform(0.5, 1.6),
        sale_starts_at=created_at + timedelta(days=rng.randint(3, 10)),
        shows=shows,
        created_at=created_at,
        deleted_at=_deleted_at(slot, created_at, shows[-1].finishes_at),
    )


def _deleted_at(slot: int, created_at: datetime, last: datetime) -> datetime | None:
    if slot == _DELETED_BEFORE_SALE:
        return created_at + timedelta(days=2, hours=3)
    return last + timedelta(days=2, hours=5) if slot == _DELETED_LATER else None


def _draft_shows(rng: Random, event_id: int, city: City, season: date, *, many: bool) -> list[Show]:
    """The event's sessions in order of time, all within the season."""
    count = _MANY if many else pick(rng, _SHOW_COUNTS)
    days = sorted(rng.sample(range(_FIRST_DAY, _LAST_DAY), count))
    levels = _ADMISSIONS if (admission := happens(rng, _ADMISSION_SHARE)) else _SEATED
    step = rng.choice((0, 100, 200, 300))
    prices = [
        Price(((roubles + step) * _FACTORS[city.currency]).quantize(Decimal("0.01")), label, admission)
        for label, roubles in levels
    ]
    shows = []
    for number, offset in enumerate(days):
        starts_at = local_time(season + timedelta(days=offset), *rng.choice(_BEGINNINGS), city.timezone)
        shows.append(
            Show(
                id=event_id * IDS_AN_EVENT + number,
                event_id=event_id,
                is_active=not (count > 1 and happens(rng, _INACTIVE_SHARE)),
                opens_at=starts_at - timedelta(minutes=60 if happens(rng, _DOORS_SHARE) else 0),
                starts_at=starts_at,
                finishes_at=starts_at + timedelta(hours=2),
                prices=prices,
                shows_prices=not happens(rng, _PRICELESS_SHARE),
            )
        )
    return shows


def as_of(event: Event, until: datetime) -> Event | None:
    """The event as it stood at that instant, or None if it was not announced yet.

    The organizer switches most played events off, and many never.
    """
    if event.created_at > until:
        return None
    off = event.shows[-1].finishes_at + timedelta(hours=20) <= until
    return replace(
        event,
        shows=[replace(show) for show in event.shows],
        is_active=event.is_active and not (off and happens(stream("deactivation", event.id), _DEACTIVATED_SHARE)),
        deleted_at=event.deleted_at if event.deleted_at and event.deleted_at <= until else None,
    )


def shows_on_sale(event: Event, day: date) -> list[Show]:
    """The shows for which tickets may be ordered on that Moscow day. A deleted event sells nothing."""
    begins, ends = day_start(day), day_start(day + timedelta(days=1))
    gone = event.deleted_at is not None and event.deleted_at < ends
    if gone or event.sale_starts_at > begins:
        return []
    return [show for show in event.shows if show.starts_at > ends + _SALE_CLOSES_BEFORE]
