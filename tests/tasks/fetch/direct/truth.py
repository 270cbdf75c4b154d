"""What a fetch from Direct must bring, worked out from the world by plain loops. Imports no product code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from sandbox.world import Ad, World
from sandbox.world.spend import AdDay, ad_days

MOSCOW = timezone(timedelta(hours=3))
FIGURES = ("impressions", "clicks", "cost", "conversions")

Key = tuple[str, str, str, str]
Figures = tuple[str, str, str, str]


def rows_of(world: World, first: date, last: date, *, vat: bool) -> dict[Key, Figures]:
    """Figures as the report words them by day, campaign, group and ad; no conversions are `--`."""
    own = (row for row in ad_days(world) if row.ad.source == "direct" and first <= row.day <= last)
    sums: dict[Key, list[int | Decimal]] = {}
    for row in own:
        line = sums.setdefault(key_of(row), [0, 0, Decimal(0), 0])
        line[0] += row.impressions
        line[1] += row.clicks
        line[2] += with_vat(row.spent, row.day) if vat else row.spent
        line[3] += row.conversions
    return {key: (str(i), str(c), f"{cost:.2f}", str(n) if n else "--") for key, (i, c, cost, n) in sums.items()}


def key_of(row: AdDay) -> Key:
    """Ads of the campaign wizard show neither group nor ad."""
    group, ad = ("--", "--") if row.ad.wizard else (str(row.ad.group_id), str(row.ad.ad_id))
    return (row.day.isoformat(), str(row.ad.campaign_id), group, ad)


def with_vat(net: Decimal, day: date) -> Decimal:
    rate = Decimal("0.22") if day.year >= 2026 else Decimal("0.20")
    return (net + net * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def by_key(rows: Iterable[dict[str, str | None]]) -> dict[Key, Figures]:
    """Figures of fetched rows; a key that came twice is a failure."""
    found: dict[Key, Figures] = {}
    for row in rows:
        key = tuple(str(row[name]) for name in ("stat_date", "campaign_id", "ad_group_id", "ad_id"))
        assert key not in found, f"{key} came twice"
        found[key] = tuple(str(row[name]) for name in FIGURES)  # type: ignore[index,assignment]
    return found  # type: ignore[return-value]


def told_tags(ad: Ad) -> dict[str, str]:
    """What a reader of the API can know: the keyword is filled in at the click."""
    return ad.tags | ({"utm_term": "{keyword}"} if "utm_term" in ad.tags else {})
