"""What the owner of the data decides and code does not: spellings of cities, advertising sources, VAT rates."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

_FOLDER = Path(__file__).parent


@cache
def cities() -> pl.DataFrame:
    """Columns city, alias (text); grain: one alias. A city's own name is one of its aliases."""
    return pl.read_csv(_FOLDER / "cities.csv", infer_schema=False)


@cache
def utm_sources() -> pl.DataFrame:
    """Columns utm_source (lower case), source (text); grain: one spelling. What is not here is `other`."""
    return pl.read_csv(_FOLDER / "utm_sources.csv", infer_schema=False).select("utm_source", "source")


@cache
def vat_rates() -> pl.DataFrame:
    """Columns valid_from (Date), rate (Decimal): each holds until the next; the first covers all that is older."""
    schema = {"valid_from": pl.Date, "rate": pl.String}
    return pl.read_csv(_FOLDER / "vat_rates.csv", schema=schema).cast({"rate": pl.Decimal(5, 4)})
