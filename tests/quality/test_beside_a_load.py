"""Checks beside a running load: its work in progress is no alarm, a real defect is one, and nothing is waited for in
vain. The loads are steps of a second client, done while the checks wait; the clock goes only then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tasks.load import runs
from tasks.load.mart import restate
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Result, checks
from tasks.quality.looks import Patience, judge_all
from tasks.settings import Settings
from tests.quality.healthy import MARTS, TODAY, set_references
from tests.tasks.load.engines import embedded

CHECKS = ("duplicates_tickets", "duplicates_vk_ads", "reconcile_marketing", "reconcile_tickets", "reconcile_views")
LAGGING = ("reconcile_marketing", "reconcile_tickets")
"""Those that see that the sales and the marketing lag behind the tickets."""
TICKET = (
    "INSERT INTO stg_qtickets_tickets (account, ticket_id, order_id, event_id, state, paid_at, booked_at, price, quantity, "
    "amount, currency, utm_source, _ver) SELECT 'main', {id}, {id}, 7, 'paid', toDateTime64('2025-11-19 12:00:00', 3, 'UTC'), "
    "toDateTime64('2025-11-19 12:00:00', 3, 'UTC'), {amount}, 1, {amount}, 'RUB', 'vk', {version}"
)
AD_DAY = (
    "INSERT INTO fact_vk_ads_daily (stat_date, account, account_id, campaign_id, ad_group_id, ad_id, campaign_name, "
    "impressions, clicks, spent, spent_has_vat, conversions, utm_city, _ver) "
    "SELECT toDate('2025-11-19'), 'main', 'a', 1, 1, {ad}, 'c', 1000, 10, {spent}, 1, 0, 'москва', {version}"
)
DOUBLED = AD_DAY.format(ad=1, spent=500, version=1)
"""The ad day that is there already."""
EVENT = (
    "INSERT INTO dim_events (account, event_id, event_name, city, currency, is_active, _ver) "
    "SELECT 'main', 7, 'e', 'москва', 'RUB', 1, 1"
)
MERGED = ("SYSTEM START MERGES fact_vk_ads_daily", "OPTIMIZE TABLE fact_vk_ads_daily FINAL")


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Iterator[Settings]:
    """A good ad day in VK, a ticket and its marts. Nothing is merged by itself, as it may be for minutes on a busy
    server. Held open: to start the engine for each client takes longer than all that they ask."""
    settings = embedded(make_settings())
    with warehouse(settings) as client:
        set_references(client)
        run(
            settings,
            *(f"SYSTEM STOP MERGES {table}" for table in ("fact_vk_ads_daily", "stg_qtickets_tickets")),
            *(EVENT, TICKET.format(id=1, amount=1000, version=1), DOUBLED),
        )
        refresh(settings, 1)
        yield settings


def run(settings: Settings, *statements: str) -> None:
    """By a client of its own."""
    with warehouse(settings) as client:
        for statement in statements:
            client.command(statement)


def refresh(settings: Settings, version: int) -> None:
    with warehouse(settings) as client:
        for mart in MARTS:
            restate(client, mart, version)


def begin(settings: Settings, job: str = "vk_ads_loader") -> Run:
    begun = Run(job, "r", datetime.now(UTC), "main")
    with warehouse(settings) as client:
        runs.begin(client, begun, "loading")
    return begun


def end(settings: Settings, begun: Run) -> None:
    with warehouse(settings) as client:
        runs.end(client, begun, "success", 1, "loaded", {})


@dataclass
class Waits:
    """A clock that goes only while somebody waits; `during` are done one a pause, what is left is left."""

    during: list[Callable[[], None]] = field(default_factory=list)
    every: float = 3
    now: float = 0

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.during:
            self.during.pop(0)()


def looked(settings: Settings, waits: Waits, *names: str) -> dict[str, Result]:
    patience = Patience(seconds=60, every=waits.every, pause=waits.pause, clock=lambda: waits.now)
    asked = [check for check in checks() if check.name in (names or CHECKS)]
    return {result.check.name: result for result in judge_all(settings, asked, TODAY, patience)}


def statuses(found: dict[str, Result]) -> dict[str, str]:
    return {name: result.status for name, result in found.items()}


def all_ok(**but: str) -> dict[str, str]:
    return dict.fromkeys(CHECKS, "ok") | but


def test_a_load_in_the_middle_of_its_work_is_no_alarm_once_it_has_ended(settings: Settings) -> None:
    """A new version of a ticket lies beside the old one, and the sales of its day lag behind; the mart follows, then
    the parts are merged, then the run ends."""
    load = begin(settings, "qtickets_loader")
    run(settings, TICKET.format(id=1, amount=1500, version=2))
    merged = [text.replace("fact_vk_ads_daily", "stg_qtickets_tickets") for text in MERGED]
    waits = Waits([lambda: refresh(settings, 3), lambda: run(settings, *merged), lambda: end(settings, load)])
    assert statuses(looked(settings, waits)) == all_ok()
    assert waits.now == 9, "three pauses of three seconds, until the load ended"


def test_a_killed_run_that_says_running_hides_nothing(settings: Settings) -> None:
    """It was killed between the tickets and what is made of them: 1500 of revenue, of which the sales know 1000."""
    begin(settings, "qtickets_loader")
    run(settings, TICKET.format(id=2, amount=500, version=2))
    waits = Waits()
    found = looked(settings, waits)
    assert statuses(found) == all_ok(**dict.fromkeys(LAGGING, "broken"))
    assert (found["reconcile_tickets"].observed, found["reconcile_tickets"].message) == (
        1,
        "QTickets: sales of 2025-11-19 differ from the tickets, revenue by 500 ₽, tickets by 1",
    )
    assert waits.now == 60, "and it is waited for once, for a bounded time"


def test_rows_that_a_load_goes_on_changing_are_not_judged(settings: Settings) -> None:
    """The same words at each look, the same ad twice, and yet another version each time."""
    begin(settings)
    run(settings, AD_DAY.format(ad=1, spent=501, version=2))

    def rewrite(version: int) -> Callable[[], None]:
        stopped = "SYSTEM STOP MERGES fact_vk_ads_daily"
        return lambda: run(settings, *MERGED, stopped, AD_DAY.format(ad=1, spent=501, version=version))

    waits = Waits([rewrite(version) for version in range(3, 9)], every=20)
    found = looked(settings, waits, "duplicates_vk_ads")["duplicates_vk_ads"]
    assert (found.status, found.hindered, found.observed, found.sample) == ("unjudged", True, 0, [])
    assert found.message == "vk_ads_loader changed the rows in question at each of 3 looks"
    assert waits.now == 120, "two waits, both bounded"


@pytest.mark.parametrize(("job", "hours"), [("", 0), ("quality", 1), ("vk_ads_loader", 25)])
def test_nothing_is_waited_for_but_a_load_of_this_day(settings: Settings, job: str, hours: int) -> None:
    if job:
        run(
            settings,
            "INSERT INTO meta_job_runs (job, account, run_id, status, started_at, _ver) "
            f"SELECT '{job}', 'main', 'old', 'running', now64(3) - INTERVAL {hours} HOUR, 1",
        )
    run(settings, DOUBLED)
    waits = Waits()
    assert statuses(looked(settings, waits)) == all_ok(duplicates_vk_ads="broken")
    assert waits.now == 0
