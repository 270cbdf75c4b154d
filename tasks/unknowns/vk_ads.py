"""What nobody knows about VK Ads until a live account was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import polars as pl
from httpx import QueryParams

from tasks.errors import SourceError, ZakazError
from tasks.fetch.http import ApiClient, Query
from tasks.fetch.vk_ads.legacy import Legacy
from tasks.fetch.vk_ads.today import PageTooLarge, Today, UnknownIds, read_statistics
from tasks.fetch.vk_ads.token import api_of
from tasks.fetch.vk_ads.values import Record, flag, number, record, whole
from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.reference import vat_rates
from tasks.settings import Settings
from tasks.unknowns.asking import Calls, Reply, others_of
from tasks.unknowns.question import Facts, Interview, Judged, declared
from tasks.unknowns.watch import Read, Watch
from tasks.window import Window, moscow_today

_LARGE_PAGE, _SMALL_PAGE = 250, 50
_DAYS, _YEAR = 7, 365
_MOST_IDS = 50
_NEAR = Decimal("0.02")
_DEFAULT_SOURCE = "vk_ads"
"""utm_source of the tags that VK adds itself."""


class Cabinet:
    """One account of today's API."""

    def __init__(self, api: Today, settings: Settings, calls: Calls) -> None:
        self._api, self._settings, self.calls = api, settings, calls
        self.yesterday = moscow_today() - timedelta(days=1)

    async def user(self) -> Reply[Any]:
        return await self._get("user.json")

    async def page(self, resource: str, limit: int, offset: int = 0, fields: str = "id") -> Reply[Any]:
        query: Query = [("fields", fields), ("sorting", "id"), ("limit", limit), ("offset", offset)]
        return await self._get(f"{resource}.json", query)

    async def groups(self) -> list[Record]:
        """The newest ones, a page of them."""
        fields = "id,ad_plan_id,enable_utm,utm"
        first = record((await self.page("ad_groups", _SMALL_PAGE, fields=fields)).value)
        start = max(0, (whole(first.get("count")) or 0) - _SMALL_PAGE)
        last = record((await self.page("ad_groups", _SMALL_PAGE, start, fields)).value) if start else first
        return _records(last.get("items"))

    async def days(self, level: str, ids: list[int], window: Window) -> Reply[Any]:
        query: Query = [("id", ",".join(map(str, ids))), ("date_from", str(window.first)),
                        ("date_to", str(window.last)), ("metrics", "base")]  # fmt: skip
        return await self._get(f"statistics/{level}/day.json", query)

    async def transactions(self) -> Reply[Any]:
        return await self._get("billing/transaction_groups.json", [("sorting", "-date"), ("limit", _SMALL_PAGE)])

    async def host_answers(self, host: str) -> bool:
        """Whether the API is at this host of its own too. The token stays here: a refusal of it is an answer."""
        api = replace(api_of(self._settings), base_url=self.address_at(host))
        async with ApiClient(api, self._settings) as client:
            reply = await self.calls.once(("host", host), lambda: client.get("api/v2/user.json"))
        return reply.status == 401  # noqa: PLR2004

    @property
    def host(self) -> str:
        return urlsplit(self._settings.vk_base_url).hostname or ""

    def address_at(self, host: str) -> str:
        return self._settings.vk_base_url.replace(self.host, host, 1)

    def tags_of_orders(self) -> set[int]:
        """The ids that stand in `utm_campaign` of loaded orders with VK's own source."""
        sql = (
            "SELECT DISTINCT toUInt64(utm_campaign) AS id FROM stg_qtickets_tickets FINAL "
            "WHERE utm_source = {source:String} AND match(utm_campaign, '^[0-9]{1,18}$') LIMIT 100000"
        )
        try:
            with warehouse(self._settings) as client:
                return set(select(client, sql, {"source": _DEFAULT_SOURCE})["id"])
        except ZakazError:
            return set()

    def redirected_to(self) -> str:
        """The host that the account's own address names instead of answering."""
        targets = [one.target for one in self.calls.watch.exchanges if one.target is not None]
        return targets[0].host if targets else ""

    async def _get(self, path: str, query: Query | None = None) -> Reply[Any]:
        async def call() -> Any:
            try:
                return await self._api.client.get(f"api/v2/{path}", query=query)
            except (PageTooLarge, UnknownIds):
                raise SourceError("VK Ads refuses this.") from None

        return await self.calls.once((path, str(query)), call)


class OldCabinet:
    """One account of the legacy API."""

    def __init__(self, api: Legacy, calls: Calls) -> None:
        self._api, self._calls = api, calls

    async def facts(self) -> Facts:
        ads = (await self._calls.once("ads", self._api.ads)).value
        if ads is None:
            return {"refused": True, "ads": 0, "days": 0}
        window = Window.trailing(_YEAR, moscow_today() - timedelta(days=1))
        newest = sorted(ads)[-_MOST_IDS:]
        read = (await self._calls.once("days", lambda: self._api.statistics(newest, window))).value
        return {"refused": read is None, "ads": len(ads), "days": len(read.rows) if read else 0}


@asynccontextmanager
async def _opened(settings: Settings, watch: Watch) -> AsyncIterator[Cabinet | OldCabinet]:
    if settings.vk_api == "legacy":
        legacy = Legacy(settings)
        async with legacy.client:
            yield OldCabinet(legacy, Calls(watch))
        return
    api = Today(settings)
    try:
        yield Cabinet(api, settings, Calls(watch))
    finally:
        await api.close()


def _records(value: object) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


async def _ask_host(cabinet: Cabinet) -> Facts:
    answers = (await cabinet.user()).value is not None
    moved = cabinet.redirected_to()
    others = [host for host in others_of(cabinet.host) if moved in ("", host) and await cabinet.host_answers(host)]
    return {"here": answers, "moved": bool(moved), "others": others, "url": cabinet.address_at(moved)}


def _judge_host(facts: Facts) -> Judged | None:
    if facts["here"]:
        return Judged("both" if facts["others"] else "here")
    return Judged("moved", facts["url"]) if facts["moved"] and facts["others"] else None


async def _ask_days(cabinet: Cabinet) -> Facts:
    page = await cabinet.page("banners", _SMALL_PAGE)
    ids = [number for one in _records(record(page.value).get("items")) if (number := whole(one.get("id")))]
    if not ids:
        return {"ads": 0, "absent": 0, "short": 0}
    window = Window.trailing(_DAYS, cabinet.yesterday)
    reply = (await cabinet.days("banners", ids, window)).value
    read = read_statistics(reply, ids, window)
    absent = sum(not rows for rows in read.partial.values())
    return {"ads": len(ids) if reply is not None else 0, "absent": absent, "short": len(read.partial) - absent}


def _judge_days(facts: Facts) -> Judged | None:
    if not facts["ads"]:
        return None
    return Judged("short" if facts["short"] else "absent" if facts["absent"] else "every")


async def _ask_page(cabinet: Cabinet) -> Facts:
    reply = await cabinet.page("banners", _LARGE_PAGE)
    body = record(reply.value)
    limit = whole(body.get("limit"))
    items, count = len(_records(body.get("items"))), whole(body.get("count")) or 0
    got = limit if limit is not None else items if items < min(count, _LARGE_PAGE) else _LARGE_PAGE
    return {"status": reply.status, "got": got if reply.value is not None else 0}


def _judge_page(facts: Facts) -> Judged | None:
    if facts["got"]:
        return Judged("given" if facts["got"] >= _LARGE_PAGE else "cut")
    return Judged("refused") if facts["status"] == 400 else None  # noqa: PLR2004


async def _ask_tags(cabinet: Cabinet) -> Facts:
    """Which ids of groups with VK's own tags stand in orders: the groups', or their campaigns'."""
    wanted = [one for one in await cabinet.groups() if flag(one.get("enable_utm")) and not one.get("utm")]
    in_orders = cabinet.tags_of_orders() if wanted else set()
    found = {name: {whole(one.get(name)) for one in wanted} & in_orders for name in ("id", "ad_plan_id")}
    return {"groups": len(found["id"]), "campaigns": len(found["ad_plan_id"])}


def _judge_tags(facts: Facts) -> Judged | None:
    if facts["groups"] == facts["campaigns"]:
        return None
    return Judged("group" if facts["groups"] > facts["campaigns"] else "campaign")


async def _ask_vat(cabinet: Cabinet) -> Facts:
    """What was charged in the last whole month, against its spend; whether VAT was taken when money was paid in."""
    user = whole(record((await cabinet.user()).value).get("id"))
    last = moscow_today().replace(day=1) - timedelta(days=1)
    groups = _records(record((await cabinet.transactions()).value).get("items"))
    charges = [number(one.get("amount")) or Decimal(0) for one in groups
               if one.get("type") == "charge" and str(one.get("date"))[:7] == f"{last:%Y-%m}"]  # fmt: skip
    if user is None or not charges:
        return {"spent": 0, "charged": 0}
    reply = (await cabinet.days("users", [user], Window(first=last.replace(day=1), last=last))).value
    rows = [row for item in _records(record(reply).get("items")) for row in _records(item.get("rows"))]
    spent = sum((number(record(row.get("base")).get("spent")) or Decimal(0) for row in rows), Decimal(0))
    taxed = any(number(one.get("tax_amount")) for one in groups if one.get("type") == "deposit")
    rate = vat_rates().filter(pl.col("valid_from") <= last).sort("valid_from")["rate"][-1]
    return {"spent": spent, "charged": sum(charges, Decimal(0)), "taxed": taxed, "rate": rate}


def _judge_vat(facts: Facts) -> Judged | None:
    if not facts["spent"] or not facts["charged"]:
        return None
    more = facts["charged"] / facts["spent"] - 1
    if abs(more - facts["rate"]) <= _NEAR:
        return Judged("net")
    return Judged("net" if facts["taxed"] else "gross") if abs(more) <= _NEAR else None


async def _ask_legacy(cabinet: OldCabinet) -> Facts:
    return await cabinet.facts()


def _judge_legacy(facts: Facts) -> Judged | None:
    if facts["refused"]:
        return Judged("refused")
    return Judged("alive" if facts["days"] else "silent") if facts["ads"] else None


def _is_legacy(settings: Settings) -> bool:
    return settings.vk_api == "legacy"


_of_today = partial(declared, is_for=lambda settings: not _is_legacy(settings))

QUESTIONS = (
    _of_today("vk_host", _ask_host, _judge_host),
    _of_today("vk_page_size", _ask_page, _judge_page),
    _of_today("vk_day_rows", _ask_days, _judge_days),
    _of_today("vk_default_tags", _ask_tags, _judge_tags),
    _of_today("vk_vat", _ask_vat, _judge_vat),
    declared("vk_legacy_alive", _ask_legacy, _judge_legacy, _is_legacy),
)


def _is_login(body: bytes) -> bool:
    """A token is taken as a load takes it, and kept for the next one."""
    grants = QueryParams(body.decode("ascii", "replace")).get_list("grant_type")
    return len(grants) == 1 and grants[0] in ("client_credentials", "agency_client_credentials", "refresh_token")


INTERVIEW = Interview(
    "vk_ads",
    (
        *(
            Read(name, "GET", rf"/api/v2/{name}\.json")
            for name in (
                "user",
                "banners",
                "ad_groups",
                "statistics/banners/day",
                "statistics/users/day",
                "billing/transaction_groups",
            )
        ),
        Read("oauth2/token", "POST", r"/api/v2/oauth2/token\.json", _is_login),
        *(Read(f"ads.{name}", "POST", rf"/ads\.{name}") for name in ("getAds", "getCampaigns", "getStatistics")),
    ),
    _opened,
    QUESTIONS,
)
