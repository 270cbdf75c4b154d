"""A warehouse as a promoter has it on a day when nothing is wrong, built without Prefect and without HTTP: rows straight from the
sandbox's ground truth, as they stood at any instant of it, by loops over orders and ad days. Nothing of fetch, transform or
validation, so the checks meet right data even where those are wrong."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Self

import polars as pl
from clickhouse_connect.driver.client import Client

from sandbox.world import Ad, Basket, Event, Order, World
from sandbox.world.spend import AdDay, ad_days
from tasks.load.frames import insert, select
from tasks.load.mart import reference_tables
from tasks.load.memory import remember_attributes, remember_days
from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import merge, upsert
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, Result, checks, judge
from tasks.settings import Settings
from tasks.sources import SOURCES
from tests.flows.ad_truth import city_of, told_tags, with_vat
from tests.flows.truth import moscow_day
from tests.support.clickhouse_users import QUICK
from tests.tasks.load.engines import embedded, put

# Long past, so that no clock of a machine that runs this is behind it.
TODAY = date(2025, 11, 20)
MOSCOW = timezone(timedelta(hours=3))
ALL = ("qtickets", "vk_ads", "direct")
ACCOUNTS = [(source, account) for source in ALL for account in ("main", "spb", "new")]
"""Those that are set up; `stand` has only `main` loaded."""
FACT_TABLES = {"vk_ads": "fact_vk_ads_daily", "direct": "fact_direct_daily"}
MARTS = tuple({mart.table.name: mart for source in SOURCES.values() for mart, _ in source.marts}.values())
DATA = ("stg_qtickets_tickets", "dim_events", *FACT_TABLES.values(), *(mart.table.name for mart in MARTS))
TOLD = {"meta_memory", "meta_ad_totals", "meta_order_totals", "dim_campaigns"}
"""What a load writes besides the tables and marts."""
META = ("meta_job_runs", "meta_quarantine", "meta_accounts", *sorted(TOLD))
REFERENCE = ("dim_vat_rates", "dim_utm_sources", "dim_report")
# What the scheduled loads read: how many days, of which the last is so many days before today.
WINDOWS = {"qtickets": (2, 0), "vk_ads": (14, 1), "direct": (7, 1)}
COLUMNS = {"qtickets": {"orders": ["created_at", "price"], "events": ["city"]}, "vk_ads": {"ad_days": ["spent"]}}


def noon(day: date) -> datetime:
    """The instant at which a day of these tests is looked at: today's sales are half in."""
    return datetime.combine(day, time(14), MOSCOW).astimezone(UTC)


@contextmanager
def warehouse_in(folder: Path, *, references: bool = True) -> Iterator[Client]:
    """An embedded warehouse with its schema and nothing in it but, if asked for, what the marts refer to."""
    settings = Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / 'warehouse'}")
    with warehouse(embedded(settings)) as client:
        for name, value in QUICK.items():
            client.set_client_setting(name, value)
        if references:
            set_references(client)
        yield client


def set_references(client: Client) -> None:
    for table, rows in reference_tables("RUB", spend_with_vat=True):
        upsert(client, table, rows, Scope(), 1)
        merge(client, table.name)


def stand(client: Client, truth: "Truth", at: datetime, sources: Iterable[str] = ALL) -> None:
    """Fill the warehouse with what is known of `truth` at `at`."""
    for table in (*DATA, *META):
        client.command(f"TRUNCATE TABLE {table}")
    sources, own = tuple(sources), (pl.lit("main").alias("account"), pl.lit(_version(at), pl.UInt64).alias("_ver"))
    if "qtickets" in sources:
        insert(client, "stg_qtickets_tickets", truth.tickets_at(at).with_columns(own))
        insert(client, "dim_events", truth.events_at(at).with_columns(own))
    facts = truth.facts_at(at)
    for source, table in FACT_TABLES.items():
        if source in sources:
            insert(client, table, facts.filter(pl.col("source") == source).drop("source").with_columns(own))
    insert(client, "meta_job_runs", _runs(truth.first_day, at, sources))
    make_marts(client, _version(at))
    tell(client, at)
    remember_attributes(client, _today(at) - timedelta(days=1))


def tell(client: Client, at: datetime) -> None:
    """What the sources say in sum, that campaigns of the last days go on, and what is remembered of days: all as the
    tables are."""
    # A DELETE would wait for merges of what was inserted a moment ago.
    attributes = select(client, "SELECT * FROM meta_memory WHERE day = toDate(0)")
    for table in TOLD:
        client.command(f"TRUNCATE TABLE {table}")
    insert(client, "meta_memory", attributes)
    for source, table in FACT_TABLES.items():
        of = f"SELECT stat_date, '{source}', account, sum(impressions), sum(clicks), sum(spent), max(spent_has_vat), ''"
        client.command(
            f"INSERT INTO meta_ad_totals {of}, {_version(at)} FROM {table} FINAL GROUP BY stat_date, account"
        )
        of = f"SELECT '{source}', account, campaign_id, any(campaign_name), 'active', 'active', NULL, NULL, NULL"
        client.command(f"INSERT INTO dim_campaigns {of}, {_version(at)} FROM {table} GROUP BY account, campaign_id")
        for account in client.query(f"SELECT DISTINCT account FROM {table}").result_columns[:1] or [[]]:
            for name in account:
                remember_days(client, source, name, [], _today(at) - timedelta(days=1), also_unknown=True)
    remember_days(client, "qtickets", "main", [], _today(at) - timedelta(days=1), also_unknown=True)
    client.command(
        "INSERT INTO meta_order_totals SELECT toDate(booked_at, 'Europe/Moscow') AS d, account, event_id, currency, "
        "uniqExact(order_id), 0, 0, sum(quantity), sum(amount), sum(amount), sum(refunded_amount), 0, max(_ver) "
        "FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded') GROUP BY d, account, event_id, currency"
    )


def _today(at: datetime) -> date:
    return at.astimezone(MOSCOW).date()


def make_marts(client: Client, version: int = 1) -> None:
    """All days anew, in a fraction of the time that a load takes to find those that changed."""
    for mart in MARTS:
        name = mart.table.name
        client.command(f"TRUNCATE TABLE {name}")
        columns = ", ".join(column for column in client.query(f"SELECT * FROM {name} LIMIT 0").column_names[:-1])
        made = sql_text(f"marts/{name}.sql")
        client.command(f"INSERT INTO {name} SELECT {columns}, {version} FROM ({made})")


def judged(client: Client, today: date, wanted: Iterable[Check] = ()) -> list[Result]:
    """All checks, or those that are wanted."""
    return [judge(client, check, today, ACCOUNTS, {}) for check in wanted or checks()]


def broken(client: Client, today: date) -> dict[str, str]:
    """The checks that are broken, and what they say."""
    return {result.check.name: result.message for result in judged(client, today) if result.status == "broken"}


def _version(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _runs(first: date, at: datetime, sources: Iterable[str]) -> pl.DataFrame:
    """A good run a day of each loader, in the morning; the first reads all days there are."""
    today = at.astimezone(MOSCOW).date()
    span = (today - first).days
    days = [first + timedelta(days=number) for number in range(min(span, 1), span + 1)]
    rows = [_run(source, day, first) for source in sources for day in days]
    schema = dict.fromkeys(("job", "account", "run_id", "status", "message", "metrics"), pl.String)
    instants = {"started_at": INSTANT, "finished_at": INSTANT}
    return pl.DataFrame(rows, schema={**schema, **instants, "rows_processed": pl.UInt64, "_ver": pl.UInt64})


def _run(source: str, day: date, first: date) -> dict[str, object]:
    started = datetime.combine(day, time(9), MOSCOW).astimezone(UTC)
    length, lag = WINDOWS[source]
    last = day - timedelta(days=lag)
    begins = first if day <= first + timedelta(days=1) else last - timedelta(days=length - 1)
    window = {"first": max(first, begins), "last": last}
    return {
        "job": f"{source}_loader", "account": "main", "run_id": f"{source}-{day}", "status": "success",
        "message": f"{day}: loaded",
        "metrics": json.dumps({"window": window, "columns": COLUMNS.get(source, {})}, default=str),
        "started_at": started, "finished_at": started + timedelta(minutes=1), "rows_processed": 100,
        "_ver": _version(started),
    }  # fmt: skip


TABLES = (
    *("dim_events", "dim_shows", "dim_show_dates", "dim_ad_shows", "fact_other_costs_daily",
      "fact_show_seats_daily"),
    *("fact_vk_ads_daily", "fact_direct_daily", "stg_qtickets_tickets"),
)  # fmt: skip


class Lines(defaultdict[str, list[dict[str, Any]]]):
    """Rows of a world by hand, table by table: what a test does not say about one is ordinary."""

    def __init__(self) -> None:
        super().__init__(list)

    def show(self, number: int, on: date, city: str, **more: Any) -> None:
        """The only one of its event, which has the same number."""
        names = {"event_id": number, "show_id": number, "event_name": f"Концерт {number}", "city": city}
        names |= {"currency": "RUB", "show_date": on, "show_at": f"{on} 16:00:00", "is_active": 1} | more
        self["dim_events"].append(names)
        self["dim_shows"].append(names)

    def sell(self, event: int, day: date, quantity: int, amount: object, **more: Any) -> None:
        number = len(self["stg_qtickets_tickets"])
        names = {"ticket_id": number, "order_id": number, "event_id": event, "show_id": event, "state": "paid"}
        times = dict.fromkeys(("ordered_at", "paid_at", "booked_at"), f"{day} 12:00:00.000")
        money = {"quantity": quantity, "amount": str(amount), "currency": "RUB"}
        self["stg_qtickets_tickets"].append(names | times | money | more)

    def spend(self, campaign: int, day: date, spent: object, source: str = "vk_ads", **more: Any) -> None:
        names = {"stat_date": day, "campaign_id": campaign, "campaign_name": f"К{campaign}"}
        self[f"fact_{source}_daily"].append(names | {"spent": str(spent), "spent_has_vat": 1} | more)

    def put(self, client: Client) -> None:
        """They are all there is, also in the marts."""
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")
        for table, lines in self.items():
            if lines:
                put(client, table, *lines)
        make_marts(client)


MONEY = pl.Decimal(18, 2)
INSTANT = pl.Datetime("ms", "UTC")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
UNSETTLED_DAYS = 3
CABINETS = {"vk_ads": "4400101", "direct": "promoter-login"}

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
    return CABINETS[ad.source], ad.campaign_id, group, number, ad.campaign_name


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
