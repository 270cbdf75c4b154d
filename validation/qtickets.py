"""What QTickets' rows must be: raw ones as they landed, facts as they enter the warehouse.

Raw columns are text. `show_id`, tags, venue and zone may be missing; what a figure rests on may not. The day of a
sale rests on `payed_at`, so a paid ticket may lack `created_at`; a wrong amount given back counts only where
something was given back.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from validation.rules import (
    TWICE,
    across,
    below_a_trillion,
    count,
    currency,
    extra,
    flag,
    instant,
    money,
    not_negative,
    present,
    rule,
    text,
    whole_number,
)

STATES = ("paid", "refunded", "cancelled", "reserved")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_MONEY = pl.Decimal(18, 2)
_INSTANT = pl.Datetime("ms", "UTC")

raw_orders = pa.DataFrameSchema(
    {
        "ticket_id": text(present, whole_number, reads="whole"),
        "order_id": text(present, whole_number, reads="whole"),
        "event_id": text(present, whole_number, reads="whole"),
        "show_id": text(whole_number, reads="whole", optional=True),
        "payed": text(present, flag, reads="flag"),
        "payed_at": text(instant, reads="instant"),
        "created_at": text(instant, reads="instant", optional=True),
        "order_deleted_at": text(instant, reads="instant"),
        "ticket_deleted_at": text(instant, reads="instant"),
        "order_original_price": text(money, reads="money", optional=True),
        "original_price": text(money, reads="money", optional=True),
        "order_price": text(money, reads="money", optional=True),
        "currency": text(present, currency, reads="code"),
        "price": text(present, money, not_negative, below_a_trillion, reads="money"),
        # Whatever they hold, a sale is a sale: what is no number is not known.
        "promo_code_id": extra(),
        "discount_id": extra(),
        "discount": extra(),
        "price_is_for": text(rule("is neither unit nor line", lambda c: c.is_in(["unit", "line"])), optional=True),
        "quantity": text(present, count, reads="whole"),
        "refunded_at": text(instant, reads="instant"),
        "refunded_amount": text(money, not_negative, reads="money", optional=True),
        **dict.fromkeys(_UTM, text()),
    },
    checks=[
        across(
            "paid, but payed_at is missing",
            ~(pl.col("payed").is_in(["true", "1"]) & pl.col("payed_at").is_null()).fill_null(False),
        ),
        across(
            "neither created_at nor payed_at is known",
            pl.any_horizontal(pl.col("created_at", "payed_at").is_not_null()),
        ),
        across(
            "refunded, but refunded_amount is missing or wrong",
            ~(pl.col("refunded_at").is_not_null() & pl.col("refunded_amount").is_null()),
        ),
        # Of two rows for one ticket the first passes; which is first, the fetch decides: the newest.
        across(
            f"ticket_id {TWICE}",
            pl.col("ticket_id").is_first_distinct() | pl.col("ticket_id").is_null(),
        ),
    ],
)

raw_events = pa.DataFrameSchema(
    {
        "event_id": text(present, whole_number, reads="whole"),
        "event_name": text(),
        "is_active": text(flag, reads="flag", optional=True),
        "currency": text(currency, reads="code", optional=True),
        "venue": text(),
        "event_deleted_at": text(instant, reads="instant", optional=True),
        "city": text(),
        "timezone": text(),
        "shows_known": text(flag, reads="flag", optional=True),
        "show_id": text(whole_number, reads="whole", optional=True),
        "show_start_at": text(instant, reads="instant", optional=True),
        "show_deleted_at": text(instant, reads="instant", optional=True),
        "show_is_active": extra(flag, reads="flag"),
        "sale_starts_at": extra(instant, reads="instant"),
        "sale_ends_at": extra(instant, reads="instant"),
    },
    # Ids alone describe nothing: the event stays as it is known.
    checks=[
        across(
            "says nothing but its id",
            pl.any_horizontal(pl.col(name).is_not_null() for name in ("event_name", "city", "is_active")),
        )
    ],
)

tickets = pa.DataFrameSchema(
    {
        "account": pa.Column(pl.String),
        "ticket_id": pa.Column(pl.UInt64),
        "order_id": pa.Column(pl.UInt64),
        "event_id": pa.Column(pl.UInt64),
        "show_id": pa.Column(pl.UInt64),
        "state": pa.Column(pl.String, rule("is no state", lambda c: c.is_in(STATES))),
        "ordered_at": pa.Column(_INSTANT),
        "paid_at": pa.Column(_INSTANT, nullable=True),
        "booked_at": pa.Column(_INSTANT),
        "price": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "quantity": pa.Column(pl.UInt32, rule("is zero", lambda c: c > 0)),
        "amount": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "refunded_amount": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "refunded_at": pa.Column(_INSTANT, nullable=True),
        "currency": pa.Column(pl.String),
        **{name: pa.Column(pl.String) for name in _UTM},
        # Null: the source does not tell; taken from the warehouse before the load.
        "promo_code_id": pa.Column(pl.UInt64, nullable=True),
        "discount_id": pa.Column(pl.UInt64, nullable=True),
        "discount": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0), nullable=True),
    },
    checks=[
        across(
            "state and dates contradict each other",
            (~pl.col("state").is_in(["paid", "refunded"]) | pl.col("paid_at").is_not_null())
            & ((pl.col("state") == "refunded") == pl.col("refunded_at").is_not_null()),
        ),
        across(
            "money was given back without a refund",
            (pl.col("refunded_amount") == 0) | (pl.col("state") == "refunded"),
        ),
    ],
    unique=["account", "ticket_id"],
    strict=True,
)

events = pa.DataFrameSchema(
    {
        "account": pa.Column(pl.String),
        "event_id": pa.Column(pl.UInt64),
        # Null: the source does not name it; taken from the warehouse before the load.
        "event_name": pa.Column(pl.String, nullable=True),
        "city": pa.Column(pl.String, nullable=True),
        "venue": pa.Column(pl.String, nullable=True),
        "timezone": pa.Column(pl.String, nullable=True),
        "currency": pa.Column(pl.String, nullable=True),
        "is_active": pa.Column(pl.UInt8),
        "first_show_at": pa.Column(_INSTANT, nullable=True),
        "last_show_at": pa.Column(_INSTANT, nullable=True),
    },
    unique=["account", "event_id"],
    strict=True,
)

shows = pa.DataFrameSchema(
    {
        "account": pa.Column(pl.String),
        "show_id": pa.Column(pl.UInt64),
        "event_id": pa.Column(pl.UInt64),
        "show_at": pa.Column(_INSTANT, nullable=True),
        "show_date": pa.Column(pl.Date, nullable=True),
        "sale_starts_at": pa.Column(_INSTANT, nullable=True),
        "sale_ends_at": pa.Column(_INSTANT, nullable=True),
        "is_active": pa.Column(pl.UInt8),
        "deleted_at": pa.Column(_INSTANT, nullable=True),
    },
    unique=["account", "show_id"],
    strict=True,
)

show_dates = pa.DataFrameSchema(
    {
        "account": pa.Column(pl.String),
        "show_id": pa.Column(pl.UInt64),
        "show_date": pa.Column(pl.Date),
        "event_id": pa.Column(pl.UInt64),
    },
    unique=["account", "show_id", "show_date"],
    strict=True,
)

_COUNT = rule("is no small number", lambda c: c.str.contains(r"^[0-9]{1,7}$"))

raw_seats = pa.DataFrameSchema(
    {
        "day": text(present),
        "show_id": text(present, whole_number),
        "seats": text(present, _COUNT),
        **{f"{name}_quantity": text(present, _COUNT, reads="counter") for name in ("max", "free", "payed")},
        **{f"{name}_quantity": text(_COUNT, reads="counter") for name in ("ordered", "in_basket")},
        "disabled": extra(flag, reads="flag"),
        "price": extra(money, not_negative, below_a_trillion, reads="money"),
    }
)

seats = pa.DataFrameSchema(
    {
        "day": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "show_id": pa.Column(pl.UInt64),
        **{f"seats_{name}": pa.Column(pl.UInt32) for name in ("total", "sold", "held", "free")},
        "price_left": pa.Column(_MONEY),
    },
    unique=["day", "account", "show_id"],
    strict=True,
)

raw_promo_codes = pa.DataFrameSchema(
    {
        "promo_code_id": text(present, whole_number, reads="whole"),
        "discount_id": extra(whole_number, reads="whole"),
        "code": extra(),
    }
)

promo_codes = pa.DataFrameSchema(
    {
        "account": pa.Column(pl.String),
        "promo_code_id": pa.Column(pl.UInt64),
        "discount_id": pa.Column(pl.UInt64),
        "code": pa.Column(pl.String),
    },
    unique=["account", "promo_code_id"],
    strict=True,
)

shows_by_day = pa.DataFrameSchema(
    {
        "d": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "event_id": pa.Column(pl.UInt64),
        "show_id": pa.Column(pl.UInt64),
        "currency": pa.Column(pl.String),
        "tickets_sold": pa.Column(pl.UInt64, rule("is zero", lambda c: c > 0)),
        **{name: pa.Column(pl.UInt64) for name in ("tickets_kept", "tickets_free", "promo_tickets")},
        **{
            name: pa.Column(_MONEY, rule("is negative", lambda c: c >= 0))
            for name in ("revenue", "refunds_amount", "discount")
        },
    },
    unique=["d", "account", "event_id", "show_id", "currency"],
    strict=True,
)

sales = pa.DataFrameSchema(
    {
        "event_date": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "event_id": pa.Column(pl.UInt64),
        "currency": pa.Column(pl.String),
        "city": pa.Column(pl.String),
        "event_name": pa.Column(pl.String),
        "tickets_sold": pa.Column(pl.UInt64, rule("is zero", lambda c: c > 0)),
        "revenue": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "refunds_amount": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
    },
    unique=["event_date", "account", "event_id", "currency"],
    strict=True,
)
