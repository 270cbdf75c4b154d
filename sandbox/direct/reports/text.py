"""A finished report as the four lines-and-money headers want it: title, columns, rows, summary."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from starlette.datastructures import Headers

from sandbox.direct.reports.table import Cell, ReportTable
from sandbox.direct.switches import DirectSwitches

MEDIA_TYPE = "text/tab-separated-values; charset=utf-8"
_MICROS = 1_000_000
_NO_VALUE = "--"


def render(name: str, table: ReportTable, headers: Headers, switches: DirectSwitches) -> bytes:
    """UTF-8, tabs between cells, every line ended by a newline."""
    return "".join(f"{line}\n" for line in _lines(name, table, headers, switches)).encode()


def _lines(name: str, table: ReportTable, headers: Headers, switches: DirectSwitches) -> Iterator[str]:
    if not _is(headers, "skipReportHeader", "true"):
        yield f'"{name} ({table.first} - {table.last})"'
    if not _is(headers, "skipColumnHeader", "true"):
        yield "\t".join(table.fields)
    micros = not _is(headers, "returnMoneyInMicros", "false")
    for row in table.rows:
        yield "\t".join(
            _word(field, cell, switches, micros=micros) for field, cell in zip(table.fields, row, strict=True)
        )
    if not _is(headers, "skipReportSummary", "true"):
        yield f"Total rows: {len(table.rows)}"


def _is(headers: Headers, name: str, value: str) -> bool:
    return headers.get(name, "").strip().lower() == value


def _word(field: str, cell: Cell, switches: DirectSwitches, *, micros: bool) -> str:
    if cell is None or (field == "Conversions" and cell == 0):
        return _NO_VALUE
    if isinstance(cell, Decimal):
        if micros:
            return str(int(cell * _MICROS))
        return f"{cell:.2f}" if cell else switches.zero_money
    return str(cell)
