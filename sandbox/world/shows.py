"""The sessions of an event and what their tickets cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.world.clock import local_time
from sandbox.world.programme import City, Price, Show
from sandbox.world.randomness import happens, pick

_SHOW_COUNTS = ((1, 0.5), (2, 0.25), (3, 0.15), (4, 0.1))
_MANY = 13
_LONG_SCHEME_SEATS = 3000
_IDS_AN_EVENT, _IDS_A_SHOW = 100, 10
_FIRST_DAY, _LAST_DAY = 5, 85
_INACTIVE_SHARE, _PRICELESS_SHARE = 0.12, 0.22
_FACTORS = {"RUB": Decimal(1), "KZT": Decimal(6), "BYN": Decimal("0.035")}
_ADMISSIONS = (
    ("child", "Детский билет", 490),
    ("adult", "Взрослый билет", 690),
    ("family", "Семейный билет", 1790),
)
_SEATED = (("BALCONY", "Балкон", 990), ("AMPHI", "Амфитеатр", 1690), ("PARTERRE", "Партер", 2790))
_ADMISSION_SHARE = 0.45
_DOORS_SHARE = 0.9


def draft_shows(
    rng: Random, event_id: int, city: City, season: date, created_at: datetime, *, many: bool, long: bool
) -> list[Show]:
    """The event's sessions in order of time, all within the season."""
    count = _MANY if many else pick(rng, _SHOW_COUNTS)
    days = sorted(rng.sample(range(_FIRST_DAY, _LAST_DAY), count))
    admission = happens(rng, _ADMISSION_SHARE)
    step = rng.choice((0, 100, 200, 300))
    shows = []
    for number, offset in enumerate(days):
        show_id = event_id * _IDS_AN_EVENT + number
        starts_at = local_time(
            season + timedelta(days=offset), *rng.choice(((12, 0), (19, 0), (20, 30))), city.timezone
        )
        shows.append(
            Show(
                id=show_id,
                event_id=event_id,
                is_active=not (count > 1 and happens(rng, _INACTIVE_SHARE)),
                opens_at=starts_at - timedelta(minutes=60 if happens(rng, _DOORS_SHARE) else 0),
                starts_at=starts_at,
                finishes_at=starts_at + timedelta(hours=2),
                prices=_prices(show_id, city.currency, admission, step),
                shows_prices=not happens(rng, _PRICELESS_SHARE),
                scheme_seats=_LONG_SCHEME_SEATS if long and number == 0 else (0 if admission else 4),
                created_at=created_at,
                updated_at=created_at,
            )
        )
    return shows


def _prices(show_id: int, currency: str, admission: bool, step: int) -> list[Price]:
    levels = _ADMISSIONS if admission else _SEATED
    return [
        Price(
            id=show_id * _IDS_A_SHOW + number,
            amount=((roubles + step) * _FACTORS[currency]).quantize(Decimal("0.01")),
            color_theme=str(number + 1),
            zone=zone,
            label=label,
            admission=admission,
        )
        for number, (zone, label, roubles) in enumerate(levels)
    ]
