"""The old api.vk.com, v5.131: errors inside HTTP 200, days without delivery and zero figures left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch.decode import Undecodable, code_of, json_of
from tasks.fetch.http import Api, ApiClient, TryAgain, as_json
from tasks.settings import Settings, require
from tasks.window import Window

TITLE = "VK (legacy API)"
IDS_A_CALL = 200
_MOST_ADS = 2000
"""No answer holds more ads, and none says that it was cut."""
_VERSION = "5.131"
_LATER = {1: None, 10: None, 6: 1.0, 9: 2.0, 603: 2.0}
_HINTS = {
    5: "The token is wrong or expired: put a new VK_TOKEN into secrets/.env.vk.",
    1117: "The token is expired: put a new VK_TOKEN into secrets/.env.vk.",
    7: "The token lacks the right `ads`.",
    15: "The token has no access to this account: check VK_ACCOUNT_ID.",
    100: "A parameter is wrong: check VK_ACCOUNT_ID.",
    600: "The token has no right to this account's ads: check VK_ACCOUNT_ID.",
    601: "Today's number of requests is used up; run again tomorrow.",
    29: "The hour's number of requests is used up; run again in some hours.",
    14: "VK asks for a captcha: open the cabinet in a browser once, then run again.",
}
_USED_UP = {29, 601}

Record = dict[str, Any]
Row = dict[str, str | None]


class Legacy:
    def __init__(self, settings: Settings) -> None:
        self._token = require(settings.vk_token, "VK_TOKEN", ".env.vk")
        self.account_id = require(settings.vk_account_id, "VK_ACCOUNT_ID", ".env.vk")
        api = Api(
            TITLE,
            settings.vk_legacy_base_url,
            {},
            settings.vk_rate,
            {404: "Check VK_LEGACY_BASE_URL: https://api.vk.com/method or https://api.vk.ru/method."},
            judge=_judge,
            setting="VK_LEGACY_BASE_URL",
            hosts=("api.vk.com", "api.vk.ru"),
            is_own=lambda body: isinstance(body.get("error"), dict) and "error_code" in body["error"],
        )
        self.client = ApiClient(api, settings)

    async def campaigns(self) -> dict[int, Record]:
        return _by_id(await self._list("ads.getCampaigns", include_deleted=1))

    async def ads(self, campaigns: Iterable[int]) -> dict[int, Record]:
        """A full answer may lack some: then campaign by campaign, where alone this list has pages."""
        found = await self._list("ads.getAds", include_deleted=1)
        if len(found) >= _MOST_ADS:
            found = [ad for campaign in campaigns for ad in await self._ads_of(campaign)]
        return _by_id(found)

    async def _ads_of(self, campaign: int) -> list[Record]:
        found: list[Record] = []
        while len(found) % _MOST_ADS == 0:
            where: dict[str, str | int] = {"campaign_ids": json.dumps([campaign]), "offset": len(found)}
            page = await self._list("ads.getAds", include_deleted=1, limit=_MOST_ADS, **where)
            if not page:
                break
            found += page
        return found

    async def links(self, ids: list[int]) -> dict[int, str | None]:
        layouts = await self._list("ads.getAdsLayout", include_deleted=1, ad_ids=json.dumps(ids))
        return {int(layout["id"]): layout.get("link_url") or None for layout in layouts}

    async def statistics(self, ids: list[int], window: Window) -> dict[int, list[Record]]:
        """Daily rows by ad; an ad without delivery has none."""
        found = await self._list(
            "ads.getStatistics",
            ids_type="ad",
            ids=",".join(map(str, ids)),
            period="day",
            date_from=str(window.first),
            date_to=str(window.last),
        )
        return {int(item["id"]): item.get("stats") or [] for item in found}

    async def _list(self, method: str, **parameters: str | int) -> list[Record]:
        """POST keeps the token and long lists of ids out of the address."""
        form = {"v": _VERSION, "access_token": self._token, "account_id": self.account_id, **parameters}
        return await self.client.send("POST", method, _response, data=form)


def _response(reply: httpx.Response) -> list[Record]:
    body = as_json(reply)
    if not isinstance(body, dict) or "response" not in body:
        raise TryAgain("HTTP 200 without a response", few=True)
    response = body["response"]
    if not isinstance(response, list):
        raise TryAgain("a response that is no list", few=True)
    return response


def _error_of(reply: httpx.Response) -> Record | None:
    try:
        body = json_of(reply.content)
    except Undecodable:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _judge(reply: httpx.Response) -> None:
    error = _error_of(reply)
    if error is None:
        return
    code = code_of(error.get("error_code"))
    if code in _LATER:
        raise TryAgain(f"code {code}", retry_after=_LATER[code])
    hint = _HINTS.get(code, "See the list of errors of api.vk.com.")
    raise SourceError(f"{TITLE} refused the request with code {code}. {hint}", transient=code in _USED_UP)


def statistics_row(day: Record) -> Row:
    """A figure left out is zero."""
    return {
        "stat_date": str(day["day"]) if day.get("day") else None,
        "impressions": str(day.get("impressions", 0)),
        "clicks": str(day.get("clicks", 0)),
        "spent": str(day.get("spent", 0)),
        "conversions": str(day.get("conversion_count", 0)),
    }


def _by_id(records: list[Record]) -> dict[int, Record]:
    return {int(record["id"]): record for record in records}
