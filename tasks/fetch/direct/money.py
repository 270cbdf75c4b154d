"""Checks of a report's money: which prove an error, and which only cast doubt.

Each load reads a second report, of totals by campaign and day, in the opposite form: in micros, and with VAT if the
rows are without. Impressions and clicks must be equal, or rows are missing. The money must differ by VAT at the
rate of the day, or Direct ignored a parameter. Micros taken for roubles fail the load. Anything else is a note, and
the load goes on: an account may pay no VAT, or a rate that is not in our table. A campaign's daily budget, always
in micros, is a third check of the unit: no day costs a hundred budgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from tasks.errors import SourceError
from tasks.fetch.direct.objects import Campaign
from tasks.fetch.direct.service import TITLE
from tasks.reference import vat_rates
from tasks.translation import numbered
from tasks.window import Window

_MONEY = pl.Decimal(38, 6)
_MICROS = 1_000_000
_FAR_APART = 1000
"""Factor by which sums in roubles and in micros differ at least, with or without VAT."""
_BUDGETS_A_DAY = 100
_LITTLE = Decimal("0.01")
"""Missing share up to which a note is enough."""
_KOPECK = Decimal("0.01")


@dataclass(frozen=True)
class Compared:
    """Difference between the rows and the totals of the same days. `missing`: share of impressions or clicks by
    which they differ; `short`: the rows have less."""

    missing: Decimal = Decimal(0)
    short: bool = False

    @property
    def is_little(self) -> bool:
        return self.missing <= _LITTLE


def figures(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with impressions, clicks and `paid`, which is the cost, as numbers. What is no number counts as zero
    here; the validation rejects it."""
    numbers = {"impressions": "impressions", "clicks": "clicks", "paid": "cost"}
    return rows.with_columns(
        pl.col(column).str.strip_chars().cast(_MONEY, strict=False).fill_null(0).alias(name)
        for name, column in numbers.items()
    )


def compare(rows: pl.DataFrame, totals: pl.DataFrame, span: Window) -> Compared:
    """`span`: the past days that are in both reports."""
    here, there = _within(rows, span), _within(totals, span)
    worst = Compared()
    for name in ("impressions", "clicks"):
        by_ad, total = _sum(here, name), _sum(there, name)
        if by_ad != total:
            share = abs(total - by_ad) / max(total, by_ad)
            worst = max(worst, Compared(share, short=by_ad < total), key=lambda found: found.missing)
    return worst


def prove_unit(rows: pl.DataFrame, totals: pl.DataFrame, window: Window) -> None:
    """Raises SourceError if the rows' money is in micros though decimals were requested."""
    if not _look_like_micros(rows):
        return
    by_ad = _sum(_within(rows, window), "paid")
    total = _sum(_within(totals, window), "paid") / (_MICROS if _look_like_micros(totals) else 1)
    if not total or by_ad > total * _FAR_APART:
        raise SourceError(
            f"{TITLE} sent the money of {window} in millionths, though decimals were asked for: {by_ad:.0f} would "
            "be a million times the spend. Nothing was loaded. Tell Direct's support."
        )


def doubts(
    rows: pl.DataFrame, totals: pl.DataFrame, campaigns: Mapping[int, Campaign], vat: str, span: Window
) -> list[str]:
    """Notes on VAT and on the unit. Rows and totals have the same impressions and clicks on the days of `span`."""
    found = []
    over = _over_budget(rows, campaigns)
    if over:
        found.append(
            f"more than {_BUDGETS_A_DAY} times the daily budget was spent in a day by "
            f"{numbered(over, 'campaign')}: the unit of Direct's money is in doubt"
        )
    currencies = {campaign.currency for campaign in campaigns.values()} - {None}
    if currencies <= {"RUB"}:
        found += _vat_doubts(_within(rows, span), _within(totals, span), vat)
    return found


def _vat_doubts(rows: pl.DataFrame, totals: pl.DataFrame, vat: str) -> list[str]:
    unit = _MICROS if _look_like_micros(totals) else 1
    by_day = [
        frame.group_by("stat_date").agg(pl.col("paid").sum() / scale, pl.len().alias("rows"))
        for frame, scale in ((rows, 1), (totals, unit))
    ]
    days = (
        by_day[0]
        .join(by_day[1], on="stat_date", suffix="_total")
        .with_columns(pl.col("stat_date").str.to_date("%Y-%m-%d", strict=False))
        .drop_nulls("stat_date")
        .sort("stat_date")
        .join_asof(vat_rates(), left_on="stat_date", right_on="valid_from")
    )
    net, gross, wrong, same = Decimal(0), Decimal(0), 0, 0
    for _, ours, number, total, total_rows, rate in days.select(
        "stat_date", "paid", "rows", "paid_total", "rows_total", "rate"
    ).iter_rows():
        with_vat, without = (ours, total) if vat == "YES" else (total, ours)
        near = _KOPECK * (number + total_rows)
        if abs(with_vat - without * (1 + rate)) <= near:
            continue
        wrong += 1
        same += abs(with_vat - without) <= near
        net, gross = net + without, gross + with_vat
    if not wrong:
        return []
    if same == wrong:
        return [
            f"Direct tells the same money with VAT and without, on {numbered(wrong, 'day')}: "
            "AD_SPEND_VAT may not hold"
        ]
    found_rate = f"{(gross / net - 1):.0%}" if net else "any rate"
    return [
        f"Direct's money with VAT and without differs by {found_rate}, which is not the rate of VAT, "
        f"on {numbered(wrong, 'day')}"
    ]


def _over_budget(rows: pl.DataFrame, campaigns: Mapping[int, Campaign]) -> int:
    budgets = {str(number): c.daily_budget for number, c in campaigns.items() if c.daily_budget}
    spent = rows.group_by("stat_date", "campaign_id").agg(pl.col("paid").sum())
    most = spent.group_by("campaign_id").agg(pl.col("paid").max()).iter_rows()
    return sum(number in budgets and paid > budgets[number] * _BUDGETS_A_DAY for number, paid in most)


def _look_like_micros(frame: pl.DataFrame) -> bool:
    """Whole numbers, each a multiple of ten thousand, as decimals hardly ever are all."""
    spent = frame.filter(pl.col("paid") != 0)
    form = pl.col("cost").str.strip_chars().str.contains(r"^-?[0-9]*0000$")
    return spent.height > 0 and bool(spent.select(form.all()).item())


def _within(frame: pl.DataFrame, span: Window) -> pl.DataFrame:
    return frame.filter(pl.col("stat_date").is_between(pl.lit(str(span.first)), pl.lit(str(span.last))))


def _sum(frame: pl.DataFrame, column: str) -> Decimal:
    return Decimal(frame[column].sum() or 0)
