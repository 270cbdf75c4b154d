"""Text as it came over the wire to typed values. Judged before: these expressions meet no bad text."""

from __future__ import annotations

import polars as pl

MONEY = pl.Decimal(18, 2)
INSTANT = pl.Datetime("ms", "UTC")


def instant(column: str) -> pl.Expr:
    """ISO 8601 with any offset to UTC."""
    return pl.col(column).str.to_datetime("%+", time_unit="ms", strict=True).cast(INSTANT)


def money(column: str) -> pl.Expr:
    return pl.col(column).cast(MONEY)


def identifier(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.UInt64)


def flag(column: str) -> pl.Expr:
    """true or 1; null is false."""
    return pl.col(column).is_in(["true", "1"]).fill_null(False)


def words(column: str) -> pl.Expr:
    """Trimmed text, '' for null."""
    return pl.col(column).str.strip_chars().fill_null("")
