"""The events of a season: a tour of a few titles through all cities, with the oddities a loader must survive.

A season is a quarter. Its events depend on the seed and the season alone, never on the instant of the view;
the lifecycle (``is_active``, ``deleted_at``) is cut at that instant by ``as_of``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

from sandbox.world.cities import CITIES
from sandbox.world.clock import QUARTERS, day_start, season_start
from sandbox.world.programme import City, Event, Show
from sandbox.world.randomness import happens, stream
from sandbox.world.secrets import MARK
from sandbox.world.shows import draft_shows

TITLES = (
    "Щелкунчик", "Мир динозавров", "Симфония при свечах", "Песчаное шоу", "Бумажный цирк", "Ночь джаза",
    "Космос рядом", "Рок-хиты с оркестром", "Тайна старого чердака", "Океан света", "Большой стендап",
    "Кино вживую",
)  # fmt: skip
_SEASON_NAMES = ("зима", "весна", "лето", "осень")
_TITLES_A_SEASON = 3
# Cities with a second event in the season, by position in CITIES.
_EXTRA_CITIES = (0, 1, 4, 5)

# Positions in the season's list of events that carry an oddity.
SLOT_MANY_SHOWS = 1
SLOT_LONG_SCHEME = 3
SLOT_HIDDEN = 5
SLOT_DELETED_LATER = 7
SLOT_DELETED_BEFORE_SALE = 9
SLOT_WITHOUT_PAYMENTS = 10

_ANNOUNCED_BEFORE = timedelta(days=80)
_IDS_A_SEASON = 100
_DEACTIVATED_SHARE = 0.6
# Longer than anyone takes to pay, so that nobody pays for a show that is over.
_SALE_CLOSES_BEFORE = timedelta(hours=32)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@cache
def season_events(seed: int, season: int) -> tuple[Event, ...]:
    """All events of a season with their whole life; shared between calls, so never change them in place."""
    rng = stream(seed, "season", season)
    titles = rng.sample(TITLES, _TITLES_A_SEASON)
    # A city's second event takes the next title, which keeps (name, city) unique.
    stops = [(city, city) for city in range(len(CITIES))] + [(city, city + 1) for city in _EXTRA_CITIES]
    return tuple(
        _draft(rng, season, slot, CITIES[city], titles[title % _TITLES_A_SEASON])
        for slot, (city, title) in enumerate(stops)
    )


def _draft(rng: Random, season: int, slot: int, city: City, title: str) -> Event:
    start = season_start(season)
    created_at = day_start(start) - _ANNOUNCED_BEFORE + timedelta(hours=7 * slot + 9, minutes=rng.randrange(60))
    event_id = season * _IDS_A_SEASON + slot
    shows = draft_shows(
        rng, event_id, city, start, created_at, many=slot == SLOT_MANY_SHOWS, long=slot == SLOT_LONG_SCHEME
    )
    year, quarter = divmod(season, QUARTERS)
    return Event(
        id=event_id,
        name=f"{title}: {_SEASON_NAMES[quarter]} {year}",
        city=city,
        venue=f"Дворец культуры «{city.name}»",
        address=f"ул. Ленина, {slot + 1}",
        currency=city.currency,
        is_active=slot != SLOT_HIDDEN,
        age=rng.choice(("0+", "6+", "12+", "18+")),
        description=f"{title}. Начало за 15 минут.\r\n",
        payee=None if slot == SLOT_WITHOUT_PAYMENTS else f"ИП Получатель-{MARK}{event_id}",
        popularity=city.weight * rng.uniform(0.5, 1.6),
        sale_starts_at=created_at + timedelta(days=rng.randint(3, 10)),
        shows=shows,
        created_at=created_at,
        updated_at=created_at,
        deleted_at=_deleted_at(slot, created_at, shows[-1].finishes_at),
    )


def _deleted_at(slot: int, created_at: datetime, last: datetime) -> datetime | None:
    if slot == SLOT_DELETED_BEFORE_SALE:
        return created_at + timedelta(days=2, hours=3)
    return last + timedelta(days=2, hours=5) if slot == SLOT_DELETED_LATER else None


def deactivated_at(event: Event) -> datetime:
    """When the organizer switches a played event off; many never are."""
    rng = stream("deactivation", event.id)
    return event.shows[-1].finishes_at + timedelta(hours=20) if happens(rng, _DEACTIVATED_SHARE) else NEVER


def as_of(event: Event, until: datetime) -> Event | None:
    """The event as it stood at that instant, or None if it was not announced yet."""
    if event.created_at > until:
        return None
    off = deactivated_at(event)
    deleted = event.deleted_at if event.deleted_at and event.deleted_at <= until else None
    changes = [event.created_at, *(moment for moment in (off, deleted) if moment and moment <= until)]
    return replace(
        event,
        shows=[replace(show, prices=[replace(price) for price in show.prices]) for show in event.shows],
        is_active=event.is_active and off > until,
        updated_at=max(changes),
        deleted_at=deleted,
    )


def shows_on_sale(event: Event, day: date) -> list[Show]:
    """The shows for which tickets may be ordered on that Moscow day. A deleted event sells nothing."""
    begins, ends = day_start(day), day_start(day + timedelta(days=1))
    gone = event.deleted_at is not None and event.deleted_at < ends
    if gone or event.sale_starts_at > begins:
        return []
    return [show for show in event.shows if show.starts_at > ends + _SALE_CLOSES_BEFORE]
