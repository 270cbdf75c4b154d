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
    """One ad, its group and its campaign. ``source`` is ``vk_ads`` or ``direct``; all ends of spans are included.

    ``tags`` are what an order brought by the ad carries, with macros substituted; where the source keeps them is
    told by ``link`` (None: it leads to no site), ``group_parameters`` and ``campaign_parameters``, all with macros
    as the source writes them. Group parameters that are empty but not None are VK's own default tags.
    ``daily_budget`` is in RUB net of VAT at scale 1.
    """

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
    link: str | None = None
    group_parameters: str | None = None
    campaign_parameters: str | None = None
    paused: tuple[date, date] | None = None
    deleted_on: date | None = None
    wizard: bool = False
    clickless: bool = False
    daily_budget: float = 0.0

    def state(self, day: date) -> str:
        """``planned``, ``running``, ``paused``, ``ended``, or ``deleted``: gone, but its past spend stays."""
        if self.deleted_on is not None and day > self.deleted_on:
            return "deleted"
        if day < self.starts:
            return "planned"
        if day > self.ends:
            return "ended"
        return "paused" if self.paused and self.paused[0] <= day <= self.paused[1] else "running"
