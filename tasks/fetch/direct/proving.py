"""The state of one fetch, and the second report, which proves that the rows of the first are complete and in the
right unit of money."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import polars as pl

from tasks.errors import SourceError
from tasks.fetch.direct import money
from tasks.fetch.direct.objects import Campaign, unavailable
from tasks.fetch.direct.reports import TOTALS, Reports
from tasks.fetch.direct.rows import without_repeats
from tasks.fetch.direct.service import Direct
from tasks.translation import numbered
from tasks.window import Window, moscow_today

logger = logging.getLogger("zakaz.fetch")

CORRECTION_DAYS = 30
"""Days back from today in which corrections are looked for: longer than any loader should have been down."""
_PATIENCE = 300.0
"""Seconds for a report that no figure rests on."""
_OTHER_VAT = {"YES": "NO", "NO": "YES"}
NO_TOTALS = pl.DataFrame(schema=dict.fromkeys(TOTALS, pl.String))


@dataclass
class Run:
    """The clients of one fetch and what it found on the way. `unread`: services or fields without an answer."""

    direct: Direct
    reports: Reports
    vat: str
    as_of: datetime
    unread: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_saved_points: bool = False

    @property
    def today(self) -> date:
        return moscow_today(self.as_of)

    def must_save_points(self) -> bool:
        """Whether few points are left, so that only what is needed is requested. The run then warns of it."""
        self.has_saved_points |= self.direct.must_save_points
        return self.direct.must_save_points

    def is_up_to_now(self, window: Window) -> bool:
        return window.last >= self.today - timedelta(days=1)

    def month_ago(self, window: Window) -> date:
        """The first day that Direct may still correct; for a window in the past, the window's first day."""
        return self.today - timedelta(days=CORRECTION_DAYS) if self.is_up_to_now(window) else window.first


@dataclass(frozen=True)
class Totals:
    """Figures by campaign and day, which the rows are compared with. No rows if Direct did not send them."""

    rows: pl.DataFrame
    period: Window


async def totals_of(run: Run, window: Window) -> Totals:
    """The totals of the window, and of a month at least if the window reaches yesterday: campaigns that Direct does
    not list are found by their figures, and may have ended before the window begins."""
    period = Window(first=min(window.first, run.month_ago(window)), last=window.last)
    try:
        return Totals(await run.reports.totals(period, _OTHER_VAT[run.vat]), period)
    except SourceError as error:
        run.warnings.append(f"the report is not proved to be whole: no {unavailable('totals', error)}")
        return Totals(NO_TOTALS, period)


async def account_days(run: Run, window: Window) -> list[dict[str, str | None]]:
    """Direct's own figures of the whole account by day, with or without VAT as the rows. None, with a note, where
    it refuses them."""
    wait = min(run.reports.settings.direct_report_deadline, _PATIENCE)
    hurried = run.reports.settings.model_copy(update={"direct_report_deadline": wait})
    try:
        found = await replace(run.reports, settings=hurried).account_days(window, run.vat)
    except SourceError as error:
        run.notes.append(f"the account's totals could not be read: {str(error).partition('. ')[0].rstrip('.')}")
        return []
    return found.to_dicts()


async def proved(
    run: Run, window: Window, rows: pl.DataFrame, totals: Totals, listed: Mapping[int, Campaign]
) -> tuple[pl.DataFrame, bool]:
    """The rows, and whether some are missing. If they differ from the totals, both reports are read once more."""
    totals_rows = totals.rows
    # Figures of today still grow from one call to the next.
    last = min(window.last, run.today - timedelta(days=1))
    span = Window(first=window.first, last=last) if window.first <= last else None
    rows, repeated = without_repeats(rows)
    here, there = money.figures(rows), money.figures(totals_rows)
    if span and not there.is_empty() and money.compare(here, there, span).missing:
        again = replace(run.reports, attempt=2)
        rows, repeated = without_repeats(await again.ad_days(window, run.vat))
        try:
            totals_rows = await again.totals(totals.period, _OTHER_VAT[run.vat])
        except SourceError as error:
            logger.warning("no %s", unavailable("totals", error))
        here, there = money.figures(rows), money.figures(totals_rows)
    money.prove_unit(here, there, window)
    if repeated:
        run.notes.append(f"left out of Direct's report: {numbered(repeated, 'repeated row')}")
    if not span or there.is_empty():
        return rows, False
    found = money.compare(here, there, span)
    if found.missing:
        less = "fewer" if found.short else "more"
        text = f"Direct's report has {found.missing:.1%} {less} impressions or clicks by ad than by campaign"
        (run.notes if found.is_little else run.warnings).append(text)
    else:
        run.notes += money.doubts(here, there, listed, run.vat, span)
    return rows, found.short
