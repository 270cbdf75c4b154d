"""What the tests of VK share: pauses that take no time, what was asked, and rows by ad and day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.vk import VK_CLIENT_SECRET, Cabinet, VkAdsApi, VkLegacyApi
from sandbox.vk.objects import Figures
from tasks.errors import SourceError
from tasks.landing import Fetched

Fetch = Callable[..., Fetched]
Row = dict[str, str | None]
ALWAYS = 99
"""Times that a fault happens: more often than anybody asks."""
FIGURES = ("impressions", "clicks", "spent", "conversions")


class Pauses(list[float]):
    """Pauses of half a second or more, which take no time; `passed` is told each."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        super().__init__()
        self._sleep = sleep
        self.passed: Callable[[float], None] = lambda _seconds: None

    async def sleep(self, seconds: float) -> None:
        if seconds < 0.5:
            await self._sleep(seconds)
            return
        self.append(seconds)
        self.passed(seconds)
        await self._sleep(0)


def asked(api: VkAdsApi) -> Counter[str]:
    """How often each of the API's methods was called: `user`, `banners`, `day`, `token` ..."""
    return Counter(request.path.rsplit("/", 1)[-1].removesuffix(".json") for request in api.requests)


def grants(api: VkAdsApi) -> list[str]:
    """What tokens were asked for by, in order."""
    return [request.params["grant_type"] for request in api.requests if request.path.endswith("/token.json")]


def kept(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def change_kept(file: Path, **changes: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps((kept(file) if file.exists() else {}) | changes))


def by_ad_day(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Figures by day and ad; what came twice is a failure."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        key = (str(row["stat_date"]), str(row["ad_id"]))
        assert key not in found, f"{key} came twice"
        found[key] = tuple(str(row[name]) for name in FIGURES)
    return found


def of_ad(rows: Iterable[Row], ad_id: int) -> list[Row]:
    return [row for row in rows if row["ad_id"] == str(ad_id)]


def only(cabinet: Cabinet, number: int, *, first: date, days: int = 1) -> list[int]:
    """Leave so many banners, each a copy of one with the figures of its own number on each day; their ids."""
    one = next(iter(cabinet.banners.values()))
    ids = list(range(1001, 1001 + number))
    with cabinet.change():
        cabinet.banners = {ad: replace(one, id=ad) for ad in ids}
        cabinet.days = {
            ad: {first + timedelta(days=n): Figures(shows=ad, clicks=1) for n in range(days)} for ad in ids
        }
    return ids


def edit(app: VkAdsApi | VkLegacyApi, path: str, change: Callable[[Any], Any], times: int = ALWAYS) -> None:
    """`change` gets the reply's JSON, and changes it or gives another."""

    def call(body: bytes) -> bytes:
        document = json.loads(body)
        changed = change(document)
        return json.dumps(document if changed is None else changed).encode()

    app.faults.add("edit", path, times=times, call=call)


def spent(rows: Any) -> Decimal:
    return sum((Decimal(str(row["spent"])) for row in rows), Decimal(0))


def refused(fetch: Fetch, api: VkAdsApi, **settings: object) -> SourceError:
    """The error that a fetch ends with: one line, without a secret."""
    with pytest.raises(SourceError) as caught:
        fetch(api, **settings)
    text = str(caught.value)
    assert "\n" not in text
    for token in api.tokens.issued:
        assert token.access not in text
        assert token.refresh not in text
    assert VK_CLIENT_SECRET not in text
    return caught.value
