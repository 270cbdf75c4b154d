"""Servers that do what the sandbox cannot: raw bytes, requests and replies changed on their way. And accounts of VK and of Direct
behind their stand-ins, which a test may change: figures, wrong replies, what was asked."""

import json
import socket
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.direct import DirectApi
from sandbox.vk import Cabinet
from sandbox.vk.objects import Figures
from sandbox.world import Ad
from sandbox.world.secrets import MARK
from sandbox.world.spend import AdDay
from tasks.errors import SourceError
from tasks.fetch import direct, vk_ads
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.flows import ad_truth

Question = dict[str, Any]
Reply = dict[str, Any]
Bend = Callable[[Question], None]
Alter = Callable[[Question, Reply], Any]
Act = Callable[[socket.socket], None]
Serve = Callable[..., int]


@dataclass
class Asked:
    """The reply or the error of one call, and what was counted."""

    reply: Any
    error: SourceError | None
    calls: int
    retries: int


Ask = Callable[..., Asked]


class Stage:
    """Many applications behind one server, each below a path of its own: a server a test takes long to stop."""

    mount = "/stage"

    def __init__(self) -> None:
        self._apps: dict[str, ASGIApp] = {}
        self._count = 0

    def add(self, app: ASGIApp) -> str:
        """The application's path below the stage's own base URL."""
        self._count += 1
        self._apps[str(self._count)] = app
        return f"/{self._count}"

    def clear(self) -> None:
        """Let go of all of them: thousands of documents each would keep the garbage collector busy."""
        self._apps.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["path"][len(scope["root_path"]) :].split("/")[1]
        await self._apps[number]({**scope, "root_path": f"{scope['root_path']}/{number}"}, receive, send)


class Raw:
    """Answers every request with these bytes, and counts them."""

    def __init__(self, body: bytes, headers: dict[str, str] | None = None, *, status: int = 200) -> None:
        self.body, self.headers, self.status = body, headers or {}, status
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Between:
    """Stands before an API. `bend` changes the parameters in the body of a request, and the query is dropped, so that
    only the changed ones arrive. `alter` gets parameters and reply, and gives another reply: an object, the bytes of
    a body, or a status that refuses the request."""

    def __init__(self, api: ASGIApp, *, bend: Bend | None = None, alter: Alter | None = None) -> None:
        self._api, self._bend, self._alter = api, bend, alter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        question = json.loads(body) if body else {}
        answer: list[bytes] = []
        scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
        if self._bend:
            self._bend(question)
            body, scope = json.dumps(question).encode(), {**scope, "query_string": b""}

        async def request() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            answer.append(message.get("body", b""))

        await self._api(scope, request, keep if self._alter else send)
        if self._alter:
            await _response(self._alter(question, json.loads(b"".join(answer))))(scope, receive, send)


def _response(reply: Any) -> Response:
    if isinstance(reply, bytes):
        return Response(reply, media_type="application/json")
    if isinstance(reply, int):
        return JSONResponse({"error": "Unknown error", "status": reply, "code": "UNKNOWN_ERROR", "info": []}, reply)
    return JSONResponse(reply)


Facts = dict[ad_truth.FactKey, ad_truth.Fact]
UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
"""When the world ends."""
ALWAYS = 99
"""Times that a fault happens: more often than anybody calls."""
PAST = Window(first=date(2025, 12, 10), last=date(2026, 1, 10))
"""So that nothing makes it grow."""
WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))
FORTNIGHT = Window(first=date(2026, 1, 6), last=date(2026, 1, 19))
TWO_DAYS = Window(first=date(2026, 1, 18), last=date(2026, 1, 19))


def by_key(rows: Iterable[dict[str, str | None]]) -> Facts:
    """Figures of fetched rows, `--` and null as 0; a key that came twice is a failure."""
    found: Facts = {}
    for row in rows:
        text = {name: "0" if value in ("--", None) else str(value) for name, value in row.items()}
        day = date.fromisoformat(text["stat_date"])
        key = (day, int(text["campaign_id"]), int(text["ad_group_id"]), int(text["ad_id"]))
        assert key not in found, f"{key} came twice"
        spent = Decimal(text["cost"] if "cost" in text else text["spent"])
        found[key] = (int(text["impressions"]), int(text["clicks"]), spent, int(text["conversions"]))
    return found


class AdAccount:
    """`api`: the stand-in. `settings(api)` lead to it. `base`: how its paths begin, which need not be given."""

    base = ""
    window = TWO_DAYS
    load = staticmethod(vk_ads.fetch_ad_days)

    def __init__(self, api: Any, settings: Callable[..., Settings]) -> None:
        self.api, self.settings = api, settings

    def fetch(self, window: Window | None = None, as_of: datetime = UNTIL, **settings: Any) -> Fetched:
        """The rows are dicts."""
        fetched = self.load(self.settings(self.api, **settings), window or self.window, as_of)
        is_frame = isinstance(fetched.rows, pl.DataFrame)
        return replace(fetched, rows=fetched.rows.to_dicts()) if is_frame else fetched

    def refused(self, **options: Any) -> SourceError:
        """The error that a fetch ends with: one line, and no secret of the sandbox in it or in its traceback."""
        with pytest.raises(SourceError) as caught:
            self.fetch(**options)
        assert "\n" not in str(caught.value)
        assert MARK not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        return caught.value

    def fail(self, kind: str, path: str, times: int = ALWAYS, **options: Any) -> None:
        self.api.faults.add(kind, self.base + path, times=times, **options)

    def edit(self, path: str, change: Callable[[Any], Any], times: int = ALWAYS) -> None:
        """`change` gets the reply's JSON, and changes it or returns another."""

        def call(body: bytes) -> bytes:
            document = json.loads(body)
            changed = change(document)
            return json.dumps(document if changed is None else changed).encode()

        self.fail("edit", path, times, call=call)


class VkAccount(AdAccount):
    @property
    def cabinet(self) -> Cabinet:
        found: Cabinet = self.api.cabinet
        return found

    def grants(self) -> list[str]:
        return [r.params["grant_type"] for r in self.api.requests if r.path.endswith("/token.json")]


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


class Clock:
    """Stands still. A pause of half a second or more takes no time, moves it and is noted in `pauses`: one of this
    thread, since others may live on from another test, as Prefect's do."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep, self._thread = sleep, threading.get_ident()
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds < 0.5 or threading.get_ident() != self._thread:
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


class DirectAccount(AdAccount):
    base = "/json/v501/"
    window = PAST
    load = staticmethod(direct.fetch_ad_days)

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
