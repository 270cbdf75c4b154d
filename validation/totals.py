"""What a source's own totals and its campaigns must be, raw and as they enter the warehouse."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from validation.ads import counted, day, known_currency, paid, positive
from validation.rules import across, present, rule, text

STATUSES = ("active", "paused", "ended", "deleted", "unknown")
_MONEY = pl.Decimal(18, 2)

raw_totals = pa.DataFrameSchema(
    {
        "stat_date": text(present, day),
        "impressions": text(present, counted, reads="counter"),
        "clicks": text(present, counted, reads="counter"),
        "spent": text(present, paid, positive, reads="money"),
        "include_vat": text(present),
        "currency": text(known_currency, optional=True),
    },
    # Which of two is the total nobody knows.
    checks=[across("the day stands twice", ~pl.col("stat_date").is_duplicated())],
)

raw_campaigns = pa.DataFrameSchema(
    {
        "campaign_id": text(present, rule("is not an id", lambda c: c.str.contains(r"^[0-9]{1,19}$"))),
        "campaign_name": text(),
        "status_told": text(),
        "starts_on": text(),
        "ends_on": text(),
        "budget_day": text(paid, positive, reads="money", optional=True),
        "read_on": text(present, day),
    }
)

raw_balance = pa.DataFrameSchema(
    {
        "balance": text(present, paid, reads="money"),
        "currency": text(known_currency, optional=True),
        "read_on": text(present, day),
    }
)

balance = pa.DataFrameSchema(
    {
        "day": pa.Column(pl.Date),
        "source": pa.Column(pl.String),
        "account": pa.Column(pl.String),
        "balance": pa.Column(_MONEY),
        "currency": pa.Column(pl.String),
    },
    unique=["day", "source", "account"],
    strict=True,
)

ad_totals = pa.DataFrameSchema(
    {
        "stat_date": pa.Column(pl.Date),
        "source": pa.Column(pl.String),
        "account": pa.Column(pl.String),
        "impressions": pa.Column(pl.UInt64),
        "clicks": pa.Column(pl.UInt64),
        "spent": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "spent_has_vat": pa.Column(pl.UInt8),
        "currency": pa.Column(pl.String),
    },
    unique=["stat_date", "source", "account"],
    strict=True,
)

campaigns = pa.DataFrameSchema(
    {
        "source": pa.Column(pl.String),
        "account": pa.Column(pl.String),
        "campaign_id": pa.Column(pl.UInt64),
        "campaign_name": pa.Column(pl.String),
        "status": pa.Column(pl.String, rule("is no status", lambda c: c.is_in(STATUSES))),
        "status_told": pa.Column(pl.String),
        "starts_on": pa.Column(pl.Date, nullable=True),
        "ends_on": pa.Column(pl.Date, nullable=True),
        "budget_day": pa.Column(_MONEY, nullable=True),
    },
    unique=["source", "account", "campaign_id"],
    strict=True,
)

order_totals = pa.DataFrameSchema(
    {
        "event_date": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "event_id": pa.Column(pl.UInt64),
        "currency": pa.Column(pl.String),
        "orders": pa.Column(pl.UInt64),
        "orders_unpriced": pa.Column(pl.UInt64),
        "orders_odd": pa.Column(pl.UInt64),
        "tickets": pa.Column(pl.UInt64),
        "revenue": pa.Column(_MONEY),
        "lines": pa.Column(_MONEY),
        "lines_refunded": pa.Column(_MONEY),
        "lines_cancelled": pa.Column(_MONEY),
    },
    unique=["event_date", "account", "event_id", "currency"],
    strict=True,
)
