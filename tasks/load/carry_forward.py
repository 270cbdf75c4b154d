"""Columns that a source no longer sends of an ad, carried forward from the rows already loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import select

_IDS_A_QUERY = 5_000
"""Of twenty digits at most: a server takes 128 KiB a parameter."""
_NO_MONEY = pl.lit(0)
_EMPTY = {pl.String: "", pl.Datetime: None}
"""What stands where a value is not known, by type; else 0."""


@dataclass(frozen=True)
class Unknown:
    """A group of columns that neither the source nor the warehouse knows: for how many ads, and the money of their
    rows."""

    what: str
    count: int
    money: Decimal


def carry_forward(
    client: Client,
    table: str,
    account: str,
    frame: pl.DataFrame,
    groups: Mapping[str, Sequence[str]],
    by: str,
    money: pl.Expr = _NO_MONEY,
    nameless: str = "",
    unsent: Mapping[str, pl.DataFrame] | None = None,
) -> tuple[pl.DataFrame, list[Unknown]]:
    """`frame` without nulls in the columns of `groups`, and what stays unknown.

    A group's columns are taken together from the account's newest row of the same `by` that has any of them, else
    they are '' or 0. Where `by` is 0, which is no name, it must be one of the same `nameless` too. A deleted
    ad would otherwise lose its city, and its past spend with it. `unsent`: of groups whose columns may truly be
    null, the values of `by` (a column) of which not all was sent: there what the warehouse has goes first.
    """
    unknown = []
    for what, columns in groups.items():
        frame, missing = _carry(client, table, account, frame, columns, by, nameless, (unsent or {}).get(what))
        if missing.height:
            unknown.append(Unknown(what, missing[by].n_unique(), Decimal(missing.select(money.sum()).item())))
    return frame, unknown


def _carry(
    client: Client,
    table: str,
    account: str,
    frame: pl.DataFrame,
    columns: Sequence[str],
    by: str,
    nameless: str,
    unsent: pl.DataFrame | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame, filled, and the rows of it for which nothing was found."""
    is_lacking = pl.any_horizontal(pl.col(column).is_null() for column in columns)
    if unsent is not None:
        is_lacking = pl.col(by).is_in(unsent[by].implode())
    lacking = frame.filter(is_lacking)[by].unique()
    if lacking.is_empty():
        return frame, frame.clear()
    empty = {column: _EMPTY.get(frame.schema[column].base_type(), 0) for column in columns}
    some = " OR ".join(
        f"{column} IS NOT NULL" if value is None else f"{column} != {value!r}" for column, value in empty.items()
    )
    age = "stat_date" if "stat_date" in frame.columns else "_ver"
    newest = ", ".join(f"argMax({column}, {age}) AS known_{column}" for column in columns)
    within = f"if({by} = 0, {nameless}, 0)" if nameless else "toUInt64(0)"
    sql = (
        f"SELECT {by}, {within} AS of_nameless, {newest} FROM {table} FINAL "
        f"WHERE account = {{account:String}} AND {by} IN {{ids:Array(UInt64)}} AND ({some}) "
        f"GROUP BY {by}, of_nameless"
    )
    chunks = lacking.to_frame().iter_slices(_IDS_A_QUERY)
    known = pl.concat(select(client, sql, {"account": account, "ids": ids[by].to_list()}) for ids in chunks)
    known = known.with_columns(pl.col(by).cast(frame.schema[by]), pl.col("of_nameless").cast(pl.UInt64))
    own = pl.when(pl.col(by) == 0).then(nameless).otherwise(0) if nameless else pl.lit(0)
    named = frame.with_columns(own.fill_null(0).cast(pl.UInt64).alias("of_nameless"))
    missing = named.filter(is_lacking).join(known, on=[by, "of_nameless"], how="anti").select(frame.columns)
    filled = named.join(known, on=[by, "of_nameless"], how="left", maintain_order="left")
    first, then = ("{}", "known_{}") if unsent is None else ("known_{}", "{}")
    return filled.with_columns(
        pl.coalesce(first.format(column), then.format(column), pl.lit(value))
        .cast(frame.schema[column])
        .alias(column)
        for column, value in empty.items()
    ).select(frame.columns), missing
