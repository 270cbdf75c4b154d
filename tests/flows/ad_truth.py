"""Advertising figures straight from the sandbox's ground truth: loops over ad days and orders, nothing of the product.

The owner's rules: an ad's city is the first part of utm_content (city_day_month), none is city ''; spend is with
VAT of its day, each ad day rounded to the kopeck; revenue belongs to the source whose spelling the order's
utm_source is, with the city of the event; only roubles count.
"""

import re
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sandbox.world import Ad, World
from sandbox.world.cities import CITIES
from sandbox.world.spend import AdDay, ad_days
from tests.flows.truth import moscow_day, state

SOURCE_OF = {"vk": "vk_ads", "vk_ads": "vk_ads", "yandex": "direct"}
_CODES = {city.code: city.name.lower() for city in CITIES} | {"мск": "москва"}
_CITY = re.compile(r"^(.+)_(\d\d)_(\d\d)$")

FactKey = tuple[date, int, int, int]
Fact = tuple[int, int, Decimal, int]


def with_vat(net: Decimal, day: date) -> Decimal:
    rate = Decimal("1.22") if day >= date(2026, 1, 1) else Decimal("1.20")
    return (net * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def facts(world: World, source: str, first: date, last: date, *, groups: bool = True) -> dict[FactKey, Fact]:
    """(day, campaign, group, ad) -> (impressions, clicks, spent as the source reports it, conversions)."""
    found: dict[FactKey, list[Decimal | int]] = defaultdict(lambda: [0, 0, Decimal(0), 0])
    for row in ad_days(world):
        if row.ad.source == source and first <= row.day <= last:
            ad = row.ad
            group = ad.group_id if groups and not ad.wizard else 0
            key = (row.day, ad.campaign_id, group, 0 if ad.wizard else ad.ad_id)
            spent = with_vat(row.spent, row.day) if source == "direct" else row.spent
            for place, figure in enumerate((row.impressions, row.clicks, spent, row.conversions)):
                found[key][place] += figure
    return {key: (int(i), int(c), Decimal(s), int(v)) for key, (i, c, s, v) in found.items()}


def told_tags(ad: Ad, since: date) -> dict[str, str]:
    """What a reader of the API since that day can know of the tags: no keyword, nothing of wizard ads and, in Direct,
    of those that were deleted by then."""
    if ad.wizard or (ad.source == "direct" and ad.state(since) == "deleted"):
        return {}
    return {name: "{keyword}" if name == "utm_term" else value for name, value in ad.tags.items()}


def contents(world: World, since: date) -> dict[int, str]:
    """ad -> its utm_content, as far as a reader since that day can know it."""
    return {ad.ad_id: told_tags(ad, since).get("utm_content", "") for ad in world.ads}


def city_of(content: str) -> str:
    match = _CITY.match(content)
    return _CODES.get(match[1].lower(), match[1]) if match else ""


def marketing(
    world: World, spend: list[AdDay], known: dict[int, str]
) -> dict[tuple[date, str, str], tuple[int, int, Decimal, int, Decimal, Decimal]]:
    """(d, city, source) -> impressions, clicks, spend, tickets, revenue, refunds. `known`: ad -> its utm_content."""
    nothing = (0, 0, Decimal(0), 0, Decimal(0), Decimal(0))
    found: dict[tuple[date, str, str], list[Decimal | int]] = defaultdict(lambda: [*nothing])
    for row in spend:
        line = found[row.day, city_of(known.get(row.ad.ad_id, "")), row.ad.source]
        for place, figure in enumerate((row.impressions, row.clicks, with_vat(row.spent, row.day))):
            line[place] += figure
    cities = {event.id: event.city.name.lower() for event in world.events}
    for order in world.orders:
        if order.payed_at is None or order.currency != "RUB":
            continue
        source = SOURCE_OF.get(order.utm.get("utm_source", ""), "other")
        for basket in order.baskets:
            if state(order, basket) in ("paid", "refunded"):
                line = found[moscow_day(order.payed_at), cities[order.event_id], source]
                line[3] += basket.quantity
                line[4] += basket.price * basket.quantity
                line[5] += basket.refunded_amount or Decimal(0) if basket.refunded_at else Decimal(0)
    return {key: tuple(line) for key, line in found.items()}  # type: ignore[misc]
