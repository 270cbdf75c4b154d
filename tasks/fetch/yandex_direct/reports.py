"""The Reports service: one report from order to last row.

The same POST creates a report and asks for it, so the name stays while polling and is new for new data: a repeated
name gives the numbers stored up to five hours ago. `Total rows` at the end proves that the report arrived whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import time
from datetime import datetime, timedelta

import httpx

from tasks.errors import SourceError
from tasks.fetch.http import TryAgain
from tasks.fetch.yandex_direct.service import TITLE, Direct, Object, PeriodTooLong, QueueFull
from tasks.settings import Settings
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

FIELDS = {
    "stat_date": "Date",
    "campaign_id": "CampaignId",
    "campaign_name": "CampaignName",
    "ad_group_id": "AdGroupId",
    "ad_id": "AdId",
    "impressions": "Impressions",
    "clicks": "Clicks",
    "cost": "Cost",
    "conversions": "Conversions",
}
_MOST_ROWS = 1_000_000
_ACCEPTED = (200, 201, 202)
_DEFAULT_PAUSE, _SHORTEST_PAUSE, _LONGEST_PAUSE = 60, 1, 300
_QUEUE_PAUSE = 10
_HEADERS = {
    "processingMode": "auto",
    "returnMoneyInMicros": "false",
    "skipReportHeader": "true",
    "skipColumnHeader": "false",
    "skipReportSummary": "false",
}
_TOTAL = re.compile(r"^Total rows:\s*(\d+)\s*$")

Row = dict[str, str | None]


async def ad_days(direct: Direct, settings: Settings, window: Window, as_of: datetime, vat: str) -> list[Row]:
    """Rows of FIELDS, text as it came, for every ad and Moscow day of the window that had any figure.

    A period that is too long for the server is asked for in halves. Raises SourceError.
    """
    try:
        return await _whole(direct, settings, window, as_of, vat)
    except PeriodTooLong:
        if window.days == 1:
            raise SourceError(f"{TITLE} cannot build the report of {window} in time.", transient=True) from None
        logger.warning("%s: the report of %s is too long; asking for halves", TITLE, window)
        middle = window.first + timedelta(days=window.days // 2 - 1)
        halves = Window(first=window.first, last=middle), Window(first=middle + timedelta(days=1), last=window.last)
        return [row for half in halves for row in await ad_days(direct, settings, half, as_of, vat)]


async def _whole(direct: Direct, settings: Settings, window: Window, as_of: datetime, vat: str) -> list[Row]:
    rows: list[Row] = []
    while True:
        page = await _one(direct, settings, _order(window, as_of, vat, len(rows)))
        rows += page
        if len(page) < _MOST_ROWS:
            return rows


def _order(window: Window, as_of: datetime, vat: str, offset: int) -> Object:
    order: Object = {
        "SelectionCriteria": {"DateFrom": str(window.first), "DateTo": str(window.last)},
        "FieldNames": list(FIELDS.values()),
        "OrderBy": [{"Field": name} for name in ("Date", "CampaignId", "AdGroupId", "AdId")],
        "Page": {"Limit": _MOST_ROWS, "Offset": offset},
        "ReportType": "CUSTOM_REPORT",
        "DateRangeType": "CUSTOM_DATE",
        "Format": "TSV",
        "IncludeVAT": vat,
    }
    digest = hashlib.sha256(json.dumps([order, as_of.isoformat()], sort_keys=True).encode()).hexdigest()
    return order | {"ReportName": f"zakaz_{window.first}_{window.last}_{digest[:12]}"}


async def _one(direct: Direct, settings: Settings, order: Object) -> list[Row]:
    """Order, poll, read. At most `direct_report_deadline` seconds in all."""
    patience = time.monotonic() + settings.direct_report_deadline
    while True:
        try:
            outcome = await direct.client.send(
                "POST",
                f"json/{direct.version}/reports",
                _read,
                accept=_ACCEPTED,
                json={"params": order},
                headers=_HEADERS,
            )
        except QueueFull:
            logger.info("%s: five reports are waiting already", TITLE)
            outcome = _QUEUE_PAUSE
        if isinstance(outcome, list):
            return outcome
        if time.monotonic() + outcome > patience:
            raise SourceError(
                f"{TITLE} did not finish a report within {settings.direct_report_deadline:g} s. "
                "Nothing was loaded; the next run tries again.",
                transient=True,
            )
        await asyncio.sleep(outcome)


def _read(reply: httpx.Response) -> list[Row] | float:
    """The rows of a finished report, or the seconds to wait for it."""
    if reply.status_code != httpx.codes.OK:
        asked = reply.headers.get("retryIn", "")
        pause = int(asked) if asked.isdecimal() else _DEFAULT_PAUSE
        return float(min(max(pause, _SHORTEST_PAUSE), _LONGEST_PAUSE))
    try:
        return parse(reply.content.decode("utf-8"))
    except UnicodeDecodeError:  # cut within a letter, or a page in another encoding
        raise TryAgain("a report that is not whole", few=True) from None


def parse(text: str) -> list[Row]:
    """The rows between the line of column names and `Total rows`. Columns are read by name.

    A row with too few or too many cells keeps only its text, as `stat_date`, to be set aside with a reason, and if
    it can be told its ad, whose last good row must stay.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    names = next((n for n, line in enumerate(lines) if set(FIELDS.values()) <= set(line.split("\t"))), None)
    total = _TOTAL.match(lines[-1]) if lines else None
    if names is None or total is None:
        raise TryAgain("a report that is not whole", few=True)
    header, body = lines[names].split("\t"), lines[names + 1 : -1]
    if int(total[1]) != len(body):
        raise TryAgain(f"a report of {len(body)} rows that says it has {total[1]}", few=True)
    places = {column: header.index(name) for column, name in FIELDS.items()}
    return [_row(line.split("\t"), len(header), places) for line in body]


def _row(cells: list[str], width: int, places: dict[str, int]) -> Row:
    if len(cells) > width:
        # A tab within the name moves what follows it, but not as counted from the end.
        return {"stat_date": " ".join(cells)[:200], "ad_id": cells[places["ad_id"] - width]}
    if len(cells) < width:
        return {"stat_date": " ".join(cells)[:200]}
    return {column: cells[place] for column, place in places.items()}
