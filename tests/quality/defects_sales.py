"""What goes wrong with ticket sales, and which checks must say so."""

from __future__ import annotations

from tests.quality.breaking import BOOKED_ON, MOSCOW, ONE_TICKET, PAID_ON, changed, copied, doubled, tickets
from tests.quality.harness import Defect

SALES = (
    Defect(
        "a day of sales is missing",
        "completeness_sales",
        (f"DELETE FROM stg_qtickets_tickets WHERE {PAID_ON} = {{today}} - 10",),
        True,
    ),
    Defect(
        "yesterday's sales are missing",
        "completeness_cities, completeness_hours, completeness_sales",
        (f"DELETE FROM stg_qtickets_tickets WHERE {PAID_ON} = {{today}} - 1",),
        True,
    ),
    Defect(
        "a city is missing yesterday",
        "completeness_cities",
        (f"DELETE FROM stg_qtickets_tickets WHERE {PAID_ON} = {{today}} - 1 AND event_id IN {MOSCOW}",),
        True,
    ),
    Defect(
        "yesterday is halved",
        "volume_sales",
        (f"DELETE FROM stg_qtickets_tickets WHERE {PAID_ON} = {{today}} - 1 AND order_id % 2 = 1",),
        True,
    ),
    Defect(
        "yesterday ends at noon",
        "completeness_hours, volume_sales",
        (
            f"DELETE FROM stg_qtickets_tickets WHERE {PAID_ON} = {{today}} - 1 AND toHour(assumeNotNull(paid_at), 'Europe/Moscow') >= 12",
        ),
        True,
    ),
    Defect(
        "yesterday is tripled",
        "volume_sales",
        tuple(
            copied(
                "stg_qtickets_tickets",
                f"{PAID_ON} = {{today}} - 1 AND ticket_id < 900000000000000",
                f"ticket_id + {number}00000000000000 AS ticket_id",
            )
            for number in (9, 18)
        ),
        True,
    ),
    Defect(
        "QTickets stopped three days ago",
        "completeness_hours, completeness_sales, freshness_data",
        (f"DELETE FROM stg_qtickets_tickets WHERE {BOOKED_ON} >= {{today}} - 2",),
        True,
    ),
    Defect("tickets stand twice", "duplicates_tickets", doubled("stg_qtickets_tickets", PAID_ON)),
    Defect("sales stand twice", "duplicates_sales", doubled("stg_qtickets_sales_raw", "event_date")),
    Defect(
        "a ticket changed and the mart did not",
        "reconcile_marketing, reconcile_tickets",
        (tickets("amount = amount + 1", ONE_TICKET),),
    ),
    Defect(
        "v_sales_latest leaves rows out",
        "reconcile_sales_view",
        (
            "CREATE OR REPLACE VIEW v_sales_latest AS SELECT event_date, event_id, city, event_name, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw FINAL WHERE refunds_amount = 0",
        ),
    ),
    Defect(
        "a refund above the price",
        "refunds_above_revenue",
        (tickets("refunded_amount = amount + 1", f"{ONE_TICKET}"),),
        True,
    ),
    Defect(
        "a price in kopecks",
        "revenue_outlier",
        (tickets("price = price * 100, amount = amount * 100", ONE_TICKET),),
        True,
    ),
    Defect(
        "a sale in three days",
        "future_values",
        (
            copied(
                "stg_qtickets_tickets",
                ONE_TICKET,
                "ticket_id + 1 AS ticket_id, paid_at + toIntervalDay(4) AS paid_at, ordered_at + toIntervalDay(4) AS ordered_at",
            ),
        ),
        True,
    ),
    Defect(
        "an order of 1970",
        "future_values",
        (
            copied(
                "stg_qtickets_tickets",
                ONE_TICKET,
                "ticket_id + 1 AS ticket_id, toDateTime64(3600, 3, 'UTC') AS ordered_at",
            ),
        ),
        True,
    ),
    Defect("a price below zero", "negative_values", (tickets("price = -price", ONE_TICKET),)),
    Defect("a ticket of an unknown event", "events_unknown", (tickets("event_id = 999999", ONE_TICKET),), True),
    Defect(
        "an event in an unknown city",
        "unknown_cities",
        (
            changed(
                "dim_events",
                "city = 'неведомск'",
                "event_id = (SELECT max(event_id) FROM dim_events WHERE city = 'казань')",
            ),
        ),
        True,
    ),
    Defect(
        "a new spelling of utm_source",
        "revenue_without_source, unknown_utm_sources",
        (tickets("utm_source = 'vk_promo'", f"utm_source IN ('vk', 'vk_ads') AND {BOOKED_ON} >= {{today}} - 3"),),
        True,
    ),
    Defect(
        "orders lost their tags",
        "revenue_without_source",
        (tickets("utm_source = '', utm_campaign = '', utm_content = ''", f"{BOOKED_ON} >= {{today}} - 3"),),
        True,
    ),
    Defect(
        "another currency floods in",
        "other_currency",
        (tickets("currency = 'KZT'", f"event_id IN {MOSCOW} AND {BOOKED_ON} >= {{today}} - 7"),),
        True,
    ),
)
