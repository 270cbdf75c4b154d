"""What the tests of VK share: an account of few ads, and the calls made to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.vk import Cabinet
from sandbox.vk.objects import Figures
from tasks.fetch.vk_ads import fetch_ad_days
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.account import UNTIL, AdAccount

FORTNIGHT = Window(first=date(2026, 1, 6), last=date(2026, 1, 19))
TWO_DAYS = Window(first=date(2026, 1, 18), last=date(2026, 1, 19))


def path(name: str) -> str:
    return f"/api/v2/{name}.json"


def spent(rows: Any) -> Decimal:
    return sum((Decimal(str(row["spent"])) for row in rows), Decimal(0))


def only(cabinet: Cabinet, number: int) -> list[int]:
    """Leave so many ads, 1001 and on, copies of one; on the last day each has as many impressions as its number."""
    one = next(iter(cabinet.banners.values()))
    ids = list(range(1001, 1001 + number))
    with cabinet.change():
        cabinet.banners = {ad: replace(one, id=ad) for ad in ids}
        cabinet.days = {ad: {TWO_DAYS.last: Figures(ad, clicks=1, spent=Decimal(0))} for ad in ids}
    return ids


class Account(AdAccount):
    def __init__(self, api: Any, settings: Callable[..., Settings]) -> None:
        self.api, self.settings = api, settings
        self.api.throttle.limits = {1: 10_000}  # which no quick test meets

    @property
    def cabinet(self) -> Cabinet:
        found: Cabinet = self.api.cabinet
        return found

    def fetch(self, window: Window = TWO_DAYS, **settings: Any) -> Fetched:
        return fetch_ad_days(self.settings(self.api, **settings), window, UNTIL)

    def grants(self) -> list[str]:
        return [r.params["grant_type"] for r in self.api.requests if r.path.endswith("/token.json")]
