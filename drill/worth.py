"""What a defect is worth: how far what people read differs from the same life without it, on the first morning."""

from __future__ import annotations

from datetime import date, timedelta

from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.settings import Settings

_RUB = "* transform(toString(currency), ['KZT', 'BYN'], [1 / 6, 1 / 0.035], 1)"
# Table, day, other columns of the key, money in roubles, and columns that make a row worthless where they are wrong.
_MEASURES = [
    ("v_sales_latest", "event_date", "event_id, currency", f"toFloat64(revenue) {_RUB}", "city, tickets_sold"),
    ("v_sales_latest", "event_date", "event_id, currency", f"toFloat64(revenue - refunds_amount) {_RUB}", "city"),
    ("stg_qtickets_tickets", "toDate(booked_at, 'Europe/Moscow')", "account, ticket_id, event_id, currency",
     f"if(state IN ('paid', 'refunded'), toFloat64(amount), 0) {_RUB}", "quantity, lower(utm_source)"),
    ("v_marketing_daily", "d", "city, source", "toFloat64(revenue)", "tickets_sold"),
    ("v_marketing_daily", "d", "city, source", "if(source = 'vk_ads', toFloat64(spend_total), 0)", "impressions, clicks"),
    ("v_marketing_daily", "d", "city, source", "if(source = 'direct', toFloat64(spend_total), 0)", "impressions, clicks"),
    *(
        (f"fact_{name}_daily", "stat_date", "account, campaign_id, ad_id, currency, utm_source, utm_city", "toFloat64(spent)",
         "clicks, conversions")
        for name in ("vk_ads", "direct")
    ),
    ("agg_marketing_daily", "d", "city, source", "toFloat64(revenue)", "tickets_sold"),
    ("agg_marketing_daily", "d", "city, source", "toFloat64(spend_total)", "clicks"),
    ("stg_qtickets_sales_raw", "event_date", "account, event_id, currency", f"toFloat64(revenue) {_RUB}", "city, tickets_sold"),
]  # fmt: skip
_DAYS = 90


def of(settings: Settings, base: str, today: date) -> tuple[float, float]:
    """The greatest share of a day's money that is wrong in any of the measures, on average of the wrong days, and the
    roubles a day."""
    worst = 0.0, 0.0
    with warehouse(settings) as client:
        for measure in _MEASURES:
            found = select(
                client, _sql(measure, base, settings.clickhouse_database), {"since": today - timedelta(days=_DAYS)}
            )
            wrong, whole, days = found.row(0)
            if days:
                worst = max(worst, (min(wrong / whole, 1.0) if whole else 1.0, wrong / days))
    return worst


def _sql(measure: tuple[str, str, str, str, str], base: str, other: str) -> str:
    """What moved from one key to another is wrong once. A row with the same money and other words is all wrong."""
    table, day, key, money, others = measure
    final = "" if table.startswith("v_") else " FINAL"
    sides = " UNION ALL ".join(
        f"SELECT {day} AS on_day, toString(tuple({key})) AS key, {money} AS m, toString(tuple({others})) AS words, {n} AS side "
        f"FROM {database}.{table}{final} WHERE on_day >= {{since:Date}}"
        for n, database in ((1, base), (-1, other))
    )
    by_key = (
        "SELECT on_day, key, sumIf(m, side = 1) AS good, sumIf(m, side = -1) AS bad, "
        "if(good = bad AND groupUniqArrayIf(words, side = 1) != groupUniqArrayIf(words, side = -1), good, 0) AS relabelled "
        f"FROM ({sides}) GROUP BY on_day, key"
    )
    by_day = (
        "SELECT on_day, sum(good) AS whole, greatest(sum(greatest(good - bad, 0)), sum(greatest(bad - good, 0))) + sum(relabelled) "
        f"AS wrong FROM ({by_key}) GROUP BY on_day"
    )
    return (
        "SELECT sumIf(wrong, wrong > 0.01), sumIf(whole, wrong > 0.01), toFloat64(countIf(wrong > 0.01)) "
        f"FROM ({by_day})"
    )
