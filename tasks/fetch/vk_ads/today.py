"""Today's VK Ads API: campaigns (ad_plans), groups, ads (banners) and their daily statistics."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from tasks.errors import SourceError
from tasks.fetch import kinds, paging, traffic
from tasks.fetch.decode import json_of, text_of_bytes
from tasks.fetch.http import ApiClient, Query, TryAgain
from tasks.fetch.paging import batches, ids_a_call
from tasks.fetch.vk_ads.figures import (
    TRIES,
    Figures,
    Statistics,
    by_id,
    days_of,
    has_a_day_twice,
    is_day,
    same_once,
)
from tasks.fetch.vk_ads.token import StoredToken, api_of
from tasks.fetch.vk_ads.values import Record, Row, flag, link_or_none, number, record, text_of, whole
from tasks.settings import Settings
from tasks.translation import numbered
from tasks.window import Window

logger = logging.getLogger("zakaz.fetch")

TITLE = "VK Ads"
SMALL_PAGE = 50
"""The size that every description of the API allows; larger pages are tried first."""
IDS_A_CALL = 200
_HINTS = {
    401: "The token is not valid: check VK_CLIENT_ID and VK_CLIENT_SECRET, or VK_TOKEN, in {file}.",
    403: "This token has no right to the account's statistics: it needs the scope read_ads.",
    404: "Check VK_BASE_URL: https://ads.vk.com or https://ads.vk.ru.",
}

_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "banners": (("id", "ad_group_id"), ("urls", "campaign_id")),
    "ad_groups": (("id", "ad_plan_id"), ("enable_utm", "utm", "name", "budget_limit_day")),
    "ad_plans": (("id",), ("name", "budget_limit_day", "status", "date_end", "date_start")),
}
"""Fields of each list: those that a load needs, and the optional ones."""
_CURRENCY_PLACES = ("account", "additional_info")


class PageTooLarge(Exception):
    """The API refuses a page; a smaller one may do. `error`: what to say where it does not."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error)
        self.error = error


class UnknownIds(Exception):
    """An id is unknown, so the API refused the whole batch."""


class _UnknownFields(Exception):
    """The list no longer has one of the requested fields."""


class Today:
    """One account of today's API. `warnings`, `notes`: texts about what is missing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = StoredToken(settings)
        hints = {status: hint.replace("{file}", settings.place_of("vk")) for status, hint in _HINTS.items()}
        self.client = ApiClient(replace(api_of(settings), hints=hints, judge=_judge, auth=self._token), settings)
        self._page = settings.vk_page_size
        self._fields: dict[str, tuple[str, ...]] = {}
        self.warnings: list[str] = []
        self.notes: list[str] = []

    async def close(self) -> None:
        await self.client.close()
        await self._token.close()

    async def account_id(self) -> str:
        if self._settings.vk_account_id:
            return self._settings.vk_account_id
        return account_of(await self.user())

    async def user(self) -> Record:
        return record(await self.client.get("api/v2/user.json"))

    async def user_or_empty(self) -> Record:
        """{} if the API refuses: with VK_ACCOUNT_ID set, only the currency and the account's total depend on it."""
        try:
            return await self.user()
        except SourceError as error:
            texts = self.warnings if error.transient else self.notes
            texts.append(f"{TITLE} did not tell the account, so the currency of its spend is not known")
            return {}

    async def listing(self, resource: str, ids: Iterable[int] | None = None) -> dict[int, Record]:
        """All objects by id, or those of `ids`; deleted ones too: they have statistics. Raises SourceError unless
        every page has the same `count`, and that many came: a list that shrinks between two pages skips an
        object."""
        found: dict[int, Record] = {}
        counts: set[int] = set()
        offset = odd = pages = 0
        only: Query = [("_id__in", ",".join(map(str, ids)))] if ids is not None else []
        while offset < max(counts, default=1):
            page = await self._list_page(resource, offset, only)
            items = _items(page, resource)
            count = whole(page.get("count"))
            if count is None:
                raise SourceError(f"{TITLE} sent a page of {resource} without a usable `count`.", transient=True)
            pages += 1
            paging.check(TITLE, resource, pages=pages, records=count)
            counts.add(count)
            new, nameless = by_id(items)
            if not new.keys() - found.keys() and not nameless:
                break
            found |= new
            odd += nameless
            offset += len(items)
        if counts != {len(found) + odd}:
            said = " or ".join(map(str, sorted(counts)))
            raise SourceError(
                f"{TITLE} says that there are {said} {resource} but sent {len(found) + odd}. Nothing was loaded.",
                transient=True,
            )
        if odd:
            self.notes.append(f"{TITLE} sent {resource} without a readable id; left out: {numbered(odd, 'item')}")
        return found

    async def these(self, resource: str, ids: set[int]) -> dict[int, Record] | None:
        """Those of the objects that the API still has, such as parents that were missing in a list. None if it
        refuses: a load does not need them."""
        found: dict[int, Record] = {}
        try:
            for some in batches(sorted(ids), IDS_A_CALL):
                found |= await self.listing(resource, some)
        except SourceError:
            return None
        return {key: value for key, value in found.items() if key in ids}

    async def plans_or_none(self) -> dict[int, Record] | None:
        """Campaigns, for their names and budgets; None if the API refuses the list. A group has the id of its
        campaign."""
        try:
            return await self.listing("ad_plans")
        except SourceError as error:
            if error.transient:
                raise
            self.notes.append(f"{TITLE} refuses its list of campaigns, so their names are not known")
            return None

    async def _list_page(self, resource: str, offset: int, only: Query) -> Record:
        code = ""
        for fields in self._choices(resource):
            try:
                page = await self._sized_page(resource, fields, offset, only)
            except _UnknownFields as error:
                code = str(error)
                continue
            if resource not in self._fields and fields != self._choices(resource)[0]:
                lacking = ", ".join(name for name in _FIELDS[resource][1] if name not in fields)
                self.notes.append(f"{TITLE} no longer gives {lacking} of {resource}")
            self._fields[resource] = fields
            return record(page)
        raise _bad_request(code)

    def _choices(self, resource: str) -> list[tuple[str, ...]]:
        """Sets of fields to try in turn: all; all but one optional, the least useful first; only those needed."""
        if resource in self._fields:
            return [self._fields[resource]]
        needed, useful = _FIELDS[resource]
        but_one = [(*needed, *(name for name in useful if name != lacking)) for lacking in reversed(useful)]
        return [(*needed, *useful), *but_one, needed]

    async def _sized_page(self, resource: str, fields: tuple[str, ...], offset: int, only: Query) -> Any:
        try:
            query: Query = [
                ("fields", ",".join(fields)),
                ("sorting", "id"),
                ("limit", self._page),
                ("offset", offset),
                *only,
            ]
            return await self.client.get(f"api/v2/{resource}.json", query=query)
        except PageTooLarge as refused:
            if self._page <= SMALL_PAGE:
                raise refused.error from None
            self._page = SMALL_PAGE
            return await self._sized_page(resource, fields, offset, only)

    async def statistics(self, ids: list[int], window: Window) -> Statistics:
        """Daily rows by ad. Ads whose rows are incomplete are requested again."""
        read = Statistics()
        for batch in batches(ids, ids_a_call(IDS_A_CALL, window.days)):
            missing = batch
            for attempt in range(TRIES):
                traffic.count(retries=1 if attempt else 0)
                read.add(await self._known(missing, window))
                missing = [ad for ad in missing if ad in read.partial]
                if not missing:
                    break
        return read

    async def _known(self, ids: list[int], window: Window, *, listed: bool = False) -> Statistics:
        """One unknown id makes the API refuse them all. The list shows which ads it still has; where that does not
        help (`listed`), the batch is split in halves."""
        try:
            return await self._batch("banners", ids, window)
        except UnknownIds:
            if len(ids) == 1:
                return Statistics(lost=ids)
        known = None if listed else await self.these("banners", set(ids))
        if known is not None and len(known) < len(ids):
            gone = [ad for ad in ids if ad not in known]
            # An empty list may be a passing fault: one of the ads is requested all the same.
            read = await self._known(sorted(known) or gone[:1], window, listed=True)
            if known or read.lost:
                read.lost = sorted({*read.lost, *gone})
                return read
        middle = len(ids) // 2
        read = await self._known(ids[:middle], window, listed=True)
        read.add(await self._known(ids[middle:], window, listed=True))
        return read

    async def account_rows(self, user: Record, window: Window) -> list[Row] | None:
        """Figures by day of the whole account, with ads that no list has; None if the API does not give them."""
        account = whole(user.get("id")) or whole(self._settings.vk_account_id)
        if account is None:
            return None
        try:
            read = await self._batch("users", [account], window)
        except SourceError:
            return None
        return read.days.get(account)

    async def _batch(self, level: str, ids: list[int], window: Window) -> Statistics:
        query: Query = [
            ("id", ",".join(map(str, ids))),
            ("date_from", str(window.first)),
            ("date_to", str(window.last)),
            ("metrics", "base"),
        ]
        return read_statistics(
            await self.client.get(f"api/v2/statistics/{level}/day.json", query=query), ids, window
        )


def account_of(user: Record) -> str:
    account = whole(user.get("id"))
    if account is None:
        raise SourceError(f"{TITLE} does not say which account the token belongs to. Set VK_ACCOUNT_ID.")
    return str(account)


def marks_of(user: Record) -> tuple[str, ...]:
    """Nothing where the API does not tell the account."""
    account = whole(user.get("id"))
    return () if account is None else (str(account),)


def balance_of(user: Record) -> object:
    return record(user.get("account")).get("balance")


def currency_of(user: Record) -> str | None:
    """The account's currency, which was seen in three places."""
    places = [user, *(record(user.get(place)) for place in _CURRENCY_PLACES)]
    codes = (str(one["currency"]).strip().upper() for one in places if isinstance(one.get("currency"), str))
    return next((code for code in codes if re.fullmatch("[A-Z]{3}", code)), None)


def _items(reply: Any, what: str) -> list[Any]:
    items = record(reply).get("items")
    if not isinstance(items, list):
        raise SourceError(f"{TITLE} answered a request for {what} without `items`.", transient=True)
    return items


def read_statistics(reply: Any, ids: list[int], window: Window) -> Statistics:
    """Figures by ad. VK sends a row for every day of the period, also without delivery, and sums of the rows: what
    is absent is missing, not zero."""
    items = record(reply).get("items")
    items = items if isinstance(items, list) else []
    read = Statistics(nameless=by_id(items)[1])
    came: dict[int, list[Row]] = {}
    wrong: set[int] = set()
    for item in items:
        ad, rows = whole(record(item).get("id")), record(item).get("rows")
        if ad is None:
            continue
        came.setdefault(ad, []).extend([statistics_row(row) for row in rows] if isinstance(rows, list) else [])
    came = {ad: same_once(rows) for ad, rows in came.items()}
    for item in items:
        ad = whole(record(item).get("id"))
        if ad is not None and came[ad] and _contradicts(record(item).get("total"), came[ad]):
            wrong.add(ad)
    expected = days_of(window)
    for ad in ids:
        if ad in came and ad not in wrong and _is_whole(came[ad], expected):
            read.days[ad] = came[ad]
        else:
            read.partial[ad] = came.get(ad, [])
    # Where rows are missing, that explains a total above their sum.
    read.contradicted = {ad for ad in read.partial if ad in wrong and _is_whole(came[ad], expected)}
    read.strangers = len(came.keys() - set(ids))
    everything = [row for rows in came.values() for row in rows]
    total = record(reply).get("total")
    if not read.partial and _contradicts(total, everything) and _contradicts(total, read.rows):
        return Statistics(
            partial=read.days, contradicted=set(ids), strangers=read.strangers, nameless=read.nameless
        )
    return read


def _is_whole(rows: list[Row], expected: set[str]) -> bool:
    """Whether every day has one row; a row with an unreadable day may be that of any day."""
    unread = sum(not is_day(row["stat_date"]) for row in rows)
    return not has_a_day_twice(rows) and len(expected - {str(row["stat_date"]) for row in rows}) <= unread


def _contradicts(total: object, rows: list[Row]) -> bool:
    """Whether a total differs from the sum of the rows. No total, or an unreadable row, proves nothing."""
    base, sums = record(record(total).get("base")), Figures.of(rows)
    if sums.odd:
        return False
    spent, shows, clicks = (number(base.get(name)) for name in ("spent", "shows", "clicks"))
    return (
        (spent is not None and abs(spent - sums.spent) > sums.slack)
        or (shows is not None and shows != sums.impressions)
        or (clicks is not None and clicks != sums.clicks)
    )


def _judge(reply: httpx.Response) -> None:
    """Errors by status and code: 429 has the limit that is used up; 400 of a list may allow a smaller page, in
    whatever words."""
    if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
        _judge_limit(reply)
    text = text_of_bytes(reply.content) if reply.status_code in (400, 404) else ""
    if "/statistics/banners/" in reply.request.url.path and re.search(r"WRONG_(BANNERS|IDS)\b", text):
        raise UnknownIds
    if reply.status_code == httpx.codes.BAD_REQUEST:
        code = re.search(r'"code"\s*:\s*"([A-Za-z_()]{1,60})"', text)
        if code and code[1].startswith("unknown_resource_field"):
            raise _UnknownFields(code[1])
        error = _bad_request(code[1] if code else "")
        raise PageTooLarge(error) if "limit" in reply.request.url.params else error


def _bad_request(code: str) -> SourceError:
    said = f" ({code})" if code else ""
    return SourceError(f"{TITLE} refused the request{said}: HTTP 400. The API may have changed; report it.")


def _judge_limit(reply: httpx.Response) -> None:
    try:
        remaining = {int(k): int(v) for k, v in json_of(reply.content)["remaining"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # no body: the usual back-off
    used_up = [seconds for seconds, left in remaining.items() if left <= 0 < seconds]
    longest = max(used_up, default=1)
    if longest >= 3600:  # noqa: PLR2004 - longer than a run should sleep
        again = "tomorrow" if longest > 3600 else "after the next full hour"  # noqa: PLR2004
        raise SourceError(f"{TITLE} allows no more requests for now; run again {again}.", transient=True)
    now = datetime.now(UTC).timestamp()
    raise TryAgain("too many requests", retry_after=longest - now % longest + 0.1)


def statistics_row(day: object) -> Row:
    """Figures of a day as text. VK counts its own goals apart, and those are the ads' conversions: null if the
    reply has only the goals of others."""
    base = record(record(day).get("base"))
    return {
        "stat_date": kinds.instant(record(day).get("date")),
        "impressions": kinds.number(base.get("shows")),
        "clicks": kinds.number(base.get("clicks")),
        "spent": kinds.number(base.get("spent")),
        "conversions": kinds.number(record(base.get("vk")).get("goals")),
    }


def group_of(banner: Record) -> int | None:
    """Old banners call their group a campaign."""
    group = whole(banner.get("ad_group_id"))
    return whole(banner.get("campaign_id")) if group is None else group


def link_of(banner: Record) -> str | None:
    """The ad's target; '' if it has none, as a lead form in a clip; None if it is not in the reply."""
    urls = banner.get("urls")
    if not isinstance(urls, dict):
        return None
    url = record(urls["primary"]).get("url") if "primary" in urls else ""
    return link_or_none(url)


def tags_of(group: Record) -> tuple[str, str | None] | None:
    """Whether the group's tags are switched on, and its tags; None if that is not in the reply."""
    on = flag(group.get("enable_utm"))
    if on is None or (on and "utm" not in group):
        return None
    utm = group.get("utm")
    if isinstance(utm, dict):
        utm = urlencode({str(name): text_of(value) or "" for name, value in utm.items()})
    if isinstance(utm, list):
        utm = "&".join(text_of(part) or "" for part in utm)
    tags = link_or_none(utm)
    if on and utm is not None and tags is None:
        return None
    return "true" if on else "false", tags
