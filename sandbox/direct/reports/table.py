"""From the ad-days of the world to the rows of a report: filtered, grouped, ordered, cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from zlib import crc32

from sandbox.direct.reports.request import DIMENSIONS, ReportRequest
from sandbox.world.spend import AdDay

# Figures keep their type until they are worded: counts are int, money is Decimal, no value None.
Cell = int | Decimal | str | None
Row = tuple[Cell, ...]

# VAT on advertising, which the API never tells: first day of each rate, newest first.
_RATES = ((date(2026, 1, 1), Decimal("0.22")), (date(2019, 1, 1), Decimal("0.20")), (date.min, Decimal("0.18")))
_KOPECK, _NOTHING = Decimal("0.01"), Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A finished report."""

    first: date
    last: date
    fields: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(slots=True)
class _Sum:
    cost: Decimal
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0

    def add(self, row: AdDay, *, vat: bool) -> None:
        self.impressions += row.impressions
        self.clicks += row.clicks
        self.cost += with_vat(row.spent, row.day) if vat else row.spent
        self.conversions += row.conversions

    def figures(self) -> dict[str, Cell]:
        return {
            "Impressions": self.impressions,
            "Clicks": self.clicks,
            "Cost": self.cost,
            "Conversions": self.conversions,
        }


def build(request: ReportRequest, ad_days: Iterable[AdDay], more: Decimal = Decimal(0)) -> ReportTable:
    """``more`` is added to the cost of each row."""
    listed = [field for field in request.fields if field in DIMENSIONS]
    sums: dict[Row, _Sum] = {}
    for row in ad_days:
        is_wanted = request.campaigns is None or str(row.ad.campaign_id) in request.campaigns
        if is_wanted and request.first <= row.day <= request.last:
            group = tuple(DIMENSIONS[field](row) for field in listed)
            sums.setdefault(group, _Sum(cost=_NOTHING + more)).add(row, vat=request.with_vat)
    # Rows that are not ordered come in another order in each report, so those of its pages need not fit together.
    groups = sorted(sums, key=lambda group: crc32(repr((request.name, group)).encode()))
    values = [dict(zip(listed, group, strict=True)) | sums[group].figures() for group in groups]
    values.sort(key=lambda row: [_sortable(row[field]) for field in request.order])
    found = [tuple(row[field] for field in request.fields) for row in values]
    page = found[request.offset : request.offset + request.limit]
    return ReportTable(request.first, request.last, request.fields, tuple(page))


def with_vat(net: Decimal, day: date) -> Decimal:
    """To the kopeck, so sums of rows may differ by kopecks from a rate applied to their sum."""
    rate = next(rate for since, rate in _RATES if day >= since)
    return (net * (1 + rate)).quantize(_KOPECK, ROUND_HALF_UP)


def _sortable(cell: Cell) -> tuple[bool, int | Decimal, str]:
    """No value comes first."""
    return (cell is not None, 0, cell) if isinstance(cell, str) else (cell is not None, cell or 0, "")
