"""A view as a file for people who live in spreadsheets, or for a program: xlsx, CSV, Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import polars as pl
import polars.selectors as cs
import xlsxwriter
from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError
from tasks.harmless import for_spreadsheet
from tasks.load.frames import select
from tasks.unread import did_you_mean
from tasks.window import moscow_today

_DAYS = ("d", "event_date", "stat_date", "day")
"""Columns by which `days` are taken, as views call them."""
_SHARES = ("romi", "ctr", "share")
"""And what ends like the last: shown in percent."""
_MOST_ROWS = 1_048_575
"""Of a sheet, below its heading."""


def exported(client: Client, view: str, fmt: str, days: int | None) -> bytes:
    """The file. `days`: only the last ones, today included. Raises UsageError for another name than a view's, and
    for days of a view that has none."""
    return _WRITERS[fmt](_rows(client, view, days))


def _rows(client: Client, view: str, days: int | None) -> pl.DataFrame:
    of_ours = "database = currentDatabase() AND startsWith(name, 'v_')"
    views = select(client, f"SELECT name FROM system.tables WHERE {of_ours} ORDER BY name")["name"].to_list()
    if view not in views:
        near = did_you_mean(view, views, 0.5)
        raise UsageError(f"There is no view {view}{near or '.'} There are: {', '.join(views) or 'none yet'}.")
    schema = select(client, f"SELECT * FROM {view} LIMIT 0").schema
    # A cell holds one value.
    nested = ", ".join(f"toString({name}) AS {name}" for name, kind in schema.items() if kind.is_nested())
    sql, scope = f"SELECT *{f' REPLACE ({nested})' if nested else ''} FROM {view}", {}
    if days is not None:
        day = next((name for name in _DAYS if schema.get(name) == pl.Date), None)
        if day is None:
            raise UsageError(f"{view} has no days: its rows are of all that is loaded. Leave out --days.")
        today = moscow_today()
        sql += f" WHERE {day} BETWEEN {{first:Date}} AND {{last:Date}} ORDER BY {day}"
        scope = {"first": today - timedelta(days=days - 1), "last": today}
    return select(client, sql, scope).with_columns(cs.categorical().cast(pl.String))


def _parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def _csv(frame: pl.DataFrame) -> bytes:
    """With the mark by which spreadsheets know UTF-8."""
    guarded = frame.with_columns(cs.string().map_elements(for_spreadsheet, return_dtype=pl.String))
    return guarded.write_csv(include_bom=True).encode()


def _xlsx(frame: pl.DataFrame) -> bytes:
    """Text is text by its type, so nothing is put before it; a number keeps the digits that its format hides."""
    if frame.height > _MOST_ROWS:
        raise UsageError(f"A sheet has {_MOST_ROWS} rows and these are {frame.height}: take fewer --days, or csv.")
    # Of instants a workbook knows no zone: as everywhere for people, they are Moscow's.
    instants = cs.datetime(time_zone="*").dt.convert_time_zone("Europe/Moscow").dt.replace_time_zone(None)
    file = io.BytesIO()
    as_it_is = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(file, {"in_memory": True, "nan_inf_to_errors": True, **as_it_is}) as book:
        frame.with_columns(instants).write_excel(
            book,
            "data",
            column_formats={name: _format(name, kind) for name, kind in frame.schema.items() if kind.is_numeric()},
            dtype_formats={pl.Date: "yyyy-mm-dd", pl.Datetime: "yyyy-mm-dd hh:mm:ss"},
            autofit=True,
            freeze_panes=(1, 0),
        )
    return file.getvalue()


def _format(name: str, kind: pl.DataType) -> str:
    if kind.is_integer():
        return "0" if name.endswith("_id") else "#,##0"
    return "0.0%" if name.endswith(_SHARES) else "#,##0.00"


_WRITERS: dict[str, Callable[[pl.DataFrame], bytes]] = {"xlsx": _xlsx, "csv": _csv, "parquet": _parquet}
