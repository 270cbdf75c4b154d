"""What the tests of Direct share: its headers, a clock, made-up rows, and reading what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx

from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN
from sandbox.world import Ad
from sandbox.world.spend import AdDay

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
HEADERS = {"Authorization": f"Bearer {DIRECT_TOKEN}", "Client-Login": DIRECT_LOGIN}
DECIMALS = {"returnMoneyInMicros": "false"}
BARE = {"skipReportHeader": "true", "skipReportSummary": "true", **DECIMALS}
Send = Callable[..., httpx.Response]


class Clock:
    """Moves only when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def row(
    ad: Ad, day: str, spent: str = "10.00", impressions: int = 100, clicks: int = 5, conversions: int = 1
) -> AdDay:
    return AdDay(date.fromisoformat(day), ad, impressions, clicks, Decimal(spent), conversions)


def table(answer: httpx.Response) -> list[dict[str, str]]:
    """Rows of a report without title and summary, by column name."""
    assert answer.status_code == 200, answer.text
    head, *lines = answer.content.decode().removesuffix("\n").split("\n")
    names = head.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def error(answer: httpx.Response) -> tuple[int, int, str]:
    """Status, code, detail."""
    found = answer.json()["error"]
    return answer.status_code, int(found["error_code"]), found["error_detail"]
