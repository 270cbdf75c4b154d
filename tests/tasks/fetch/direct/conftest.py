"""A small account of Direct and a clock for it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from starlette.types import ASGIApp

from sandbox import World
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from tasks.fetch.direct import fetch_ad_days
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import Account, Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of loader and server."""
    clock = Clock(asyncio.sleep)
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    monkeypatch.setattr("tasks.fetch.direct.reports.time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def direct(
    world: World, clock: Clock, make_settings: Callable[..., Settings], base_url_of: Callable[[ASGIApp], str]
) -> Account:
    """Every request to it is at once, unless a switch says otherwise; any report is built online."""

    api = DirectApi.of(world, DirectSwitches(auto_online_days=400))
    api.clock = clock
    api.reset()

    def fetch(window: Window, as_of: datetime, **values: object) -> Fetched:
        known = {"direct_login": DIRECT_LOGIN, "direct_token": DIRECT_TOKEN, "direct_rate": 1000}
        return fetch_ad_days(make_settings(direct_base_url=base_url_of(api), **known | values), window, as_of)

    return Account(api, fetch)
