"""Ground truth of what is on: cities, events, shows, prices, ads. Nothing here knows how an API words it.

Mutable on purpose, as ``sandbox.world.sales`` is; frozen are only those that several worlds share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class City:
    """A city of the tour. ``code`` is how the promoter's advertising tags abbreviate it."""

    id: int
    name: str
    code: str
    timezone: str
    latitude: float
    longitude: float
    weight: float
    currency: str = "RUB"


@dataclass(slots=True)
class Price:
    """One price level of a show; ``admission`` means standing places without seat numbers."""

    id: int
    amount: Decimal
    color_theme: str
    zone: str
    label: str
    admission: bool


@dataclass(slots=True)
class Show:
    """One session of an event. Without ``shows_prices`` the API gives null as lowest and highest price."""

    id: int
    event_id: int
    is_active: bool
    opens_at: datetime
    starts_at: datetime
    finishes_at: datetime
    prices: list[Price]
    shows_prices: bool
    scheme_seats: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Event:
    """What tickets are sold for. (name, city) is unique over all events of a world."""

    id: int
    name: str
    city: City
    venue: str
    address: str
    currency: str
    is_active: bool
    age: str
    description: str
    payee: str | None
    popularity: float
    sale_starts_at: datetime
    shows: list[Show]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ad:
    """One ad with the tags of its link. ``source`` is ``vk_ads`` or ``direct``; both ends are included."""

    source: str
    campaign_id: int
    campaign_name: str
    group_id: int
    group_name: str
    ad_id: int
    ad_name: str
    city: str
    event_id: int
    tags: dict[str, str]
    starts: date
    ends: date
