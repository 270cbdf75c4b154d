"""Polars frames in and out of ClickHouse, as Arrow streams that polars itself reads and writes: without pyarrow."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client


def select(client: Client, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """The result as a frame: Decimal, Date and UTC instants keep their types."""
    body = client.raw_query(sql, dict(parameters or {}), fmt="ArrowStream")
    return pl.read_ipc_stream(io.BytesIO(body))


def insert(client: Client, table: str, frame: pl.DataFrame) -> None:
    """Insert once: the token makes the server drop a repeat of this very insert, and nothing else.

    Without a token of its own, an insert of rows that were deleted a moment ago is taken for a repeat and lost
    without an error wherever a deduplication window is on, as it is for replicated tables.
    """
    if frame.height:
        body = io.BytesIO()
        # Not as string views, which servers read only since 2025.
        frame.write_ipc_stream(body, compression="lz4", compat_level=pl.CompatLevel.oldest())
        once = {"insert_deduplication_token": uuid.uuid4().hex}
        client.raw_insert(table, frame.columns, body.getvalue(), once, "ArrowStream")
