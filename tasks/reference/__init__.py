"""What code does not decide: spellings of cities, advertising sources, VAT rates; public holidays."""

from __future__ import annotations

from datetime import date, timedelta
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


@cache
def quiet_days(first_year: int, last_year: int) -> list[date]:
    """Public holidays of Russia in these years, also by order of the government, and the days beside them, on which
    nothing is usual."""
    from holidays import country_holidays  # noqa: PLC0415 - loads do without it, since it takes long

    free = country_holidays("RU", years=range(first_year, last_year + 1))
    return sorted({day + timedelta(days=by) for day in free for by in (-1, 0, 1)})
