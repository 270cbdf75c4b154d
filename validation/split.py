"""Split a frame by a pandera model: good rows go on, bad ones leave with a reason a person understands.

A wrong frame, one that lacks a column or has another type, is not a matter of rows and raises WrongFrame.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

# Checks of pandera's own, in words.
_WORDS = {
    "not_nullable": "is missing",
    "multiple_fields_uniqueness": "the key stands twice",
    "column_in_schema": "is not expected",
}

REASONS_SCHEMA = {"reason": pl.String, "column": pl.String, "value": pl.String}


class WrongFrame(ValueError):
    """The frame as a whole is not what the model describes."""


@dataclass(frozen=True)
class Split:
    """`valid` has the frame's columns; `rejected` has them too, and `reason`, `column` and `value`.

    A row that breaks several rules is rejected once: its reasons and columns are joined by "; ".
    """

    valid: pl.DataFrame
    rejected: pl.DataFrame


def split(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> Split:
    """Judge every row of an eager frame. Raises WrongFrame."""
    absent = [name for name in schema.columns if name not in frame.columns]
    if absent:
        raise WrongFrame(f"the source no longer sends {', '.join(absent)}")
    try:
        # Eager on purpose: of a LazyFrame pandera checks the schema and not one value.
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return _divide(frame, errors.failure_cases)
    return Split(
        frame, frame.head(0).with_columns(pl.lit(None, kind).alias(n) for n, kind in REASONS_SCHEMA.items())
    )


def _divide(frame: pl.DataFrame, cases: pl.DataFrame) -> Split:
    worded = pl.col("check").replace(_WORDS).str.replace(r"^dtype\('(.*)'\)$", "is not of type $1")
    cases = cases.with_columns(worded)
    of_frame = cases.filter(pl.col("index").is_null())
    if of_frame.height:
        first = of_frame.row(0, named=True)
        raise WrongFrame(f"{first['column'] or first['failure_case']} {first['check']}")
    reasons = (
        cases.sort("index", "check_number", maintain_order=True)
        .group_by("index", maintain_order=True)
        .agg(
            pl.when(pl.col("column").is_null())
            .then(pl.col("check"))
            .otherwise(pl.format("{} {}", "column", "check"))
            .unique(maintain_order=True)
            .str.join("; ")
            .alias("reason"),
            pl.col("column").drop_nulls().unique(maintain_order=True).str.join("; "),
            pl.when(pl.col("column").is_not_null()).then("failure_case").drop_nulls().first().alias("value"),
        )
        .with_columns(pl.col("index").cast(pl.UInt32))
    )
    rows = frame.with_row_index("index")
    return Split(
        rows.join(reasons, on="index", how="anti").drop("index"),
        rows.join(reasons, on="index", how="inner", maintain_order="left").drop("index"),
    )
