"""What the tests of Direct share: a clock that pauses move, made-up rows, an account and the calls made to it."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from sandbox.direct import DIRECT_TOKEN, DirectApi
from sandbox.world import Ad
from sandbox.world.spend import AdDay
from tasks.errors import SourceError
from tasks.landing import Fetched
from tasks.window import Window
from tests.flows import ad_truth

UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
PAST = Window(first=date(2025, 12, 10), last=date(2026, 1, 10))
WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))

Facts = dict[ad_truth.FactKey, ad_truth.Fact]


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


def by_key(rows: Iterable[dict[str, str | None]]) -> Facts:
    """Figures of fetched rows, `--` as 0; a key that came twice is a failure."""
    found: Facts = {}
    for row in rows:
        text = {name: "0" if value == "--" else str(value) for name, value in row.items()}
        day = date.fromisoformat(text["stat_date"])
        key = (day, int(text["campaign_id"]), int(text["ad_group_id"]), int(text["ad_id"]))
        assert key not in found, f"{key} came twice"
        found[key] = (
            int(text["impressions"]),
            int(text["clicks"]),
            Decimal(text["cost"]),
            int(text["conversions"]),
        )
    return found


class Account:
    """One account of Direct behind a stand-in, which a test may change."""

    def __init__(self, api: DirectApi, fetch: Callable[..., Fetched]) -> None:
        self.api, self._fetch = api, fetch

    def fetch(self, window: Window = PAST, as_of: datetime = UNTIL, **settings: Any) -> Fetched:
        """A window in the past, so that nothing makes it grow. The rows are dicts."""
        fetched = self._fetch(window, as_of, **settings)
        assert isinstance(fetched.rows, pl.DataFrame)
        return replace(fetched, rows=fetched.rows.to_dicts())

    def refused(self, **options: Any) -> SourceError:
        """The error that a fetch ends with: one line, and no token in it or in its traceback."""
        with pytest.raises(SourceError) as caught:
            self.fetch(**options)
        assert "\n" not in str(caught.value)
        assert DIRECT_TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        return caught.value

    def facts(self, first: date, last: date) -> Facts:
        """The ground truth, with VAT."""
        return ad_truth.facts(self.api.world, "direct", first, last)

    def fail(self, kind: str, service: str, times: int = 99, **options: Any) -> None:
        """Each reply of that service has this fault."""
        self.api.faults.add(kind, f"/json/v501/{service}", times=times, **options)

    def calls(self) -> list[str]:
        """The services called, in order."""
        return [request.path.rsplit("/", 1)[-1] for request in self.api.requests]

    def sent(self, service: str) -> list[Any]:
        """Parameters of the calls of a service."""
        return [r.params["params"] for r in self.api.requests if r.path.endswith(f"/{service}")]

    def statuses(self) -> list[int | None]:
        """Of each request for a report."""
        return [request.status for request in self.api.requests if request.path.endswith("/reports")]

    def names(self) -> list[str]:
        """The name of each report requested."""
        return [params["ReportName"] for params in self.sent("reports")]

    def without_wizard(self) -> None:
        """From now on the account has no campaigns of the campaign wizard, and no deleted ads."""
        ads = [ad for ad in self.api.world.ads if not ad.wizard and not ad.deleted_on]
        self.api.show(replace(self.api.world, ads=ads))

    def show(self, *days: AdDay) -> None:
        """From now on the account has these ads and days."""
        self.api.world = replace(self.api.world, ads=list({day.ad.ad_id: day.ad for day in days}.values()))
        with self.api.change():
            self.api.rows[:] = days
