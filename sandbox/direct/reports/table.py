"""From the ad-days of the world to the rows of a report: filtered, grouped, ordered, cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from zlib import crc32

from sandbox.direct.reports import fields as known
from sandbox.direct.reports.request import ReportRequest
from sandbox.direct.reports.vat import with_vat
from sandbox.world.spend import AdDay

# Figures keep their type until they are worded: counts are int, money and shares Decimal, no value None.
Cell = int | Decimal | str | None
PURCHASE_GOAL = "300100500"
"""The goal that all conversions belong to; every other has none."""
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A finished report. ``fields`` names the field of each column, whose name may carry goal and model."""

    first: date
    last: date
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(slots=True)
class _Sum:
    impressions: int = 0
    clicks: int = 0
    cost: Decimal = Decimal("0.00")
    conversions: int = 0

    def add(self, row: AdDay, *, vat: bool) -> None:
        self.impressions += row.impressions
        self.clicks += row.clicks
        self.cost += with_vat(row.spent, row.day) if vat else row.spent
        self.conversions += row.conversions


def build(request: ReportRequest, ad_days: Iterable[AdDay], *, shuffled: bool) -> ReportTable:
    columns = tuple(_columns(request))
    groups = _grouped(request, ad_days)
    rows = [
        (group, row)
        for group, total in groups.items()
        if all(item.accepts(_figure(item.field, total, None)) for item in request.filters if item.on_figures)
        for row in [_row(columns, group, total)]
    ]
    rows.sort(key=lambda pair: _scattered(pair[0]) if shuffled else _sortable(pair[1]))
    found = [row for _, row in rows]
    names = [name for _, name, _ in columns]
    for field, descending in reversed(request.order):
        column = names.index(field)
        found.sort(key=lambda row: _sortable((row[column],)), reverse=descending)
    page = found[request.offset : request.offset + request.limit]
    titles = tuple(title for title, _, _ in columns)
    return ReportTable(request.first, request.last, titles, tuple(names), tuple(page))


Group = tuple[tuple[str, Cell], ...]


def _columns(request: ReportRequest) -> Iterable[tuple[str, str, str | None]]:
    """Title, field, goal."""
    for field in request.fields:
        if request.goals and field in known.OF_GOALS:
            for goal in request.goals:
                yield from ((f"{field}_{goal}_{model}", field, goal) for model in request.models)
        else:
            yield field, field, None


def _grouped(request: ReportRequest, ad_days: Iterable[AdDay]) -> dict[Group, _Sum]:
    listed = [field for field in request.fields if field in known.DIMENSIONS]
    split_by = list(dict.fromkeys([*listed, *known.IMPLICIT[request.kind]]))
    filters = [item for item in request.filters if item.field in known.DIMENSIONS]
    sums: dict[Group, _Sum] = {}
    for row in ad_days:
        if not request.first <= row.day <= request.last:
            continue
        if all(item.accepts(known.DIMENSIONS[item.field](row)) for item in filters):
            group = tuple((field, known.DIMENSIONS[field](row)) for field in split_by)
            sums.setdefault(group, _Sum()).add(row, vat=request.with_vat)
    return sums


def _row(columns: tuple[tuple[str, str, str | None], ...], group: Group, total: _Sum) -> tuple[Cell, ...]:
    values = dict(group)
    return tuple(values[field] if field in values else _figure(field, total, goal) for _, field, goal in columns)


def _figure(field: str, total: _Sum, goal: str | None) -> Cell:
    conversions = total.conversions if goal in (None, PURCHASE_GOAL) else 0
    counts: dict[str, Cell] = {
        "Impressions": total.impressions,
        "Clicks": total.clicks,
        "Cost": total.cost,
        "Conversions": conversions,
        "Sessions": total.clicks,
        "Bounces": total.clicks // 5,
        # Income is Metrica's, which counts none here.
        "Revenue": None,
        "GoalsRoi": None,
    }
    if field in counts:
        return counts[field]
    numerator, denominator = {
        "Ctr": (Decimal(100 * total.clicks), total.impressions),
        "AvgCpc": (total.cost, total.clicks),
        "ConversionRate": (Decimal(100 * conversions), total.clicks),
        "CostPerConversion": (total.cost, conversions),
    }[field]
    return (numerator / denominator).quantize(_HUNDREDTH, ROUND_HALF_UP) if denominator else None


def _scattered(group: Group) -> tuple[tuple[bool, int, str], ...]:
    """Some order that follows from nothing a reader sees, yet is the same at every repeat."""
    return ((False, crc32(repr(group).encode()), ""),)


def _sortable(row: tuple[Cell, ...]) -> tuple[tuple[bool, int | Decimal, str], ...]:
    """No value comes first."""
    return tuple(
        (cell is not None, 0, cell) if isinstance(cell, str) else (cell is not None, cell or 0, "") for cell in row
    )
