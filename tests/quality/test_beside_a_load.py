"""Checks beside a running load: its work in progress is no alarm, a real defect is one, and nothing is waited for in
vain. The loads are steps of a second client, done while the checks wait; the clock goes only then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from tasks.load import runs
from tasks.load.mart import restate
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality import looks
from tasks.quality.checks import Result, checks
from tasks.quality.looks import Patience, judge_all
from tasks.settings import Settings
from tests.quality.healthy import MARTS, TODAY, set_references
from tests.tasks.load.engines import embedded, put

CHECKS = ("duplicates_tickets", "duplicates_vk_ads", "reconcile_marketing", "reconcile_tickets", "reconcile_views")
TICKETS, ADS = "stg_qtickets_tickets", "fact_vk_ads_daily"
MERGED = ("SYSTEM START MERGES {}", "OPTIMIZE TABLE {} FINAL")


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Iterator[Settings]:
    """A good ad day in VK, a ticket and its marts. Nothing is merged by itself, as it may be for minutes on a busy
    server. Held open: to start the engine for each client takes longer than all that they ask."""
    settings = embedded(make_settings())
    with warehouse(settings) as client:
        set_references(client)
        run(settings, *(f"SYSTEM STOP MERGES {table}" for table in (TICKETS, ADS)))
        put(
            client,
            "dim_events",
            {"event_id": 7, "event_name": "e", "city": "москва", "currency": "RUB", "is_active": 1},
        )
        sell(settings, 1, 1000, 1)
        spend(settings, 500, 1)
        refresh(settings, 1)
        yield settings


def run(settings: Settings, *statements: str) -> None:
    """By a client of its own."""
    with warehouse(settings) as client:
        for statement in statements:
            client.command(statement)


def sell(settings: Settings, number: int, amount: int, version: int) -> None:
    names = {"ticket_id": number, "order_id": number, "event_id": 7, "state": "paid", "utm_source": "vk"}
    money = {"price": amount, "quantity": 1, "amount": amount, "currency": "RUB"}
    with warehouse(settings) as client:
        times = dict.fromkeys(("paid_at", "booked_at"), "2025-11-19 12:00:00.000")
        put(client, TICKETS, names | times | money | {"_ver": version})


def spend(settings: Settings, spent: int, version: int) -> None:
    """The ad day that is there already, if there is one."""
    names = {"stat_date": "2025-11-19", "account_id": "a", "campaign_id": 1, "ad_group_id": 1, "ad_id": 1}
    figures = {"impressions": 1000, "clicks": 10, "spent": spent, "spent_has_vat": 1, "utm_city": "москва"}
    with warehouse(settings) as client:
        put(client, ADS, names | figures | {"campaign_name": "c", "_ver": version})


def refresh(settings: Settings, version: int) -> None:
    with warehouse(settings) as client:
        for mart in MARTS:
            restate(client, mart, version)


def begin(settings: Settings, job: str = "vk_ads_loader", run_id: str = "r", hours: int = 0) -> Run:
    begun = Run(job, run_id, datetime.now(UTC) - timedelta(hours=hours), "main")
    with warehouse(settings) as client:
        runs.begin(client, begun, "loading")
    return begun


def end(settings: Settings, begun: Run) -> None:
    with warehouse(settings) as client:
        runs.end(client, begun, "success", 1, "loaded", {})


@dataclass
class Waits:
    """A clock that goes only while somebody waits, and the warehouse is lent; `during` are done one a pause, what is
    left is left."""

    during: list[Callable[[], None]] = field(default_factory=list)
    every: float = 3
    now: float = 0
    lends: bool = False

    @contextmanager
    def lent(self, _: Settings) -> Iterator[None]:
        """To nobody: whatever a pause takes here, `settings` stay open."""
        self.lends = True
        yield
        self.lends = False

    def pause(self, seconds: float) -> None:
        assert self.lends
        self.now += seconds
        if self.during:
            self.during.pop(0)()


def looked(settings: Settings, waits: Waits, *names: str) -> dict[str, Result]:
    patience = Patience(seconds=60, every=waits.every, pause=waits.pause, clock=lambda: waits.now)
    asked = [check for check in checks() if check.name in (names or CHECKS)]
    with patch.object(looks, "lent", waits.lent):
        return {result.check.name: result for result in judge_all(settings, asked, TODAY, patience)}


def broken(found: dict[str, Result]) -> set[str]:
    """All others are ok."""
    statuses = {name: result.status for name, result in found.items()}
    assert set(statuses.values()) <= {"ok", "broken"} and len(statuses) == len(CHECKS)
    return {name for name, status in statuses.items() if status == "broken"}


def test_a_load_in_the_middle_of_its_work_is_no_alarm_once_it_has_ended(settings: Settings) -> None:
    """A new version of a ticket lies beside the old one, and the sales of its day lag behind; the mart follows, then
    the parts are merged, then the run ends."""
    load = begin(settings, "qtickets_loader")
    sell(settings, 1, 1500, 2)
    merged = [text.format(TICKETS) for text in MERGED]
    waits = Waits([lambda: refresh(settings, 3), lambda: run(settings, *merged), lambda: end(settings, load)])
    assert broken(looked(settings, waits)) == set()
    assert waits.now == 9, "three pauses of three seconds, until the load ended"


def test_a_killed_run_that_says_running_hides_nothing(settings: Settings) -> None:
    """It was killed between the tickets and what is made of them: 1500 of revenue, of which the sales know 1000."""
    begin(settings, "qtickets_loader")
    sell(settings, 2, 500, 2)
    waits = Waits()
    found = looked(settings, waits)
    assert broken(found) == {"reconcile_marketing", "reconcile_tickets"}
    assert (found["reconcile_tickets"].observed, found["reconcile_tickets"].message) == (
        1, "QTickets: sales of 2025-11-19 differ from the tickets, revenue by 500 ₽, tickets by 1",
    )  # fmt: skip
    assert waits.now == 60, "and it is waited for once, for a bounded time"


def test_rows_that_a_load_goes_on_changing_are_not_judged(settings: Settings) -> None:
    """The same words at each look, the same ad twice, and yet another version each time."""
    begin(settings)
    spend(settings, 501, 2)

    def rewrite(version: int) -> None:
        run(settings, *(text.format(ADS) for text in (*MERGED, "SYSTEM STOP MERGES {}")))
        spend(settings, 501, version)

    waits = Waits([lambda version=version: rewrite(version) for version in range(3, 9)], every=20)
    found = looked(settings, waits, "duplicates_vk_ads")["duplicates_vk_ads"]
    assert (found.status, found.hindered, found.observed, found.sample) == ("unjudged", True, 0, [])
    assert found.message == "vk_ads_loader changed the rows in question at each of 3 looks"
    assert waits.now == 120, "two waits, both bounded"


def test_nothing_is_waited_for_but_a_load_of_this_day(settings: Settings) -> None:
    spend(settings, 500, 1)
    waits = Waits()
    for job, hours in ((None, 0), ("quality", 1), ("vk_ads_loader", 25)):
        if job:
            begin(settings, job, "old", hours)
        assert (broken(looked(settings, waits)), waits.now) == ({"duplicates_vk_ads"}, 0), job
