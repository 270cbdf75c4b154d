"""A ticket that moves to another month leaves no version in the one where it was: FINAL looks at each month alone."""

from datetime import date
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import upsert as module
from tasks.load.upsert import remove_strays_of_days
from tasks.sources.qtickets import TICKETS
from tests.tasks.load.tickets import Ticket, days, load, march, stored, ticket, written

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


def test_what_a_run_that_died_has_left_is_found_by_the_days_that_it_noted(
    client: Client, moved: list[Ticket]
) -> None:
    with patch.object(module, "remove_strays", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        load(client, moved, 3, march(10, 10))
    assert len(stored(client)) == 8

    assert remove_strays_of_days(client, TICKETS, "spb", [MARCH]) == frozenset()
    assert remove_strays_of_days(client, TICKETS, "main", [MARCH]) == {FEBRUARY, MARCH}
    assert stored(client) == left(moved)
