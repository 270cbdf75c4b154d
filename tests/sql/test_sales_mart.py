"""Sales by day, event and currency are what a person adds up by hand from the tickets."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows.qtickets import EVENTS, TICKETS
from tasks.load.sql import sql_text
from tasks.load.tables import Scope
from tasks.load.upsert import upsert
from tests.tasks.load.engines import values
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import Ticket, load, refunded, ticket, utc

COLUMNS = "event_date, event_id, currency, city, event_name, tickets_sold, revenue, refunds_amount"
MOSCOW = timedelta(hours=3)
NAMES = {7: ("москва", "Лекция"), 8: ("казань", "Экскурсия «О'Коннор»")}
Line = tuple[Any, ...]


@pytest.fixture
def shop(client: Client) -> Client:
    events = event_frame(*(event(number, name=name, city=city) for number, (city, name) in NAMES.items()))
    upsert(client, EVENTS, events, Scope(), 1)
    return client


def made(client: Client) -> list[Line]:
    sql = sql_text("marts/stg_qtickets_sales_raw.sql")
    return values(client, f"SELECT {COLUMNS} FROM ({sql}) ORDER BY event_date, event_id, currency")


def sold(client: Client, *tickets: Ticket) -> list[Line]:
    load(client, list(tickets), 1, Scope())
    return made(client)


def line(
    day: str, tickets: int, revenue: str, refunds: str = "0.00", currency: str = "RUB", event_id: int = 7
) -> Line:
    return (day, event_id, currency, *NAMES[event_id], tickets, revenue, refunds)


def test_a_ticket_is_sold_on_the_moscow_day_on_which_it_was_paid(shop: Client) -> None:
    last_second = ticket(1, paid="2026-03-10T20:59:59.999")
    midnight = ticket(2, paid="2026-03-10T21:00:00")

    assert sold(shop, last_second, midnight) == [line("2026-03-10", 1, "500.00"), line("2026-03-11", 1, "500.00")]


def test_the_year_turns_in_moscow_three_hours_early(shop: Client) -> None:
    assert sold(shop, ticket(1, paid="2025-12-31T21:00"))[0][0] == "2026-01-01"


def test_refunds_are_booked_on_the_day_of_the_sale(shop: Client) -> None:
    part = refunded(1, back="450.50", at="2026-05-01T12:00")
    whole = refunded(2, back="500.00", at="2026-03-11T12:00")

    assert sold(shop, part, whole, ticket(3)) == [line("2026-03-10", 3, "1500.00", "950.50")]


def test_reserved_and_cancelled_tickets_are_not_sales(shop: Client) -> None:
    cancelled = ticket(1, state="cancelled")

    assert sold(shop, cancelled, ticket(2, paid=None), ticket(3, paid=None, state="cancelled")) == []


def test_free_tickets_are_sold_and_quantities_count(shop: Client) -> None:
    free, four = ticket(1, amount="0.00"), ticket(2, amount="2000.00", quantity=4)

    assert sold(shop, free, four) == [line("2026-03-10", 5, "2000.00")]


def test_currencies_are_never_added(shop: Client) -> None:
    assert sold(shop, ticket(1), ticket(2, currency="KZT"), ticket(3)) == [
        line("2026-03-10", 1, "500.00", currency="KZT"),
        line("2026-03-10", 2, "1000.00"),
    ]


def test_a_ticket_of_an_unknown_event_is_counted_without_city_and_name(shop: Client) -> None:
    assert sold(shop, ticket(1, event_id=99)) == [("2026-03-10", 99, "RUB", "", "", 1, "500.00", "0.00")]


def test_kopecks_add_up_exactly(shop: Client) -> None:
    """A hundred times 0.1 is 9.99999999999998 to a float; and the sum of one day may be as large as one amount."""
    tenths = [ticket(n, amount="0.10") for n in range(1, 101)]
    large = ticket(101, amount="9999999999999989.99")

    assert sold(shop, *tenths, large) == [line("2026-03-10", 101, "9999999999999999.99")]


def test_superseded_and_removed_tickets_are_not_counted(shop: Client) -> None:
    load(shop, [ticket(1), ticket(2), ticket(3)], 1, Scope())
    load(shop, [ticket(1, amount="1.00"), ticket(3)], 2, Scope())

    assert made(shop) == [line("2026-03-10", 2, "501.00")]


_MONEY = st.integers(0, 10**12).map(lambda kopecks: Decimal(kopecks).scaleb(-2))
_INSTANT = st.integers(0, 4 * 86400).map(lambda seconds: utc("2025-12-30T00:00") + timedelta(seconds=seconds))
_SALE = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from([7, 8]),
        "currency": st.sampled_from(["RUB", "EUR"]),
        "state": st.sampled_from(["paid", "refunded", "cancelled"]),
        "paid_at": _INSTANT,
        "quantity": st.integers(1, 9),
        "amount": _MONEY,
        "back": st.integers(0, 100),
    }
)


def as_ticket(ticket_id: int, sale: dict[str, Any]) -> Ticket:
    share = Decimal(sale["back"]) / 100
    back = (sale["amount"] * share).quantize(Decimal("0.01")) if sale["state"] == "refunded" else Decimal("0.00")
    at = sale["paid_at"] + timedelta(days=3) if sale["state"] == "refunded" else None
    facts = {name: value for name, value in sale.items() if name not in ("back", "amount")}
    return ticket(ticket_id, amount=str(sale["amount"]), refunded_amount=back, refunded_at=at, **facts)


def by_hand(tickets: list[Ticket]) -> list[Line]:
    sums: dict[tuple[str, int, str], list[Any]] = defaultdict(lambda: [0, Decimal("0.00"), Decimal("0.00")])
    for row in tickets:
        if row["state"] != "cancelled":
            day = (row["paid_at"] + MOSCOW).date().isoformat()
            total = sums[day, row["event_id"], row["currency"]]
            total[0] += row["quantity"]
            total[1] += row["amount"]
            total[2] += row["refunded_amount"]
    return [
        (*key, *NAMES[key[1]], n, f"{paid:.2f}", f"{back:.2f}") for key, (n, paid, back) in sorted(sums.items())
    ]


@given(sales=st.lists(_SALE, max_size=40))
@hypothesis_settings(
    max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_sales_are_what_plain_addition_says(shop: Client, sales: list[dict[str, Any]]) -> None:
    shop.command(f"TRUNCATE TABLE {TICKETS.name}")
    tickets = [as_ticket(number, sale) for number, sale in enumerate(sales, 1)]

    assert sold(shop, *tickets) == by_hand(tickets)
