"""The Reports service: from the order of a report to its last row.

The same POST creates a report and asks for it, so the name stays while polling and is new for new data: a repeated
name gives the numbers stored up to five hours ago. What a report means is decided elsewhere.

Figures are asked for without the campaigns' names, the only text that can break a line (`names` asks for those that
`campaigns.get` does not tell).
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

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.decode import text_of_bytes
from tasks.fetch.direct.service import TITLE, Direct, PeriodTooLong, QueueFull
from tasks.fetch.direct.table import NotWhole, Row, parse
from tasks.fetch.direct.values import Object, identifier, short_number
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
_NAMES = {"campaign_id": "CampaignId", "campaign_name": "CampaignName", "impressions": "Impressions"}
_NAME = {"campaign_name": "CampaignName"}
_MOST_ROWS = 200_000
"""Of a page: so many rows are held as text and as rows at once. Direct would give a million."""
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
    """Reports of one run. `as_of` makes their names new; `attempt` where the same is asked for a second time."""

    direct: Direct
    settings: Settings
    as_of: datetime
    attempt: int = 1

    async def ad_days(self, window: Window, vat: str) -> list[Row]:
        """Rows of FIELDS, text as it came, for every ad and Moscow day of the window that had any figure; with
        `campaign_name` where the report tells it all the same. Raises SourceError."""
        order = ("Date", "CampaignId", "AdGroupId", "AdId")
        return await self._rows(window, _Question(FIELDS, order, vat))

    async def totals(self, window: Window, vat: str) -> list[Row]:
        """Rows of TOTALS by campaign and day, money asked for in micros. Raises SourceError."""
        return await self._rows(window, _Question(TOTALS, ("Date", "CampaignId"), vat, micros=True))

    async def names(self, window: Window, campaigns: Collection[int]) -> dict[int, str]:
        """Of those campaigns that the report names. Raises SourceError."""
        values = [str(number) for number in sorted(campaigns)[:_MOST_VALUES]]
        only = {"Filter": [{"Field": "CampaignId", "Operator": "IN", "Values": values}]}
        rows = await self._rows(window, _Question(_NAMES, ("CampaignId",), "NO", criteria=only))
        return {identifier(row.get("campaign_id")): row.get("campaign_name") or "" for row in rows}

    async def _rows(self, window: Window, question: _Question) -> list[Row]:
        """A period that is too long for the server is asked for in halves."""
        try:
            return await self._whole(window, question)
        except PeriodTooLong:
            if window.days == 1:
                raise SourceError(f"{TITLE} cannot build the report of {window} in time.", transient=True) from None
            logger.warning("%s: the report of %s is too long; asking for halves", TITLE, window)
            middle = window.first + timedelta(days=window.days // 2 - 1)
            first = Window(first=window.first, last=middle)
            second = Window(first=middle + timedelta(days=1), last=window.last)
            return [row for half in (first, second) for row in await self._rows(half, question)]

    async def _whole(self, window: Window, question: _Question) -> list[Row]:
        rows: list[Row] = []
        before: list[Row] = []
        for number in count(1):
            page = await self._one(window, question, len(rows))
            if page and page == before:
                raise SourceError(f"{TITLE} sends the same page of the report of {window} again.", transient=True)
            rows += page
            if len(page) < _MOST_ROWS:
                break
            paging.check(TITLE, f"rows in the report of {window}", pages=number, records=len(rows))
            before = page
        return rows

    async def _one(self, window: Window, question: _Question, offset: int) -> list[Row]:
        """Order, poll, read. At most `direct_report_deadline` seconds in all."""
        deadline = self.settings.direct_report_deadline
        try:
            async with asyncio.timeout(deadline):
                return await self._polled(window, question, offset, time.monotonic() + deadline)
        except TimeoutError:
            raise SourceError(
                f"{TITLE} did not finish a report within {deadline:g} s. "
                "Nothing was loaded; the next run tries again.",
                transient=True,
            ) from None

    async def _polled(self, window: Window, question: _Question, offset: int, until: float) -> list[Row]:
        """Raises TimeoutError at once where the pause that is asked for would end after `until`."""
        order = self._order(window, question, offset)
        headers = _HEADERS | {"returnMoneyInMicros": "true" if question.micros else "false"}
        read = partial(_read, window=window, columns=question.columns)
        path = f"json/{self.direct.version}/reports"
        while True:
            try:
                outcome = await self._send(path, read, order, headers)
            except QueueFull:
                logger.info("%s: five reports are waiting already", TITLE)
                outcome = _QUEUE_PAUSE
            if isinstance(outcome, list):
                return outcome
            if time.monotonic() + outcome > until:
                raise TimeoutError
            await asyncio.sleep(outcome)

    async def _send(
        self, path: str, read: Callable[[httpx.Response], list[Row] | float], order: Object, headers: dict[str, str]
    ) -> list[Row] | float:
        return await self.direct.client.send(
            "POST", path, read, accept=_ACCEPTED, json={"params": order}, headers=headers
        )

    def _order(self, window: Window, question: _Question, offset: int) -> Object:
        order: Object = {
            "SelectionCriteria": {"DateFrom": str(window.first), "DateTo": str(window.last), **question.criteria},
            "FieldNames": list(question.columns.values()),
            "OrderBy": [{"Field": name} for name in question.sorted_by],
            "Page": {"Limit": _MOST_ROWS, "Offset": offset},
            "ReportType": "CUSTOM_REPORT",
            "DateRangeType": "CUSTOM_DATE",
            "Format": "TSV",
            "IncludeVAT": question.vat,
        }
        stamp = [order, question.micros, self.as_of.isoformat(), self.attempt]
        digest = hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()
        return order | {"ReportName": f"zakaz_{window.first}_{window.last}_{digest[:12]}"}


@dataclass(frozen=True)
class _Question:
    """What one report shall tell."""

    columns: dict[str, str]
    sorted_by: tuple[str, ...]
    vat: str
    micros: bool = False
    criteria: Object = field(default_factory=dict)


def _read(reply: httpx.Response, window: Window, columns: dict[str, str]) -> list[Row] | float:
    """The rows of a finished report, or the seconds to wait for it."""
    if reply.status_code != httpx.codes.OK:
        pause = short_number(reply.headers.get("retryIn", ""))
        wanted = _DEFAULT_PAUSE if pause is None or pause < 0 else pause
        return float(min(max(wanted, _SHORTEST_PAUSE), _LONGEST_PAUSE))
    try:
        # A bad byte in a name costs its letter; what a cut within a letter lacks is the total.
        return parse(text_of_bytes(reply.content), columns | _NAME, optional=_NAME.keys() - columns.keys())
    except NotWhole as error:
        raise TryAgain(f"the report of {window} {error}", few=True) from None
