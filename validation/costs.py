"""What the lines of the costs file must be, and the cost of a day. The fetch has read them into one form."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from validation.rules import money, present, rule, text, whole_number

_DAY = rule("is not a date", lambda c: c.str.to_date("%Y-%m-%d", strict=False).is_not_null())

raw_costs = pa.DataFrameSchema(
    {
        "date_from": text(present, _DAY),
        "date_to": text(present, _DAY),
        "source": text(present),
        "amount": text(present, money),
        "city": text(),
        "event_id": text(whole_number),
        "show_id": text(whole_number),
    }
)

costs = pa.DataFrameSchema(
    {
        "day": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "source": pa.Column(pl.String),
        "city": pa.Column(pl.String),
        "event_id": pa.Column(pl.UInt64),
        "show_id": pa.Column(pl.UInt64),
        "spent": pa.Column(pl.Decimal(18, 2), rule("is negative", lambda c: c >= 0)),
    },
    unique=["day", "account", "source", "city", "event_id", "show_id"],
    strict=True,
)
