"""What a source once said of an ad and no longer does: its tags, kept from the rows already loaded."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import select

_IDS_A_QUERY = 5_000
"""Of twenty digits at most: a server takes 128 KiB a parameter."""


def remember(client: Client, table: str, frame: pl.DataFrame, columns: Sequence[str], by: str) -> pl.DataFrame:
    """`frame` without nulls in `columns`: filled from the newest row of the same `by` in the table that has any of
    them, else with '' or 0. A deleted ad would otherwise lose its city, and its past spend with it."""
    if not columns:
        return frame
    lacking = frame.filter(pl.col(columns[0]).is_null())[by].unique()
    if lacking.is_empty():
        return frame
    some = " OR ".join(f"{column} != ''" for column in columns if frame.schema[column] == pl.String)
    newest = ", ".join(f"argMax({column}, stat_date) AS known_{column}" for column in columns)
    sql = f"SELECT {by}, {newest} FROM {table} FINAL WHERE {by} IN {{ids:Array(UInt64)}} AND ({some}) GROUP BY {by}"
    chunks = lacking.to_frame().iter_slices(_IDS_A_QUERY)
    known = pl.concat(select(client, sql, {"ids": ids[by].to_list()}) for ids in chunks)
    known = known.with_columns(pl.col(by).cast(frame.schema[by]))
    filled = frame.join(known, on=by, how="left", maintain_order="left")
    return filled.with_columns(
        pl.coalesce(column, f"known_{column}", pl.lit("" if frame.schema[column] == pl.String else 0))
        .cast(frame.schema[column])
        .alias(column)
        for column in columns
    ).select(frame.columns)
