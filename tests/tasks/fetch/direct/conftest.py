"""A small account of Direct, a clock for it, and a watch over the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace

import pytest
from starlette.types import ASGIApp

from sandbox import World
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.world.secrets import MARK
from tasks.fetch.direct import fetch_ad_days
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import UNTIL, Account, Clock


@pytest.fixture(autouse=True)
def _no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Of any test here, however it ends."""
    assert MARK in DIRECT_TOKEN
    caplog.set_level(logging.DEBUG)
    yield
    assert not [line for record in caplog.get_records("call") if MARK in (line := record.getMessage())]


@pytest.fixture(scope="session")
def world() -> World:
    """Two months up to 2026-01-20 18:30 in Moscow, over a change of VAT. Not to be changed."""
    return World.generate(until=UNTIL, days=60, scale=0.1)


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
