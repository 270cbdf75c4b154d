"""What the tests of Direct share: a clock that pauses move, made-up rows, and what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.direct import DirectApi
from sandbox.recorder import Request
from sandbox.world import Ad
from sandbox.world.spend import AdDay
from tasks.landing import Fetched

Fetch = Callable[..., Fetched]


class Clock:
    """Stands still. A pause of half a second or more takes no time, moves it and is noted in `pauses`."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds < 0.5:
            await self._sleep(seconds)
            return
        self.pauses.append(seconds)
        self.now += seconds
        await self._sleep(0)


def asked(api: DirectApi) -> list[str]:
    """The services called, in order."""
    return [request.path.rsplit("/", 1)[-1] for request in api.requests]


def reports(api: DirectApi) -> list[Request]:
    return [request for request in api.requests if request.path.endswith("/reports")]


def names(api: DirectApi) -> list[str]:
    """The name of each report asked for."""
    return [request.params["params"]["ReportName"] for request in reports(api)]


def without_wizard(api: DirectApi) -> None:
    """From now on the account has no campaigns of the campaign wizard, and no deleted ads."""
    own = replace(api.world, ads=[ad for ad in api.world.ads if not ad.wizard and not ad.deleted_on])
    api.show(own)


def by_ad(api: DirectApi) -> list[Request]:
    """Requests for the report of figures."""
    return [request for request in reports(api) if "AdId" in request.params["params"]["FieldNames"]]


def ordinary(api: DirectApi, number: int = 0) -> Ad:
    """An ad with an id, of a campaign of its own for each number."""
    found: dict[int, Ad] = {}
    for ad in api.world.ads:
        if not ad.wizard and not ad.deleted_on and ad.link:
            found.setdefault(ad.campaign_id, ad)
    return list(found.values())[number]


def ad_day(ad: Ad, day: str, spent: str = "10.00", **figures: Any) -> AdDay:
    counts = {"impressions": 100, "clicks": 5, "conversions": 1} | figures
    return AdDay(date.fromisoformat(day), ad, spent=Decimal(spent), **counts)
