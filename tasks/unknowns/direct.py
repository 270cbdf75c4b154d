"""What nobody knows about Yandex Direct until a live account was asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import polars as pl

from tasks.errors import SourceError
from tasks.fetch.direct.money import figures
from tasks.fetch.direct.reports import Reports
from tasks.fetch.direct.rows import ids
from tasks.fetch.direct.service import Direct, PeriodTooLong
from tasks.fetch.direct.values import Object, identifier, objects, part
from tasks.reference import vat_rates
from tasks.settings import Settings
from tasks.unknowns.asking import Calls, Reply
from tasks.unknowns.question import Facts, Interview, Judged, declared
from tasks.unknowns.watch import Read, Watch
from tasks.window import Window, moscow_today

_VERSIONS = ("v501", "v5")
_DAYS = 30
_MOST_IDS = 1000
_NEAR = Decimal("0.005")
_LEAST_COST = 100
"""Of a day whose VAT can be read off."""
T = TypeVar("T")


class Account:
    """One login, by both versions of the API."""

    def __init__(self, directs: dict[str, Direct], settings: Settings, calls: Calls) -> None:
        self._directs, self._settings, self.calls = directs, settings, calls
        self.report_currency = settings.report_currency
        self._as_of = datetime.now(UTC)
        self.window = Window.trailing(_DAYS, moscow_today() - timedelta(days=1))

    async def listed(self, version: str) -> Reply[list[Object]]:
        request: Object = {"SelectionCriteria": {}, "FieldNames": ["Id", "Type", "Currency"]}
        return await self._once(("listed", version), lambda: self._get(version, "campaigns", "Campaigns", request))

    async def version(self) -> str:
        """The newest that answers."""
        for version in _VERSIONS:
            if (await self.listed(version)).value is not None:
                return version
        return _VERSIONS[0]

    async def ad_days(self) -> pl.DataFrame | None:
        reports = await self._reports()
        return (await self._once("ad days", lambda: reports.ad_days(self.window, "NO"))).value

    async def account_days(self, vat: str) -> pl.DataFrame | None:
        reports = await self._reports()
        return (await self._once(("account", vat), lambda: reports.account_days(self.window, vat))).value

    async def listed_by_id(self, campaigns: list[int]) -> list[Object] | None:
        version = await self.version()
        request: Object = {"SelectionCriteria": {"Ids": campaigns}, "FieldNames": ["Id"]}
        return (await self._once("by id", lambda: self._get(version, "campaigns", "Campaigns", request))).value

    async def ads(self, version: str, ads: list[int]) -> list[Object] | None:
        kinds = ("TextAd", *(("ResponsiveAd",) if version == "v501" else ()))
        request: Object = {
            "SelectionCriteria": {"Ids": ads},
            "FieldNames": ["Id", "Type"],
            **{f"{kind}FieldNames": ["Href"] for kind in kinds},
        }
        return (await self._once(("ads", version), lambda: self._get(version, "ads", "Ads", request))).value

    async def _get(self, version: str, service: str, key: str, request: Object) -> list[Object]:
        """One page."""
        page = {"Page": {"Limit": _MOST_IDS, "Offset": 0}}
        return objects((await self._directs[version].call(service, "get", request | page)).get(key))

    async def _reports(self) -> Reports:
        return Reports(self._directs[await self.version()], self._settings, self._as_of)

    async def _once(self, key: object, call: Callable[[], Awaitable[T]]) -> Reply[T]:
        async def within() -> T:
            try:
                return await call()
            except PeriodTooLong:
                raise SourceError("Yandex Direct takes too long.") from None

        return await self.calls.once(key, within)


@asynccontextmanager
async def _opened(settings: Settings, watch: Watch) -> AsyncIterator[Account]:
    directs = {one: Direct(settings.model_copy(update={"direct_version": one})) for one in _VERSIONS}
    async with directs["v501"].client, directs["v5"].client:
        yield Account(directs, settings, Calls(watch))


async def _ask_versions(account: Account) -> Facts:
    listed = {version: await account.listed(version) for version in _VERSIONS}
    if not any(one.value is not None for one in listed.values()):
        return {}
    found = {version: {identifier(c.get("Id")) for c in one.value or ()} for version, one in listed.items()}
    of_new_kind = {
        identifier(c.get("Id")) for c in listed["v501"].value or () if c.get("Type") == "UNIFIED_CAMPAIGN"
    }
    return {
        "answers": [version for version, one in listed.items() if one.value is not None],
        "unified": len(of_new_kind),
        "hidden": len(found["v501"] - found["v5"]),
    }


def _judge_versions(facts: Facts) -> Judged | None:
    if not facts:
        return None
    if len(facts["answers"]) == 1:
        return Judged(facts["answers"][0])
    if facts["hidden"]:
        return Judged("v501")
    return Judged("both") if facts["unified"] else None


async def _ask_links(account: Account) -> Facts:
    """Of ads that v501 calls combinatorial and tells a link of: of how many v5 tells one."""
    rows = await account.ad_days()
    wanted = sorted(ids(rows, "ad_id") - {0})[-_MOST_IDS:] if rows is not None else []
    if not wanted:
        return {"combinatorial": 0, "linked": 0}
    new, old = await account.ads("v501", wanted), await account.ads("v5", wanted)
    linked = {identifier(ad.get("Id")) for ad in new or () if part(ad, "ResponsiveAd").get("Href")}
    on_v5 = {identifier(ad.get("Id")) for ad in old or () if part(ad, "TextAd").get("Href")}
    return {"combinatorial": 0 if old is None else len(linked), "linked": len(linked & on_v5)}


def _judge_links(facts: Facts) -> Judged | None:
    if not facts["combinatorial"]:
        return None
    return Judged("linked" if facts["linked"] == facts["combinatorial"] else "bare")


async def _ask_unlisted(account: Account) -> Facts:
    rows, listed = await account.ad_days(), (await account.listed(await account.version())).value
    reported = (ids(rows, "campaign_id") - {0}) if rows is not None else set()
    if not reported or listed is None:
        return {"reported": 0, "unlisted": 0}
    missing = sorted(reported - {identifier(one.get("Id")) for one in listed})[:_MOST_IDS]
    found = await account.listed_by_id(missing) if missing else []
    known = {identifier(one.get("Id")) for one in found or ()}
    return {"reported": 0 if found is None else len(reported), "unlisted": len(set(missing) - known)}


def _judge_unlisted(facts: Facts) -> Judged | None:
    return Judged("some" if facts["unlisted"] else "none") if facts["reported"] else None


async def _ask_currency(account: Account) -> Facts:
    listed = (await account.listed(await account.version())).value or []
    told = [str(one.get("Currency") or "").upper() for one in listed]
    return {"told": len(set(told)), "report": told.count(account.report_currency), "campaigns": len(told)}


def _judge_currency(facts: Facts) -> Judged | None:
    if not facts["campaigns"]:
        return None
    if facts["report"] == facts["campaigns"]:
        return Judged("report")
    return Judged("mixed" if facts["report"] or facts["told"] > 1 else "other")


async def _ask_vat(account: Account) -> Facts:
    """By day, what the report adds where VAT is asked for: the day's rate, nothing, or something else."""
    gross, net = await account.account_days("YES"), await account.account_days("NO")
    if gross is None or net is None:
        return {"rate": 0, "nothing": 0, "other": 0}
    paid = {vat: _costs(frame) for vat, frame in (("YES", gross), ("NO", net))}
    found = Counter(
        _added(paid["YES"].get(day, Decimal(0)) / cost - 1, date.fromisoformat(day))
        for day, cost in paid["NO"].items()
        if cost >= _LEAST_COST
    )
    return {answer: found[answer] for answer in ("rate", "nothing", "other")}


def _costs(days: pl.DataFrame) -> dict[str, Decimal]:
    read = figures(days.rename({"spent": "cost"})).filter(pl.col("stat_date").str.contains(r"^\d{4}-\d\d-\d\d$"))
    return dict(read.select("stat_date", "paid").iter_rows())


def _added(share: Decimal, day: date) -> str:
    rates = vat_rates().sort("valid_from")
    known = rates.filter(pl.col("valid_from") <= day)
    rate = (known if known.height else rates)["rate"][-1 if known.height else 0]
    if abs(share) <= _NEAR:
        return "nothing"
    return "rate" if abs(share - rate) <= _NEAR else "other"


def _judge_vat(facts: Facts) -> Judged | None:
    best = max(facts, key=lambda answer: facts[answer])
    return Judged(best) if facts[best] > sum(facts.values()) / 2 else None


async def _ask_units(account: Account) -> Facts:
    await account.ad_days()
    done = [one for one in account.calls.watch.exchanges if one.name == "reports" and one.status == 200]  # noqa: PLR2004
    return {"reports": len(done), "with units": sum("units" in one.headers for one in done)}


def _judge_units(facts: Facts) -> Judged | None:
    return Judged("told" if facts["with units"] else "not_told") if facts["reports"] else None


def _is(*methods: str) -> Callable[[bytes], bool]:
    """Direct reads by POST: the method stands in the body. Reports have none, only parameters."""

    def is_read(body: bytes) -> bool:
        try:
            asked = json.loads(body)
        except ValueError:
            return False
        return isinstance(asked, dict) and asked.get("method", "") in methods

    return is_read


QUESTIONS = (
    declared("direct_version", _ask_versions, _judge_versions),
    declared("direct_combinatorial", _ask_links, _judge_links),
    declared("direct_unlisted", _ask_unlisted, _judge_unlisted),
    declared("direct_currency", _ask_currency, _judge_currency),
    declared("direct_vat", _ask_vat, _judge_vat),
    declared("direct_units", _ask_units, _judge_units),
)

INTERVIEW = Interview(
    "direct",
    (
        Read("campaigns.get", "POST", "/json/v5(01)?/campaigns", _is("get")),
        Read("ads.get", "POST", "/json/v5(01)?/ads", _is("get")),
        Read("reports", "POST", "/json/v5(01)?/reports", _is("")),
    ),
    _opened,
    QUESTIONS,
)
