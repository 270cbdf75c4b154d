"""The mart follows its tables: each day on which it differs is restated and no other, however it came to differ."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import EVENTS, SALES
from tasks.errors import ReconcileError
from tasks.load import mart as module
from tasks.load import upsert as steps
from tasks.load.mart import stale_days
from tasks.load.tables import Mart, Scope
from tasks.load.upsert import Upserted, upsert
from tests.tasks.load.engines import values
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import Ticket, load, refunded, ticket, utc

MART = Mart(SALES, day="event_date")
OLD, MIDDLE, NEW = "2026-03-02", "2026-03-10", "2026-03-20"
ALL_DAYS = Scope()


def on(day: str, ticket_id: int, **given: object) -> Ticket:
    return ticket(ticket_id, paid=f"{day}T12:00", **given)


def load_events(client: Client, version: int, *events: dict[str, object]) -> None:
    upsert(client, EVENTS, event_frame(*events), Scope(), version)


def restate(client: Client, version: int) -> tuple[list[str], Upserted]:
    """The days that were restated, and what became of their rows."""
    days = stale_days(client, MART)
    return [day.isoformat() for day in days], module.restate(client, MART, version)


def mart(client: Client) -> list[tuple[object, ...]]:
    """Without FINAL, as a reader may ask who does not know of versions."""
    return values(
        client,
        "SELECT event_date, event_id, city, event_name, tickets_sold, revenue, refunds_amount "
        f"FROM {SALES.name} ORDER BY event_date, event_id, currency",
    )


def row(day: str, tickets: int, revenue: str, refunds: str = "0.00", event_id: int = 7) -> tuple[object, ...]:
    return (day, event_id, "москва", "Лекция", tickets, revenue, refunds)


@pytest.fixture
def three_days(client: Client) -> Client:
    load_events(client, 1, event(7), event(8))
    load(client, [on(OLD, 1), on(OLD, 2), on(MIDDLE, 3, amount="0.10"), on(NEW, 4, event_id=8)], version=1)
    assert restate(client, 1) == ([OLD, MIDDLE, NEW], Upserted(new=3))
    return client


def test_it_is_made_of_all_days_at_first_and_of_none_the_second_time(three_days: Client) -> None:
    expected = [row(OLD, 2, "1000.00"), row(MIDDLE, 1, "0.10"), row(NEW, 1, "500.00", event_id=8)]
    assert mart(three_days) == expected

    assert restate(three_days, 2) == ([], Upserted())
    assert mart(three_days) == expected


def test_a_late_refund_restates_the_day_of_the_sale_and_no_other(three_days: Client) -> None:
    changed = refunded(2, back="450.50", at="2026-06-01T12:00", paid=f"{OLD}T12:00")
    load(three_days, [on(OLD, 1), changed, on(MIDDLE, 3, amount="0.10"), on(NEW, 4, event_id=8)], version=2)

    assert restate(three_days, 2) == ([OLD], Upserted(changed=1))
    assert mart(three_days)[0] == row(OLD, 2, "1000.00", "450.50")
    versions = values(three_days, f"SELECT event_date, _ver FROM {SALES.name} FINAL ORDER BY event_date")
    assert versions == [(OLD, 2), (MIDDLE, 1), (NEW, 1)]


def test_a_renamed_event_is_renamed_on_all_its_days_and_on_no_other(three_days: Client) -> None:
    load_events(three_days, 2, event(7, name="Лекция о Петербурге", city="санкт-петербург"), event(8))

    assert restate(three_days, 2) == ([OLD, MIDDLE], Upserted(changed=2))
    assert [line[2:4] for line in mart(three_days)] == [
        ("санкт-петербург", "Лекция о Петербурге"),
        ("санкт-петербург", "Лекция о Петербурге"),
        ("москва", "Лекция"),
    ]


def test_a_day_without_tickets_any_more_leaves_the_mart(three_days: Client) -> None:
    load(three_days, [on(OLD, 1), on(OLD, 2), on(NEW, 4, event_id=8)], version=2)

    assert restate(three_days, 2) == ([MIDDLE], Upserted(removed=1))
    assert [line[0] for line in mart(three_days)] == [OLD, NEW]


def test_of_a_day_only_the_event_that_changed_is_written(three_days: Client) -> None:
    load(three_days, [on(NEW, 4, event_id=8), on(NEW, 5)], version=2)
    restate(three_days, 2)

    load(three_days, [on(NEW, 4, event_id=8), on(NEW, 5), on(NEW, 6)], version=3)

    assert restate(three_days, 3) == ([NEW], Upserted(changed=1, unchanged=1))


def test_a_run_that_died_between_table_and_mart_is_mended_by_the_next(three_days: Client) -> None:
    """The dead run loaded the ticket; to the next one nothing in the table is new."""
    all_tickets = [on(OLD, 1), on(OLD, 2), on(MIDDLE, 3, amount="0.10"), on(NEW, 4, event_id=8), on(NEW, 5)]
    load(three_days, all_tickets, version=2)

    assert load(three_days, all_tickets, version=3).written == 0
    assert restate(three_days, 3) == ([NEW], Upserted(new=1, unchanged=1))


@pytest.mark.parametrize("step", [(steps, "insert"), (steps, "remove"), (module, "merge")])
def test_a_run_that_died_within_the_mart_is_mended_by_the_next(three_days: Client, step: tuple[Any, str]) -> None:
    load(three_days, [on(OLD, 1), on(NEW, 4, event_id=8, amount="1")], version=2)
    with patch.object(*step, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        restate(three_days, 2)

    restate(three_days, 3)

    assert mart(three_days) == [row(OLD, 1, "500.00"), row(NEW, 1, "1.00", event_id=8)]


def test_what_was_written_into_the_mart_by_hand_is_put_right(three_days: Client) -> None:
    three_days.command(f"INSERT INTO {SALES.name} VALUES ('{OLD}', 7, 'RUB', 'москва', 'Лекция', 2, 999.99, 0, 5)")
    three_days.command(f"INSERT INTO {SALES.name} VALUES ('2020-01-01', 1, 'RUB', '', '', 1, 1, 0, 5)")

    assert restate(three_days, 6) == (["2020-01-01", OLD], Upserted(changed=1, removed=1))


def test_years_of_days_are_made_at_once(client: Client) -> None:
    load_events(client, 1, event(7))
    first = date(2022, 1, 1)
    days = [(first + timedelta(days=n)).isoformat() for n in range(4 * 365)]
    tickets = [on(day, n, ordered_at=utc(f"{day}T11:00")) for n, day in enumerate(days, 1)]
    load(client, tickets, 1, ALL_DAYS)

    assert restate(client, 1) == (days, Upserted(new=len(days)))
    assert values(client, f"SELECT count(), sum(revenue) FROM {SALES.name}") == [(1460, "730000.00")]


FEWER = [on(OLD, 1), on(NEW, 4, event_id=8)]
MORE = [on(OLD, 1), on(OLD, 2, amount="0.01"), on(MIDDLE, 3, amount="7"), on(NEW, 4, event_id=8)]


def meanwhile(step: str, rounds: int, other: Callable[[], object]) -> AbstractContextManager[object]:
    """The other run does its part right before or right after this run reaches the step, `rounds` times."""
    place, name = steps, step.split()[1]
    step_of_ours, left = getattr(place, name), [rounds]

    def met(*given: Any) -> Any:
        if left[0] == 0:
            return step_of_ours(*given)
        left[0] -= 1
        with patch.object(place, name, step_of_ours):
            if step.startswith("before"):
                other()
            done = step_of_ours(*given)
            if step.startswith("after"):
                other()
        return done

    return patch.object(place, name, met)


@pytest.mark.parametrize("step", ["before _newer", "after _newer", "after _held", "after insert", "after remove"])
@pytest.mark.parametrize(("ours", "theirs"), [(MORE, FEWER), (FEWER, MORE)])
@pytest.mark.parametrize("ahead", [-5, 0, 5])
def test_runs_that_restate_the_mart_at_once_leave_what_it_is_made_of(
    three_days: Client, step: str, ours: list[Ticket], theirs: list[Ticket], ahead: int
) -> None:
    """A run of another source, or of other days, loads and restates while this one does. Its clock may differ."""
    load(three_days, ours, version=20)

    def other() -> None:
        load(three_days, theirs, version=30)
        module.restate(three_days, MART, 20 + ahead)

    with meanwhile(step, 1, other):
        restate(three_days, 20)

    assert stale_days(three_days, MART) == []
    assert [line[0] for line in mart(three_days)] == ([OLD, MIDDLE, NEW] if theirs is MORE else [OLD, NEW])


def test_a_mart_that_somebody_keeps_changing_fails_and_says_so(three_days: Client) -> None:
    load(three_days, MORE, version=2)
    versions = count(1000)

    def spoil() -> None:
        row = f"('{OLD}', 7, 'RUB', 'москва', 'Лекция', 2, 999.99, 0, {next(versions)})"
        three_days.command(f"INSERT INTO {SALES.name} VALUES {row}")

    with (
        meanwhile("after remove", 99, spoil),
        pytest.raises(ReconcileError, match=rf"{SALES.name} was written 10 times and still .* on 1 days.*{OLD}"),
    ):
        restate(three_days, 2)
