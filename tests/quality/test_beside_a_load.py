"""Checks beside a running load: its work in progress is no alarm, a real defect is one, and nothing is waited for in
vain. The loads are steps of a second client, done while the checks wait; the clock goes only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.mart import restate
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.quality import looks
from tasks.quality.checks import Check, Result, judge
from tasks.settings import Settings
from tests.quality.healthy import MARTS
from tests.quality.small import AD_DAY, TICKET, Waits, begin, end, fill, looked, run

CHECKS = ("duplicates_tickets", "duplicates_vk_ads", "reconcile_marketing", "reconcile_tickets", "reconcile_views")

LAGGING = ("reconcile_marketing", "reconcile_tickets", "reconcile_views")
"""Those that see that the sales and the marketing lag behind the tickets."""


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Iterator[Settings]:
    settings = make_settings()
    # Held open: to start the engine for each client takes longer than all that they ask.
    with migrated(settings) as client:
        fill(client)
        yield settings


def statuses(found: dict[str, Result]) -> dict[str, str]:
    return {name: result.status for name, result in found.items()}


def all_ok(**but: str) -> dict[str, str]:
    return dict.fromkeys(CHECKS, "ok") | but


def refresh(settings: Settings, version: int) -> None:
    with warehouse(settings) as client:
        for mart in MARTS:
            restate(client, mart, version)


def test_what_is_in_order_is_ok_beside_a_load_at_the_first_look(settings: Settings) -> None:
    begin(settings)
    waits = Waits()

    assert statuses(looked(settings, waits, CHECKS)) == all_ok()
    assert waits.now == 0


def test_a_load_in_the_middle_of_its_work_is_no_alarm_once_it_has_ended(settings: Settings) -> None:
    """A new version of a ticket lies beside the old one, and the sales of its day lag behind; the mart follows, then
    the parts are merged, then the run ends."""
    load = begin(settings, "qtickets_loader")
    run(settings, TICKET.format(id=1, amount=1500, version=2))
    steps = [
        lambda: refresh(settings, 3),
        lambda: run(
            settings, "SYSTEM START MERGES stg_qtickets_tickets", "OPTIMIZE TABLE stg_qtickets_tickets FINAL"
        ),
        lambda: end(settings, load),
    ]
    waits = Waits(steps)

    assert statuses(looked(settings, waits, CHECKS)) == all_ok()
    assert waits.now == 9, "three pauses of three seconds, until the load ended"


def test_a_defect_beside_a_load_is_found_when_the_load_has_ended(settings: Settings) -> None:
    load = begin(settings)
    run(settings, AD_DAY.format(ad=1, spent=500, version=1))
    waits = Waits([lambda: end(settings, load)])

    found = looked(settings, waits, CHECKS)

    assert statuses(found) == all_ok(duplicates_vk_ads="broken")
    assert found["duplicates_vk_ads"].observed == 1
    assert waits.now == 3


def test_a_killed_run_that_says_running_hides_nothing(settings: Settings) -> None:
    """It was killed between the tickets and what is made of them: 1500 of revenue, of which the sales know 1000."""
    begin(settings, "qtickets_loader", "killed")
    run(settings, TICKET.format(id=2, amount=500, version=2))
    waits = Waits()

    found = looked(settings, waits, CHECKS)

    assert statuses(found) == all_ok(**dict.fromkeys(LAGGING, "broken"))
    assert found["reconcile_tickets"].observed == 1
    assert found["reconcile_tickets"].message == (
        "2025-11-19, event 7, RUB: by day -500 more in revenue, 0 in refunds, -1 in tickets than by ticket"
    )
    assert waits.now == 60, "and it is waited for once, for a bounded time"


def test_of_a_defect_and_the_work_of_a_load_beside_it_only_the_defect_counts(settings: Settings) -> None:
    begin(settings)
    run(settings, AD_DAY.format(ad=2, spent=10, version=1), AD_DAY.format(ad=2, spent=10, version=1))
    run(settings, AD_DAY.format(ad=1, spent=600, version=2))  # of the load: ad 1 comes first in the check's order
    going_on = AD_DAY.format(ad=1, spent=700, version=3)

    found = looked(settings, Waits([lambda: run(settings, going_on)]), ("duplicates_vk_ads",))["duplicates_vk_ads"]

    assert (found.status, found.observed) == ("broken", 1)
    assert found.message == "('2025-11-19','a',1,1,2) stands 2 times"
    assert [row["ad_id"] for row in found.sample] == [2]


def test_rows_that_a_load_goes_on_changing_are_not_judged(settings: Settings) -> None:
    """The same words at each look, the same ad twice, and yet another version each time."""
    begin(settings)
    run(settings, AD_DAY.format(ad=1, spent=501, version=2))

    def rewrite(version: int) -> Callable[[], None]:
        merged = ("SYSTEM START MERGES fact_vk_ads_daily", "OPTIMIZE TABLE fact_vk_ads_daily FINAL")
        stopped = "SYSTEM STOP MERGES fact_vk_ads_daily"
        return lambda: run(settings, *merged, stopped, AD_DAY.format(ad=1, spent=501, version=version))

    waits = Waits([rewrite(version) for version in range(3, 9)], every=20)
    found = looked(settings, waits, ("duplicates_vk_ads",))["duplicates_vk_ads"]

    assert (found.status, found.hindered, found.observed, found.sample) == ("unjudged", True, 0, [])
    assert found.message == "vk_ads_loader changed the rows in question at each of 3 looks"
    assert waits.now == 120, "two waits, both bounded"


def test_the_same_difference_made_anew_by_the_next_load_is_not_judged(settings: Settings) -> None:
    """Each load sells one more ticket of 500, so that the sales lag behind by 500 at each look: -500, -1 ticket."""
    begin(settings, "qtickets_loader")
    run(settings, TICKET.format(id=2, amount=500, version=2))

    def next_load(number: int) -> Callable[[], None]:
        def steps() -> None:
            refresh(settings, number)
            run(settings, TICKET.format(id=number, amount=500, version=number))

        return steps

    found = looked(settings, Waits([next_load(number) for number in range(3, 9)], every=20), CHECKS)

    assert statuses(found) == all_ok(**dict.fromkeys(LAGGING, "unjudged"))


def test_a_load_that_began_and_ended_between_two_statements_is_noticed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is running neither before nor after the look."""
    real, torn = judge, ["look"]

    def beside_a_quick_load(client: Client, check: Check, *given: object, **more: object) -> Result:
        if torn:
            torn.clear()
            client.command(AD_DAY.format(ad=1, spent=500, version=2))
            result = real(client, check, *given, **more)  # type: ignore[arg-type]
            client.command("SYSTEM START MERGES fact_vk_ads_daily")
            client.command("OPTIMIZE TABLE fact_vk_ads_daily FINAL")
            end(settings, begin(settings))
            assert result.status == "broken"
            return result
        return real(client, check, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(looks, "judge", beside_a_quick_load)
    waits = Waits()

    assert statuses(looked(settings, waits, ("duplicates_vk_ads",))) == {"duplicates_vk_ads": "ok"}
    assert waits.now == 0, "there is nothing to wait for"


def test_without_a_load_a_defect_is_told_at_once(settings: Settings) -> None:
    run(settings, AD_DAY.format(ad=1, spent=500, version=1))
    waits = Waits()

    assert statuses(looked(settings, waits, CHECKS)) == all_ok(duplicates_vk_ads="broken")
    assert waits.now == 0


def test_a_run_that_says_running_for_more_than_a_day_is_not_waited_for(settings: Settings) -> None:
    run(
        settings,
        "INSERT INTO meta_job_runs (job, run_id, status, started_at, _ver) "
        "SELECT 'vk_ads_loader', 'old', 'running', now64(3) - INTERVAL 25 HOUR, 1",
        AD_DAY.format(ad=1, spent=500, version=1),
    )
    waits = Waits()

    assert statuses(looked(settings, waits, CHECKS)) == all_ok(duplicates_vk_ads="broken")
    assert waits.now == 0


def test_other_jobs_are_no_loads(settings: Settings) -> None:
    begin(settings, "quality")
    run(settings, AD_DAY.format(ad=1, spent=500, version=1))
    waits = Waits()

    assert statuses(looked(settings, waits, CHECKS)) == all_ok(duplicates_vk_ads="broken")
    assert waits.now == 0


def test_more_rows_than_a_sample_holds_are_counted_exactly_beside_a_load(settings: Settings) -> None:
    """Forty doubled ads, of which the load goes on with three."""
    begin(settings)
    doubled = [AD_DAY.format(ad=number, spent=1, version=1) for number in range(10, 50)]
    run(settings, *doubled, *doubled)
    going_on = [AD_DAY.format(ad=number, spent=2, version=2) for number in (10, 11, 12)]

    found = looked(settings, Waits([lambda: run(settings, *going_on)]), ("duplicates_vk_ads",))["duplicates_vk_ads"]

    assert (found.status, found.observed) == ("broken", 37)
    assert found.message == "('2025-11-19','a',1,1,13) stands 2 times (and 36 more)"
    assert [row["ad_id"] for row in found.sample] == [13, 14, 15, 16, 17]
