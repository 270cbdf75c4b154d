"""What the advertising flows and the sales flow share: the fact tables' form and the mart that joins both sides."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from flows.source import Output
from tasks.load.tables import Mart, Table
from tasks.reference import cities
from validation import ads as must

MARKETING = (
    Mart(
        Table(
            "agg_marketing_daily",
            key=("d", "city", "source"),
            measures=("impressions", "clicks", "spend_total", "tickets_sold", "revenue", "refunds_amount"),
        ),
        day="d",
    ),
    must.marketing,
)
AdDays = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
_TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_city", "utm_day", "utm_month")


def ad_facts(table: str, ad_days: AdDays, resource: str, answers_for: tuple[str, ...]) -> Output:
    """The output of an advertising source: one row a day and ad."""
    return Output(
        Table(
            table,
            key=("stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id"),
            measures=("impressions", "clicks", "spent", "conversions"),
            rows_between="stat_date BETWEEN {first} AND {last}",
        ),
        lambda raw: ad_days(raw[resource], cities()),
        must.facts,
        resource,
        protects="ad_id",
        remembered=_TAGS,
        answers_for=answers_for,
    )
