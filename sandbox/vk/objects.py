"""The objects of an advertising account, in exact types. Nothing here knows how an API words them.

Mutable on purpose: a test renames a campaign or stops an ad and sees whether a loader notices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ACTIVE, BLOCKED, DELETED = "active", "blocked", "deleted"


@dataclass(slots=True)
class Campaign:
    """Today's ``ad_plan``."""

    id: int
    name: str
    status: str
    created: datetime
    budget_day: Decimal
    starts: date | None = None
    ends: date | None = None


@dataclass(slots=True)
class Group:
    """Today's ``ad_group``; the legacy API has none. ``utm`` counts only with ``enable_utm``."""

    id: int
    campaign_id: int
    name: str
    enable_utm: bool = False
    utm: str = ""


@dataclass(slots=True)
class Banner:
    """An ad. ``urls`` is by role; ``primary`` is where a click leads.

    With ``old_parent`` its document names the group ``campaign_id``, as those of old banners do.
    """

    id: int
    group_id: int
    name: str
    status: str
    created: datetime
    urls: dict[str, str] = field(default_factory=dict)
    old_parent: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What an ad did on a day, or several did. ``spent`` is in RUB net of VAT."""

    shows: int = 0
    clicks: int = 0
    spent: Decimal = Decimal(0)
    goals: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.shows + other.shows,
            self.clicks + other.clicks,
            self.spent + other.spent,
            self.goals + other.goals,
        )


NOTHING = Figures()
A_ROUBLE = Figures(spent=Decimal(1))
