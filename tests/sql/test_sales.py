"""Sales by day, event and currency are what a person adds up by hand from the tickets, and the views show each once."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from flows.load_report import _figures
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import upsert
from tasks.sources.qtickets import EVENTS, SALES, TICKETS
from tasks.window import Window
from tests.quality.healthy import warehouse_in
from tests.tasks.load.engines import put, values
from tests.tasks.load.tickets import Ticket, event, event_frame, load, refunded, ticket

COLUMNS = "event_date, event_id, currency, city, event_name, tickets_sold, revenue, refunds_amount"
NAMES = {7: ("москва", "Лекция"), 8: ("казань", "Экскурсия «О'Коннор»")}
Line = tuple[Any, ...]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    events = event_frame(
        *(event(number, name=name, city=city) for number, (city, name) in NAMES.items()),
        event(7, name="Балет", city="пермь", account="spb"),
    )
    with warehouse_in(tmp_path_factory.mktemp("shop")) as client:
        upsert(client, EVENTS, events, Scope(), 1)
        yield client


def sold(client: Client, *loads: list[Ticket]) -> list[Line]:
    """What the mart's statement makes of the tickets, of which each load brings all there are."""
    client.command(f"TRUNCATE TABLE {TICKETS.name}")
    for version, tickets in enumerate(loads, 1):
        load(client, tickets, version, Scope())
    sql = sql_text("marts/stg_qtickets_sales_raw.sql")
    return values(client, f"SELECT {COLUMNS} FROM ({sql}) ORDER BY event_date, event_id, currency, account")


def line(day: str, tickets: int, revenue: str, refunds: str = "0.00", currency: str = "RUB") -> Line:
    return (day, 7, currency, *NAMES[7], tickets, revenue, refunds)


def test_sales_are_as_the_owner_counts_them(shop: Client) -> None:
    """On the Moscow day on which a ticket was paid, whose year turns three hours early; refunds are booked on the day of
    the sale; reserved, cancelled, superseded and removed tickets are none, free ones are. Currencies and accounts are
    never added. A hundred times 0.10 is 9.99999999999998 to a float, and a day's sum may be as large as an amount."""
    paid = ["2026-03-10T20:59:59.999", "2026-03-10T21:00:00", "2025-12-31T21:00"]
    back = [
        refunded(n, back=money, at=at)
        for n, money, at in ((11, "450.50", "2026-05-01T12:00"), (12, "500.00", "2026-03-11T12:00"))
    ]
    none = [ticket(21, state="cancelled"), ticket(22, paid=None), ticket(23, paid=None, state="cancelled")]
    april = [ticket(100 + n, paid="2026-04-10T12:00", amount="0.10") for n in range(100)]
    april.append(ticket(99, paid="2026-04-10T12:00", amount="9999999999999989.99"))
    whole = [
        *(ticket(n, paid=at) for n, at in enumerate(paid, 1)), *back, *none, *april, ticket(31, amount="0.00"),
        ticket(32, amount="2000.00", quantity=4), ticket(33, currency="KZT"), ticket(34, event_id=99), ticket(1, account="spb", amount="0.10"),
    ]  # fmt: skip
    before = [ticket(1, amount="7.00"), ticket(77), *whole[1:]]
    assert sold(shop, before, whole) == [
        line("2026-01-01", 1, "500.00"), line("2026-03-10", 1, "500.00", currency="KZT"),
        line("2026-03-10", 8, "3500.00", "950.50"), ("2026-03-10", 7, "RUB", "пермь", "Балет", 1, "0.10", "0.00"),
        ("2026-03-10", 99, "RUB", "", "", 1, "500.00", "0.00"), line("2026-03-11", 1, "500.00"),
        line("2026-04-10", 101, "9999999999999999.99"),
    ]  # fmt: skip


def sale(client: Client, day: object, revenue: str, version: int = 1, **more: object) -> None:
    names = {"event_date": str(day), "event_id": 7, "currency": "RUB", "city": "москва", "event_name": "Лекция"}
    put(client, SALES.name, names | {"tickets_sold": 2, "revenue": revenue, "_ver": version} | more)


def test_the_latest_sales_leave_out_what_was_superseded_whatever_a_reader_sets_for_final(shop: Client) -> None:
    """Two accounts that sell the same event are added up, as nobody else's sales of that number are."""
    shop.command(f"TRUNCATE TABLE {SALES.name}")
    sale(shop, "2026-03-10", "100.50", 2)
    sale(shop, "2026-03-10", "99.00")
    sale(shop, "2026-04-10", "7")
    sale(shop, "2026-04-11", "8", event_id=8)
    shop.command(f"DELETE FROM {SALES.name} WHERE event_id = 8")
    sale(shop, "2026-04-10", "0.50", account="spb")
    sale(shop, "2026-04-11", "0.50", account="spb", event_name="Балет")
    for apart in (0, 1):
        how = f"SETTINGS do_not_merge_across_partitions_select_final = {apart}"
        found = values(shop, f"SELECT {COLUMNS} FROM v_sales_latest ORDER BY event_date {how}")
        ballet = ("2026-04-11", 7, "RUB", "москва", "Балет", 2, "0.50", "0.00")
        assert found == [line("2026-03-10", 2, "100.50"), line("2026-04-10", 4, "7.50"), ballet]


def test_fourteen_days_are_today_and_the_thirteen_before_it(shop: Client) -> None:
    """All of one Moscow day: asked again where it turned meanwhile."""
    today = None
    while today != (today := date.fromisoformat(values(shop, "SELECT toDate(now(), 'Europe/Moscow') AS d")[0][0])):
        shop.command(f"TRUNCATE TABLE {SALES.name}")
        for ago in (0, 1, 13, 14, 15):
            sale(shop, today - timedelta(days=ago), "100.50", refunds_amount="0.60")
        columns = "event_date, net_revenue, revenue, refunds_amount"
        found = values(shop, f"SELECT {columns} FROM v_sales_14d ORDER BY event_date")
    assert found == [((today - timedelta(days=ago)).isoformat(), "99.90", "100.50", "0.60") for ago in (13, 1, 0)]


def test_the_newest_days_of_a_loads_report_are_whole_and_what_is_left_out_is_said(shop: Client) -> None:
    """In the account's own currency and on its basis of VAT."""
    days = [date(2026, 3, 31) - timedelta(days=n) for n in range(3)]
    for day in days:
        for number, currency, vat, spent in ((1, "RUB", 0, "100.10"), (2, "RUB", 0, "0.05"), (3, "KZT", 1, "7.00")):
            row = {"stat_date": day, "currency": currency, "spent_has_vat": vat, "spent": spent, "clicks": 2}
            put(shop, "fact_vk_ads_daily", row | {"ad_id": number, "campaign_id": 1})
    scope = {"table": "fact_vk_ads_daily", "account": "main", "first": days[-1], "last": days[0], "most": 2}
    shown = select(shop, sql_text("by_day/ads.sql"), scope).select("day", "currency", "spent", "vat").rows()
    told = (("KZT", 7, "with VAT"), ("RUB", Decimal("100.15"), "without VAT"))
    assert shown == [(day, *rest) for day in days[:2] for rest in told]
    frame = pl.DataFrame({"day": [days[0] - timedelta(days=n // 2) for n in range(62)]})
    assert "последние дни" in _figures(frame, Window.trailing(366, days[0]), "ru")[-1]
    assert _figures(frame, Window.trailing(31, days[0]), "ru")[-1].startswith("|")
