"""What the advertising flows and the sales flow share: the fact tables' form and the marts of both sides."""

from __future__ import annotations

from collections.abc import Callable

import pandera.polars as pa
import polars as pl

from tasks.load.tables import Mart, Table
from tasks.reference import cities
from tasks.sources.source import Fetch, Output, Resource
from tasks.transform import totals as to
from validation import ads as must
from validation import totals as must_be

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
CAMPAIGNS = (
    Mart(
        Table(
            "agg_campaigns_monthly",
            key=("month", "source", "account", "campaign_id", "utm_campaign", "utm_content"),
            measures=("impressions", "clicks", "conversions", "spend_total"),
        ),
        day="month",
        by_month=True,
    ),
    must.campaigns,
)
TAGS = (
    Mart(
        Table(
            "agg_tags_monthly",
            key=("month", "source", "utm_campaign", "utm_content"),
            measures=("tickets_sold", "revenue", "refunds_amount"),
        ),
        day="month",
        by_month=True,
    ),
    must.tags,
)
AD_TAGS = (
    Mart(
        Table(
            "agg_ad_tags_daily",
            key=(
                *("stat_date", "source", "is_filed", "tag_event_id", "tag_show_id"),
                *("tag_city", "tag_day", "tag_month"),
            ),
            measures=("spend",),
        ),
        day="stat_date",
    ),
    must.ad_tags,
)
AdDays = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
AD_DAY = ("stat_date", "account_id", "campaign_id", "ad_group_id", "ad_id")
_NUMBER = pl.col("ad_id").fill_null(0)
"""0: an ad of Direct's campaign wizard, of which nothing but its campaign tells one from another."""
_CARRIED = {
    "link": (
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "utm_city",
        "utm_day",
        "utm_month",
        "link_event_id",
    ),
    "campaign": ("campaign_id", "ad_group_id"),
    "campaign's name": ("campaign_name",),
    "currency": ("currency",),
}


def ad_days(fetch: Fetch, schema: pa.DataFrameSchema, money: str) -> Resource:
    """What an advertising source is asked for: one row a day and ad. `money`: the raw column of the spend."""
    spent = pl.col(money).cast(pl.Decimal(18, 2), strict=False)
    beside = (
        Resource("totals", fetch, must_be.raw_totals, ("stat_date",), day="stat_date", is_optional=True),
        Resource("campaigns", fetch, must_be.raw_campaigns, ("campaign_id",), is_optional=True),
        Resource("balance", fetch, must_be.raw_balance, ("read_on",), is_optional=True),
    )
    return Resource(
        "ad_days", fetch, schema, AD_DAY, money=spent, day="stat_date", may_be_empty=True, beside=beside
    )


def told_beside(source: str) -> tuple[Output, ...]:
    """What comes beside the ad days: the account's own totals by day; its campaigns, of which those that the source
    no longer lists stay; and, where it tells that, what is left on the account."""
    totals = Table(
        "meta_ad_totals",
        key=("stat_date", "source", "account"),
        measures=("impressions", "clicks", "spent"),
        rows_between=f"source = '{source}' AND stat_date BETWEEN {{first}} AND {{last}}",
        day=pl.col("stat_date"),
    )
    campaigns = Table(
        "dim_campaigns",
        key=("source", "account", "campaign_id"),
        rows_between=f"source = '{source}'",
        keeps_vanished=True,
    )
    balance = Table(
        "fact_ad_balance_daily",
        key=("day", "source", "account"),
        measures=("balance",),
        rows_between=f"source = '{source}'",
        keeps_vanished=True,
    )
    return (
        Output(totals, lambda raw: to.ad_totals(raw["totals"], source), must_be.ad_totals, "totals"),
        Output(campaigns, lambda raw: to.campaigns(raw["campaigns"], source), must_be.campaigns, "campaigns"),
        Output(balance, lambda raw: to.balance(raw["balance"], source), must_be.balance, "balance"),
    )


def ad_facts(
    table: str,
    build: AdDays,
    unreadable: Callable[[pl.DataFrame], pl.DataFrame],
    answers_for: tuple[str, ...] = (),
) -> Output:
    """The output of an advertising source: one row a day and ad."""
    return Output(
        Table(
            table,
            key=("stat_date", "account", *AD_DAY[1:]),
            measures=("impressions", "clicks", "spent", "conversions"),
            rows_between="stat_date BETWEEN {first} AND {last}",
            day=pl.col("stat_date"),
            money=pl.col("spent"),
        ),
        lambda raw: build(raw["ad_days"], cities()),
        must.facts,
        "ad_days",
        protects="ad_id",
        identity=("stat_date", _NUMBER, pl.when(_NUMBER == 0).then("campaign_id")),
        is_one_row=True,
        carried=_CARRIED,
        # An account whose currency is not known is taken for one of the report's: no news in each run's message.
        silent=("currency",),
        lasting=("link", "campaign", "campaign's name"),
        nameless="campaign_id",
        answers_for=answers_for,
        unreadable=unreadable,
    )
