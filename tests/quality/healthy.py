"""A warehouse as a promoter has it on a day when nothing is wrong, built without Prefect and without HTTP."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert
from tasks.load.mart import reference_tables
from tasks.load.memory import remember_attributes, remember_days
from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import merge, upsert
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, Result, checks, judge
from tasks.settings import Settings
from tasks.sources import SOURCES
from tests.quality.rows import INSTANT, Truth
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


def stand(client: Client, truth: Truth, at: datetime, sources: Iterable[str] = ALL) -> None:
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
    for table in TOLD:
        client.command(f"DELETE FROM {table} WHERE {'day > toDate(0)' if table == 'meta_memory' else '1'}")
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
