"""Warehouses of a made-up promoter, made by SQL: tickets, events, ads, marts and the history of their loads.

All of it follows from the number of ticket lines and the days: two runs of the benchmark load the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.ingest import Report, ingest
from tasks.landing import Fetched, Landing, Request
from tasks.load.frames import insert, select
from tasks.load.migrate import migrated
from tasks.reference import cities
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.qtickets import SOURCE
from tasks.sources.windows import split_by_months
from tasks.transform.qtickets import events as events_of
from tasks.window import Window, moscow_today
from tests.support.product import Clock, on_the_clock

NOW = datetime.fromisoformat("2026-11-16T12:00:00+03:00")
"""In the past, since ClickHouse has a clock of its own."""
_LATELY = NOW - timedelta(hours=8)
"""When the newest of the runs before began: the night's loads are done."""
YESTERDAY = date(2026, 11, 15)
FIVE_YEARS = Window(first=date(2021, 11, 16), last=YESTERDAY)
TWO_DAYS = Window.trailing(2, YESTERDAY)
SETTLED = Window(first=date(2021, 9, 1), last=date(2026, 8, 31))
"""Five years that the source no longer changes: what was fetched of them is used again."""
BY_YEARS = {years: Window(first=date(2026 - years, 9, 1), last=SETTLED.last) for years in (1, 3, 5)}
_EVENTS = 60
_CITIES = {
    "москва": "msk",
    "санкт-петербург": "spb",
    "казань": "kzn",
    "новосибирск": "nsk",
    "екатеринбург": "ekb",
    "самара": "samara",
    "омск": "omsk",
    "уфа": "ufa",
    "пермь": "perm",
    "воронеж": "vrn",
}
_RUNS_A_DAY = {"qtickets_loader": 96, "vk_ads_loader": 1, "direct_loader": 1, "quality": 14}
"""As prefect.yaml has them."""
_ADS_PER_CAMPAIGN = 10


def _month(day: str) -> str:
    return f"toRelativeMonthNum({day}, 'Europe/Moscow')"


def _tags(source: str) -> dict[str, str]:
    """Of an ad by its number `ad`, as its link has them and the orders that it brought."""
    city = f"{list(_CITIES.values())}[1 + ad % {_EVENTS} % {len(_CITIES)}]"
    return {
        "utm_source": source,
        "utm_medium": "'cpc'",
        "utm_campaign": f"concat('show_', toString(intDiv(ad, {_ADS_PER_CAMPAIGN})))",
        "utm_content": f"concat({city}, '_', toString(1 + ad % 28), '_', toString(1 + ad % 12))",
        "utm_term": "''",
    }


_ORIGIN = "multiIf(origin < 25, 'vk', origin < 50, 'yandex', origin < 60, 'insta', '')"
_TICKET = {
    "account": "'main'",
    "ticket_id": "10000000 + number",
    "order_id": "1000000 + nth",
    "event_id": f"1000 + ad % {_EVENTS}",
    "show_id": f"5000 + ad % {_EVENTS}",
    "state": "multiIf(fate < 5, 'refunded', fate < 93, 'paid', fate < 97, 'cancelled', 'reserved')",
    "ordered_at": "at",
    "paid_at": "paid",
    "booked_at": "coalesce(paid, at)",
    "price": "cost",
    "quantity": "1",
    "amount": "cost",
    "refunded_amount": "if(fate < 5, cost, 0)",
    "refunded_at": "if(fate < 5, paid, NULL)",
    "currency": "'RUB'",
    **{name: f"if(origin < 60, {value}, '')" for name, value in _tags(_ORIGIN).items()},
    "_ver": "toUnixTimestamp64Milli(at) + 3600000",
}
_AD_DAY = {
    "stat_date": "day",
    "account": "'main'",
    "account_id": "'100'",
    "campaign_id": f"intDiv(ad, {_ADS_PER_CAMPAIGN})",
    "ad_group_id": "intDiv(ad, 2)",
    "ad_id": "ad",
    "campaign_name": f"concat('Кампания ', toString(intDiv(ad, {_ADS_PER_CAMPAIGN})))",
    "impressions": "1000 + chance % 9000",
    "clicks": "chance % 100",
    "spent": "toDecimal64(10000 + chance % 90000, 2) / 100",
    "currency": "'RUB'",
    "conversions": "chance % 5",
    "utm_city": f"{list(_CITIES)}[1 + ad % {_EVENTS} % {len(_CITIES)}]",
    "utm_day": "1 + ad % 28",
    "utm_month": "1 + ad % 12",
    "_ver": "toUnixTimestamp(day) * 1000 + 97200000",
}
_TIME = "formatDateTime({}, '%Y-%m-%dT%H:%i:%S+03:00', 'Europe/Moscow')"
_RAW = {
    "order_id": "toString(order_id)",
    "payed": "if(paid_at IS NULL, 'false', 'true')",
    "payed_at": _TIME.format("paid_at"),
    "created_at": _TIME.format("ordered_at"),
    "order_deleted_at": f"if(state = 'cancelled', {_TIME.format('ordered_at')}, NULL)",
    "event_id": "toString(event_id)",
    "order_price": "toString(price)",
    "order_original_price": "toString(price)",
    "currency": "toString(currency)",
    "ticket_id": "toString(ticket_id)",
    "show_id": "toString(show_id)",
    "price": "toString(price)",
    "original_price": "toString(price)",
    "quantity": "toString(quantity)",
    "ticket_deleted_at": "CAST(NULL AS Nullable(String))",
    "refunded_at": _TIME.format("refunded_at"),
    "refunded_amount": "if(refunded_at IS NULL, NULL, toString(refunded_amount))",
    "price_is_for": "'unit'",
    **{f"utm_{tag}": f"nullIf(utm_{tag}, '')" for tag in ("source", "medium", "campaign", "content", "term")},
}
"""Raw column -> what the API would have sent for a ticket line of the table."""


class Rows(Sequence[dict[str, str | None]]):
    """A frame as the rows that a fetch returns: dictionaries, made of the slice that is asked for alone."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return self._frame.height

    def __getitem__(self, place: Any) -> Any:
        return self._frame[place].to_dicts() if isinstance(place, slice) else self._frame.row(place, named=True)

    def __iter__(self) -> Iterator[dict[str, str | None]]:
        return self._frame.iter_rows(named=True)


def fetched_orders(raw: pl.DataFrame) -> Fetched:
    return Fetched(Rows(raw), tuple(raw.columns), facts={"orders": raw.height // 2})


def fetched_events() -> Fetched:
    """An event a row, with its one show."""
    rows: list[dict[str, str | None]] = [
        {
            "event_id": str(1000 + number),
            "event_name": f"Спектакль {number}",
            "is_active": "1",
            "currency": "RUB",
            "venue": f"Зал {number}",
            "event_deleted_at": None,
            "city": list(_CITIES)[number % len(_CITIES)],
            "timezone": "Europe/Moscow",
            "show_id": str(5000 + number),
            "show_start_at": "2026-12-31T19:00:00+03:00",
            "show_deleted_at": None,
        }
        for number in range(_EVENTS)
    ]
    marks = tuple(f"{row['event_id']} 2021-01-01" for row in rows)
    return Fetched(rows, tuple(rows[0]), facts={"events": _EVENTS}, marks=marks)


def account_of(folder: Path, raw: pl.DataFrame | None = None, landing: Path | None = None) -> Account:
    """The promoter's account with its warehouse in the folder and, unless it is elsewhere, its landing area. Its API
    sends these lines; without any it must not be asked."""

    def fetch(*_: object) -> Fetched:
        assert raw is not None, "what was fetched before is not used"
        return fetched_orders(raw)

    orders, events = SOURCE.resources
    resources = (replace(orders, fetch=fetch), replace(events, fetch=lambda *_: fetched_events()))
    settings = Settings(
        _env_file=None,
        clickhouse_dsn=f"chdb://{folder / 'warehouse'}",
        landing_url=str(landing or folder / "landing"),
        qtickets_token="of-the-benchmark",
        fetch_retries=0,
    )  # type: ignore[call-arg]
    return Account(replace(SOURCE, resources=resources), "main", settings)


@dataclass
class World:
    """Five years up to yesterday in a folder, reloaded again and again."""

    folder: Path

    @cached_property
    def state(self) -> dict[str, int]:
        """How often it was loaded, and by how many roubles some prices were raised since it was made."""
        file = self.folder / "state.json"
        return json.loads(file.read_text()) if file.exists() else {"loads": 0, "raised": 0}

    def reload(self, raise_by: int = 0) -> tuple[Report, int]:
        """Load the two days, a quarter of an hour after the load before. Prices of a hundredth of the paid lines
        were raised meanwhile: of how many is returned."""
        state = self.state
        state["loads"] += 1
        state["raised"] += raise_by
        raw = pl.read_parquet(self.folder / "two_days.parquet")
        paid = pl.col("payed") == "true"
        price = (pl.col("price").cast(pl.Decimal(18, 2)) + state["raised"]).cast(pl.String)
        chosen = paid & (paid.cum_sum() % 100 == 1)
        raw = raw.with_columns(price=pl.when(chosen).then(price).otherwise("price"))
        with on_the_clock(Clock(NOW + timedelta(minutes=15 * state["loads"]))):
            report = ingest(account_of(self.folder, raw), TWO_DAYS, f"reload-{state['loads']}")
        (self.folder / "state.json").write_text(json.dumps(state))
        return report, -(-raw.filter(paid).height // 100) if raise_by else 0


def make_world(folder: Path, lines: int) -> None:
    """As years of loads would have left it; what is loaded next changes nothing."""
    folder.mkdir(parents=True)
    world = World(folder)
    with migrated(account_of(folder).settings) as client:
        fill_tickets(client, FIVE_YEARS, lines)
        _fill_ads(client, FIVE_YEARS, max(lines // 100 // 60, 1))
        raw_of(client, TWO_DAYS).write_parquet(folder / "two_days.parquet")
        report, _ = world.reload()  # It makes the marts.
        assert not report.tables["stg_qtickets_tickets"].written, report.message
        _fill_history(client, FIVE_YEARS, report)
    _fill_landing(folder)
    report, _ = world.reload()
    assert not report.written, report.message


def make_landed(folder: Path, lines_a_year: int) -> None:
    """What was fetched of five settled years, month by month, and of the last year at once; beside it the same facts
    of that year, and what all must add up to."""
    folder.mkdir(parents=True)
    account = account_of(folder)
    with migrated(account.settings) as client:
        fill_tickets(client, SETTLED, lines_a_year * 5)
        for window in (*split_by_months(SETTLED, 1), BY_YEARS[1]):
            land(account, window, NOW, raw_of(client, window))
        facts = select(client, f"SELECT {', '.join(_TICKET)} FROM {_in(BY_YEARS[1])}")
        facts.write_parquet(folder / "facts.parquet")
        expected = {years: sums(client, window) for years, window in BY_YEARS.items()}
        (folder / "sums.json").write_text(json.dumps(expected))


def land(account: Account, window: Window, at: datetime, raw: pl.DataFrame) -> None:
    source, settings = account.source, account.settings
    for name, fetched in (("orders", fetched_orders(raw)), ("events", fetched_events())):
        request = Request(source.name, name, account.name, source.reads(settings), window, source.version)
        Landing(settings.landing_url).write(request, f"fetch-{window}", at, fetched, int(at.timestamp() * 1000))


def sums(client: Client, window: Window) -> list[str]:
    """What the lines of the window add up to, and the sold ones of them, as the mart of sales has to show them."""
    tickets = select(client, f"SELECT count(), sum(amount), sum(refunded_amount) FROM {_in(window)}")
    sold = select(client, f"SELECT sum(quantity), sum(amount) FROM {_in(window)} AND state IN ('paid', 'refunded')")
    return [str(value) for value in (*tickets.row(0), *sold.row(0))]


def check_sums(folder: Path, landed: Path, years: int) -> None:
    """Raises AssertionError where the warehouse in the folder is not what was landed."""
    expected = json.loads((landed / "sums.json").read_text())[str(years)]
    with migrated(account_of(folder).settings) as client:
        assert sums(client, BY_YEARS[5]) == expected, f"{sums(client, BY_YEARS[5])} instead of {expected}"
        mart = select(client, "SELECT sum(tickets_sold), sum(revenue) FROM stg_qtickets_sales_raw FINAL").row(0)
        assert [str(value) for value in mart] == expected[3:], f"{mart} instead of {expected[3:]}"


def raw_of(client: Client, window: Window) -> pl.DataFrame:
    columns = ", ".join(f"{value} AS raw_{name}" for name, value in _RAW.items())
    raw = select(client, f"SELECT {columns} FROM {_in(window)} ORDER BY ticket_id")
    return raw.rename(lambda name: name.removeprefix("raw_"))


def _in(window: Window) -> str:
    return (
        f"stg_qtickets_tickets FINAL WHERE booked_at >= {_instant(window.start)} AND booked_at < {_instant(window.end)}"
    )


def _instant(at: datetime) -> str:
    return f"toDateTime64('{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}', 3, 'UTC')"


def _insert(
    client: Client, table: str, columns: dict[str, str], rows: str, given: dict[str, str] | None = None
) -> None:
    values = ", ".join(f"({value}) AS its_{name}" for name, value in columns.items())
    client.command(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM ({rows})", parameters=given)
    client.command(f"OPTIMIZE TABLE {table} FINAL")


def fill_tickets(client: Client, days: Window, lines: int) -> None:
    """Two lines an order, ids ascending in time, five of a hundred given back; and the events. The lines are of as
    many ads a month as there are ad days a day."""
    seconds, ads = int((days.end - days.start).total_seconds()), max(lines // 100 // 60, 1)
    rows = f"""
        SELECT
            number, intDiv(number, 2) AS nth, cityHash64(nth) AS chance, cityHash64(number) % 100 AS fate,
            addSeconds({_instant(days.start)}, intDiv(nth * 2 * {seconds}, {lines})) AS at,
            if(fate < 93, addSeconds(at, chance % 600), NULL) AS paid,
            toDecimal64(50000 + chance % 450000, 2) / 100 AS cost,
            intDiv(chance, 1000) % 100 AS origin,
            {_month("at")} * {ads} + intDiv(chance, 1000000) % {ads} AS ad
        FROM numbers({lines})"""
    _insert(client, "stg_qtickets_tickets", _TICKET, rows)
    events = events_of(pl.DataFrame(fetched_events().rows, infer_schema_length=None), cities())
    events = events.with_columns(pl.lit("main").alias("account"), pl.lit(1, pl.UInt64).alias("_ver"))
    insert(client, "dim_events", events)


def _fill_ads(client: Client, days: Window, ads: int) -> None:
    """So many ads of each source run every day, others each month."""
    for table, source, has_vat in (("fact_vk_ads_daily", "vk", 1), ("fact_direct_daily", "yandex", 0)):
        rows = f"""
            SELECT
                toDate('{days.first}') + intDiv(number, {ads}) AS day, cityHash64(number) AS chance,
                toRelativeMonthNum(day) * {ads} + number % {ads} AS ad
            FROM numbers({days.days * ads})"""
        _insert(client, table, _AD_DAY | {"spent_has_vat": str(has_vat)} | _tags(f"'{source}'"), rows)


def _fill_history(client: Client, days: Window, like: Report) -> None:
    """Of good runs, with the metrics of this report but for their days and times."""
    like.window, version = days, like.version
    metrics = json.dumps(like.metrics(), ensure_ascii=False, default=str)
    own = {
        json.dumps(f"{days.first}"): "concat('\"', toString(toDate(at, 'Europe/Moscow') - 1), '\"')",
        json.dumps(f"{days.last}"): "concat('\"', toString(toDate(at)), '\"')",
        f"{like.read_at}": "concat(toString(toDateTime(at, 'UTC')), '+00:00')",
        f"{version}": "toString(_ver)",
    }
    assert all(place in metrics for place in own), metrics
    for job, runs in _RUNS_A_DAY.items():
        rows = f"""
            SELECT
                number, subtractSeconds({_instant(_LATELY)}, intDiv(number * 86400, {runs})) AS at,
                toUnixTimestamp64Milli(at) + 5000 AS _ver
            FROM numbers({days.days * runs})"""
        of_run = "{metrics:String}" if job.endswith("_loader") else """'{"hindered": []}'"""
        for place, value in own.items():
            of_run = f"replaceAll({of_run}, '{place}', {value})"
        columns = {
            "job": f"'{job}'",
            "account": "'main'" if job.endswith("_loader") else "''",
            "run_id": f"lower(hex(MD5(concat('{job}', toString(number)))))",
            "started_at": "at",
            "finished_at": "addSeconds(at, 5)",
            "status": "'success'",
            "rows_processed": f"{like.rows}",
            "message": "concat(toString(toDate(at)), ': 312 ticket lines, nothing changed')",
            "metrics": of_run,
            "_ver": "_ver",
        }
        _insert(client, "meta_job_runs", columns, rows, {"metrics": metrics})


def _fill_landing(folder: Path) -> None:
    """What the loads of the last days fetched, for as long as it is kept."""
    raw, account = pl.read_parquet(folder / "two_days.parquet").head(100), account_of(folder)
    for number in range(account.settings.landing_keep_days * _RUNS_A_DAY["qtickets_loader"]):
        at = _LATELY - timedelta(minutes=15 * number)
        land(account, Window.trailing(2, moscow_today(at)), at, raw)
