"""A row under another key or in another month stays once: an ad whose campaign changes or becomes known, a ticket that is paid
in another month. FINAL looks at each month alone."""

from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import upsert as module
from tasks.load.upsert import Upserted, remove_strays_of_days, upsert
from tasks.sources.qtickets import TICKETS
from tasks.sources.vk_ads import SOURCE
from tasks.window import Window
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import Ticket, days, load, march, stored, ticket, utc, written
from tests.validation.frames import ad_days

ADS, *_ = SOURCE.outputs
JANUARY = ADS.table.scope("main", Window(first=date(2026, 1, 1), last=date(2026, 1, 31)), utc("2026-02-01T00:00"))

MOVED = Upserted(new=1, removed=1, kept=1)


def ad(number: int, campaign: int | None, day: int = 19, **given: Any) -> dict[str, Any]:
    """Ten roubles of one ad and day."""
    return {"ad_id": number, "campaign_id": campaign, "stat_date": date(2026, 1, day), **given}


def load_ads(
    client: Client, *ads: dict[str, Any], version: int, rejected: tuple[int, ...] = (), **table: Any
) -> Upserted:
    protected = pl.DataFrame({"ad_id": rejected}, schema={"ad_id": pl.UInt64})
    kept = replace(ADS.table, **table)
    return upsert(client, kept, ad_days(*ads), JANUARY, version, [protected], same=ADS.identity)


@pytest.mark.parametrize(
    ("held", "brought", "options", "result", "left"),
    [
        # The campaign was not known, or was another: the old row goes though another day of the ad is rejected.
        ([ad(5, 0), ad(5, 0, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 0, 20), (5, 7, 19)]),
        ([ad(5, 6), ad(5, 6, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 6, 20), (5, 7, 19)]),
        # It goes though the load may remove nothing that it did not see.
        ([ad(5, 6), ad(8, 6)], ad(5, 7), {"keeps_vanished": True}, MOVED, [(5, 7, 19), (8, 6, 19)]),
        # Ads without a number are told apart by their campaign.
        ([ad(0, 6)], ad(0, 7), {"keeps_vanished": True}, Upserted(new=1, kept=1), [(0, 6, 19), (0, 7, 19)]),
    ],
)
def test_the_row_under_the_old_campaign_goes_whatever_else_stays(
    client: Client,
    held: list[dict[str, Any]],
    brought: dict[str, Any],
    options: dict[str, Any],
    result: Upserted,
    left: list[tuple[int, ...]],
) -> None:
    load_ads(client, *held, version=1)
    assert load_ads(client, brought, version=2, **options) == result
    found = f"SELECT ad_id, campaign_id, toDayOfMonth(stat_date) FROM {ADS.table.name} FINAL ORDER BY ALL"
    assert values(client, found) == left


FEBRUARY, MARCH = date(2026, 2, 20), date(2026, 3, 10)


def february(ticket_id: int, account: str = "main") -> Ticket:
    return ticket(ticket_id, paid="2026-02-20T12:00", account=account)


@pytest.fixture
def moved(client: Client) -> list[Ticket]:
    """Tickets 1 and 3 as the source has them in March. In February are 2, and another account's of the same numbers."""
    for account, version in (("main", 1), ("spb", 2)):
        held = [february(number, account) for number in (1, 2, 3)]
        load(client, held, version, days(FEBRUARY, FEBRUARY, account))
    return [ticket(1), ticket(3)]


def left(moved: list[Ticket]) -> list[Ticket]:
    rows = [moved[0], february(2), moved[1], *(february(number, "spb") for number in (1, 2, 3))]
    return [written(row) for row in rows]


@pytest.mark.parametrize("most", [2_000, 1])
def test_the_older_version_goes_and_both_days_are_told(client: Client, moved: list[Ticket], most: int) -> None:
    """`most`: the keys that are looked up one by one; of more, all rows between them are looked at."""
    with patch.object(module, "_KEYS_A_DELETE", most):
        done = load(client, moved, 3, march(10, 10))
    assert (done.new, done.days) == (2, {FEBRUARY, MARCH})
    assert stored(client) == stored(client, final=False) == left(moved)


def test_what_a_dead_run_has_left_is_found_by_the_days_that_it_noted(client: Client, moved: list[Ticket]) -> None:
    with patch.object(module, "remove_strays", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        load(client, moved, 3, march(10, 10))
    assert len(stored(client)) == 8
    assert remove_strays_of_days(client, TICKETS, "spb", [MARCH]) == frozenset()
    assert remove_strays_of_days(client, TICKETS, "main", [MARCH]) == {FEBRUARY, MARCH}
    assert stored(client) == left(moved)
