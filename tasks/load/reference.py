"""Small tables by which the views join and convert: data, so that a changed file or setting restates all days."""

from __future__ import annotations

import polars as pl

from tasks.load.tables import Table
from tasks.reference import cities, utm_sources, vat_rates

_CITIES = Table("dim_cities", key=("city",))
_SOURCES = Table("dim_utm_sources", key=("utm_source",))
_VAT = Table("dim_vat_rates", key=("valid_from",))
_REPORT = Table("dim_report", key=("one",))


def reference_tables(currency: str, spend_with_vat: bool) -> list[tuple[Table, pl.DataFrame]]:
    """Each table with all its rows."""
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
