"""The old api.vk.com, v5.131: errors inside HTTP 200, days without delivery and zero figures left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.decode import Undecodable, code_of, json_of
from tasks.fetch.http import Api, ApiClient, TryAgain, as_json
from tasks.fetch.kinds import instant, number
from tasks.fetch.paging import batches, ids_a_call
from tasks.fetch.vk_ads.figures import Statistics, by_id, has_a_day_twice, same_once
from tasks.fetch.vk_ads.values import Record, Row, link_or_none, record, whole
from tasks.settings import Settings, require
from tasks.translation import numbered
from tasks.window import Window

TITLE = "VK (legacy API)"
IDS_A_CALL = 200
_MOST_ADS = 2000
"""Ads in one reply; a longer list is cut without a word."""
_VERSION = "5.131"
_LATER = {1: None, 10: None, 6: 1.0, 9: 2.0, 603: 2.0}
_HINTS = {
    5: "The token is wrong or expired: put a new VK_TOKEN into {file}.",
    1117: "The token is expired: put a new VK_TOKEN into {file}.",
    7: "The token lacks the right `ads`.",
    15: "The token has no access to this account: check VK_ACCOUNT_ID.",
    100: "A parameter is wrong: check VK_ACCOUNT_ID.",
    600: "The token has no right to this account's ads: check VK_ACCOUNT_ID.",
    601: "Today's number of requests is used up; run again tomorrow.",
    29: "The hour's number of requests is used up; run again in some hours.",
    14: "VK asks for a captcha: open the cabinet in a browser once, then run again.",
}
_USED_UP = {29, 601}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Legacy:
    """One account of the old API. `warnings`, `notes`: texts about what is missing. `office_rows`: what it told of
    the whole account by day, None if nothing."""

    def __init__(self, settings: Settings) -> None:
        self._token = require(settings, "VK_TOKEN")
        self.account_id = require(settings, "VK_ACCOUNT_ID")
        api = Api(
            TITLE,
            settings.vk_legacy_base_url,
            {},
            settings.vk_rate,
            {404: "Check VK_LEGACY_BASE_URL: https://api.vk.com/method or https://api.vk.ru/method."},
            judge=partial(_judge, file=settings.place_of("vk", "VK_TOKEN")),
            setting="VK_LEGACY_BASE_URL",
            hosts=("api.vk.com", "api.vk.ru"),
            is_own=lambda body: isinstance(body.get("error"), dict) and "error_code" in body["error"],
        )
        self.client = ApiClient(api, settings)
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.office_rows: list[Row] | None = None

    async def campaigns(self, ids: set[int] | None = None) -> dict[int, Record]:
        only = {} if ids is None else {"campaign_ids": json.dumps(sorted(ids))}
        return by_id(await self._list("ads.getCampaigns", include_deleted=1, **only))[0]

    async def campaigns_or_empty(self, ids: set[int]) -> dict[int, Record]:
        """The campaigns of the ads, for their names; a load does not need them, so none if the API refuses."""
        try:
            found = await self.campaigns()
            if missing := ids - found.keys():
                found |= await self.campaigns(missing)
        except SourceError:
            found = {}
        if unknown := len(ids - found.keys()):
            self.warnings.append(f"{TITLE} did not name {numbered(unknown, 'campaign')} (of {len(ids)})")
        return found

    async def ads(self) -> dict[int, Record]:
        """All ads by id. A reply of the full length may lack some; then campaign by campaign, as only such lists
        have pages."""
        listed = await self._list("ads.getAds", include_deleted=1)
        if len(listed) >= _MOST_ADS:
            listed = await self._ads_of(await self.campaigns())
        found, nameless = by_id(listed)
        if nameless:
            self.notes.append(f"{TITLE} sent ads without a readable id; left out: {numbered(nameless, 'ad')}")
        return found

    async def _ads_of(self, campaigns: Iterable[int]) -> list[Record]:
        found: list[Record] = []
        pages = 0
        for campaign in campaigns:
            start = len(found)
            while (len(found) - start) % _MOST_ADS == 0:
                where: dict[str, str | int] = {"campaign_ids": json.dumps([campaign]), "offset": len(found) - start}
                page = await self._list("ads.getAds", include_deleted=1, limit=_MOST_ADS, **where)
                if not page or page[0] in found[start:]:
                    break
                found += page
                pages += 1
                paging.check(TITLE, "ads", pages=pages, records=len(found))
        return found

    async def links(self, ids: list[int]) -> dict[int, str | None]:
        """Links by ad; '' for an ad without one. A load does not need them: those that are missing are a
        warning."""
        found: dict[int, str | None] = {}
        try:
            for batch in batches(ids, IDS_A_CALL):
                layouts = await self._layouts(batch)
                if missing := [ad for ad in batch if ad not in layouts]:
                    layouts |= await self._layouts(missing)
                links = {ad: link_or_none(one.get("link_url")) for ad, one in layouts.items()}
                found |= {ad: link for ad, link in links.items() if link is not None}
        except SourceError:
            pass
        if unknown := len(set(ids) - found.keys()):
            self.warnings.append(f"{TITLE} did not tell the links of {numbered(unknown, 'ad')} (of {len(ids)})")
        return found

    async def _layouts(self, ids: list[int]) -> dict[int, Record]:
        return by_id(await self._list("ads.getAdsLayout", include_deleted=1, ad_ids=json.dumps(ids)))[0]

    async def statistics(self, ids: list[int], window: Window) -> Statistics:
        """Daily rows by ad. An ad without delivery has none, and may have no entry."""
        read = Statistics()
        for batch in batches(ids, ids_a_call(IDS_A_CALL, window.days)):
            read.add(await self._statistics("ad", batch, window))
        return read

    async def account_rows(self, campaigns: set[int], window: Window) -> list[Row] | None:
        """Figures by day of the whole account, or else of all its campaigns; None if the API gives neither."""
        account, rows = whole(self.account_id), None
        for kind, ids in (("office", [] if account is None else [account]), ("campaign", sorted(campaigns))):
            if not ids:
                continue
            try:
                read = Statistics()
                for batch in batches(ids, ids_a_call(_MOST_ADS, window.days)):
                    read.add(await self._statistics(kind, batch, window))
            except SourceError:
                continue
            rows = rows if read.partial else read.rows
            if kind == "office":
                self.office_rows = rows
            if rows:
                break
        return rows

    async def _statistics(self, kind: str, ids: list[int], window: Window) -> Statistics:
        found = await self._list(
            "ads.getStatistics",
            ids_type=kind,
            ids=",".join(map(str, ids)),
            period="day",
            date_from=str(window.first),
            date_to=str(window.last),
        )
        return read_statistics(found, ids)

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


def _judge(reply: httpx.Response, file: str) -> None:
    error = _error_of(reply)
    if error is None:
        return
    code = code_of(error.get("error_code"))
    if code in _LATER:
        raise TryAgain(f"code {code}", retry_after=_LATER[code])
    hint = _HINTS.get(code, "See the list of errors of api.vk.com.").replace("{file}", file)
    raise SourceError(f"{TITLE} refused the request with code {code}. {hint}", transient=code in _USED_UP)


def read_statistics(found: list[Any], ids: list[int]) -> Statistics:
    """Figures by ad. Absent or null `stats` mean no delivery, like an empty list; an absent ad may mean
    anything."""
    came: dict[int, list[Row]] = {}
    garbled: set[int] = set()
    for item in found:
        ad, stats = whole(record(item).get("id")), record(item).get("stats") or []
        if ad is None:
            continue
        if not isinstance(stats, list):
            garbled.add(ad)
            stats = []
        # A figure left out is zero, so one whose name is damaged would be zero too.
        if not all(_NAME.fullmatch(name) for day in stats for name in record(day)):
            garbled.add(ad)
        came.setdefault(ad, []).extend(statistics_row(day) for day in stats)
    read = Statistics(strangers=len(came.keys() - set(ids)), nameless=by_id(found)[1])
    for ad in ids:
        rows = same_once(came.get(ad, []))
        if ad in came and ad not in garbled and not has_a_day_twice(rows):
            read.days[ad] = rows
        else:
            read.partial[ad] = rows
            read.contradicted |= {ad} if has_a_day_twice(rows) else set()
    return read


def statistics_row(day: object) -> Row:
    """A figure left out is zero."""
    figures = record(day)
    return {
        "stat_date": instant(figures.get("day")) or None,
        "impressions": number(figures.get("impressions", 0)),
        "clicks": number(figures.get("clicks", 0)),
        "spent": number(figures.get("spent", 0)),
        "conversions": number(figures.get("conversion_count", 0)),
    }
