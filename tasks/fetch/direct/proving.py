"""The second report, by which the rows of the first are known to be all there and in the right money."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from tasks.errors import SourceError
from tasks.fetch.direct import money
from tasks.fetch.direct.objects import Campaign, without
from tasks.fetch.direct.rows import without_repeats
from tasks.fetch.direct.run import Run
from tasks.fetch.direct.table import Row
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

_OTHER_VAT = {"YES": "NO", "NO": "YES"}


@dataclass(frozen=True)
class Totals:
    """Figures by campaign and day, to prove the rows by. Without rows where Direct did not give them."""

    rows: list[Row]
    period: Window


async def totals_of(run: Run, window: Window) -> Totals:
    """Over a month at least where the window is up to now: campaigns that Direct does not list are found by their
    figures, and may have ended before the window begins."""
    period = Window(first=min(window.first, run.month_ago(window)), last=window.last)
    try:
        return Totals(await run.reports.totals(period, _OTHER_VAT[run.vat]), period)
    except SourceError as error:
        run.warnings.append(f"the report is not proved to be whole: no {without('totals', error)}")
        return Totals([], period)


async def proved(
    run: Run, window: Window, rows: list[Row], totals: Totals, listed: Mapping[int, Campaign]
) -> tuple[list[Row], bool]:
    """The rows, and whether some are missing. Where they do not agree with the totals both are read once more."""
    told = totals.rows
    # Today is not over, and grows from one call to the next.
    last = min(window.last, run.today - timedelta(days=1))
    span = Window(first=window.first, last=last) if window.first <= last else None
    rows, repeated = without_repeats(rows)
    if span and told and money.compare(money.figures(rows), money.figures(told), span).missing:
        again = replace(run.reports, attempt=2)
        rows, repeated = without_repeats(await again.ad_days(window, run.vat))
        try:
            told = await again.totals(totals.period, _OTHER_VAT[run.vat])
        except SourceError as error:
            logger.warning("no %s", without("totals", error))
    here, there = money.figures(rows), money.figures(told)
    money.prove_unit(here, there, window)
    if repeated:
        run.notes.append(f"{repeated} repeated rows of Direct's report left out")
    if not span or not told:
        return rows, False
    found = money.compare(here, there, span)
    if found.missing:
        less = "fewer" if found.short else "more"
        text = f"Direct's report has {found.missing:.1%} {less} impressions or clicks by ad than by campaign"
        (run.notes if found.is_little else run.warnings).append(text)
    else:
        run.notes += money.doubts(here, there, listed, run.vat, span)
    return rows, found.short
