"""No check cries wolf: a month of days on which nothing is wrong, each looked at from that day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, checks, judge
from tasks.settings import Settings
from tests.quality.healthy import ALL, judged, noon, set_references, stand
from tests.quality.rows import Truth

MONTH = 30
# What a check without `today` says does not hang on the day, so that these are asked every so many days.
ROWS_EVERY = 15
# (last day, scale). The large one goes over New Year, from one season to the next; in the small one ads pause.
MONTHS = {"over New Year": (date(2026, 1, 6), 1.0), "a small promoter": (date(2025, 12, 15), 0.25)}
FIRST_WEEKS = (1, 2, 7, 15)
NEED_FOUR_WEEKS = {"completeness_hours", "volume_sales", "volume_spend"}
NEED_DATA = NEED_FOUR_WEEKS | {"completeness_runs", "completeness_sales", "freshness_data", "freshness_runs", "good_run_by_ten"} | {
    "other_currency", "revenue_without_source", "schema_drift", "silent_campaign", "spend_without_city"
}  # fmt: skip


@contextmanager
def empty_warehouse(folder: Path) -> Iterator[Client]:
    with warehouse(Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / 'warehouse'}")) as client:
        # Many small queries: threads for each cost more than they bring.
        client.set_client_setting("max_threads", 1)
        migrate(client)
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with empty_warehouse(tmp_path_factory.mktemp("healthy")) as client:
        yield client


@pytest.fixture(scope="module")
def referenced(client: Client) -> Client:
    set_references(client)
    return client


def alarms(client: Client, day: date, asked: list[Check]) -> dict[str, str]:
    results = (judge(client, check, day, {}) for check in asked)
    return {result.check.name: result.message for result in results if result.status == "broken"}


def unjudged(client: Client, day: date) -> dict[str, str]:
    """Nothing is broken; the checks that could not be judged, and why."""
    results = judged(client, day)
    assert {result.check.name: result.message for result in results if result.status == "broken"} == {}
    return {result.check.name: result.message for result in results if result.status == "unjudged"}


def test_in_an_empty_warehouse_nothing_is_broken_and_what_cannot_be_judged_says_so(tmp_path: Path) -> None:
    with empty_warehouse(tmp_path) as client:
        found = unjudged(client, date(2025, 11, 20))

    assert found.keys() == NEED_DATA | {"unknown_cities", "unknown_utm_sources"}
    assert all(found.values())


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_of_healthy_days_raises_no_alarm(referenced: Client, month: str) -> None:
    last, scale = MONTHS[month]
    first = last - timedelta(days=MONTH - 1)
    truth = Truth.of(noon(last), 110, scale)
    every = checks()
    of_the_day = [check for check in every if "{today" in check.sql]
    found = {}
    for number in range(MONTH):
        day = first + timedelta(days=number)
        stand(referenced, truth, noon(day))
        found[day] = alarms(referenced, day, every if number % ROWS_EVERY == 0 else of_the_day)

    assert {day: alarm for day, alarm in found.items() if alarm} == {}
    assert any(first < ad.ends < last for ad in truth.world.ads)
    assert month == "over New Year" or any(ad.paused and first < ad.paused[1] < last for ad in truth.world.ads)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.of(noon(date(2025, 11, 20)), 60, 1.0)


@pytest.mark.parametrize("sources", [*((source,) for source in ALL), ("vk_ads", "direct")], ids="+".join)
def test_with_some_sources_only_nothing_is_broken(
    referenced: Client, truth: Truth, sources: tuple[str, ...]
) -> None:
    day = date(2025, 11, 20)
    stand(referenced, truth, noon(day), sources)

    found = unjudged(referenced, day)

    assert ("volume_sales" in found) == ("qtickets" not in sources)
    assert ("volume_spend" in found) == (sources == ("qtickets",))


@pytest.mark.parametrize("days", FIRST_WEEKS)
def test_in_the_first_weeks_nothing_is_broken(referenced: Client, days: int) -> None:
    """Loaded from the day on which the promoter began to use Zakaz."""
    day = date(2025, 11, 20)
    stand(referenced, Truth.of(noon(day), days, 1.0), noon(day))

    found = unjudged(referenced, day)

    assert found.keys() >= NEED_FOUR_WEEKS
    assert all(found.values())
