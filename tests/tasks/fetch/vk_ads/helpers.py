"""What the tests of VK share: calls made, rows by ad and day, edited replies, the one line of a refusal."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.vk import Cabinet
from sandbox.vk.objects import Figures
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.landing import Fetched
from tasks.window import Window

Row = dict[str, str | None]
UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
FORTNIGHT = Window(first=date(2026, 1, 6), last=date(2026, 1, 19))
TWO_DAYS = Window(first=date(2026, 1, 18), last=date(2026, 1, 19))
ALWAYS = 99
"""Times that a fault happens: more often than anybody calls."""


def path(name: str) -> str:
    return f"/api/v2/{name}.json"


def by_ad_day(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Figures by day and ad; a key that came twice is a failure."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        key = (str(row["stat_date"]), str(row["ad_id"]))
        assert key not in found, f"{key} came twice"
        found[key] = tuple(str(row[name]) for name in ("impressions", "clicks", "spent", "conversions"))
    return found


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


class Account:
    """One account of VK behind one of its APIs. `api`, `cabinet`: the stand-in, which a test may change."""

    def __init__(self, api: Any, fetch: Callable[..., Fetched]) -> None:
        self.api, self._fetch = api, fetch

    @property
    def cabinet(self) -> Cabinet:
        found: Cabinet = self.api.cabinet
        return found

    def fetch(self, window: Window = TWO_DAYS, **settings: Any) -> Fetched:
        return self._fetch(self.api, window, **settings)

    def refused(self, **settings: Any) -> SourceError:
        """The error that a fetch ends with: one line, and no secret of the sandbox in it or in its traceback."""
        with pytest.raises(SourceError) as caught:
            self.fetch(**settings)
        assert "\n" not in str(caught.value)
        assert MARK not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        return caught.value

    def calls(self) -> Counter[str]:
        """How often each method was called: `user`, `banners`, `day`, `token`, `ads.getAds` ..."""
        return Counter(request.path.rsplit("/", 1)[-1].removesuffix(".json") for request in self.api.requests)

    def grants(self) -> list[str]:
        """Kinds of the requests for a token, in order."""
        return [r.params["grant_type"] for r in self.api.requests if r.path.endswith("/token.json")]

    def fail(self, kind: str, path: str, times: int = ALWAYS, **options: Any) -> None:
        """Each reply of that path has this fault."""
        self.api.faults.add(kind, path, times=times, **options)

    def edit(self, path: str, change: Callable[[Any], Any], times: int = ALWAYS) -> None:
        """`change` gets the reply's JSON, and changes it or returns another."""

        def call(body: bytes) -> bytes:
            document = json.loads(body)
            changed = change(document)
            return json.dumps(document if changed is None else changed).encode()

        self.fail("edit", path, times, call=call)
