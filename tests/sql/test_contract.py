"""The statements that people and dashboards already run are right as they stand, straight after a load.

They say `zakaz.`, so each engine gets a database of that name of its own. Expected figures are added up by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import EVENTS, TICKETS
from tasks.load import runs
from tasks.load.migrate import migrate
from tasks.load.runs import Run
from tasks.load.tables import Scope
from tasks.load.upsert import merge, upsert
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import clickhouse_server
from tests.tasks.load.engines import BOTH, rows
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.test_mart import restate
from tests.tasks.load.tickets import Ticket, load, refunded, ticket

FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
OF_SALES_AND_RUNS = {"stg_qtickets_sales_raw", "v_sales_latest", "meta_job_runs"}


def statements() -> dict[str, str]:
    """The statements that read nothing but sales and runs, by the words that tell one from another."""
    text = re.sub(r"(?m)^--.*$", "", FILE.read_text("utf-8"))
    found = [statement.strip() for statement in text.split(";") if statement.strip()]
    mine = [s for s in found if set(re.findall(r"FROM\s+(?:zakaz\.)?(\w+)", s)) <= OF_SALES_AND_RUNS]
    marks = (
        "days_behind",
        "duplicates",
        "cities_count",
        "started_at,",
        "metrics,",
        "net_revenue",
        "SELECT count()",
    )
    return {mark: statement for mark in marks for statement in mine if mark in statement and not mark.isspace()}


def test_seven_statements_are_of_sales_and_runs() -> None:
    assert len(set(statements().values())) == 7


@pytest.fixture(scope="module", params=BOTH)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, date]]:
    """A warehouse that was loaded twice, the second time with changes; and the day that it calls today."""
    folder = tmp_path_factory.mktemp("contract")
    if request.param == "embedded":
        yield from _load(f"chdb://{folder / 'warehouse'}")
    else:
        with clickhouse_server(folder) as server:
            yield from _load(server.dsn)


def _load(dsn: str) -> Iterator[tuple[Client, date]]:
    with warehouse(Settings(_env_file=None, clickhouse_dsn=dsn)) as client:
        migrate(client)
        today = date.fromisoformat(rows(client, "SELECT today() AS today")[0]["today"])
        upsert(client, EVENTS, event_frame(event(7), event(8, "Экскурсия", "казань")), Scope(), 1)
        for version, tickets in enumerate((_first(today), _second(today)), 1):
            load(client, tickets, version, Scope())
            merge(client, TICKETS.name)
            restate(client, version)
        _record_runs(client)
        yield client, today


def _on(today: date, ago: int, ticket_id: int, make: Callable[..., Ticket] = ticket, **given: Any) -> Ticket:
    """Paid at noon UTC, which is the same day in Moscow."""
    return make(ticket_id, paid=f"{today - timedelta(days=ago)}T12:00", **given)


def _first(today: date) -> list[Ticket]:
    return [
        _on(today, 0, 1, amount="999.99"),
        _on(today, 3, 2, amount="0.10"),
        _on(today, 3, 3, amount="0.20", event_id=8),
        _on(today, 3, 4, amount="50.00", event_id=8),
        _on(today, 9, 5, amount="1500.50", quantity=3),
        _on(today, 5, 6),
    ]


def _second(today: date) -> list[Ticket]:
    """Ticket 1 has its true price, 4 was refunded in part, 6 has vanished, 7 and 8 are new."""
    return [
        _on(today, 0, 1, amount="1000.00"),
        _on(today, 3, 2, amount="0.10"),
        _on(today, 3, 3, amount="0.20", event_id=8),
        _on(today, 3, 4, refunded, back="45.50", amount="50.00", event_id=8),
        _on(today, 9, 5, amount="1500.50", quantity=3),
        _on(today, 0, 7, amount="0.00"),
        _on(today, 7, 8, amount="10.00"),
    ]


STARTED = datetime(2026, 3, 1, tzinfo=UTC)


def _record_runs(client: Client) -> None:
    """Twelve runs, an hour each after the other; the last but one is of another job, and the last is going on."""
    for hour in range(11):
        job = "quality" if hour == 10 else "qtickets_loader"
        run = Run(job, f"run-{hour}", STARTED + timedelta(hours=hour))
        runs.begin(client, run, "loading")
        runs.end(client, run, "failed" if hour == 9 else "success", hour, f"run {hour}", {"rows_written": hour})
    runs.begin(client, Run("qtickets_loader", "run-11", STARTED + timedelta(hours=11)), "loading")


@pytest.fixture(params=[{}, {"prefer_column_name_to_alias": 1}], ids=["as it stands", "as zakaz sql runs it"])
def told(loaded: tuple[Client, date], request: pytest.FixtureRequest) -> Callable[[str], list[dict[str, Any]]]:
    """The answer to the statement with this mark, money as text."""
    client, _ = loaded
    settings = "".join(f" SETTINGS {name} = {value}" for name, value in request.param.items())
    return lambda mark: rows(client, statements()[mark] + settings)


@pytest.fixture
def ago(loaded: tuple[Client, date]) -> Callable[[int], str]:
    return lambda days: (loaded[1] - timedelta(days=days)).isoformat()


Told = Callable[[str], list[dict[str, Any]]]
Ago = Callable[[int], str]


def test_the_newest_day_is_today(told: Told, ago: Ago) -> None:
    assert told("days_behind") == [{"source": "qtickets", "latest_date": ago(0), "days_behind": 0}]


def test_there_are_no_duplicates(told: Told) -> None:
    assert told("duplicates") == [{"duplicates": 0}]


def test_the_last_days_are_complete(told: Told, ago: Ago) -> None:
    columns = ("event_date", "cities_count", "total_tickets", "total_revenue")
    expected = [(ago(7), 1, 1, "10.00"), (ago(3), 2, 3, "50.30"), (ago(0), 1, 2, "1000.00")]

    assert told("cities_count") == [dict(zip(columns, row, strict=True)) for row in expected]


def test_the_sales_are_those_of_the_second_load(told: Told, ago: Ago) -> None:
    columns = ("event_date", "city", "event_name", "tickets_sold", "revenue", "refunds_amount", "net_revenue")
    expected = [
        (ago(9), "москва", "Лекция", 3, "1500.50", "0.00", "1500.50"),
        (ago(7), "москва", "Лекция", 1, "10.00", "0.00", "10.00"),
        (ago(3), "казань", "Экскурсия", 2, "50.20", "45.50", "4.70"),
        (ago(3), "москва", "Лекция", 1, "0.10", "0.00", "0.10"),
        (ago(0), "москва", "Лекция", 2, "1000.00", "0.00", "1000.00"),
    ]

    found = sorted(told("net_revenue"), key=lambda row: (row["event_date"], row["city"]))
    assert found == [dict(zip(columns, row, strict=True)) for row in expected]


def test_the_rows_of_sales_are_counted_once(told: Told) -> None:
    assert told("SELECT count()") == [{"count()": 5}]


def test_the_last_ten_runs_are_told_each_once_with_its_end(told: Told) -> None:
    found = told("started_at,")

    assert [row["started_at"][11:13] for row in found] == [
        "11",
        "10",
        "09",
        "08",
        "07",
        "06",
        "05",
        "04",
        "03",
        "02",
    ]
    assert [row["status"] for row in found[:4]] == ["running", "success", "failed", "success"]
    assert [row["rows_processed"] for row in found[:4]] == [0, 10, 9, 8]
    assert [row["finished_at"] is None for row in found] == [True, *[False] * 9]
    assert [row["job"] for row in found[:3]] == ["qtickets_loader", "quality", "qtickets_loader"]


def test_the_metrics_of_the_last_five_loads_are_told(told: Told) -> None:
    expected = [("{}", "loading"), *((f'{{"rows_written": {hour}}}', f"run {hour}") for hour in (9, 8, 7, 6))]

    assert [(row["metrics"], row["message"]) for row in told("metrics,")] == expected
