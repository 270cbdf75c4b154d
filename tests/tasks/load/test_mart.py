"""The mart follows its tables: of the days asked for, or of all, those on which it differs are restated and no other."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import mart as module
from tasks.load.mart import days_of_values, stale_days
from tasks.load.tables import Mart, Scope
from tasks.load.upsert import Upserted, upsert
from tasks.sources.qtickets import EVENTS, SALES
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import Ticket, event, event_frame, load, ticket

MART = Mart(SALES, day="event_date")
OLD, MIDDLE, NEW = "2026-03-02", "2026-03-10", "2026-03-20"


def on(day: str, ticket_id: int, **given: object) -> Ticket:
    return ticket(ticket_id, paid=f"{day}T12:00", **given)


# The tickets that the days are made of.
HELD = {1: on(OLD, 1), 2: on(OLD, 2), 3: on(MIDDLE, 3, amount="0.10"), 4: on(NEW, 4, event_id=8)}


def load_events(client: Client, version: int, *events: dict[str, object]) -> None:
    upsert(client, EVENTS, event_frame(*events), Scope(), version)


def restate(client: Client, version: int) -> tuple[list[str], Upserted]:
    """The days that were restated, and what became of their rows."""
    days = stale_days(client, MART)
    return [day.isoformat() for day in days], module.restate(client, MART, version)


def mart(client: Client) -> list[tuple[object, ...]]:
    """Without FINAL, as a reader may ask who does not know of versions."""
    return values(client, f"SELECT event_date, event_id, city, event_name FROM {SALES.name} ORDER BY ALL")


@pytest.fixture
def three_days(client: Client) -> Client:
    load_events(client, 1, event(7), event(8))
    load(client, list(HELD.values()), version=1)
    assert restate(client, 1) == ([OLD, MIDDLE, NEW], Upserted(new=3))
    return client


def test_a_renamed_event_is_renamed_on_all_its_days_and_on_no_other(three_days: Client) -> None:
    """And they are found by what the mart shows of the account."""
    load_events(three_days, 2, event(7, name="Лекция о Петербурге", city="санкт-петербург"), event(8))
    days = days_of_values(three_days, MART, "main", pl.Series("event_id", [7]))
    assert days_of_values(three_days, MART, "spb", pl.Series("event_id", [7])) == set()
    assert module.restate(three_days, MART, 2, days=days) == Upserted(changed=2)
    assert restate(three_days, 3) == ([], Upserted())
    renamed = ("санкт-петербург", "Лекция о Петербурге")
    assert [line[2:4] for line in mart(three_days)] == [renamed, renamed, ("москва", "Лекция")]


def test_rows_that_were_written_into_the_mart_by_hand_are_put_right(three_days: Client) -> None:
    three_days.command(
        f"INSERT INTO {SALES.name} VALUES ('{OLD}', 'main', 7, 'RUB', 'москва', 'Лекция', 2, 999.99, 0, 5)"
    )
    three_days.command(f"INSERT INTO {SALES.name} VALUES ('2020-01-01', 'main', 1, 'RUB', '', '', 1, 1, 0, 5)")
    assert module.restate(three_days, MART, 6, days=[date(2026, 3, 20)]) == Upserted()
    assert restate(three_days, 6) == (["2020-01-01", OLD], Upserted(changed=1, removed=1))


FEWER = [on(OLD, 1), on(NEW, 4, event_id=8)]
MORE = [on(OLD, 1), on(OLD, 2, amount="0.01"), on(MIDDLE, 3, amount="7"), on(NEW, 4, event_id=8)]


def after(name: str, other_run: Callable[[], object]) -> AbstractContextManager[object]:
    """Let the other run go ahead right after the first time that ours has done this step."""
    original, waiting = getattr(module, name), [other_run]

    def followed(*given: Any) -> Any:
        done = original(*given)
        if waiting:
            waiting.pop()()
        return done

    return patch.object(module, name, followed)


@pytest.mark.parametrize(
    ("step", "ours", "theirs", "ahead"),
    [
        ("_differing", MORE, FEWER, 5), ("insert", MORE, FEWER, 5), ("remove", MORE, FEWER, -5),
        ("_differing", FEWER, MORE, -5), ("insert", FEWER, MORE, 0),
    ],
)  # fmt: skip
def test_runs_that_restate_at_once_agree(three_days: Client, step: str, ours: Any, theirs: Any, ahead: int) -> None:
    """A run of another process loads and restates while this one does. Its clock may differ."""
    load(three_days, ours, version=20)

    def other() -> None:
        load(three_days, theirs, version=30)
        module.restate(three_days, MART, 20 + ahead)

    with after(step, other), patch.object(module, "_one_at_a_time", nullcontext()):
        module.restate(three_days, MART, 20)
    assert stale_days(three_days, MART) == []
    assert [line[0] for line in mart(three_days)] == ([OLD, MIDDLE, NEW] if theirs is MORE else [OLD, NEW])
