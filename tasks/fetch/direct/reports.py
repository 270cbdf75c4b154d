"""The Reports service: from the request for a report to its last row.

The same POST creates a report and polls it, so the name stays while polling and is new for new data: a repeated
name returns figures stored up to five hours ago. This module does not interpret the rows.

The report of figures has no campaign names, the only text that can break a line; `names` fetches those that
`campaigns.get` does not list.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import httpx
import polars as pl

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.decode import text_of_bytes
from tasks.fetch.direct.service import TITLE, Direct, PeriodTooLong, QueueFull
from tasks.fetch.direct.table import NotWhole, parse
from tasks.fetch.direct.values import Object, identifiers, short_number
from tasks.fetch.http import TryAgain
from tasks.settings import Settings
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

FIELDS = {
    "stat_date": "Date",
    "campaign_id": "CampaignId",
    "ad_group_id": "AdGroupId",
    "ad_id": "AdId",
    "impressions": "Impressions",
    "clicks": "Clicks",
    "cost": "Cost",
    "conversions": "Conversions",
}
TOTALS = {name: FIELDS[name] for name in ("stat_date", "campaign_id", "impressions", "clicks", "cost")}
ACCOUNT = {"stat_date": "Date", "impressions": "Impressions", "clicks": "Clicks", "spent": "Cost"}
_NAMES = {"campaign_id": "CampaignId", "campaign_name": "CampaignName", "impressions": "Impressions"}
_NAME = {"campaign_name": "CampaignName"}
_MOST_ROWS = 200_000
"""In one page: all of them are in memory twice, as text and as rows. Direct allows a million."""
_MOST_VALUES = 10_000
"""In one filter."""
_ACCEPTED = (200, 201, 202)
_DEFAULT_PAUSE, _SHORTEST_PAUSE, _LONGEST_PAUSE = 60, 1, 300
_QUEUE_PAUSE = 10
_HEADERS = {
    "processingMode": "auto",
    "skipReportHeader": "true",
    "skipColumnHeader": "false",
    "skipReportSummary": "false",
}


@dataclass(frozen=True)
class Reports:
    """Reports of one run. `as_of` makes their names unique, and `attempt` those of a second reading."""

    direct: Direct
    settings: Settings
    as_of: datetime
    attempt: int = 1

    async def ad_days(self, window: Window, vat: str) -> pl.DataFrame:
        """Rows of FIELDS, text as it came, for every ad and Moscow day of the window that had any figure; and
        `campaign_name`, null unless the report has it all the same. Raises SourceError."""
        order = ("Date", "CampaignId", "AdGroupId", "AdId")
        return await self._rows(window, _Query(FIELDS, order, vat))

    async def totals(self, window: Window, vat: str) -> pl.DataFrame:
        """Rows of TOTALS by campaign and day, money in micros; and `campaign_name`. Raises SourceError."""
        return await self._rows(window, _Query(TOTALS, ("Date", "CampaignId"), vat, micros=True))

    async def account_days(self, window: Window, vat: str) -> pl.DataFrame:
        """Rows of ACCOUNT by day, of the whole account, text as it came. Raises SourceError."""
        query = _Query(ACCOUNT, ("Date",), vat, kind="ACCOUNT_PERFORMANCE_REPORT")
        return (await self._rows(window, query)).select(ACCOUNT.keys())

    async def names(self, window: Window, campaigns: Collection[int]) -> dict[int, str]:
        """Names by id of those campaigns that have a row in the report. Raises SourceError."""
        values = [str(number) for number in sorted(campaigns)[:_MOST_VALUES]]
        only = {"Filter": [{"Field": "CampaignId", "Operator": "IN", "Values": values}]}
        rows = await self._rows(window, _Query(_NAMES, ("CampaignId",), "NO", criteria=only))
        return dict(rows.select(identifiers("campaign_id"), pl.col("campaign_name").fill_null("")).iter_rows())

    async def _rows(self, window: Window, query: _Query) -> pl.DataFrame:
        """The rows; a period that is too long for the server is split in halves."""
        try:
            return await self._all_pages(window, query)
        except PeriodTooLong:
            if window.days == 1:
                raise SourceError(f"{TITLE} cannot build the report of {window} in time.", transient=True) from None
            logger.warning("%s: the report of %s is too long; asking for halves", TITLE, window)
            middle = window.first + timedelta(days=window.days // 2 - 1)
            first = Window(first=window.first, last=middle)
            second = Window(first=middle + timedelta(days=1), last=window.last)
            return pl.concat([await self._rows(half, query) for half in (first, second)])

    async def _all_pages(self, window: Window, query: _Query) -> pl.DataFrame:
        pages: list[pl.DataFrame] = []
        records = 0
        for number in count(1):
            page = await self._page(window, query, records)
            if pages and page.height and page.equals(pages[-1]):
                raise SourceError(f"{TITLE} sends the same page of the report of {window} again.", transient=True)
            pages.append(page)
            records += page.height
            if page.height < _MOST_ROWS:
                break
            paging.check(TITLE, f"rows in the report of {window}", pages=number, records=records)
        return pl.concat(pages)

    async def _page(self, window: Window, query: _Query, offset: int) -> pl.DataFrame:
        """Create, poll and read one page. Takes at most `direct_report_deadline` seconds."""
        deadline = self.settings.direct_report_deadline
        try:
            async with asyncio.timeout(deadline):
                return await self._polled(window, query, offset, time.monotonic() + deadline)
        except TimeoutError:
            raise SourceError(
                f"{TITLE} did not finish a report within {deadline:g} s. "
                "Nothing was loaded; the next run tries again.",
                transient=True,
            ) from None

    async def _polled(self, window: Window, query: _Query, offset: int, until: float) -> pl.DataFrame:
        """Raises TimeoutError at once if the next pause would end after `until`."""
        order = self._order(window, query, offset)
        headers = _HEADERS | {"returnMoneyInMicros": "true" if query.micros else "false"}
        read = partial(_read, window=window, columns=query.columns)
        path = f"json/{self.direct.version}/reports"
        while True:
            try:
                outcome = await self._send(path, read, order, headers)
            except QueueFull:
                logger.info("%s: five reports are waiting already", TITLE)
                outcome = _QUEUE_PAUSE
            if isinstance(outcome, pl.DataFrame):
                return outcome
            if time.monotonic() + outcome > until:
                raise TimeoutError
            await asyncio.sleep(outcome)

    async def _send(
        self,
        path: str,
        read: Callable[[httpx.Response], pl.DataFrame | float],
        order: Object,
        headers: dict[str, str],
    ) -> pl.DataFrame | float:
        return await self.direct.client.send(
            "POST", path, read, accept=_ACCEPTED, json={"params": order}, headers=headers
        )

    def _order(self, window: Window, query: _Query, offset: int) -> Object:
        order: Object = {
            "SelectionCriteria": {"DateFrom": str(window.first), "DateTo": str(window.last), **query.criteria},
            "FieldNames": list(query.columns.values()),
            "OrderBy": [{"Field": name} for name in query.sorted_by],
            "Page": {"Limit": _MOST_ROWS, "Offset": offset},
            "ReportType": query.kind,
            "DateRangeType": "CUSTOM_DATE",
            "Format": "TSV",
            "IncludeVAT": query.vat,
        }
        stamp = [order, query.micros, self.as_of.isoformat(), self.attempt]
        digest = hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()
        return order | {"ReportName": f"zakaz_{window.first}_{window.last}_{digest[:12]}"}


@dataclass(frozen=True)
class _Query:
    """Fields, order and filter of one report."""

    columns: dict[str, str]
    sorted_by: tuple[str, ...]
    vat: str
    micros: bool = False
    criteria: Object = field(default_factory=dict)
    kind: str = "CUSTOM_REPORT"


def _read(reply: httpx.Response, window: Window, columns: dict[str, str]) -> pl.DataFrame | float:
    """The rows of a finished report, or the seconds to wait for it."""
    if reply.status_code != httpx.codes.OK:
        pause = short_number(reply.headers.get("retryIn", ""))
        wanted = _DEFAULT_PAUSE if pause is None or pause < 0 else pause
        return float(min(max(wanted, _SHORTEST_PAUSE), _LONGEST_PAUSE))
    try:
        # A bad byte becomes a replacement character; a text cut within a letter lacks its total row.
        return parse(text_of_bytes(reply.content), columns | _NAME, optional=_NAME.keys() - columns.keys())
    except NotWhole as error:
        raise TryAgain(f"the report of {window} {error}", few=True) from None
