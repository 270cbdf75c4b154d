"""The views of sales show each sale once, as it stands now, and the last fourteen Moscow days as they are today."""

from __future__ import annotations

from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

from flows.qtickets import SALES
from tasks.window import moscow_today
from tests.tasks.load.engines import rows, values


def sale(
    client: Client, day: date | str, revenue: str, version: int = 1, refunds: str = "0", event_id: int = 7
) -> None:
    figures = f"2, {revenue}, {refunds}, {version}"
    client.command(f"INSERT INTO {SALES.name} VALUES ('{day}', {event_id}, 'RUB', 'москва', 'Лекция', {figures})")


def test_the_latest_sales_leave_out_what_was_superseded(client: Client) -> None:
    sale(client, "2026-03-10", "100.50", version=2)
    sale(client, "2026-03-10", "99.00", version=1)
    sale(client, "2026-03-11", "7")
    sale(client, "2026-03-11", "8", event_id=8)
    client.command(f"DELETE FROM {SALES.name} WHERE event_id = 8")

    assert rows(client, "SELECT * FROM v_sales_latest ORDER BY event_date") == [
        {
            "event_date": "2026-03-10",
            "event_id": 7,
            "city": "москва",
            "event_name": "Лекция",
            "currency": "RUB",
            "tickets_sold": 2,
            "revenue": "100.50",
            "refunds_amount": "0.00",
        },
        {
            "event_date": "2026-03-11",
            "event_id": 7,
            "city": "москва",
            "event_name": "Лекция",
            "currency": "RUB",
            "tickets_sold": 2,
            "revenue": "7.00",
            "refunds_amount": "0.00",
        },
    ]


def test_the_latest_sales_are_right_for_a_reader_with_any_settings_for_final(client: Client) -> None:
    sale(client, "2026-03-10", "100.50", version=2)
    sale(client, "2026-04-10", "1")
    sale(client, "2026-03-10", "99.00", version=1)

    for apart in (0, 1):
        how = f"SETTINGS do_not_merge_across_partitions_select_final = {apart}"
        assert values(client, f"SELECT sum(revenue) FROM v_sales_latest {how}") == [("101.50",)]


def test_fourteen_days_are_today_and_the_thirteen_before_it(client: Client) -> None:
    today = moscow_today()
    for ago in (0, 1, 13, 14, 15):
        sale(client, today - timedelta(days=ago), "100.50", refunds="0.60")

    found = values(
        client, "SELECT event_date, net_revenue, revenue, refunds_amount FROM v_sales_14d ORDER BY event_date"
    )

    if moscow_today() != today:  # Midnight passed meanwhile.
        return
    days = [(today - timedelta(days=ago)).isoformat() for ago in (13, 1, 0)]
    assert found == [(day, "99.90", "100.50", "0.60") for day in days]
