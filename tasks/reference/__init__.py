"""What the owner of the data decides and code does not: spellings of cities, advertising sources, VAT rates."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

from tasks.load.tables import Table

_FOLDER = Path(__file__).parent
_CITIES = Table("dim_cities", key=("city",))
_SOURCES = Table("dim_utm_sources", key=("utm_source",))
_VAT = Table("dim_vat_rates", key=("valid_from",))
_REPORT = Table("dim_report", key=("one",))


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


def reference_tables(currency: str, spend_with_vat: bool) -> list[tuple[Table, pl.DataFrame]]:
    """Small tables by which the views join and convert, each with all its rows: data, so that a changed file or
    setting restates all days."""
    report = pl.DataFrame(
        {"one": [1], "currency": [currency], "spend_with_vat": [int(spend_with_vat)]},
        schema={"one": pl.UInt8, "currency": pl.String, "spend_with_vat": pl.UInt8},
    )
    known = cities().select("city").unique()
    return [
        (_CITIES, known),
        (_SOURCES, utm_sources().unique("utm_source")),
        (_VAT, vat_rates()),
        (_REPORT, report),
    ]
