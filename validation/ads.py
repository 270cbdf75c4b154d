"""What the rows of the advertising sources must be, raw and as facts.

Raw columns are text; `--` is Direct's word for "no value". Links and tags may be missing, figures may not be wrong.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from validation.rules import CURRENCIES, across, present, rule, text

_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_MONEY = pl.Decimal(18, 2)
_NONE = r"^-{1,2}$"
# [0-9] rather than \d, which here also means the digits of other scripts, and those no cast understands.

day = rule("is not a date", lambda c: c.is_null() | c.str.to_date("%Y-%m-%d", strict=False).is_not_null())
counted = rule("is not a number", lambda c: c.str.contains(r"^[0-9]{1,18}$") | c.str.contains(_NONE))
numbered = rule("is not an id", lambda c: c.str.contains(r"^[0-9]{1,19}$") | c.str.contains(_NONE))
paid = rule(
    "is not an amount of money",
    lambda c: c.str.contains(r"^-?[0-9]{1,16}(\.[0-9]{1,2}0*)?$") | c.str.contains(_NONE),
)
positive = rule("is negative", lambda c: ~c.str.contains(r"^-[0-9]"))
known_currency = rule("is not a currency code", lambda c: c.is_in(CURRENCIES))

AD_DAY = {
    "stat_date": text(present, day),
    "account_id": text(present),
    # Null: the API sends the ad without its campaign or group. The warehouse may know them from an earlier load.
    "campaign_id": text(numbered, reads="whole"),
    "campaign_name": text(),
    "ad_group_id": text(numbered, reads="whole"),
    "ad_id": text(numbered, reads="whole"),
    "impressions": text(counted, reads="counter"),
    "clicks": text(counted, reads="counter"),
    "conversions": text(counted, reads="counter", optional=True),
    "currency": text(known_currency, optional=True),
    "link": text(),
}

raw_direct = pa.DataFrameSchema(
    AD_DAY
    | {
        "cost": text(present, paid, positive, reads="money"),
        "include_vat": text(present),
        "group_tracking": text(),
        "campaign_tracking": text(),
        "link_known": text(present),
    }
)

raw_vk = pa.DataFrameSchema(
    AD_DAY
    | {
        "spent": text(paid, positive, reads="money"),
        "ad_group_name": text(),
        "group_utm": text(),
        "enable_utm": text(),
    },
    # Left out they would count as nothing, and spend would fall to zero unseen.
    checks=[
        across(f"{name} is missing", pl.col(name).is_not_null()) for name in ("impressions", "clicks", "spent")
    ],
)

facts = pa.DataFrameSchema(
    {
        "stat_date": pa.Column(pl.Date),
        "account": pa.Column(pl.String),
        "account_id": pa.Column(pl.String),
        # Null, also of the tags: not known to the source, taken from the warehouse before the load.
        "campaign_id": pa.Column(pl.UInt64, nullable=True),
        "ad_group_id": pa.Column(pl.UInt64, nullable=True),
        "ad_id": pa.Column(pl.UInt64),
        "campaign_name": pa.Column(pl.String, nullable=True),
        "impressions": pa.Column(pl.UInt64),
        "clicks": pa.Column(pl.UInt64),
        "spent": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
        "spent_has_vat": pa.Column(pl.UInt8),
        "currency": pa.Column(pl.String, nullable=True),
        "conversions": pa.Column(pl.UInt64),
        **{name: pa.Column(pl.String, nullable=True) for name in (*_UTM, "utm_city")},
        "utm_day": pa.Column(pl.UInt8, nullable=True),
        "utm_month": pa.Column(pl.UInt8, nullable=True),
        "link_event_id": pa.Column(pl.UInt64, nullable=True),
    },
    unique=["stat_date", "account", "account_id", "campaign_id", "ad_group_id", "ad_id"],
    strict=True,
)

_SHOWN = {
    "impressions": pa.Column(pl.UInt64),
    "clicks": pa.Column(pl.UInt64),
    "conversions": pa.Column(pl.UInt64),
    "spend_total": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
}
_SOLD = {
    "tickets_sold": pa.Column(pl.UInt64),
    "revenue": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
    "refunds_amount": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
}

campaigns = pa.DataFrameSchema(
    {
        "month": pa.Column(pl.Date),
        "source": pa.Column(pl.String),
        "account": pa.Column(pl.String),
        "campaign_id": pa.Column(pl.UInt64),
        "utm_campaign": pa.Column(pl.String),
        "utm_content": pa.Column(pl.String),
        "campaign_name": pa.Column(pl.String),
        "first_day": pa.Column(pl.Date),
        "last_day": pa.Column(pl.Date),
        **_SHOWN,
    },
    unique=["month", "source", "account", "campaign_id", "utm_campaign", "utm_content"],
    strict=True,
)

tags = pa.DataFrameSchema(
    {
        "month": pa.Column(pl.Date),
        "source": pa.Column(pl.String),
        "utm_campaign": pa.Column(pl.String),
        "utm_content": pa.Column(pl.String),
        **_SOLD,
    },
    unique=["month", "source", "utm_campaign", "utm_content"],
    strict=True,
)

ad_tags = pa.DataFrameSchema(
    {
        "stat_date": pa.Column(pl.Date),
        "source": pa.Column(pl.String),
        "is_filed": pa.Column(pl.UInt8),
        "tag_event_id": pa.Column(pl.UInt64),
        "tag_show_id": pa.Column(pl.UInt64),
        "tag_city": pa.Column(pl.String),
        "tag_day": pa.Column(pl.UInt8),
        "tag_month": pa.Column(pl.UInt8),
        "spend": pa.Column(_MONEY, rule("is negative", lambda c: c >= 0)),
    },
    unique=[
        *("stat_date", "source", "is_filed", "tag_event_id", "tag_show_id"),
        *("tag_city", "tag_day", "tag_month"),
    ],
    strict=True,
)

marketing = pa.DataFrameSchema(
    {
        "d": pa.Column(pl.Date),
        "city": pa.Column(pl.String),
        "source": pa.Column(pl.String, rule("is empty", lambda c: c != "")),
        **_SHOWN,
        **_SOLD,
    },
    unique=["d", "city", "source"],
    strict=True,
)
