"""Sales by day, event and currency are what a person adds up by hand from the tickets, and the views show each once."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import upsert
from tasks.sources.qtickets import EVENTS, SALES, TICKETS
from tests.quality.healthy import warehouse_in
from tests.tasks.load.engines import values
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


TENTHS = [ticket(n, amount="0.10") for n in range(1, 101)]
CASES: dict[str, tuple[list[Ticket], list[Line]]] = {
    "a ticket is sold on the Moscow day on which it was paid": (
        [ticket(1, paid="2026-03-10T20:59:59.999"), ticket(2, paid="2026-03-10T21:00:00")],
        [line("2026-03-10", 1, "500.00"), line("2026-03-11", 1, "500.00")],
    ),
    "the year turns in Moscow three hours early": (
        [ticket(1, paid="2025-12-31T21:00")],
        [line("2026-01-01", 1, "500.00")],
    ),
    "refunds are booked on the day of the sale": (
        [
            refunded(1, back="450.50", at="2026-05-01T12:00"),
            refunded(2, back="500.00", at="2026-03-11T12:00"),
            ticket(3),
        ],
        [line("2026-03-10", 3, "1500.00", "950.50")],
    ),
    "reserved and cancelled tickets are no sales": (
        [ticket(1, state="cancelled"), ticket(2, paid=None), ticket(3, paid=None, state="cancelled")],
        [],
    ),
    "free tickets are sold and quantities count": (
        [ticket(1, amount="0.00"), ticket(2, amount="2000.00", quantity=4)],
        [line("2026-03-10", 5, "2000.00")],
    ),
    "currencies are never added": (
        [ticket(1), ticket(2, currency="KZT"), ticket(3)],
        [line("2026-03-10", 1, "500.00", currency="KZT"), line("2026-03-10", 2, "1000.00")],
    ),
    "a ticket of an unknown event is counted without city and name": (
        [ticket(1, event_id=99)],
        [("2026-03-10", 99, "RUB", "", "", 1, "500.00", "0.00")],
    ),
    "the same numbers are another event's tickets in another account": (
        [ticket(1), ticket(1, account="spb", amount="0.10"), ticket(2)],
        [line("2026-03-10", 2, "1000.00"), ("2026-03-10", 7, "RUB", "пермь", "Балет", 1, "0.10", "0.00")],
    ),
    # A hundred times 0.1 is 9.99999999999998 to a float; and the sum of one day may be as large as one amount.
    "kopecks add up exactly": (
        [*TENTHS, ticket(101, amount="9999999999999989.99")],
        [line("2026-03-10", 101, "9999999999999999.99")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_sales_are_as_the_owner_counts_them(shop: Client, case: str) -> None:
    tickets, expected = CASES[case]
    assert sold(shop, tickets) == expected


def test_superseded_and_removed_tickets_are_not_counted(shop: Client) -> None:
    first, second = [ticket(1), ticket(2), ticket(3)], [ticket(1, amount="1.00"), ticket(3)]
    assert sold(shop, first, second) == [line("2026-03-10", 2, "501.00")]


def sale(
    client: Client,
    day: date | str,
    revenue: str,
    version: int = 1,
    refunds: str = "0",
    event: int = 7,
    account: str = "main",
    name: str = "Лекция",
) -> None:
    figures = f"2, {revenue}, {refunds}, {version}"
    values = f"('{day}', '{account}', {event}, 'RUB', 'москва', '{name}', {figures})"
    client.command(f"INSERT INTO {SALES.name} VALUES {values}")


def test_the_latest_sales_leave_out_what_was_superseded_whatever_a_reader_sets_for_final(shop: Client) -> None:
    """Two accounts that sell the same event are added up, as nobody else's sales of that number are."""
    shop.command(f"TRUNCATE TABLE {SALES.name}")
    for day, revenue, version, number in (
        ("2026-03-10", "100.50", 2, 7),
        ("2026-03-10", "99.00", 1, 7),
        ("2026-04-10", "7", 1, 7),
        ("2026-04-11", "8", 1, 8),
    ):
        sale(shop, day, revenue, version, event=number)
    shop.command(f"DELETE FROM {SALES.name} WHERE event_id = 8")
    sale(shop, "2026-04-10", "0.50", account="spb")
    sale(shop, "2026-04-11", "0.50", account="spb", name="Балет")
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
            sale(shop, today - timedelta(days=ago), "100.50", refunds="0.60")
        columns = "event_date, net_revenue, revenue, refunds_amount"
        found = values(shop, f"SELECT {columns} FROM v_sales_14d ORDER BY event_date")
    assert found == [((today - timedelta(days=ago)).isoformat(), "99.90", "100.50", "0.60") for ago in (13, 1, 0)]
