"""Removed rows, `meta_removals`: after a DELETE an older run could not see that a newer one removed the row."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.load.tables import Scope, Table

TABLE = "meta_removals"


def note_removals(client: Client, table: Table, rows: pl.DataFrame, scope: Scope, version: int) -> None:
    """Record rows before they are deleted: a run that dies in between leaves a record too many, never one too few.

    A table that is not loaded by day needs no records: each load of it brings all rows.
    """
    if scope.window is None or rows.is_empty():
        return
    insert(
        client,
        TABLE,
        rows.select(
            pl.lit(table.name).alias("table_name"),
            _row_key(table).alias("row_key"),
            pl.lit(scope.window.first).alias("first"),
            pl.lit(scope.window.last).alias("last"),
            pl.lit(datetime.now(UTC)).dt.cast_time_unit("ms").alias("removed_at"),
            pl.lit(version, pl.UInt64).alias("_ver"),
        ),
    )


def removed_since(client: Client, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of `rows` (with `_ver`) that a load no longer found on their day which read the source later."""
    if table.day is None or rows.is_empty():
        return rows.clear()
    keyed = rows.with_columns(_row_key(table).alias("row_key"), table.day.alias("day"))
    found = select(
        client,
        f"SELECT row_key, first, last, max(_ver) AS removed FROM {TABLE} WHERE table_name = {{name:String}} "
        "AND _ver > {oldest:UInt64} AND last >= {from:Date} AND first <= {to:Date} GROUP BY row_key, first, last",
        {
            "name": table.name,
            "oldest": rows["_ver"].min(),
            "from": keyed["day"].min(),
            "to": keyed["day"].max(),
        },
    )
    if found.is_empty():
        return rows.clear()
    later = (pl.col("removed") > pl.col("_ver")) & pl.col("day").is_between("first", "last")
    return keyed.join(found, on="row_key").filter(later).select(rows.columns).unique()


def last_removal(client: Client, table: Table) -> int:
    """The version of the load that read the source last among those which removed rows; 0 where none did."""
    sql = f"SELECT max(_ver) FROM {TABLE} WHERE table_name = {{name:String}}"
    return int(select(client, sql, {"name": table.name}).item())


def _row_key(table: Table) -> pl.Expr:
    return pl.struct(table.key).struct.json_encode()
