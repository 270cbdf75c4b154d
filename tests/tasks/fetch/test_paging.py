"""Pages that never end, and totals that cannot be, end the fetch in one line after a bounded number of calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.direct.reports import FIELDS, Reports
from tasks.fetch.direct.service import Direct
from tasks.fetch.qtickets import api_of
from tasks.fetch.qtickets.listing import Client, Listing
from tasks.fetch.qtickets.reading import Span, read_all, walk
from tasks.fetch.vk_ads.legacy import Legacy
from tasks.fetch.vk_ads.today import Today
from tasks.settings import Settings
from tasks.window import Window

DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
Answer = Callable[[int], Any]


class Endless:
    """Answers with `answer(n)`, as JSON unless it is text, where n is the page asked for or else the number of the
    request; after fifty requests in vain."""

    def __init__(self, answer: Answer) -> None:
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


async def legacy_ads(settings: Settings) -> None:
    api = Legacy(settings)
    async with api.client:
        await api.ads()


async def campaigns(settings: Settings) -> None:
    direct = Direct(settings)
    async with direct.client:
        await direct.get("campaigns", "Campaigns", {})


async def report(settings: Settings) -> None:
    direct = Direct(settings)
    async with direct.client:
        await Reports(direct, settings, NOW).ad_days(DAY, "YES")


async def orders(settings: Settings) -> None:
    async with Client(api_of(settings), settings) as client:
        await read_all(Listing(client, "orders", 1))


async def walked_orders(settings: Settings) -> None:
    async with Client(api_of(settings), settings) as client:
        await walk(
            Listing(client, "orders", 1),
            Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)),
            lambda _order: NOW,
        )


def page_of_orders(number: int, total: int, per_page: int = 1) -> dict[str, Any]:
    paging = {"total": total, "perPage": per_page, "currentPage": number}
    return {"data": [{"id": 10**6 - number}], "paging": paging}


def table(number: int) -> str:
    row = "\t".join(["2026-11-20", *map(str, range(number, number + len(FIELDS) - 1))])
    return "\t".join(FIELDS.values()) + f"\n{row}\nTotal rows: 1\n"


NEVER_ENDING: dict[str, tuple[Callable[[Settings], Awaitable[None]], Answer, str]] = {
    "VK Ads": (banners, lambda n: {"count": 10**6, "items": [{"id": n}]}, "1000000 banners on 4 pages"),
    "VK (legacy API)": (legacy_ads, lambda n: {"response": [{"id": n}]}, "4 ads on 4 pages"),
    "Yandex Direct": (
        campaigns,
        lambda n: {"result": {"Campaigns": [{"Id": n}], "LimitedBy": n}},
        "4 Campaigns on 4 pages",
    ),
    "Yandex Direct, report": (report, table, f"4 rows in the report of {DAY} on 4 pages"),
    "QTickets, filtered": (orders, lambda n: page_of_orders(n, 40), "40 records of /orders on 40 pages"),
    "QTickets, walked": (walked_orders, lambda n: page_of_orders(n, 40), "4 records of /orders on 4 pages"),
}


def refused(
    fetch: Callable[[Settings], Awaitable[None]], app: Endless, url: str, make: Callable[..., Settings]
) -> SourceError:
    settings = make(
        qtickets_base_url=url,
        vk_base_url=url,
        vk_legacy_base_url=url,
        vk_token="a-token",
        vk_account_id="1",
        vk_rate=1000,
        direct_base_url=url,
        direct_login="promoter",
        direct_token="a-token",
        direct_rate=1000,
        http_attempts=1,
    )
    with pytest.raises(SourceError) as caught:
        asyncio.run(fetch(settings))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_pages_without_end_end_in_one_line(
    base_url_of: Callable[[ASGIApp], str],
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 1)
    monkeypatch.setattr("tasks.fetch.vk_ads.legacy._MOST_ADS", 1)
    fetch, answer, words = NEVER_ENDING[name]
    app = Endless(answer)

    error = refused(fetch, app, base_url_of(app), make_settings)

    title = name.split(",", maxsplit=1)[0]
    assert str(error).startswith(f"{title} sent, or says that it has, {words}; one load reads at most ")
    assert error.transient, "as of any total that is odd: it may be a fault of the moment"
    assert app.requests <= 8


IMPOSSIBLE = [-1, -(10**30), "-5", 10**7, 10**12, 10**30, str(10**30), "1e30", "many", 1.5, None, True, [], {}]


@pytest.mark.parametrize("total", IMPOSSIBLE, ids=str)
@pytest.mark.parametrize("name", ["orders", "walked_orders", "banners"])
def test_a_total_that_cannot_be_costs_one_call_or_as_many_as_show_it(
    base_url_of: Callable[[ASGIApp], str], make_settings: Callable[..., Settings], name: str, total: Any
) -> None:
    def answer(_number: int) -> Any:
        return {"count": total, "items": [{"id": 1}]} | page_of_orders(1, total, 100)

    app = Endless(answer)

    error = refused(globals()[name], app, base_url_of(app), make_settings)

    assert any(title in str(error) for title in ("QTickets", "VK Ads"))
    assert app.requests <= 20
