"""Tables of concerts for a person, in English or Russian: coming shows, how good forecasts were, what deserves
attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from rich.table import Table

from cli.terminal import cell
from tasks.quality.checks import Finding
from tasks.quality.words import shown

Row = Mapping[str, Any]
Column = tuple[str, str, Callable[[Row, str], object]]
"""The title in English and in Russian, and what stands in a row."""


def _percent(share: float | None, sign: str = "") -> str:
    return "" if share is None else f"{share * 100:{sign}.0f} %"


def _money(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(value), 2)


def _show(row: Row, _language: str) -> str:
    return f"{row['event_name']}, {row['city']}"


def _forecast(row: Row, language: str) -> str:
    if row["reason"]:
        return str(row["reason"] if language == "en" else row["reason_ru"]).partition(": ")[2]
    most = "…" if row["tickets_p75"] is None else row["tickets_p75"]
    told = f"{row['tickets_p50'] or '…'} ({row['tickets_p25']}-{most})"
    if full := row["sells_out_on"]:
        told += f"\n{'sold out' if language == 'en' else 'аншлаг'} {shown(full, language)}"
    return told


_SHOWS: tuple[Column, ...] = (
    ("when", "когда", lambda row, language: shown(row["show_date"], language)),
    ("show", "концерт", _show),
    ("tickets", "билеты", lambda row, _: row["tickets"]),
    ("sold", "занято", lambda row, _: _percent(row["sold_share"])),
    ("pace", "темп", lambda row, _: _percent(row["pace"] and row["pace"] - 1, "+")),
    ("forecast", "прогноз", _forecast),
    ("spend", "реклама", lambda row, _: round(row["spend_total"])),
    ("a ticket", "на билет", lambda row, _: _money(row["cost_per_ticket"])),
)
_BACKTEST: tuple[Column, ...] = (
    ("days before", "за дней", lambda row, _: row["days_out"]),
    ("shows", "концертов", lambda row, _: row["shows"]),
    ("forecasts", "прогнозов", lambda row, _: row["forecasts"]),
    ("median error", "медиана ошибки", lambda row, _: _percent(row["median_error"])),
    ("within p25 to p75", "в пределах p25-p75", lambda row, _: _percent(row["within_quartiles"])),
)


_LONG = {"show": 18, "forecast": 14, "what": 30, "what to do": 20}
"""Titles of columns that may be cut into lines, between words while they are so wide."""


def shows_table(rows: pl.DataFrame, language: str) -> Table:
    return _table(_SHOWS, rows.to_dicts(), language)


def backtest_table(rows: pl.DataFrame, language: str) -> Table:
    return _table(_BACKTEST, rows.to_dicts(), language)


def attention_table(found: Sequence[Finding], language: str) -> Table:
    english = language == "en"
    columns: tuple[Column, ...] = (
        ("roubles", "рублей", lambda row, _: row["money"]),
        ("what", "что", lambda row, _: row["what"]),
        ("what to do", "что делать", lambda row, _: row["do"]),
    )
    rows = [
        {
            "money": one.money,
            "what": one.what if english else one.what_ru,
            "do": one.check.do if english else one.check.do_ru,
        }
        for one in found
    ]
    return _table(columns, rows, language)


def _table(columns: Sequence[Column], rows: Sequence[Row], language: str) -> Table:
    numeric = {"tickets", "sold", "pace", "spend", "a ticket", "roubles", *(title for title, *_ in _BACKTEST)}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    for english, russian, _ in columns:
        right = "right" if english in numeric else "left"
        title, least = english if language == "en" else russian, _LONG.get(english)
        table.add_column(title, justify=right, overflow="fold", no_wrap=not least, min_width=least)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(cell(value(row, language)) for *_, value in columns))
    return table
