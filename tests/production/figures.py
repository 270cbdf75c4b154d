"""What the warehouse says, in the shape of the sandbox's ground truth; without FINAL, as people ask."""

from __future__ import annotations

from tests.production.stack import Stack


def sales(production: Stack) -> dict[tuple[object, ...], tuple[object, ...]]:
    rows = production.select(
        "SELECT event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw"
    ).rows()
    assert len({row[:3] for row in rows}) == len(rows)
    return {row[:3]: row[3:] for row in rows}


def facts(production: Stack, table: str) -> dict[tuple[object, ...], tuple[object, ...]]:
    rows = production.select(
        f"SELECT stat_date, campaign_id, ad_group_id, ad_id, impressions, clicks, spent, conversions FROM {table}"
    ).rows()
    assert len({row[:4] for row in rows}) == len(rows)
    return {row[:4]: row[4:] for row in rows}
