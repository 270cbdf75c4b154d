"""Rows of the warehouse straight from the sandbox's ground truth, as they stood at any instant of it.

Loops over orders and ad days: nothing of fetch, transform or validation, so the checks meet right data even where
those are wrong.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

import polars as pl

from sandbox.world import Ad, Basket, Event, Order, World
from sandbox.world.spend import AdDay, ad_days
from tests.flows.ad_truth import city_of, told_tags, with_vat
from tests.flows.truth import moscow_day

MONEY = pl.Decimal(18, 2)
INSTANT = pl.Datetime("ms", "UTC")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
UNSETTLED_DAYS = 3
ACCOUNTS = {"vk_ads": "4400101", "direct": "promoter-login"}

TICKETS: dict[str, Any] = {
    "ticket_id": pl.UInt64, "order_id": pl.UInt64, "event_id": pl.UInt64, "show_id": pl.UInt64,
    "ordered_at": INSTANT, "paid_at": INSTANT, "price": MONEY, "quantity": pl.UInt32, "amount": MONEY,
    "refunded_amount": MONEY, "refunded_at": INSTANT, "currency": pl.String, **dict.fromkeys(UTM, pl.String),
    "gone_at": INSTANT,
}  # fmt: skip
EVENTS: dict[str, Any] = {
    "event_id": pl.UInt64, "event_name": pl.String, "city": pl.String, "venue": pl.String, "timezone": pl.String,
    "currency": pl.String, "is_active": pl.UInt8, "first_show_at": INSTANT, "last_show_at": INSTANT,
}  # fmt: skip
FACTS: dict[str, Any] = {
    "stat_date": pl.Date, "account_id": pl.String, "campaign_id": pl.UInt64, "ad_group_id": pl.UInt64,
    "ad_id": pl.UInt64, "campaign_name": pl.String, "impressions": pl.UInt64, "clicks": pl.UInt64, "spent": MONEY,
    "spent_has_vat": pl.UInt8, "conversions": pl.UInt64, **dict.fromkeys(UTM, pl.String), "utm_city": pl.String,
    "utm_day": pl.UInt8, "utm_month": pl.UInt8,
}  # fmt: skip
_DAY_AND_MONTH = re.compile(r"_(\d\d)_(\d\d)$")


@dataclass(frozen=True)
class Truth:
    """A world and the rows it comes to; `tickets_at`, `facts_at` and `events_at` cut them back to an instant."""

    world: World
    tickets: pl.DataFrame
    settled: pl.DataFrame

    @classmethod
    def of(cls, until: datetime, days: int, scale: float) -> Self:
        world = World.generate(until=until, days=days, scale=scale)
        rows = [_ticket(order, basket) for order in world.orders for basket in order.baskets]
        return cls(world, pl.DataFrame(rows, schema=TICKETS, orient="row"), _facts(_later(world)))

    @property
    def first_day(self) -> date:
        return moscow_day(self.world.until) - timedelta(days=self.world.days - 1)

    def tickets_at(self, at: datetime) -> pl.DataFrame:
        """Columns as `stg_qtickets_tickets` without `_ver`."""
        known = [pl.when(pl.col(name) <= at).then(name) for name in ("paid_at", "refunded_at", "gone_at")]
        refunded = pl.col("paid_at").is_not_null() & pl.col("refunded_at").is_not_null()
        state = (
            pl.when(refunded)
            .then(pl.lit("refunded"))
            .when(pl.col("gone_at").is_not_null())
            .then(pl.lit("cancelled"))
        )
        state = state.when(pl.col("paid_at").is_not_null()).then(pl.lit("paid")).otherwise(pl.lit("reserved"))
        back = pl.when(refunded).then("refunded_amount").otherwise(pl.lit(0).cast(MONEY))
        tickets = self.tickets.filter(pl.col("ordered_at") <= at).with_columns(known)
        booked = pl.coalesce("paid_at", "ordered_at").alias("booked_at")
        return tickets.with_columns(state.alias("state"), back.alias("refunded_amount"), booked).drop("gone_at")

    def facts_at(self, at: datetime) -> pl.DataFrame:
        """Columns as `fact_vk_ads_daily` without `_ver`, with `source`: days before today, the newest unsettled."""
        today = moscow_day(at)
        newest = _facts(replace(self.world, until=at, days=UNSETTLED_DAYS + 1))
        settled = self.settled.filter(pl.col("stat_date") < today - timedelta(days=UNSETTLED_DAYS))
        return pl.concat([settled, newest.filter(pl.col("stat_date") < today)])

    def events_at(self, at: datetime) -> pl.DataFrame:
        """Columns as `dim_events` without `_ver`: what the source tells now, and what was sold before."""
        sold = {order.event_id for order in self.world.orders if order.created_at <= at}
        known = {event.id: event for event in self.world.events if event.id in sold}
        known |= {event.id: event for event in World.generate(until=at, days=1, scale=self.world.scale).events}
        return pl.DataFrame([_event(event) for event in known.values()], schema=EVENTS, orient="row")


def _ticket(order: Order, basket: Basket) -> tuple[object, ...]:
    gone = min((at for at in (order.deleted_at, basket.deleted_at) if at), default=None)
    return (
        basket.id, order.id, order.event_id, basket.show_id, order.created_at, order.payed_at, basket.price,
        basket.quantity, basket.price * basket.quantity, basket.refunded_amount or 0, basket.refunded_at,
        order.currency, *(order.utm.get(name, "") for name in UTM), gone,
    )  # fmt: skip


def _event(event: Event) -> tuple[object, ...]:
    starts = [show.starts_at for show in event.shows if not show.deleted_at]
    active = event.is_active and not event.deleted_at
    city, zone = event.city.name.lower(), event.city.timezone
    first, last = min(starts, default=None), max(starts, default=None)
    return (event.id, event.name, city, event.venue, zone, event.currency, int(active), first, last)


def _later(world: World) -> World:
    """The same days once their figures have settled."""
    age = timedelta(days=UNSETTLED_DAYS)
    return replace(world, until=world.until + age, days=world.days + age.days)


def _facts(world: World) -> pl.DataFrame:
    rows = [(row.ad.source, row.day, *_identity(row.ad), *_figures(row), *_tags(row.ad)) for row in ad_days(world)]
    facts = pl.DataFrame(rows, schema={"source": pl.String, **FACTS}, orient="row")
    key = ["source", "stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id"]
    figures = ["impressions", "clicks", "spent", "conversions"]
    grouped = facts.group_by(key, maintain_order=True)
    summed = grouped.agg(pl.col(figures).sum(), pl.exclude([*figures, *key]).first())
    return summed.select(facts.columns)


def _identity(ad: Ad) -> tuple[object, ...]:
    group, number = (0, 0) if ad.wizard else (ad.group_id, ad.ad_id)
    return ACCOUNTS[ad.source], ad.campaign_id, group, number, ad.campaign_name


def _figures(row: AdDay) -> tuple[object, ...]:
    """Direct tells its spend with VAT, VK without."""
    vat = row.ad.source == "direct"
    spent = with_vat(row.spent, row.day) if vat else row.spent
    return row.impressions, row.clicks, spent, int(vat), row.conversions


def _tags(ad: Ad) -> tuple[object, ...]:
    tags = told_tags(ad, ad.starts)
    content = tags.get("utm_content", "")
    parts = _DAY_AND_MONTH.search(content)
    day, month = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    return (*(tags.get(name, "") for name in UTM), city_of(content), day, month)
