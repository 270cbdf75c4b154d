"""Today's VK Ads API: campaigns (ad_plans), groups, ads (banners) and their daily statistics."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch.decode import json_of, text_of_bytes
from tasks.fetch.http import ApiClient, Query, TryAgain
from tasks.fetch.vk_ads.token import StoredToken, api_of
from tasks.settings import Settings
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

TITLE = "VK Ads"
SMALL_PAGE = 50
"""What every source of the API's rules allows; larger pages are tried first."""
IDS_A_CALL = 200
_HINTS = {
    401: "The token is not valid: check VK_CLIENT_ID and VK_CLIENT_SECRET, or VK_TOKEN, in secrets/.env.vk.",
    403: "This token has no right to the account's statistics: it needs the scope read_ads.",
    404: "Check VK_BASE_URL: https://ads.vk.com or https://ads.vk.ru.",
}

Record = dict[str, Any]
Row = dict[str, str | None]


class _PageTooLarge(Exception):
    pass


class _UnknownIds(Exception):
    """Some id is unknown, so the whole batch was refused."""


class Today:
    """One account of today's API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = StoredToken(settings)
        self.client = ApiClient(replace(api_of(settings), hints=_HINTS, judge=_judge, auth=self._token), settings)
        self._page = settings.vk_page_size

    async def close(self) -> None:
        await self.client.close()
        await self._token.close()

    async def account_id(self) -> str:
        if self._settings.vk_account_id:
            return self._settings.vk_account_id
        user = await self.client.get("api/v2/user.json")
        if not isinstance(user, dict) or user.get("id") is None:
            raise SourceError(f"{TITLE} does not say which account the token belongs to. Set VK_ACCOUNT_ID.")
        return str(user["id"])

    async def listing(self, resource: str, fields: tuple[str, ...]) -> dict[int, Record]:
        """All objects by id, deleted ones too: they have statistics. As many as the list's own count says, on every
        page: of a list that shrinks between two pages one object would be skipped unseen."""
        found: dict[int, Record] = {}
        counts: set[int] = set()
        offset = 0
        while offset < max(counts, default=1):
            page = await self._list_page(resource, fields, offset)
            items = _items(page, resource)
            if page.get("count") is None:
                raise SourceError(f"{TITLE} sent a page of {resource} without `count`.", transient=True)
            counts.add(int(page["count"]))
            found |= {int(item["id"]): item for item in items}
            if not items:
                break
            offset += len(items)
        if counts != {len(found)}:
            said = " or ".join(map(str, sorted(counts)))
            raise SourceError(
                f"{TITLE} says that there are {said} {resource} but sent {len(found)}. Nothing was loaded.",
                transient=True,
            )
        return found

    async def _list_page(self, resource: str, fields: tuple[str, ...], offset: int) -> Record:
        try:
            query: Query = [
                ("fields", ",".join(fields)),
                ("sorting", "id"),
                ("limit", self._page),
                ("offset", offset),
            ]
            page = await self.client.get(f"api/v2/{resource}.json", query=query)
        except _PageTooLarge:
            if self._page <= SMALL_PAGE:
                raise SourceError(f"{TITLE} refuses pages of {self._page} {resource}.") from None
            self._page = SMALL_PAGE
            return await self._list_page(resource, fields, offset)
        return page if isinstance(page, dict) else {}

    async def statistics(self, ids: list[int], window: Window) -> tuple[dict[int, list[Record]], list[int]]:
        """Daily rows by ad, and the ads that the API no longer knows. One unknown id makes it refuse the batch,
        so a refused one is asked for in halves."""
        try:
            return await self._batch(ids, window), []
        except _UnknownIds:
            if len(ids) == 1:
                return {}, ids
        middle = len(ids) // 2
        known, lost = await self.statistics(ids[:middle], window)
        more, also = await self.statistics(ids[middle:], window)
        return known | more, lost + also

    async def _batch(self, ids: list[int], window: Window) -> dict[int, list[Record]]:
        query: Query = [
            ("id", ",".join(map(str, ids))),
            ("date_from", str(window.first)),
            ("date_to", str(window.last)),
            ("metrics", "base"),
        ]
        reply = await self.client.get("api/v2/statistics/banners/day.json", query=query)
        return {int(item["id"]): item.get("rows") or [] for item in _items(reply, "statistics")}


def _items(reply: Any, what: str) -> list[Record]:
    items = reply.get("items") if isinstance(reply, dict) else None
    if not isinstance(items, list):
        raise SourceError(f"{TITLE} answered a request for {what} without `items`.", transient=True)
    return items


def _judge(reply: httpx.Response) -> None:
    """429 says which window is used up; 400 says, by code, whether a smaller question may be answered."""
    if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
        _judge_limit(reply)
    text = text_of_bytes(reply.content) if reply.status_code in (400, 404) else ""
    if re.search(r"WRONG_(BANNERS|IDS)\b", text):
        raise _UnknownIds
    if reply.status_code == httpx.codes.BAD_REQUEST:
        if "max_value" in text and "/statistics/" not in reply.request.url.path:
            raise _PageTooLarge
        code = re.search(r'"code"\s*:\s*"([A-Za-z_()]{1,60})"', text)
        said = f" ({code[1]})" if code else ""
        raise SourceError(f"{TITLE} refused the request{said}: HTTP 400. The API may have changed; report it.")


def _judge_limit(reply: httpx.Response) -> None:
    try:
        remaining = {int(k): int(v) for k, v in json_of(reply.content)["remaining"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # no body: the usual back-off
    used_up = [seconds for seconds, left in remaining.items() if left <= 0]
    longest = max(used_up, default=1)
    if longest >= 3600:  # noqa: PLR2004 - longer than a run should sleep
        again = "tomorrow" if longest > 3600 else "after the next full hour"  # noqa: PLR2004
        raise SourceError(f"{TITLE} allows no more requests for now; run again {again}.", transient=True)
    now = datetime.now(UTC).timestamp()
    raise TryAgain("too many requests", retry_after=longest - now % longest + 0.1)


def statistics_row(day: Record) -> Row:
    """Figures of a day as text. VK counts its own goals apart, and those are the ads' conversions."""
    base = day.get("base") or {}
    goals = (base.get("vk") or {}).get("goals")
    return {
        "stat_date": text_of(day.get("date")),
        "impressions": text_of(base.get("shows")),
        "clicks": text_of(base.get("clicks")),
        "spent": text_of(base.get("spent")),
        "conversions": text_of(base.get("goals") if goals is None else goals),
    }


def link_of(banner: Record) -> str | None:
    """The ad's target; None where it has none, as a lead form in a clip."""
    urls = banner.get("urls")
    primary = urls.get("primary") if isinstance(urls, dict) else None
    return primary.get("url") if isinstance(primary, dict) else None


def text_of(value: object) -> str | None:
    return None if value is None else str(value)
