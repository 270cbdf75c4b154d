"""Warehouses of a made-up promoter, filled by SQL, and an account whose API sends what is in them. Everything follows
from the number of ticket lines: two runs of the benchmark load the same rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
FIVE_YEARS = Window(first=date(2021, 11, 16), last=date(2026, 11, 15))
TWO_DAYS = Window.trailing(2, FIVE_YEARS.last)
SETTLED = {years: Window(first=date(2026 - years, 9, 1), last=date(2026, 8, 31)) for years in (1, 3, 5)}
"""Years that the source no longer changes: what was fetched of them is used again."""
_LATELY = NOW - timedelta(hours=8)
"""When the newest of the runs before began: the night's loads are done."""
_RUNS_A_DAY = {"qtickets_loader": 96, "vk_ads_loader": 1, "direct_loader": 1, "quality": 14}
"""As prefect.yaml has them."""
_CITIES = ["москва", "казань", "омск", "самара", "уфа", "пермь", "воронеж", "екатеринбург", "новосибирск", "абакан"]
_EVENTS, _SHOWS = 60, 47
"""Events, and the shows of each: one every so many days."""
_EVERY = 44

_FIRST = f"toDate('2021-09-01') + ad % {_EVENTS} * 7 % {_EVERY}"
"""The day of the first show of the event that an ad is for."""
_MONTH = "addMonths(toDate('1970-01-01'), intDiv(ad, {ads:UInt64}) - 1970 * 12 - 1)"
_ON = f"({_FIRST} + {_EVERY} * toUInt16(greatest(ceil(({_MONTH} + 15 - ({_FIRST})) / {_EVERY}), 0)))"
"""The day of the show that it names: the next one from the middle of its month."""
_CITY = f"{_CITIES}[1 + ad % {_EVENTS} % {len(_CITIES)}]"
_TAGS = f"'cpc', concat('show_', toString(intDiv(ad, 10))), concat({_CITY}, formatDateTime({_ON}, '_%d_%m')), ''"
"""Of an ad by its number, as its link has them and the tickets that it brought: utm_medium and the following."""
_TICKETS = f"""
INSERT INTO stg_qtickets_tickets
WITH
    intDiv(number, 2) AS nth, cityHash64(nth) AS chance, intDiv(chance, 1000) % 100 AS origin, cityHash64(number) % 100 AS fate,
    addSeconds({{start:DateTime64(3, 'UTC')}}, intDiv(nth * 2 * {{seconds:UInt64}}, {{lines:UInt64}})) AS at,
    if(fate < 93, addSeconds(at, chance % 600), NULL) AS paid,
    toDecimal64(50000 + chance % 450000, 2) / 100 AS cost,
    toRelativeMonthNum(at, 'Europe/Moscow') * {{ads:UInt64}} + intDiv(chance, 1000000) % {{ads:UInt64}} AS ad,
    -- The next show or the one after it.
    toUInt16(greatest(ceil((toDate(at, 'Europe/Moscow') - ({_FIRST})) / {_EVERY}), 0)) + chance % 2 AS show
SELECT
    'main', 10000000 + number, 1000000 + nth, 1000 + ad % {_EVENTS}, 5000 + ad % {_EVENTS} * 100 + show,
    multiIf(fate < 5, 'refunded', fate < 93, 'paid', fate < 97, 'cancelled', 'reserved'), at, paid, coalesce(paid, at),
    cost, 1, cost, if(fate < 5, cost, 0), if(fate < 5, paid, NULL), 'RUB',
    multiIf(origin < 25, 'vk', origin < 50, 'yandex', origin < 60, 'insta', ''),
    {_TAGS}, if(fate % 10 = 0, 1 + fate, 0), 0, if(fate % 10 = 0, 50, 0), toUnixTimestamp64Milli(at) + 3600000
FROM numbers({{lines:UInt64}})"""
_AD_DAYS = f"""
INSERT INTO {{table}}
WITH
    {{first:Date}} + intDiv(number, {{ads:UInt64}}) AS day, cityHash64(number) AS chance,
    toRelativeMonthNum(day) * {{ads:UInt64}} + number % {{ads:UInt64}} AS ad
SELECT
    day, 'main', '100', intDiv(ad, 10), intDiv(ad, 2), ad, concat('Кампания ', toString(intDiv(ad, 10))),
    1000 + chance % 9000, chance % 100, toDecimal64(10000 + chance % 90000, 2) / 100, 1, 'RUB', chance % 5,
    {{utm_source:String}}, {_TAGS}, {_CITY}, toDayOfMonth({_ON}), toMonth({_ON}), if(ad % 3 = 0, 1000 + ad % {_EVENTS}, 0),
    toUnixTimestamp(day) * 1000 + 97200000
FROM numbers({{days:UInt64}} * {{ads:UInt64}})"""
_SEATS = """
INSERT INTO fact_show_seats_daily
SELECT show_date - ago AS day, account, show_id, 1200, 1000, 10, 190, 190000, 1
FROM (SELECT *, arrayJoin(range(60)) AS ago FROM dim_shows FINAL) WHERE day <= {today:Date}"""
_RUNS = """
INSERT INTO meta_job_runs
WITH
    subtractSeconds({newest:DateTime64(3, 'UTC')}, intDiv(number * 86400, {a_day:UInt64})) AS at,
    toUnixTimestamp64Milli(at) + 5000 AS version, toDate(at, 'Europe/Moscow') AS day
SELECT
    {job:String}, if(endsWith({job:String}, '_loader'), 'main', ''), lower(hex(MD5({job:String} || toString(number)))),
    at, addSeconds(at, 5), 'success', 312, concat(toString(day), ': 312 ticket lines, nothing changed'),
    replaceAll(replaceAll(replaceAll(replaceAll({metrics:String}, '@first', toString(day - 1)), '@last', toString(day)),
        '@at', concat(toString(toDateTime(at, 'UTC')), '+00:00')), '"@version"', toString(version)),
    version
FROM numbers({days:UInt64} * {a_day:UInt64})"""
_WITHIN = """
stg_qtickets_tickets FINAL
WHERE booked_at >= {start:DateTime64(3, 'UTC')} AND booked_at < {end:DateTime64(3, 'UTC')}"""
_TIME = "formatDateTime({}, '%Y-%m-%dT%H:%i:%S+03:00', 'Europe/Moscow')"
_RAW = f"""
SELECT
    toString(order_id) AS order_id, if(paid_at IS NULL, 'false', 'true') AS payed, {_TIME.format("paid_at")} AS payed_at,
    {_TIME.format("ordered_at")} AS created_at, if(state = 'cancelled', created_at, NULL) AS order_deleted_at,
    toString(event_id) AS event_id, toString(price) AS order_price, toString(price) AS order_original_price,
    toString(currency) AS currency, toString(ticket_id) AS ticket_id, toString(show_id) AS show_id,
    toString(price) AS price, toString(price) AS original_price, toString(quantity) AS quantity,
    CAST(NULL AS Nullable(String)) AS ticket_deleted_at, {_TIME.format("refunded_at")} AS refunded_at,
    if(refunded_at IS NULL, NULL, toString(refunded_amount)) AS refunded_amount, 'unit' AS price_is_for,
    nullIf(utm_source, '') AS utm_source, nullIf(utm_medium, '') AS utm_medium, nullIf(utm_campaign, '') AS utm_campaign,
    nullIf(utm_content, '') AS utm_content, nullIf(utm_term, '') AS utm_term,
    toString(promo_code_id) AS promo_code_id, toString(discount_id) AS discount_id, toString(discount) AS discount
FROM {_WITHIN} ORDER BY ticket_id SETTINGS prefer_column_name_to_alias = 1"""
"""What the API would have sent for the lines of a window."""


class Rows(Sequence[dict[str, str | None]]):
    """A frame as the rows that a fetch returns: dictionaries, made of the slice that is asked for."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return self._frame.height

    def __getitem__(self, place: Any) -> Any:
        return self._frame[place].to_dicts() if isinstance(place, slice) else self._frame.row(place, named=True)


def fetched_orders(raw: pl.DataFrame) -> Fetched:
    return Fetched(Rows(raw), tuple(raw.columns), facts={"orders": raw.height // 2})


def fetched_events(*_: object) -> Fetched:
    """A show a row, with its event."""
    show = pl.col("show")
    days = pl.col("number") * 7 % _EVERY + _EVERY * show
    rows = pl.select(number=pl.int_range(_EVENTS)).join(pl.select(show=pl.int_range(_SHOWS)), how="cross")
    events = rows.select(
        event_id=(1000 + pl.col("number")).cast(pl.String),
        event_name=pl.format("Спектакль {}", "number"),
        is_active=pl.lit("1"),
        currency=pl.lit("RUB"),
        venue=pl.format("Зал {}", "number"),
        event_deleted_at=pl.lit(None, pl.String),
        city=pl.lit(_CITIES).list.get(pl.col("number") % len(_CITIES)),
        timezone=pl.lit("Europe/Moscow"),
        shows_known=pl.lit("true"),
        show_id=(5000 + pl.col("number") * 100 + show).cast(pl.String),
        show_start_at=(pl.lit(date(2021, 9, 1)) + pl.duration(days=days)).dt.strftime("%Y-%m-%dT19:00:00+03:00"),
        show_deleted_at=pl.lit(None, pl.String),
    )
    return Fetched(
        Rows(events),
        tuple(events.columns),
        facts={"events": _EVENTS},
        marks=tuple(events["event_id"].unique(maintain_order=True)),
    )


def account_of(folder: Path, raw: pl.DataFrame | None = None, landing: Path | None = None) -> Account:
    """The promoter's account, with its warehouse in the folder and its landing area there or elsewhere. Its API sends
    these lines; without any it must not be asked."""

    def fetch(*_: object) -> Fetched:
        assert raw is not None, "what was fetched before is not used"
        return fetched_orders(raw)

    settings = Settings(
        _env_file=None,
        clickhouse_dsn=f"chdb://{folder / 'warehouse'}",
        landing_url=str(landing or folder / "landing"),
        qtickets_token="of-the-benchmark",
        fetch_retries=0,
    )  # type: ignore[call-arg]
    orders, events = SOURCE.resources
    source = replace(
        SOURCE, resources=(replace(orders, fetch=fetch), replace(events, fetch=fetched_events, beside=()))
    )
    return Account(source, "main", settings)


def reload(folder: Path, raise_by: int = 0) -> tuple[Report, int]:
    """Load the two days, a quarter of an hour after the load before. The price of a hundredth of the paid lines was
    raised meanwhile by so many roubles: of how many lines is returned."""
    file = folder / "state.json"
    loads, raised = json.loads(file.read_text()) if file.exists() else (0, 0)
    loads, raised = loads + 1, raised + raise_by
    raw, paid = pl.read_parquet(folder / "two_days.parquet"), pl.col("payed") == "true"
    price = (pl.col("price").cast(pl.Decimal(18, 2)) + raised).cast(pl.String)
    raw = raw.with_columns(
        pl.when(paid & (paid.cum_sum() % 100 == 1)).then(price).otherwise("price").alias("price")
    )
    with on_the_clock(Clock(NOW + timedelta(minutes=15 * loads))):
        report = ingest(account_of(folder, raw), TWO_DAYS, f"reload {loads}")
    file.write_text(json.dumps([loads, raised]))
    return report, -(-raw.filter(paid).height // 100) if raise_by else 0


def make_world(folder: Path, lines: int) -> None:
    """Five years up to yesterday, as loads would have left them: what is loaded next changes nothing."""
    account = account_of(folder)
    with migrated(account.settings) as client:
        _fill(client, FIVE_YEARS, lines)
        raw = _raw(client, TWO_DAYS)
        raw.write_parquet(folder / "two_days.parquet")
        report, _ = reload(folder)  # It makes the marts.
        assert not report.tables["stg_qtickets_tickets"].written, report.message
        client.command(_SEATS, {"today": FIVE_YEARS.last})
        _fill_history(client, report)
    for number in range(7 * _RUNS_A_DAY["qtickets_loader"]):  # As long as a fetch is kept.
        at = _LATELY - timedelta(minutes=15 * number)
        _land(account, Window.trailing(2, moscow_today(at)), at, raw.head(100))
    report, _ = reload(folder)
    assert not report.written, report.message


def make_landed(folder: Path, lines_a_year: int) -> None:
    """What was fetched of five settled years, month by month, and of the last of them at once. Beside it the facts of
    that year, and what the lines of one, three and five years add up to."""
    account = account_of(folder)
    with migrated(account.settings) as client:
        _fill(client, SETTLED[5], lines_a_year * 5)
        for window in (*split_by_months(SETTLED[5], 1), SETTLED[1]):
            _land(account, window, NOW, _raw(client, window))
        select(client, f"SELECT * FROM {_WITHIN}", _bounds(SETTLED[1])).write_parquet(folder / "facts.parquet")
        sums = {years: _sums(client, window) for years, window in SETTLED.items()}
        (folder / "sums.json").write_text(json.dumps(sums))


def check_sums(folder: Path, landed: Path, years: int) -> None:
    """Raises AssertionError where the warehouse in the folder has not what was landed of these years."""
    expected = json.loads((landed / "sums.json").read_text())[str(years)]
    with migrated(account_of(folder).settings) as client:
        found = _sums(client, SETTLED[5])
        mart = select(client, "SELECT sum(tickets_sold), sum(revenue) FROM stg_qtickets_sales_raw FINAL").row(0)
    assert found == expected, f"{found} instead of {expected}"
    assert [str(value) for value in mart] == expected[3:], f"{mart} instead of {expected[3:]}"


def _sums(client: Client, window: Window) -> list[str]:
    """Of the lines, and of those that were sold, as the mart of sales has to show them."""
    tickets = select(client, f"SELECT count(), sum(amount), sum(refunded_amount) FROM {_WITHIN}", _bounds(window))
    sold = f"SELECT sum(quantity), sum(amount) FROM {_WITHIN} AND state IN ('paid', 'refunded')"
    return [str(value) for value in (*tickets.row(0), *select(client, sold, _bounds(window)).row(0))]


def _bounds(window: Window) -> dict[str, datetime]:
    return {"start": window.start, "end": window.end}


def _raw(client: Client, window: Window) -> pl.DataFrame:
    return select(client, _RAW, _bounds(window))


def _land(account: Account, window: Window, at: datetime, raw: pl.DataFrame) -> None:
    source, settings = account.source, account.settings
    for resource, fetched in zip(source.resources, (fetched_orders(raw), fetched_events()), strict=True):
        request = Request(source.name, resource.name, account.name, source.reads(settings), window, source.version)
        Landing(settings.landing_url).write(request, f"{at}", at, fetched, int(at.timestamp() * 1000))


def _fill(client: Client, days: Window, lines: int) -> None:
    """Two lines an order, ids ascending in time, five of a hundred given back; events; of each source half an ad day
    a hundred lines."""
    ads = max(lines // 100 // 60, 1)
    seconds = int((days.end - days.start).total_seconds())
    client.command(_TICKETS, {"start": days.start, "seconds": seconds, "lines": lines, "ads": ads})
    for table, utm_source in (("fact_vk_ads_daily", "vk"), ("fact_direct_daily", "yandex")):
        given = {"first": days.first, "days": days.days, "ads": ads, "utm_source": utm_source}
        client.command(_AD_DAYS.replace("{table}", table), given)
        client.command(f"OPTIMIZE TABLE {table} FINAL")
    client.command("OPTIMIZE TABLE stg_qtickets_tickets FINAL")
    events = events_of(pl.DataFrame(fetched_events().rows[:]), cities())
    insert(client, "dim_events", events.with_columns(account=pl.lit("main"), _ver=pl.lit(1, pl.UInt64)))


def _fill_history(client: Client, like: Report) -> None:
    """Good runs with the metrics of this one, but for their days and times."""
    own = {"window": {"first": "@first", "last": "@last"}, "read_at": "@at", "version": "@version"}
    metrics = json.dumps(like.metrics() | own, ensure_ascii=False, default=str)
    for job, a_day in _RUNS_A_DAY.items():
        of_run = metrics if job.endswith("_loader") else '{"hindered": []}'
        given = {"newest": _LATELY.astimezone(UTC), "job": job, "a_day": a_day, "days": FIVE_YEARS.days}
        client.command(_RUNS, given | {"metrics": of_run})
    client.command("OPTIMIZE TABLE meta_job_runs FINAL")
