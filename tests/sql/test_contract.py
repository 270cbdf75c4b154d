"""The statements that people and dashboards already run are right as they stand, straight after a load. Expected figures
are added up by hand."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import runs
from tasks.load.mart import restate
from tasks.load.runs import Run
from tasks.load.tables import Scope
from tasks.load.upsert import merge, upsert
from tasks.sources.qtickets import EVENTS, TICKETS
from tests.quality.healthy import MARTS, warehouse_in
from tests.tasks.load.engines import rows
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import Ticket, load, refunded, ticket

FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
MARKS = {
    "of the days behind": ("days_behind", "stg_qtickets_sales_raw"),
    "of duplicates": ("duplicates", "stg_qtickets_sales_raw"),
    "of the last days": ("cities_count",),
    "of runs": ("started_at,",),
    "of metrics": ("metrics,",),
    "of sales": ("net_revenue", "v_sales_latest"),
}
"""The words by which a statement is known."""
STARTED = datetime(2026, 3, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def statements() -> dict[str, str]:
    text = re.sub(r"(?m)^--.*$", "", FILE.read_text("utf-8"))
    found = [statement.strip() for statement in text.split(";") if statement.strip()]
    # Of those with the same words the first: the last one repeats one of them for a view.
    return {name: next(s for s in found if all(mark in s for mark in marks)) for name, marks in MARKS.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Callable[[int], str], dict[str, Rows]]]:
    """A day so many days ago, and the answers after two loads of which the second brought changes. All of one day: they
    are asked again where the warehouse's day turned meanwhile."""
    with warehouse_in(tmp_path_factory.mktemp("contract")) as client:
        today = None
        while today != (today := _today(client)):
            _load(client, today)
            answers = {name: rows(client, sql) for name, sql in statements().items()}
        yield lambda ago: (today - timedelta(days=ago)).isoformat(), answers


def _today(client: Client) -> date:
    return date.fromisoformat(rows(client, "SELECT today() AS today")[0]["today"])


def _load(client: Client, today: date) -> None:
    for table in (TICKETS.name, EVENTS.name, "stg_qtickets_sales_raw", "meta_job_runs"):
        client.command(f"TRUNCATE TABLE {table}")
    upsert(client, EVENTS, event_frame(event(7), event(8, "Экскурсия", "казань")), Scope(), 1)
    first = [
        _on(today, 0, 1, amount="999.99"),
        _on(today, 3, 2, amount="0.10"),
        _on(today, 3, 3, amount="0.20", event_id=8),
        _on(today, 3, 4, amount="50.00", event_id=8),
        _on(today, 9, 5, amount="1500.50", quantity=3),
        _on(today, 5, 6),
    ]
    # Ticket 1 has its true price, 4 was refunded in part, 6 has vanished, 7 and 8 are new.
    second = [
        _on(today, 0, 1, amount="1000.00"),
        first[1],
        first[2],
        _on(today, 3, 4, refunded, back="45.50", amount="50.00", event_id=8),
        first[4],
        _on(today, 0, 7, amount="0.00"),
        _on(today, 7, 8, amount="10.00"),
    ]
    for version, tickets in enumerate((first, second), 1):
        load(client, tickets, version, Scope())
        merge(client, TICKETS.name)
        restate(client, MARTS[0], version)
    # Twelve runs, an hour each after the other; the last but one is of another job, and the last is going on.
    for hour in range(11):
        run = Run("quality" if hour == 10 else "qtickets_loader", f"run-{hour}", STARTED + timedelta(hours=hour))
        runs.begin(client, run, "loading")
        runs.end(client, run, "failed" if hour == 9 else "success", hour, f"run {hour}", {"rows_written": hour})
    runs.begin(client, Run("qtickets_loader", "run-11", STARTED + timedelta(hours=11)), "loading")


def _on(today: date, ago: int, ticket_id: int, make: Callable[..., Ticket] = ticket, **given: Any) -> Ticket:
    """Paid at noon UTC, which is the same day in Moscow."""
    return make(ticket_id, paid=f"{today - timedelta(days=ago)}T12:00", **given)


def test_the_statements_of_sales_and_runs_answer_what_was_added_up_by_hand(
    told: tuple[Callable[[int], str], dict[str, Rows]],
) -> None:
    ago, answers = told
    columns = ("event_date", "city", "event_name", "tickets_sold", "revenue", "refunds_amount", "net_revenue")
    sales = [
        (ago(9), "москва", "Лекция", 3, "1500.50", "0.00", "1500.50"),
        (ago(7), "москва", "Лекция", 1, "10.00", "0.00", "10.00"),
        (ago(3), "казань", "Экскурсия", 2, "50.20", "45.50", "4.70"),
        (ago(3), "москва", "Лекция", 1, "0.10", "0.00", "0.10"),
        (ago(0), "москва", "Лекция", 2, "1000.00", "0.00", "1000.00"),
    ]
    days = [(ago(7), 1, 1, "10.00"), (ago(3), 2, 3, "50.30"), (ago(0), 1, 2, "1000.00")]
    of_days = ("event_date", "cities_count", "total_tickets", "total_revenue")

    found = sorted(answers["of sales"], key=lambda row: (row["event_date"], row["city"]))
    assert found == [dict(zip(columns, row, strict=True)) for row in sales]
    assert answers["of the days behind"] == [{"source": "qtickets", "latest_date": ago(0), "days_behind": 0}]
    assert answers["of duplicates"] == [{"duplicates": 0}]
    assert answers["of the last days"] == [dict(zip(of_days, row, strict=True)) for row in days]


def test_the_statements_of_runs_tell_each_once_with_its_end(
    told: tuple[Callable[[int], str], dict[str, Rows]],
) -> None:
    _, answers = told
    newest = [
        (row["job"], row["started_at"][11:13], row["status"], row["rows_processed"], row["finished_at"] is None)
        for row in answers["of runs"]
    ]
    metrics = [("{}", "loading"), *((f'{{"rows_written": {hour}}}', f"run {hour}") for hour in (9, 8, 7, 6))]

    assert newest[:4] == [
        ("qtickets_loader", "11", "running", 0, True),
        ("quality", "10", "success", 10, False),
        ("qtickets_loader", "09", "failed", 9, False),
        ("qtickets_loader", "08", "success", 8, False),
    ]
    assert [hour for _, hour, *_ in newest] == [f"{hour:02}" for hour in range(11, 1, -1)]
    assert [(row["metrics"], row["message"]) for row in answers["of metrics"]] == metrics
