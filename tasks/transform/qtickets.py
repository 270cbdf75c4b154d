"""QTickets: raw ticket lines to tickets, raw events and shows to events."""

from __future__ import annotations

import polars as pl

from tasks.transform.values import INSTANT, MONEY, canonical_city, flag, identifier, instant, money, words

_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_HIGHEST_DISCOUNT = 10**9


def tickets(orders: pl.DataFrame) -> pl.DataFrame:
    """Grain: ticket line (`ticket_id`). Columns as `stg_qtickets_tickets` without `_ver`.

    `price` is as the source gives it, `amount` what the line cost in all, `refunded_amount` what of it was given
    back (0 unless `refunded_at` is set: merely cancelled tickets carry a 0 as well). Money in the unit of
    `currency`, to the kopeck. Promo code and discount are null where the source does not tell of them.
    """
    return (
        orders.pipe(_typed)
        .pipe(with_amount)
        .pipe(with_state)
        .with_columns(
            pl.coalesce("paid_at", "ordered_at").alias("booked_at"), _of_line("discount").alias("discount")
        )
        .select(
            "ticket_id",
            "order_id",
            "event_id",
            "show_id",
            "state",
            "ordered_at",
            "paid_at",
            "booked_at",
            "price",
            "quantity",
            "amount",
            "refunded_amount",
            "refunded_at",
            "currency",
            *_UTM,
            "promo_code_id",
            "discount_id",
            "discount",
        )
    )


def _typed(orders: pl.DataFrame) -> pl.DataFrame:
    return orders.with_columns(
        identifier("ticket_id"),
        identifier("order_id"),
        identifier("event_id"),
        identifier("show_id").fill_null(0),
        flag("payed").alias("is_paid"),
        instant("payed_at").alias("paid_at"),
        # The day of a sale is that of its payment: without its own time the order counts from there.
        pl.coalesce(instant("created_at"), instant("payed_at")).alias("ordered_at"),
        (pl.col("order_deleted_at").is_not_null() | pl.col("ticket_deleted_at").is_not_null()).alias(
            "is_cancelled"
        ),
        money("price"),
        pl.col("quantity").cast(pl.UInt32),
        instant("refunded_at"),
        money("refunded_amount"),
        *(pl.col(name).cast(pl.UInt64, strict=False) for name in ("promo_code_id", "discount_id")),
        _plausible(pl.col("discount").cast(MONEY, strict=False)).alias("discount"),
        words("currency"),
        *(words(name) for name in _UTM),
    )


def _plausible(discount: pl.Expr) -> pl.Expr:
    return pl.when(discount.is_between(0, _HIGHEST_DISCOUNT)).then(discount)


def with_amount(tickets: pl.DataFrame) -> pl.DataFrame:
    """What the line cost: price x quantity, or the price where it is that of the whole line (`price_is_for`)."""
    return tickets.with_columns(_of_line("price").alias("amount"))


def _of_line(column: str) -> pl.Expr:
    per_unit = (pl.col(column) * pl.col("quantity").cast(pl.Decimal(18, 0))).cast(MONEY)
    is_line = (pl.col("price_is_for") == "line").fill_null(False)
    return pl.when(is_line).then(column).otherwise(per_unit)


def with_state(tickets: pl.DataFrame) -> pl.DataFrame:
    """State is derived, the API has none. A refund outlives a cancellation: the sale and the money given back
    both happened, so the ticket stays in the figures of the day it was sold on."""
    refunded = pl.col("refunded_at").is_not_null() & pl.col("paid_at").is_not_null()
    return tickets.with_columns(
        pl.when(refunded)
        .then(pl.lit("refunded"))
        .when(pl.col("is_cancelled"))
        .then(pl.lit("cancelled"))
        .when(pl.col("is_paid") & pl.col("paid_at").is_not_null())
        .then(pl.lit("paid"))
        .otherwise(pl.lit("reserved"))
        .alias("state"),
        pl.when(refunded).then("refunded_amount").otherwise(pl.lit(0).cast(MONEY)).alias("refunded_amount"),
        pl.when(refunded).then("refunded_at").alias("refunded_at"),
    )


def events(raw: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Grain: event (`event_id`). Columns as `dim_events` without `_ver`. `cities` as in `canonical_city`.

    `first_show_at` and `last_show_at` leave out deleted shows; a show that is merely hidden may still sell. Name,
    city and the like are null where the source does not name them.
    """
    live = pl.when(pl.col("show_deleted_at").is_null()).then("show_start_at")
    return (
        raw.with_columns(instant("show_start_at"), identifier("event_id"))
        .with_columns(live.alias("show_start_at"))
        .group_by("event_id", maintain_order=True)
        .agg(
            _named("event_name"),
            pl.when(pl.col("city").is_not_null()).then(canonical_city("city", cities)).alias("city").first(),
            _named("venue"),
            _named("timezone"),
            _named("currency"),
            (flag("is_active") & pl.col("event_deleted_at").is_null()).first().cast(pl.UInt8).alias("is_active"),
            pl.col("show_start_at").min().alias("first_show_at"),
            pl.col("show_start_at").max().alias("last_show_at"),
        )
    )


def shows(raw: pl.DataFrame) -> pl.DataFrame:
    """Grain: show (`show_id`). Columns as `dim_shows` without account and `_ver`.

    `show_date` is null where the city's time zone is not told. A show of which QTickets does not tell when it
    starts is left out, so that what is known of it stays, unless it was deleted.
    """
    deleted_at = pl.min_horizontal(instant("show_deleted_at"), instant("event_deleted_at"))
    is_off = pl.col("show_is_active").is_in(["false", "0"]).fill_null(False)
    return (
        raw.filter(
            pl.col("show_id").is_not_null() & (pl.col("show_start_at").is_not_null() | deleted_at.is_not_null())
        )
        .with_columns(instant("show_start_at").alias("show_at"), identifier("show_id"), identifier("event_id"))
        .unique("show_id", keep="first", maintain_order=True)
        .select(
            "show_id",
            "event_id",
            "show_at",
            _local_date(raw, "show_at").alias("show_date"),
            instant("sale_starts_at"),
            instant("sale_ends_at"),
            (deleted_at.is_null() & ~is_off).cast(pl.UInt8).alias("is_active"),
            deleted_at.alias("deleted_at"),
        )
    )


def show_dates(raw: pl.DataFrame) -> pl.DataFrame:
    """Grain: show and the day on which it is. Columns as `dim_show_dates` without account and `_ver`."""
    return shows(raw).drop_nulls("show_date").select("show_id", "show_date", "event_id")


def seats(raw: pl.DataFrame) -> pl.DataFrame:
    """Grain: day and show. Columns as `fact_show_seats_daily` without account and `_ver`.

    A row of `raw` stands for `seats` alike. Of a seat, or a standing place with a quantity, all that is neither
    sold nor free is held: ordered, in a basket, disabled, or kept back for some other reason. A hall of billions of
    seats is none.
    """
    most, free, sold, ordered, basket = (
        pl.col(f"{name}_quantity").cast(pl.Int64).fill_null(0)
        for name in ("max", "free", "payed", "ordered", "in_basket")
    )
    sellable = pl.when(flag("disabled")).then(0).otherwise(free)
    n = pl.col("seats").cast(pl.Int64)
    whole = pl.max_horizontal(most, sold + ordered + basket + free)
    price = money("price").fill_null(0)
    return (
        raw.with_columns(pl.col("day").str.to_date("%Y-%m-%d"), identifier("show_id"))
        .group_by("day", "show_id", maintain_order=True)
        .agg(
            (n * whole).sum().cast(pl.UInt32, strict=False).alias("seats_total"),
            (n * sold).sum().cast(pl.UInt32, strict=False).alias("seats_sold"),
            (n * (whole - sold - sellable)).sum().cast(pl.UInt32, strict=False).alias("seats_held"),
            (n * sellable).sum().cast(pl.UInt32, strict=False).alias("seats_free"),
            (price * (n * sellable)).sum().cast(MONEY, strict=False).alias("price_left"),
        )
        .drop_nulls()
    )


def promo_codes(raw: pl.DataFrame) -> pl.DataFrame:
    """Grain: promo code. Columns as `dim_promo_codes` without account and `_ver`."""
    return raw.select(identifier("promo_code_id"), identifier("discount_id").fill_null(0), words("code")).unique(
        "promo_code_id", keep="first", maintain_order=True
    )


def _local_date(raw: pl.DataFrame, column: str) -> pl.Expr:
    """The day of an instant in the time zone that the row names; null where it names none that is known."""
    zones = filter(_is_zone, raw["timezone"].str.strip_chars().drop_nulls().unique().sort())
    zone = pl.col("timezone").str.strip_chars()
    days = [pl.when(zone == name).then(pl.col(column).dt.convert_time_zone(name).dt.date()) for name in zones]
    return pl.coalesce(*days, pl.lit(None, pl.Date))


def _is_zone(name: str) -> bool:
    """Whether polars, which is to reckon with it, knows a time zone of this name."""
    try:
        pl.Series(dtype=INSTANT).dt.convert_time_zone(name)
    except pl.exceptions.ComputeError:
        return False
    return bool(name)


def _named(column: str) -> pl.Expr:
    """Trimmed text, null where the source does not say."""
    return pl.col(column).str.strip_chars().first()
