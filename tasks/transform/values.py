"""Text as it came over the wire to typed values. It was validated before: these expressions meet no bad text."""

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


def canonical_city(column: str, aliases: pl.DataFrame) -> pl.Expr:
    """The city's lower-case Russian name, e.g. `москва` for `msk`, `Moscow` and `МСК`. An unknown one stays as
    written, so that it is seen and counted. `aliases`: columns city, alias (both text), one row an alias."""
    known = aliases.select(_key(pl.col("alias")), "city").unique(maintain_order=True)
    written = pl.col(column).str.strip_chars().fill_null("")
    return _key(written).replace_strict(known["alias"], known["city"], default=written, return_dtype=pl.String)


def _key(name: pl.Expr) -> pl.Expr:
    """What two spellings of one alias share: case, ё and the kind of gap do not count."""
    return name.str.strip_chars().str.to_lowercase().str.replace_all("ё", "е").str.replace_all(r"[\s_.\-–]+", "-")
