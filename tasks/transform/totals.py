"""What a source says in sum: an advertising account's figures by day, orders by their own prices; campaigns."""

from __future__ import annotations

import polars as pl

from tasks.transform.ads import amount, count
from tasks.transform.qtickets import with_amount, with_state
from tasks.transform.values import INSTANT, MONEY, flag, words

_STATUS = {
    **dict.fromkeys(("active", "on", "1"), "active"),
    **dict.fromkeys(("blocked", "suspended", "off", "0"), "paused"),
    **dict.fromkeys(("ended", "archived", "converted"), "ended"),
    **dict.fromkeys(("deleted", "2"), "deleted"),
}
"""What the sources call it; no word of one means another thing in the other."""
_DATES = (pl.date(1970, 1, 1), pl.date(2149, 6, 6))
"""Those that ClickHouse's Date can hold."""
_A_TRILLION, _MOST_TICKETS = 10**12, 10_000
_EVENT = ("event_date", "event_id", "currency")


def ad_totals(raw: pl.DataFrame, source: str) -> pl.DataFrame:
    """Grain: day. Columns as `meta_ad_totals` without account and `_ver`; money with VAT where `include_vat` says
    so."""
    return raw.select(
        pl.col("stat_date").str.to_date("%Y-%m-%d"),
        pl.lit(source).alias("source"),
        count("impressions"),
        count("clicks"),
        amount("spent"),
        (pl.col("include_vat") == "YES").cast(pl.UInt8).alias("spent_has_vat"),
        words("currency"),
    )


def campaigns(raw: pl.DataFrame, source: str) -> pl.DataFrame:
    """Grain: campaign. Columns as `dim_campaigns` without account and `_ver`. One whose last day is past has ended,
    whatever it is called."""
    told = words("status_told")
    status = told.str.to_lowercase().str.extract(r"^(\S+)").replace_strict(_STATUS, default="unknown")
    typed = raw.select(
        pl.lit(source).alias("source"),
        pl.col("campaign_id").cast(pl.UInt64),
        words("campaign_name"),
        status.fill_null("unknown").alias("status"),
        told,
        _date("starts_on"),
        _date("ends_on"),
        pl.when(amount("budget_day") > 0).then(amount("budget_day")).alias("budget_day"),
        pl.col("read_on").str.to_date("%Y-%m-%d"),
    )
    is_over = (pl.col("ends_on") < pl.col("read_on")) & pl.col("status").is_in(["active", "paused"])
    status = pl.when(is_over.fill_null(False)).then(pl.lit("ended")).otherwise("status").alias("status")
    return typed.with_columns(status).drop("read_on")


def balance(raw: pl.DataFrame, source: str) -> pl.DataFrame:
    """One row: what was left on the ad account. Columns as `fact_ad_balance_daily` without account and `_ver`."""
    return raw.select(
        pl.col("read_on").str.to_date("%Y-%m-%d").alias("day"),
        pl.lit(source).alias("source"),
        amount("balance"),
        words("currency"),
    )


def _date(column: str) -> pl.Expr:
    day = pl.col(column).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day.is_between(*_DATES)).then(day).alias(column)


def order_totals(orders: pl.DataFrame) -> pl.DataFrame:
    """Grain: Moscow day of payment, event, currency. Columns as `meta_order_totals` without account and `_ver`.

    `orders`: all raw ticket lines of whole orders, also rejected ones: what of them cannot be read is left out. An
    order counts where one of its lines counts as sold, by the rules of the tickets.
    """
    return orders.pipe(_readable).pipe(with_amount).pipe(with_state).pipe(_by_order).pipe(_by_event)


def _readable(orders: pl.DataFrame) -> pl.DataFrame:
    """Types as `transform.qtickets` gives them; null for what is none. Bounds as in `validation.rules`."""
    quantity = pl.col("quantity").cast(pl.UInt32, strict=False)
    return orders.with_columns(
        pl.col("order_id").cast(pl.UInt64, strict=False),
        pl.col("event_id").cast(pl.UInt64, strict=False).fill_null(0),
        words("currency"),
        flag("payed").alias("is_paid"),
        _instant("payed_at").alias("paid_at"),
        _instant("refunded_at"),
        (pl.col("order_deleted_at").is_not_null() | pl.col("ticket_deleted_at").is_not_null()).alias(
            "is_cancelled"
        ),
        *(_bounded(name) for name in ("order_price", "price", "refunded_amount")),
        pl.when(quantity < _MOST_TICKETS).then(quantity).alias("quantity"),
    ).drop_nulls("order_id")


def _bounded(column: str) -> pl.Expr:
    money = pl.col(column).cast(MONEY, strict=False)
    return pl.when(money.abs() < _A_TRILLION).then(money).alias(column)


def _instant(column: str) -> pl.Expr:
    moment = pl.col(column).str.to_datetime("%+", time_unit="ms", strict=False).cast(INSTANT)
    return pl.when(moment.dt.year().is_between(2000, 2099)).then(moment).alias(column)


def _by_order(lines: pl.DataFrame) -> pl.DataFrame:
    """Those that count, one row each."""

    def cost(*states: str) -> pl.Expr:
        return pl.col("amount").filter(pl.col("state").is_in(states)).sum()

    is_sold = pl.col("state").is_in(["paid", "refunded"])
    paid_on = pl.col("paid_at").dt.convert_time_zone("Europe/Moscow").dt.date()
    orders = lines.group_by("order_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in ("event_id", "currency", "order_price")),
        paid_on.filter(is_sold).first().alias("event_date"),
        is_sold.any().alias("counts"),
        pl.col("quantity").filter(is_sold).sum().alias("tickets"),
        cost("paid", "refunded").alias("lines"),
        cost("refunded").alias("lines_refunded"),
        cost("cancelled").alias("lines_cancelled"),
        pl.col("refunded_amount").sum().alias("given_back"),
    )
    nothing = pl.lit(0)
    sums = [
        pl.col("lines") - less + more
        for less in (nothing, pl.col("lines_refunded"), pl.col("given_back"))
        for more in (nothing, pl.col("lines_cancelled"))
    ]
    fits = pl.any_horizontal(pl.col("order_price") == total for total in sums)
    return orders.filter("counts").drop_nulls("event_date").with_columns((~fits).fill_null(False).alias("is_odd"))


def _by_event(orders: pl.DataFrame) -> pl.DataFrame:
    def money(column: str) -> pl.Expr:
        return pl.col(column).sum().cast(MONEY, strict=False).fill_null(pl.lit(0).cast(MONEY))

    return orders.group_by(_EVENT, maintain_order=True).agg(
        pl.len().cast(pl.UInt64).alias("orders"),
        pl.col("order_price").is_null().sum().cast(pl.UInt64).alias("orders_unpriced"),
        pl.col("is_odd").sum().cast(pl.UInt64).alias("orders_odd"),
        pl.col("tickets").sum().cast(pl.UInt64),
        money("order_price").alias("revenue"),
        *(money(name) for name in ("lines", "lines_refunded", "lines_cancelled")),
    )
