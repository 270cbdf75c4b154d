"""No check cries wolf on days on which nothing is wrong, each looked at from that day; and what cannot be judged says so. Last a
sample of `make drill`: a short healthy life is silent, and defects that an exact comparison sees are seen at once."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from drill.job import Job, live
from tests.quality.healthy import ALL, TODAY, Truth, broken, judged, noon, stand, warehouse_in

# (last day, scale, how many days before it is looked at). The large one goes over New Year, from one season to the next; in the
# small one ads pause.
MONTHS = {"over New Year": (date(2026, 1, 6), 0.6, 0), "a small promoter": (date(2025, 12, 15), 0.25, 29)}
NEED_FOUR_WEEKS = {"completeness_hours", "volume_sales", "volume_spend"}
NEED_DATA = NEED_FOUR_WEEKS | {"completeness_runs", "freshness_runs", "good_run_by_ten"} | {
    "revenue_without_source", "schema_drift", "silent_campaign", "spend_without_city"
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with warehouse_in(tmp_path_factory.mktemp("healthy")) as client:
        yield client


def unjudged(client: Client, day: date) -> dict[str, str]:
    """Nothing is broken; the checks that could not be judged, and why."""
    results = judged(client, day)
    assert {result.check.name: result.message for result in results if result.status == "broken"} == {}
    found = {result.check.name: result.message for result in results if result.status == "unjudged"}
    assert all(found.values())
    return found


def test_in_an_empty_warehouse_nothing_is_broken_and_what_cannot_be_judged_says_so(tmp_path: Path) -> None:
    with warehouse_in(tmp_path, references=False) as client:
        assert unjudged(client, TODAY).keys() == NEED_DATA | {"unknown_cities", "unknown_utm_sources"}


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_of_healthy_days_raises_no_alarm(client: Client, month: str) -> None:
    last, scale, before = MONTHS[month]
    truth, day = Truth.of(noon(last), 110, scale), last - timedelta(days=before)
    stand(client, truth, noon(day))
    assert broken(client, day) == {}
    first = last - timedelta(days=29)
    assert any(first < ad.ends < last for ad in truth.world.ads)
    assert month == "over New Year" or any(ad.paused and first < ad.paused[1] < last for ad in truth.world.ads)


@pytest.mark.parametrize(("days", "sources"), [(15, ALL), (60, ("direct",))])
def test_in_the_first_weeks_and_with_one_source_nothing_is_broken(client: Client, days: int, sources: Any) -> None:
    """Loaded from the day on which the promoter began to use Zakaz."""
    stand(client, Truth.of(noon(TODAY), days, 0.5), noon(TODAY), sources)
    found = unjudged(client, TODAY)
    assert days > 28 or found.keys() >= NEED_FOUR_WEEKS
    assert ("volume_sales" in found) == (days < 28 or "qtickets" not in sources)
    assert ("volume_spend" in found) == (days < 28 or "direct" not in sources)


@pytest.mark.slow
def test_a_short_life_is_silent_and_defects_of_marts_are_seen(
    clickhouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drill.job._BEFORE", 1)
    job = Job("first weeks", 11, mornings=2, defects=1, orders_a_day=30, only="of a mart", longest=1, after=0)
    lived = live(job, clickhouse_dsn, str(tmp_path))
    assert lived.alarms == []
    assert lived.failed == 0
    assert lived.seen
    assert [one.words for one in lived.seen if one.delay != 0] == []
