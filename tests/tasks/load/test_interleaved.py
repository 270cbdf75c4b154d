"""Two runs at once, step by step: what another run does in the middle of ours is neither lost nor doubled.

The other run is started by hand from inside ours, where a second process would have to be lucky to be.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import TICKETS
from tasks.errors import ReconcileError, WarehouseError
from tasks.load import runs
from tasks.load import upsert as steps
from tasks.load.runs import Run, begin_read
from tasks.load.upsert import Upserted, merge
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import ids, load, march, stored, ticket, utc, written


def before(step: str, other_run: Callable[[], object]) -> object:
    """Let `other_run` go ahead just before this step of ours, once."""
    original = getattr(steps, step)
    waiting = [other_run]

    def interrupted(*arguments: object) -> object:
        if waiting:
            waiting.pop()()
        return original(*arguments)

    return patch.object(steps, step, interrupted)


def insert(client: Client, ticket_id: int, amount: str, version: int) -> None:
    """A writer who follows no rule of ours."""
    client.command(
        f"INSERT INTO {TICKETS.name} (ticket_id, ordered_at, paid_at, quantity, amount, _ver) VALUES "
        f"({ticket_id}, '2026-03-10 11:55:00', '2026-03-10 12:00:00', 1, {amount}, {version})"
    )


@pytest.mark.parametrize("others_version", [9, 10, 11])
@pytest.mark.parametrize("step", ["insert", "remove", "_reconcile"])
def test_a_ticket_that_moves_out_of_the_window_meanwhile_is_not_lost(
    client: Client, step: str, others_version: int
) -> None:
    """It left the day that we load, and another run has just written it to the day on which it was paid."""
    load(client, [ticket(1, paid=None), ticket(2)], version=1)
    moved = ticket(1, paid="2026-03-14T12:00")

    with before(step, lambda: load(client, [moved], others_version, march(14, 14))):
        load(client, [ticket(2)], 10, march(10, 10))

    assert stored(client) == [written(moved), written(ticket(2))]
    merge(client, TICKETS.name)
    assert stored(client, final=False) == [written(moved), written(ticket(2))]


@pytest.mark.parametrize("step", ["insert", "remove"])
def test_two_runs_of_one_window_double_nothing(client: Client, step: str) -> None:
    old, new = [ticket(1), ticket(2)], [ticket(1, amount="600"), ticket(2), ticket(3)]
    load(client, old, version=1)

    with before(step, lambda: load(client, new, version=11)):
        load(client, [*old, ticket(3, amount="1")], version=10)

    assert stored(client) == [written(row) for row in new]
    merge(client, TICKETS.name)
    assert stored(client, final=False) == [written(row) for row in new]


def test_what_a_newer_run_wrote_meanwhile_stands_and_is_told(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), before("_reconcile", lambda: load(client, [ticket(1)], version=11)):
        load(client, [ticket(1, amount="499")], version=10)

    assert stored(client) == [written(ticket(1))]
    assert "a newer run wrote meanwhile" in caplog.text


def test_a_row_that_another_program_adds_fails_the_run(client: Client) -> None:
    with (
        before("_reconcile", lambda: insert(client, 99, "0.01", version=10)),
        pytest.raises(ReconcileError) as failure,
    ):
        load(client, [ticket(1)], version=10)

    assert "stg_qtickets_tickets was read back with rows 2 instead of 1" in str(failure.value)
    assert "amount 500.01 instead of 500.00" in str(failure.value)


def test_a_kopeck_that_another_program_changes_fails_the_run(client: Client) -> None:
    with (
        before("_reconcile", lambda: insert(client, 1, "500.01", version=10)),
        pytest.raises(ReconcileError, match=r"read back with amount 500\.01 instead of 500\.00\. "),
    ):
        load(client, [ticket(1)], version=10)


def test_a_row_that_another_program_deletes_fails_the_run(client: Client) -> None:
    def delete() -> None:
        client.command(f"DELETE FROM {TICKETS.name} WHERE ticket_id = 2")

    with before("_reconcile", delete), pytest.raises(ReconcileError, match="rows 1 instead of 2"):
        load(client, [ticket(1), ticket(2)], version=10)


def test_the_next_run_mends_what_another_program_wrote(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    insert(client, 1, "7", version=5)
    insert(client, 99, "7", version=5)

    assert load(client, [ticket(1), ticket(2)], version=10) == Upserted(changed=1, removed=1, unchanged=1)
    assert stored(client) == [written(ticket(1)), written(ticket(2))]


def test_a_clock_that_ran_ahead_is_named_instead_of_keeping_its_rows_for_ever(client: Client) -> None:
    hour_ahead = int(time.time() + 3600) * 1000
    load(client, [ticket(1)], version=hour_ahead)

    with pytest.raises(WarehouseError, match=r"by a clock that was (59|60) minutes ahead of the warehouse's"):
        load(client, [ticket(1, amount="600")], version=int(time.time()) * 1000)


@pytest.mark.parametrize("step", ["note_removals", "remove"])
def test_what_an_older_run_writes_while_ours_removes_it_is_removed_too(client: Client, step: str) -> None:
    """The older one saw no trace of the removal yet; ours has looked at the table already."""
    load(client, [ticket(1), ticket(2)], version=1)

    with before(step, lambda: load(client, [ticket(1, amount="600"), ticket(2)], version=10)):
        load(client, [ticket(2)], version=11)

    assert ids(client) == [2]


def test_what_an_older_run_moves_elsewhere_while_ours_does_not_find_it_stays(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    moved = ticket(1, paid="2026-03-20T12:00")

    with before("remove", lambda: load(client, [moved], 10, march(20, 20))):
        load(client, [ticket(2)], 11, march(10, 10))

    assert ids(client) == [1, 2]


def test_a_clock_that_was_set_back_stops_no_late_run(client: Client) -> None:
    """The run history knows of the versions from ahead, so the next run's is higher all the same."""
    hour_ahead = int(time.time() + 3600) * 1000
    run = Run("qtickets_loader", "run-1", utc("2026-03-10T12:00"))
    with patch.object(runs, "next_version", return_value=hour_ahead):
        version = begin_read(client, run)
    load(client, [ticket(1)], version=version)

    assert load(client, [ticket(1, amount="600")], version=int(time.time()) * 1000) == Upserted(overtaken=1)


def test_a_late_run_does_not_bring_a_ticket_back_to_the_day_it_has_left(client: Client) -> None:
    """It was read as reserved; before it was loaded, a later run has loaded the ticket as paid on another day."""
    paid = ticket(1, paid="2026-03-14T12:00")
    load(client, [paid], 11, march(14, 14))

    assert load(client, [ticket(1, paid=None)], 10, march(10, 10)) == Upserted(overtaken=1)
    assert stored(client) == [written(paid)]


def test_a_late_run_neither_replaces_nor_removes_what_a_newer_one_wrote(client: Client) -> None:
    load(client, [ticket(1), ticket(2)], version=1)
    load(client, [ticket(1, amount="600"), ticket(2), ticket(3)], version=11)

    result = load(client, [ticket(1, amount="550"), ticket(2, amount="550")], version=10)

    assert result == Upserted(changed=1, overtaken=2)
    assert ids(client) == [1, 2, 3]
    assert values(client, f"SELECT amount FROM {TICKETS.name} FINAL ORDER BY ticket_id") == [
        ("600.00",),
        ("550.00",),
        ("500.00",),
    ]
