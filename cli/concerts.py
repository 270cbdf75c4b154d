"""Tables of concerts for a person, in English or Russian: coming shows, how good forecasts were, what deserves
attention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from rich.table import Table

from cli.terminal import cell, print_finding
from tasks.quality.checks import Finding
from tasks.quality.words import number, shown
from tasks.translation import either, marked, said

Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row, str], object]]
"""The title, and what stands in a row."""


def _percent(share: float | None, sign: str = "") -> str:
    return "" if share is None else f"{share * 100:{sign}.0f} %"


def _money(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(value), 2)


def _show(row: Row, _language: str) -> str:
    return f"{row['event_name']}, {row['city']}"


def _forecast(row: Row, language: str) -> str:
    if row["reason"]:
        return either(language, str(row["reason"]), str(row["reason_ru"])).partition(": ")[2]
    most = "…" if row["tickets_p75"] is None else row["tickets_p75"]
    told = f"{row['tickets_p50'] or '…'} ({row['tickets_p25']}-{most})"
    if full := row["sells_out_on"]:
        told += f"\n{said('sold out', language)} {shown(full, language)}"
    return told


_SHOWS: tuple[Column, ...] = (
    ("when", lambda row, language: shown(row["show_date"], language)),
    ("show", _show),
    ("tickets", lambda row, _: row["tickets"]),
    ("sold", lambda row, _: _percent(row["sold_share"])),
    ("pace", lambda row, _: _percent(row["pace"] and row["pace"] - 1, "+")),
    ("forecast", _forecast),
    ("spend", lambda row, _: round(row["spend_total"]) or "—"),
    ("a ticket", lambda row, _: "—" if row["cost_per_ticket"] is None else _money(row["cost_per_ticket"])),
)
_BACKTEST: tuple[Column, ...] = (
    ("days before", lambda row, _: row["days_out"]),
    ("shows", lambda row, _: row["shows"]),
    ("forecasts", lambda row, _: row["forecasts"]),
    ("median error", lambda row, _: _percent(row["median_error"])),
    ("within p25 to p75", lambda row, _: _percent(row["within_quartiles"])),
)


_TITLES = marked(
    *("when", "show", "tickets", "sold", "pace", "forecast", "spend", "a ticket"),
    *("days before", "shows", "forecasts", "median error", "within p25 to p75"),
)
_LONG = {"show": 12, "forecast": 12}
"""Titles of columns that may be cut into lines, between words while they are so wide."""


def shows_table(rows: pl.DataFrame, language: str, whole_events: Iterable[Row] = ()) -> Table:
    """`whole_events`: those on which something was spent that is of no one show."""
    table = _table(_SHOWS, rows.to_dicts(), language)
    if spent := [f"{_show(row, language)} {number(row['spend'], language)}" for row in whole_events]:
        told = said("Also spent on events as a whole, not on any one show: {what}", language, what="; ".join(spent))
        table.caption, table.caption_justify, table.caption_style = cell(told), "left", ""
    return table


def backtest_table(rows: pl.DataFrame, language: str) -> Table:
    return _table(_BACKTEST, rows.to_dicts(), language)


def print_attention(found: Iterable[Finding], language: str) -> None:
    """Each with the roubles at stake, where they are known, and what to do."""
    for one in found:
        money = "" if one.money is None else f"{number(one.money, language)} ₽"
        print_finding(money, "yellow", one.said(language), one.check.remedy(language))


def _table(columns: Sequence[Column], rows: Sequence[Row], language: str) -> Table:
    numeric = {"tickets", "sold", "pace", "spend", "a ticket", *(title for title, _ in _BACKTEST)}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    for title, _ in columns:
        right, least = "right" if title in numeric else "left", _LONG.get(title)
        table.add_column(said(title, language), justify=right, overflow="fold", no_wrap=not least, min_width=least)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(cell(value(row, language)) for _, value in columns))
    return table
