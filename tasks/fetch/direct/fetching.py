"""One fetch of Direct: the services it calls, in which order, and its warnings and notes.

Only the report of figures is needed. Everything else describes or proves it: if that fails, the load goes on with a
warning.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl

from tasks.errors import SourceError
from tasks.fetch import beside
from tasks.fetch.direct.changes import changed_since
from tasks.fetch.direct.objects import Campaign, Links, campaigns, links, unavailable
from tasks.fetch.direct.proving import CORRECTION_DAYS, Run, account_days, proved, totals_of
from tasks.fetch.direct.reports import FIELDS, Reports
from tasks.fetch.direct.rows import described, ids, unknown_tags, usual_currency
from tasks.fetch.direct.service import Direct
from tasks.fetch.direct.values import canonical_login
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.translation import numbered
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

COLUMNS = (
    *FIELDS,
    "campaign_name",
    "account_id",
    "include_vat",
    "currency",
    "link",
    "group_tracking",
    "campaign_tracking",
    "link_known",
)
HISTORY_DAYS = 3 * 365
"""Direct keeps statistics for three years before the current month."""


async def fetch(settings: Settings, window: Window, as_of: datetime) -> Fetched:
    direct = Direct(settings)
    vat = "YES" if settings.ad_spend_vat == "include" else "NO"
    run = Run(direct, Reports(direct, settings, as_of), vat, as_of)
    async with direct.client:
        listed, has_list = await campaigns(direct, run.unread)
        window = await _with_changed_days(run, window, listed.keys())
        rows = await run.reports.ad_days(window, vat)
        totals = await totals_of(run, window)
        reported = ids(rows, "campaign_id") | ids(totals.rows, "campaign_id")
        if has_list and (unlisted := await _unlisted(run, reported, listed)):
            logger.info("the report has %s that the list of campaigns lacks", numbered(len(unlisted), "campaign"))
            window, rows = await _with_a_month(run, window, rows)
        rows, partial = await proved(run, window, rows, totals, listed)
        names = await _names(run, window, rows, listed)
        known = await _links(run, rows)
        account = await account_days(run, window)
    rows = described(rows, listed, names, known, {"account_id": canonical_login(direct.login), "include_vat": vat})
    is_complete = not run.unread and not run.has_saved_points
    doubtful, certain = unknown_tags(rows, direct.version, is_complete)
    run.warnings += [*doubtful, *_missing_notes(run)]
    run.notes += certain
    facts = {"ad_days": len(rows), "ads": len(known.ads)}
    marks = (canonical_login(direct.login),)
    others = {
        "totals": beside.totals(account, as_of, vat=vat, currency=usual_currency(listed)),
        "campaigns": beside.campaigns((_campaign(number, one) for number, one in listed.items()), as_of),
    }
    return Fetched(rows, COLUMNS, tuple(run.warnings), facts, window, partial, tuple(run.notes), marks, others)


def _campaign(number: int, campaign: Campaign) -> dict[str, str | None]:
    budget = campaign.daily_budget
    return {
        "campaign_id": str(number),
        "campaign_name": campaign.name,
        "status_told": campaign.state,
        "starts_on": campaign.starts_on,
        "ends_on": campaign.ends_on,
        "budget_day": None if budget is None else f"{budget:f}",
    }


async def _with_changed_days(run: Run, window: Window, known: Collection[int]) -> Window:
    """The window, extended back to the first day that Direct has corrected. Looks back over the window's
    length at least, so that several runs find each correction and a failed one loses none."""
    if not run.is_up_to_now(window) or not known or run.must_save_points():
        return window
    since = run.as_of.astimezone(UTC) - timedelta(days=max(window.days, CORRECTION_DAYS))
    try:
        changed = await changed_since(run.direct, known, since, (_oldest(run.today), run.today))
    except SourceError as error:
        run.warnings.append(
            f"older days that Direct changed are not known: no {unavailable('changes.check', error)}"
        )
        return window
    if changed.odd:
        run.warnings.append(f"Direct named {numbered(changed.odd, 'impossible date')} of changed days")
    if changed.unprocessed:
        run.warnings.append(f"Direct did not look for changed days in {numbered(changed.unprocessed, 'campaign')}")
    if changed.first is None or changed.first >= window.first:
        return window
    logger.info("Yandex Direct changed days since %s; the window begins there", changed.first)
    return Window(first=changed.first, last=window.last)


async def _unlisted(run: Run, reported: set[int], listed: dict[int, Campaign]) -> set[int]:
    """Campaigns that have figures and that Direct does not list, not even by id: those of the campaign wizard. The
    others are added to `listed`."""
    missing = reported - listed.keys()
    if not missing or run.must_save_points():
        return missing
    found, _ = await campaigns(run.direct, run.unread, only=missing)
    listed |= found
    return missing - listed.keys()


async def _with_a_month(run: Run, window: Window, rows: pl.DataFrame) -> tuple[Window, pl.DataFrame]:
    """The window and rows, extended to a month. `changes.check` may not cover campaigns that are not listed, so
    while one of them has figures, every day that Direct may correct is read again; reports cost no points."""
    first = run.month_ago(window)
    if first >= window.first:
        return window, rows
    earlier = await run.reports.ad_days(Window(first=first, last=window.first - timedelta(days=1)), run.vat)
    # Rows beyond its own days are in `rows` already.
    kept = earlier.filter(pl.col("stat_date") < str(window.first))
    return Window(first=first, last=window.last), pl.concat([kept, rows])


async def _names(run: Run, window: Window, rows: pl.DataFrame, listed: Mapping[int, Campaign]) -> dict[int, str]:
    """Names of campaigns that neither the report nor the list of campaigns has. No warning if they fail:
    nothing else depends on them."""
    nameless = ids(rows.filter(pl.col("campaign_name").is_null()), "campaign_id")
    nameless -= {number for number, campaign in listed.items() if campaign.name is not None}
    if not nameless:
        return {}
    try:
        return await run.reports.names(window, nameless)
    except SourceError as error:
        unavailable("names of campaigns", error)
        return {}


async def _links(run: Run, rows: pl.DataFrame) -> Links:
    if rows.is_empty() or run.must_save_points():
        return Links()
    return await links(run.direct, ids(rows, "ad_id"), ids(rows, "ad_group_id"), run.unread)


def _missing_notes(run: Run) -> list[str]:
    texts = []
    if run.unread:
        texts.append(f"links and campaigns are as the warehouse remembers them: no {'; '.join(run.unread)}")
    if run.has_saved_points:
        texts.append(
            "Direct's points are nearly used up: changed older days and tags of new ads come with a later run"
        )
    return texts


def _oldest(today: date) -> date:
    """The first day that Direct keeps statistics of."""
    return today.replace(year=today.year - 3, day=1)
