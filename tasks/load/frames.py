"""Polars frames in and out of ClickHouse, through Arrow."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client


def select(
    client: Client,
    sql: str,
    parameters: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """The result as a frame: Decimal, Date and UTC instants keep their types. `settings`: of this query alone."""
    frame = pl.from_arrow(
        client.query_arrow(sql, parameters=dict(parameters or {}), settings=dict(settings) if settings else None)
    )
    assert isinstance(frame, pl.DataFrame)
    return frame


def insert(client: Client, table: str, frame: pl.DataFrame) -> None:
    """Insert once: the token makes the server drop a repeat of this very insert, and nothing else.

    Without a token of its own, an insert of rows that were deleted a moment ago is taken for a repeat and lost
    without an error wherever a deduplication window is on, as it is for replicated tables.
    """
    if frame.height:
        client.insert_arrow(table, frame.to_arrow(), settings={"insert_deduplication_token": uuid.uuid4().hex})
