"""Pages that never end, and totals that cannot be, end the fetch in one line after a bounded number of calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.direct.reports import FIELDS, Reports
from tasks.fetch.direct.service import Direct
from tasks.fetch.qtickets import api_of
from tasks.fetch.qtickets.listing import Client, Listing
from tasks.fetch.qtickets.reading import Span, walk
from tasks.fetch.vk_ads.today import Today
from tasks.settings import Settings
from tasks.window import Window

DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
AGES = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
Fetch = Callable[[Settings], Coroutine[Any, Any, object]]


class Endless:
    """Answers with `answer(n)`, as JSON unless it is text, where n is the page asked for or else the number of the
    request; after fifty requests in vain."""

    def __init__(self, answer: Callable[[int], Any]) -> None:
        self._answer, self.requests = answer, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        page = parse_qs(scope["query_string"].decode()).get("page", [self.requests])[0]
        content = self._answer(int(page)) if self.requests <= 50 else {}
        text = content if isinstance(content, str) else json.dumps(content)
        await Response(text, media_type="application/json")(scope, receive, send)


async def banners(settings: Settings) -> None:
    api = Today(settings)
    try:
        await api.listing("banners")
    finally:
        await api.close()


async def report(settings: Settings) -> None:
    direct = Direct(settings)
    async with direct.client:
        await Reports(direct, settings, NOW).ad_days(DAY, "YES")


async def walked_orders(settings: Settings) -> None:
    async with Client(api_of(settings), settings) as client:
        await walk(Listing(client, "orders", 1), AGES, lambda _order: NOW)


def page_of_orders(number: int) -> dict[str, Any]:
    return {"data": [{"id": 10**6 - number}], "paging": {"total": 40, "perPage": 1, "currentPage": number}}


def table(number: int) -> str:
    row = "\t".join(["2026-11-20", *map(str, range(number, number + len(FIELDS) - 1))])
    return "\t".join(FIELDS.values()) + f"\n{row}\nTotal rows: 1\n"


NEVER_ENDING: dict[str, tuple[Fetch, Callable[[int], Any], str]] = {
    "VK Ads": (banners, lambda n: {"count": 10**6, "items": [{"id": n}]}, "1000000 banners on 4 pages"),
    "Yandex Direct": (report, table, f"4 rows in the report of {DAY} on 4 pages"),
    "QTickets": (walked_orders, page_of_orders, "4 records of /orders on 4 pages"),
}


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_pages_without_end_end_in_one_line(
    error_of: Callable[..., SourceError], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 1)
    fetch, answer, words = NEVER_ENDING[name]
    app = Endless(answer)

    error = error_of(fetch, app)

    assert str(error).startswith(f"{name} sent, or says that it has, {words}; one load reads at most ")
    assert error.transient, "as of any total that is odd: it may be a fault of the moment"
    assert app.requests <= 8
