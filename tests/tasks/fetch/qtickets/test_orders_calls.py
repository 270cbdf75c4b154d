"""A window costs as few calls as its pages need, also among 120,000 orders and where no filter works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from math import ceil, log2
from typing import Any

import pytest

from sandbox import QticketsApi, Switches, World
from tasks.fetch.qtickets import fetch_orders
from tasks.fetch.traffic import Traffic
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.many_orders import evenly
from tests.tasks.fetch.qtickets.truth import bounds, expected_rows, ids_of_documents

PAGE = 100
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# Twelve minutes apart, a thousand days: 120 a day.
COUNT, STEP = 120_000, timedelta(minutes=12)
FIRST = NOW - COUNT * STEP
LAG_DAYS = 30
WINDOWS = {
    "recent": (date(2026, 6, 30), date(2026, 7, 1)),
    "two years back": (date(2024, 6, 10), date(2024, 6, 16)),
    "the first days of all": (date(2023, 10, 5), date(2023, 10, 7)),
}
SettingsFor = Callable[..., Settings]


@pytest.fixture(scope="module")
def many() -> list[dict[str, Any]]:
    return evenly(COUNT, FIRST, STEP)


@pytest.mark.parametrize("days", [2, 14, 30])
def test_an_obeyed_filter_costs_the_pages_of_the_window_and_little_more(
    world: World, api_of_world: Callable[..., QticketsApi], settings_for: SettingsFor, days: int, traffic: Traffic
) -> None:
    first, last = NOW.date() - timedelta(days=days - 1), NOW.date()
    rows = expected_rows(world, first, last, NOW).values()
    paid = {row["order_id"] for row in rows if row["payed"] == "true"}
    unpaid = {row["order_id"] for row in rows if row["payed"] == "false"}

    fetch_orders(settings_for(api_of_world()), Window(first=first, last=last), NOW)

    least = ceil(len(paid) / PAGE) + ceil(len(unpaid) / PAGE)
    assert least <= traffic.calls <= least + 2
    assert traffic.retries == 0


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    "switches",
    [
        {"honour_filters": False},
        {"honour_filters": False, "honour_order_by": False},
        {"honour_body": False, "honour_query": False},
    ],
    ids=["newest first", "oldest first", "no parameter but the page is read"],
)
def test_without_a_filter_only_the_pages_around_the_window_are_read(
    many: list[dict[str, Any]], settings_for: SettingsFor, switches: dict[str, Any], window: str
) -> None:
    first, last = WINDOWS[window]
    start, end = bounds(first, last)
    api = QticketsApi(many, [], Switches(**switches))

    fetched = fetch_orders(settings_for(api), Window(first=first, last=last), NOW)

    assert {row["ticket_id"] for row in fetched.rows} == ids_of_documents(many, first, last, NOW)
    around = (min(end, NOW) - max(start - timedelta(days=LAG_DAYS), FIRST)) / STEP
    search = 0 if window == "recent" else log2(COUNT / PAGE)
    assert len(api.requests) <= ceil(around / PAGE) + search + 8
    assert [text for text in fetched.warnings if "ignored the filter on payed_at" in text]


@pytest.mark.parametrize("window", WINDOWS)
def test_among_very_many_orders_an_obeyed_filter_costs_a_handful_of_calls(
    many: list[dict[str, Any]], settings_for: SettingsFor, window: str
) -> None:
    first, last = WINDOWS[window]
    api = QticketsApi(many, [])

    fetched = fetch_orders(settings_for(api), Window(first=first, last=last), NOW)

    assert {row["ticket_id"] for row in fetched.rows} == ids_of_documents(many, first, last, NOW)
    start, end = bounds(first, last)
    pages_of_window = ceil((min(end, NOW) - start) / STEP / PAGE)
    search = 0 if window == "recent" else log2(COUNT / 5 / PAGE)
    assert len(api.requests) <= pages_of_window + search + 5
    assert fetched.warnings == ()


def test_the_payment_lag_decides_how_far_back_an_unfiltered_list_is_read(
    many: list[dict[str, Any]], settings_for: SettingsFor
) -> None:
    first, last = WINDOWS["recent"]
    apis = [QticketsApi(many, [], Switches(honour_filters=False)) for _ in range(2)]
    settings = [settings_for(api, qtickets_payment_lag=lag) for api, lag in zip(apis, (2, 60), strict=True)]

    short, long = (fetch_orders(each, Window(first=first, last=last), NOW) for each in settings)

    assert len(apis[0].requests) <= ceil(4 * 120 / PAGE) + 6
    assert len(apis[1].requests) >= ceil(62 * 120 / PAGE)
    assert len(short.rows) == len(long.rows)
