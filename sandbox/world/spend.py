"""Ground truth of advertising: what each ad showed, cost and brought on each day, as the source tells it.

Depends on the seed, the scale, the ad and the day. Newer days are not settled: a later instant restates them.
Knows nothing of orders beyond the tags that ads and orders share, so conversions are what a counter would claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil, floor, sqrt
from random import Random

from sandbox.world.ads import DIRECT, VK, Ad
from sandbox.world.clock import day_start, moscow_day
from sandbox.world.randomness import happens, stream
from sandbox.world.world import World

SETTLED_AFTER_DAYS = 3
CONVERSIONS_SETTLED_AFTER_DAYS = {DIRECT: 7, VK: 14}
"""At this age (0 is the day of ``until``) a day's figures have their last value."""

# Share of the final figures by age in days; the day itself is known as far as it has passed.
_KNOWN = (0.9, 0.94, 0.98)
# Some days are first told too high; then clicks are found invalid and their money comes back.
_INVALID_CLICKS_SHARE, _TOO_HIGH = 0.15, 1.04
_SILENT_SHARE = 0.02
_CLICK_PRICES = {VK: (14.0, 38.0), DIRECT: (22.0, 60.0)}
_CTRS = {VK: (0.004, 0.016), DIRECT: (0.01, 0.08)}
_CONVERSION_RATES = (0.008, 0.04)
_QUICK_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class AdDay:
    """One ad on one Moscow day. ``spent`` is in RUB net of VAT, to the kopeck."""

    day: date
    ad: Ad
    impressions: int
    clicks: int
    spent: Decimal
    conversions: int


@dataclass(frozen=True, slots=True)
class _Final:
    """A day's last figures. ``lags`` holds the age at which each conversion becomes known."""

    impressions: int
    clicks: int
    spent: Decimal
    lags: tuple[int, ...]
    too_high: bool


def ad_days(world: World) -> list[AdDay]:
    """Every day with impressions of every ad of the world, within the world's days, by day, source and ad.

    As told at ``world.until``. A later ``until`` adds days, lets the figures of the last days grow (now and then
    clicks and spend fall) and adds conversions to somewhat older ones, as the constants of this module say.
    """
    last = moscow_day(world.until)
    days = [last - timedelta(days=age) for age in reversed(range(world.days))]
    found = [
        ad_day
        for ad in world.ads
        for day in days
        if ad.state(day) == "running" and (ad_day := _told(world, ad, day)) is not None
    ]
    return sorted(found, key=lambda row: (row.day, row.ad.source, row.ad.ad_id))


def _told(world: World, ad: Ad, day: date) -> AdDay | None:
    final = _final(world.seed, world.scale, ad, day)
    age = (moscow_day(world.until) - day).days
    known = _known(age, day, world.until)
    impressions = int(final.impressions * known)
    if impressions == 0:
        return None
    over = _TOO_HIGH if final.too_high and 0 < age < SETTLED_AFTER_DAYS else known
    rounded = ceil if over > 1 else floor
    clicks = min(rounded(final.clicks * over), impressions)
    # Direct charges for clicks, VK for impressions; the money moves with what is charged for.
    part = (clicks, final.clicks) if ad.source == DIRECT else (rounded(final.impressions * over), final.impressions)
    spent = _kopecks(final.spent * part[0] / part[1]) if part[1] else Decimal("0.00")
    conversions = min(sum(lag <= age for lag in final.lags), clicks)
    return AdDay(day, ad, impressions, clicks, spent, conversions)


def _known(age: int, day: date, until: datetime) -> float:
    if age >= SETTLED_AFTER_DAYS:
        return 1.0
    passed = (until - day_start(day)) / timedelta(days=1) if age == 0 else 1.0
    return _KNOWN[age] * passed


def _final(seed: int, scale: float, ad: Ad, day: date) -> _Final:
    traits = stream(seed, "ad", ad.source, ad.ad_id)
    click_price, ctr = traits.uniform(*_CLICK_PRICES[ad.source]), traits.uniform(*_CTRS[ad.source])
    conversion_rate = traits.uniform(*_CONVERSION_RATES)
    rng = stream(seed, "spend", float(scale), ad.source, ad.ad_id, day.isoformat())
    if happens(rng, _SILENT_SHARE):
        return _Final(0, 0, Decimal("0.00"), (), too_high=False)
    budget = ad.daily_budget * scale * rng.uniform(0.6, 1.3)
    wanted = budget / click_price
    impressions = _around(rng, wanted / ctr)
    clicks = 0 if ad.clickless else min(_around(rng, wanted), impressions)
    paid = clicks * click_price * rng.uniform(0.9, 1.1) if ad.source == DIRECT else budget * (impressions > 0)
    conversions = min(_around(rng, clicks * conversion_rate), clicks)
    settled = CONVERSIONS_SETTLED_AFTER_DAYS[ad.source]
    lags = tuple(0 if happens(rng, _QUICK_SHARE) else rng.randint(1, settled) for _ in range(conversions))
    too_high = happens(rng, _INVALID_CLICKS_SHARE)
    return _Final(impressions, clicks, _kopecks(Decimal(str(paid))), lags, too_high)


def _kopecks(money: Decimal) -> Decimal:
    return money.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _around(rng: Random, mean: float) -> int:
    """A count that scatters about its mean as independent events do."""
    return max(0, round(rng.gauss(mean, sqrt(mean))))
