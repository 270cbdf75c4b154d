"""QTickets: ticket sales by day, event and city."""

from __future__ import annotations

import polars as pl

from tasks.fetch import probes
from tasks.fetch import qtickets as api
from tasks.fetch.qtickets import once_a_day
from tasks.load.tables import Mart, Table
from tasks.reference import cities
from tasks.sources.ads import AD_TAGS, MARKETING, TAGS
from tasks.sources.source import Output, Resource, Source
from tasks.transform import qtickets as to
from tasks.transform import totals
from validation import qtickets as must
from validation import totals as must_be

_MONEY, _COUNT = pl.Decimal(18, 2), pl.Decimal(18, 0)

TICKETS = Table(
    "stg_qtickets_tickets",
    key=("account", "ticket_id"),
    measures=("quantity", "amount", "refunded_amount"),
    rows_between="booked_at >= {start} AND booked_at < {end}",
    day=pl.col("booked_at").dt.convert_time_zone("Europe/Moscow").dt.date(),
    money=pl.when(pl.col("state").is_in(["paid", "refunded"])).then("amount"),
    moves="booked_at",
)
EVENTS = Table("dim_events", key=("account", "event_id"), keeps_vanished=True)
SALES = Table(
    "stg_qtickets_sales_raw",
    key=("event_date", "account", "event_id", "currency"),
    measures=("tickets_sold", "revenue", "refunds_amount"),
)
ORDER_TOTALS = Table(
    "meta_order_totals",
    key=("event_date", "account", "event_id", "currency"),
    measures=("orders", "tickets", "revenue", "lines"),
    rows_between="event_date BETWEEN {first} AND {last}",
    day=pl.col("event_date"),
)
SHOWS = Table("dim_shows", key=("account", "show_id"), keeps_vanished=True)
SHOW_DATES = Table("dim_show_dates", key=("account", "show_id", "show_date"), keeps_vanished=True)
SEATS = Table(
    "fact_show_seats_daily", key=("day", "account", "show_id"), measures=("seats_total",), keeps_vanished=True
)
PROMO_CODES = Table("dim_promo_codes", key=("account", "promo_code_id"), keeps_vanished=True)
BY_DAY = Mart(SALES, day="event_date")
SHOWS_BY_DAY = Mart(
    Table(
        "agg_shows_daily",
        key=("d", "account", "event_id", "show_id", "currency"),
        measures=("tickets_sold", "revenue", "refunds_amount", "discount"),
    ),
    day="d",
)

SOURCE = Source(
    name="qtickets",
    word="qtickets",
    title="QTickets",
    job="qtickets_loader",
    noun="ticket line",
    version=api.VERSION,
    reads=api.reads,
    credential=api.credential,
    names_itself=False,
    listed="",
    check_settings=api.check_settings,
    probe=probes.qtickets,
    resources=(
        Resource(
            "orders",
            api.fetch_orders,
            must.raw_orders,
            key=("ticket_id",),
            money=pl.col("price").cast(_MONEY, strict=False) * pl.col("quantity").cast(_COUNT, strict=False),
            may_be_empty=True,
        ),
        Resource(
            "events",
            api.fetch_events,
            must.raw_events,
            key=("event_id", "show_id"),
            by_window=False,
            beside=(
                Resource(
                    "seats",
                    api.fetch_events,
                    must.raw_seats,
                    ("show_id",),
                    by_window=False,
                    is_optional=True,
                    once_a_day=once_a_day.fetch_seats,
                ),
                Resource(
                    "promo_codes",
                    api.fetch_events,
                    must.raw_promo_codes,
                    ("promo_code_id",),
                    by_window=False,
                    is_optional=True,
                    once_a_day=once_a_day.fetch_promo_codes,
                ),
            ),
        ),
    ),
    outputs=(
        Output(
            TICKETS,
            lambda raw: to.tickets(raw["orders"]),
            must.tickets,
            "orders",
            protects="order_id",
            identity=("order_id",),
            carried={"discount": ("promo_code_id", "discount_id", "discount")},
            carried_by="ticket_id",
            thing="ticket",
            refers_to=("event_id", EVENTS),
        ),
        Output(
            EVENTS,
            lambda raw: to.events(raw["events"], cities()),
            must.events,
            "events",
            protects="event_id",
            identity=("event_id",),
            carried={
                "name": ("event_name",),
                "city": ("city",),
                "venue": ("venue",),
                "time zone": ("timezone",),
                "currency": ("currency",),
                "first and last show": ("first_show_at", "last_show_at"),
            },
            is_sent={"first and last show": pl.col("shows_known") == "true"},
            silent=("first and last show",),  # The fetch tells of them.
            lasting=("venue",),
            thing="event",
            shown_in=BY_DAY,
        ),
        Output(SHOWS, lambda raw: to.shows(raw["events"]), must.shows, "events"),
        Output(SHOW_DATES, lambda raw: to.show_dates(raw["events"]), must.show_dates, "events"),
        Output(SEATS, lambda raw: to.seats(raw["seats"]), must.seats, "seats"),
        Output(PROMO_CODES, lambda raw: to.promo_codes(raw["promo_codes"]), must.promo_codes, "promo_codes"),
        Output(
            ORDER_TOTALS,
            lambda raw: totals.order_totals(raw["orders"]),
            must_be.order_totals,
            "orders",
            with_rejected=True,
        ),
    ),
    # The last one for a changed AD_SHOWS_FILE alone: advertising is not loaded as often.
    marts=((BY_DAY, must.sales), (SHOWS_BY_DAY, must.shows_by_day), MARKETING, TAGS, AD_TAGS),
    days=2,
    shown_by_day=("sales", "stg_qtickets_sales_raw"),
    restated_days=60,
)
