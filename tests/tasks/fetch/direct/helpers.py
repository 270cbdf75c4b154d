"""What the tests of Direct share: a clock that pauses move, made-up rows, an account and the calls made to it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from sandbox.direct import DirectApi
from sandbox.world import Ad
from sandbox.world.spend import AdDay
from tasks.landing import Fetched
from tasks.window import Window
from tests.flows import ad_truth
from tests.tasks.fetch.account import UNTIL, AdAccount, Facts

PAST = Window(first=date(2025, 12, 10), last=date(2026, 1, 10))
WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))


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


def ordinary(api: DirectApi, number: int = 0) -> Ad:
    """An ad with an id, of a campaign of its own for each number."""
    ads = {ad.campaign_id: ad for ad in api.world.ads if ad.link and not ad.wizard and not ad.deleted_on}
    return list(ads.values())[number]


def ad_day(ad: Ad, day: str, spent: str = "10.00") -> AdDay:
    return AdDay(date.fromisoformat(day), ad, impressions=100, clicks=5, spent=Decimal(spent), conversions=1)


class Account(AdAccount):
    base = "/json/v501/"

    def __init__(self, api: DirectApi, fetch: Callable[..., Fetched]) -> None:
        self.api, self._fetch = api, fetch

    def fetch(self, window: Window = PAST, as_of: datetime = UNTIL, **settings: Any) -> Fetched:
        """A window in the past, so that nothing makes it grow. The rows are dicts."""
        fetched = self._fetch(window, as_of, **settings)
        assert isinstance(fetched.rows, pl.DataFrame)
        return replace(fetched, rows=fetched.rows.to_dicts())

    def facts(self, first: date, last: date) -> Facts:
        return ad_truth.facts(self.api.world, "direct", first, last)

    def calls(self) -> list[str]:
        return [request.path.rsplit("/", 1)[-1] for request in self.api.requests]

    def sent(self, service: str) -> list[Any]:
        return [r.params["params"] for r in self.api.requests if r.path.endswith(f"/{service}")]

    def statuses(self) -> list[int | None]:
        return [request.status for request in self.api.requests if request.path.endswith("/reports")]

    def names(self) -> list[str]:
        return [params["ReportName"] for params in self.sent("reports")]

    def without_wizard(self) -> None:
        """From now on the account has no campaigns of the campaign wizard, and no deleted ads."""
        ads = [ad for ad in self.api.world.ads if not ad.wizard and not ad.deleted_on]
        self.api.show(replace(self.api.world, ads=ads))

    def show(self, *days: AdDay) -> None:
        self.api.world = replace(self.api.world, ads=list({day.ad.ad_id: day.ad for day in days}.values()))
        with self.api.change():
            self.api.rows[:] = days
