"""What the tests of Direct share: a clock that pauses move, made-up rows, calls made, and the ground truth, which is
worked out from the world by plain loops without product code."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from sandbox.direct import DIRECT_TOKEN, DirectApi
from sandbox.world import Ad, World
from sandbox.world.spend import AdDay, ad_days
from tasks.errors import SourceError
from tasks.landing import Fetched
from tasks.window import Window

UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
PAST = Window(first=date(2025, 12, 10), last=date(2026, 1, 10))
WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))
DAY = Window(first=date(2026, 1, 5), last=date(2026, 1, 5))
FIGURES = ("impressions", "clicks", "cost", "conversions")

Key = tuple[str, str, str, str]
Figures = tuple[str, str, str, str]


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
    found: dict[int, Ad] = {}
    for ad in api.world.ads:
        if not ad.wizard and not ad.deleted_on and ad.link:
            found.setdefault(ad.campaign_id, ad)
    return list(found.values())[number]


def ad_day(ad: Ad, day: str, spent: str = "10.00", **figures: Any) -> AdDay:
    counts = {"impressions": 100, "clicks": 5, "conversions": 1} | figures
    return AdDay(date.fromisoformat(day), ad, spent=Decimal(spent), **counts)


def rows_of(world: World, first: date, last: date, *, vat: bool) -> dict[Key, Figures]:
    """Figures as the report words them by day, campaign, group and ad; no conversions are `--`."""
    own = (row for row in ad_days(world) if row.ad.source == "direct" and first <= row.day <= last)
    sums: dict[Key, list[int | Decimal]] = {}
    for row in own:
        line = sums.setdefault(key_of(row), [0, 0, Decimal(0), 0])
        line[0] += row.impressions
        line[1] += row.clicks
        line[2] += with_vat(row.spent, row.day) if vat else row.spent
        line[3] += row.conversions
    return {key: (str(i), str(c), f"{cost:.2f}", str(n) if n else "--") for key, (i, c, cost, n) in sums.items()}


def key_of(row: AdDay) -> Key:
    """Ads of the campaign wizard show neither group nor ad."""
    group, ad = ("--", "--") if row.ad.wizard else (str(row.ad.group_id), str(row.ad.ad_id))
    return (row.day.isoformat(), str(row.ad.campaign_id), group, ad)


def with_vat(net: Decimal, day: date) -> Decimal:
    rate = Decimal("0.22") if day.year >= 2026 else Decimal("0.20")
    return (net + net * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def by_key(rows: Iterable[dict[str, str | None]]) -> dict[Key, Figures]:
    """Figures of fetched rows; a key that came twice is a failure."""
    found: dict[Key, Figures] = {}
    for row in rows:
        key = tuple(str(row[name]) for name in ("stat_date", "campaign_id", "ad_group_id", "ad_id"))
        assert key not in found, f"{key} came twice"
        found[key] = tuple(str(row[name]) for name in FIGURES)  # type: ignore[index,assignment]
    return found


class Account:
    """One account of Direct behind a stand-in, which a test may change."""

    def __init__(self, api: DirectApi, fetch: Callable[..., Fetched]) -> None:
        self.api, self._fetch = api, fetch

    def fetch(self, window: Window = PAST, as_of: datetime = UNTIL, app: Any = None, **settings: Any) -> Fetched:
        """A window in the past, so that nothing makes it grow; from `app` if it is in front of the API."""
        return self._fetch(app or self.api, window, as_of, **settings)

    def refused(self, **settings: Any) -> SourceError:
        """The error that a fetch ends with: one line, and no token in it or in its traceback."""
        with pytest.raises(SourceError) as caught:
            self.fetch(**settings)
        assert "\n" not in str(caught.value)
        assert DIRECT_TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        return caught.value

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
