"""Split a frame by a pandera model: good rows go on, bad ones leave with a reason a person understands.

A wrong frame, one that lacks a column or has another type, is not a matter of rows and raises WrongFrame.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from validation.mend import mend
from validation.rules import in_all_rows

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

    A row that breaks several rules is rejected once: its reasons and columns are joined by "; ". `odd` counts, by
    column, the values that were rounded or, where no figure rests on the column, left out.
    """

    valid: pl.DataFrame
    rejected: pl.DataFrame
    odd: dict[str, int] = field(default_factory=dict)


def split(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> Split:
    """Correct odd but plain values, then validate every row of an eager frame. Raises WrongFrame."""
    missing = [name for name in schema.columns if name not in frame.columns]
    if absent := [name for name in missing if schema.columns[name].required]:
        raise WrongFrame(f"the source no longer sends {', '.join(absent)}")
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    frame, odd = mend(frame, schema)
    cases = _failures(frame, schema)
    optional = [name for name, column in schema.columns.items() if (column.metadata or {}).get("optional")]
    wrong = cases.filter(pl.col("column").is_in(optional) & pl.col("index").is_not_null())
    if wrong.height:
        frame, left_out = _without(frame, wrong)
        odd = odd | {name: odd.get(name, 0) + count for name, count in left_out.items()}
        cases = _failures(frame, schema)
    if cases.is_empty():
        none = frame.head(0).with_columns(pl.lit(None, kind).alias(n) for n, kind in REASONS_SCHEMA.items())
        return Split(frame, none, odd)
    return _divide(frame, cases, odd)


def _failures(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """pandera's failure cases: failure_case, schema_context, column, check, check_number, index."""
    if _is_clean(frame, schema):
        return pl.DataFrame(schema={"column": pl.String, "index": pl.Int32})
    try:
        # Eager on purpose: of a LazyFrame pandera checks the schema and not one value.
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return pl.DataFrame(errors.failure_cases)
    return pl.DataFrame(schema={"column": pl.String, "index": pl.Int32})


def _is_clean(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Whether all rules surely hold, which most often they do: all are asked at once. pandera, which tells what is
    wrong, computes each by itself several times, and that takes most of a load's time."""
    if schema.strict and {*frame.columns} != {*schema.columns}:
        return False
    if any(frame.schema[name] != column.dtype.type for name, column in schema.columns.items()):
        return False
    rules = [(name, check) for name, column in schema.columns.items() for check in column.checks]
    rules += [("*", check) for check in schema.checks]
    wanted = [in_all_rows(check, name) for name, check in rules]
    wanted += [pl.col(name).null_count() == 0 for name, column in schema.columns.items() if not column.nullable]
    if schema.unique:
        wanted.append(~pl.struct(schema.unique).is_duplicated().any())
    return all(frame.select(one.alias(str(number)) for number, one in enumerate(wanted)).row(0))


def _without(frame: pl.DataFrame, wrong: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with null for those values, and how many they are, by column."""
    count: dict[str, int] = {}
    rows = pl.int_range(pl.len(), dtype=pl.Int64)
    for (name,), cases in wrong.group_by(["column"]):
        at = cases["index"].cast(pl.Int64).unique()
        count[str(name)] = at.len()
        frame = frame.with_columns(pl.when(~rows.is_in(at.implode())).then(str(name)).alias(str(name)))
    return frame, count


def _divide(frame: pl.DataFrame, cases: pl.DataFrame, odd: dict[str, int]) -> Split:
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
        odd,
    )
