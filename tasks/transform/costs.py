"""Lines of the costs file to the cost of each of their days."""

from __future__ import annotations

import polars as pl

from tasks.transform.values import MONEY, canonical_city, identifier

_KEY = ("day", "source", "city", "event_id", "show_id")


def cost_days(lines: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Grain: day, source, city, event and show; those columns and `spent`. `cities` as in `canonical_city`.

    An amount is spread evenly over the days of its line; the kopecks that are left over go to the first days, one
    each, so that the days add up to the amount.
    """
    first, last = (pl.col(name).str.to_date("%Y-%m-%d") for name in ("date_from", "date_to"))
    kopecks = (pl.col("amount").cast(MONEY) * 100).cast(pl.Int64)
    share = pl.col("kopecks") // pl.col("days") + (pl.col("number") < pl.col("kopecks") % pl.col("days"))
    return (
        lines.with_columns(
            (last - first).dt.total_days().add(1).alias("days"),
            pl.date_ranges(first, last).alias("day"),
            kopecks.alias("kopecks"),
            canonical_city("city", cities).alias("city"),
            identifier("event_id").fill_null(0),
            identifier("show_id").fill_null(0),
        )
        .with_columns(pl.int_ranges("days").alias("number"))
        .explode("day", "number")
        .group_by(_KEY, maintain_order=True)
        .agg((share.sum().cast(MONEY) / 100).cast(MONEY).alias("spent"))
        .filter(pl.col("spent") > 0)
    )
