"""A warehouse with one good ad day in VK, one ticket and its marts, and ways to be in the middle of a load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from tasks.load import runs
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, Result, checks
from tasks.quality.looks import Patience, judge_all
from tasks.settings import Settings
from tests.quality.healthy import refresh_marts, set_references

TODAY = date(2025, 11, 20)
AT = datetime(2025, 11, 20, 11, tzinfo=UTC)
TICKET = (
    "INSERT INTO stg_qtickets_tickets (ticket_id, order_id, event_id, state, ordered_at, paid_at, price, quantity, "
    "amount, currency, utm_source, _ver) SELECT {id}, {id}, 7, 'paid', toDateTime64('2025-11-19 12:00:00', 3, 'UTC'), "
    "toDateTime64('2025-11-19 12:00:00', 3, 'UTC'), {amount}, 1, {amount}, 'RUB', 'vk', {version}"
)
AD_DAY = (
    "INSERT INTO fact_vk_ads_daily (stat_date, account_id, campaign_id, ad_group_id, ad_id, campaign_name, "
    "impressions, clicks, spent, spent_has_vat, conversions, utm_city, _ver) "
    "SELECT toDate('2025-11-19'), 'a', 1, 1, {ad}, 'c', 1000, 10, {spent}, 1, 0, 'москва', {version}"
)
EVENT = (
    "INSERT INTO dim_events (event_id, event_name, city, currency, is_active, _ver) "
    "SELECT 7, 'e', 'москва', 'RUB', 1, 1"
)


def fill(client: Client) -> None:
    """Nothing is merged by itself from now on, as it may be for minutes on a busy server."""
    for table in ("fact_vk_ads_daily", "stg_qtickets_tickets"):
        client.command(f"SYSTEM STOP MERGES {table}")
    set_references(client)
    for statement in (EVENT, TICKET.format(id=1, amount=1000, version=1)):
        client.command(statement)
    client.command(AD_DAY.format(ad=1, spent=500, version=1))
    refresh_marts(client, AT)


def run(settings: Settings, *statements: str) -> None:
    """By a client of its own."""
    with warehouse(settings) as client:
        for statement in statements:
            client.command(statement)


def begin(settings: Settings, job: str = "vk_ads_loader", name: str = "r") -> Run:
    begun = Run(job, name, datetime.now(UTC))
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

    @property
    def patience(self) -> Patience:
        return Patience(seconds=60, every=self.every, pause=self.pause, clock=lambda: self.now)


def named(*names: str) -> list[Check]:
    found = {check.name: check for check in checks()}
    return [found[name] for name in names]


def looked(settings: Settings, waits: Waits, names: Sequence[str]) -> dict[str, Result]:
    results = judge_all(settings, named(*names), TODAY, waits.patience)
    assert [result.check.name for result in results] == list(names)
    return {result.check.name: result for result in results}
