"""Statements that people already run and feed dashboards with: unchanged, through `zakaz sql`, with right answers."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.world.spend import ad_days
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, first_day, serve_loaded, the_world

pytestmark = pytest.mark.slow
_FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
# Statements hold no semicolon of their own. A new one in the file must be named here, and so be tested.
(
    FRESH_SALES, FRESH_VK, FRESH_DIRECT, DUPLICATES, COMPLETENESS, LAST_RUNS, SALES_RUNS, SALES, VK, DIRECT, UNITED,
    COUNT_SALES, COUNT_VK, COUNT_DIRECT,
) = [text + ";" for text in _FILE.read_text("utf-8").split(";")[:-1]]  # fmt: skip
Row = dict[str, Any]


@pytest.fixture
def loaded(product: Product, serve_all: ServeAll, tmp_path_factory: pytest.TempPathFactory) -> Product:
    serve_loaded(product, serve_all, tmp_path_factory.getbasetemp())
    # `today()` of the statements is the computer's day, see below.
    product.env |= {"TZ": "Europe/Moscow"}
    return product


def ask(product: Product, statement: str) -> list[Row]:
    """What `zakaz sql` says to a statement on its standard input; money exactly as written."""
    done = subprocess.run(
        product.command("sql", "-", "--format", "JSONEachRow"),
        input=statement, env=product.env, cwd=product.home, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]


def marketing(source: str) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(d, city) -> spend, net revenue, by ground truth."""
    world = the_world()
    spend = [row for row in ad_days(world) if row.day <= clock.yesterday()]
    contents = ad_truth.contents(world, clock.today())
    return {
        (str(day), city): (spent, revenue - refunds)
        for (day, city, of), (_, _, spent, _, revenue, refunds) in ad_truth.marketing(
            world, spend, contents
        ).items()
        if of == source
    }


def agree(answer: list[Row], expected: dict[tuple[str, str], tuple[Decimal, Decimal]]) -> None:
    """Each day and city once, exact, and romi what the two of them make."""
    told = {(row["d"], row["city"]): (row["spend_total"], row["net_revenue"]) for row in answer}
    assert len(told) == len(answer)
    assert told == expected
    for row in answer:
        if row["spend_total"] == 0:
            assert row["romi"] is None
        else:
            romi = (row["net_revenue"] - row["spend_total"]) / row["spend_total"]
            assert float(row["romi"]) == pytest.approx(float(romi), abs=1e-9)


def test_freshness_duplicates_and_completeness(loaded: Product) -> None:
    sales = truth.sales(the_world())
    newest = {
        FRESH_SALES: ("qtickets", max(day for day, _, _ in sales)),
        FRESH_VK: ("vk_ads", max(row.day for row in _spend("vk_ads"))),
        FRESH_DIRECT: ("direct", max(row.day for row in _spend("direct"))),
    }
    for statement, (source, day) in newest.items():
        behind = (clock.today() - day).days
        assert ask(loaded, statement) == [{"source": source, "latest_date": str(day), "days_behind": behind}]

    assert ask(loaded, DUPLICATES) == [{"duplicates": 0}]

    cities = {event.id: event.city.name for event in the_world().events}
    expected = []
    for day in sorted({day for day, _, _ in sales if day >= clock.today() - timedelta(days=7)}):
        rows = {key: figures for key, figures in sales.items() if key[0] == day}
        expected.append(
            {
                "event_date": str(day),
                "cities_count": len({cities[event] for _, event, _ in rows}),
                "total_tickets": sum(tickets for tickets, _, _ in rows.values()),
                "total_revenue": sum((revenue for _, revenue, _ in rows.values()), Decimal(0)),
            }
        )
    assert len(expected) >= 7
    assert ask(loaded, COMPLETENESS) == expected


def test_the_run_history(loaded: Product) -> None:
    """Each run stands there once, as it ended, newest first."""
    world = the_world()
    rows = {
        "qtickets_loader": len(truth.tickets(world)),
        "vk_ads_loader": len(ad_truth.facts(world, "vk_ads", first_day(), clock.yesterday())),
        "direct_loader": len(ad_truth.facts(world, "direct", first_day(), clock.yesterday())),
    }
    runs = ask(loaded, LAST_RUNS)
    assert {run["job"]: run["rows_processed"] for run in runs} == rows
    assert len(runs) == len(rows)
    assert [run["started_at"] for run in runs] == sorted((run["started_at"] for run in runs), reverse=True)
    for run in runs:
        started, finished = (_instant(run[name]) for name in ("started_at", "finished_at"))
        assert clock.now() <= started <= finished <= datetime.now(UTC)
        assert run["status"] == "success"
        assert f"{rows[run['job']]} " in run["message"]

    (run,) = ask(loaded, SALES_RUNS)
    metrics = json.loads(run["metrics"])
    assert metrics["tables"]["stg_qtickets_tickets"]["new"] == rows["qtickets_loader"]
    assert metrics["tables"]["stg_qtickets_sales_raw"]["new"] == len(truth.sales(world))
    assert metrics["window"] == {"first": str(first_day() + timedelta(days=1)), "last": str(clock.today())}
    assert run["message"].startswith(f"{first_day() + timedelta(days=1)}..{clock.today()}: ")


def test_sales(loaded: Product) -> None:
    events = {event.id: event for event in the_world().events}
    expected = {
        (str(day), events[event].city.name.lower(), events[event].name): (sold, revenue, refunds, revenue - refunds)
        for (day, event, _), (sold, revenue, refunds) in truth.sales(the_world()).items()
    }
    answer = ask(loaded, SALES)
    assert {
        (row["event_date"], row["city"], row["event_name"]): (
            row["tickets_sold"], row["revenue"], row["refunds_amount"], row["net_revenue"],
        )
        for row in answer
    } == expected  # fmt: skip
    assert len(answer) == len(expected)


def test_marketing_by_source_and_united(loaded: Product) -> None:
    vk, direct, united = (ask(loaded, statement) for statement in (VK, DIRECT, UNITED))
    agree(vk, marketing("vk_ads"))
    agree(direct, marketing("direct"))

    agree([row for row in united if row["source"] == "vk_ads"], marketing("vk_ads"))
    agree([row for row in united if row["source"] == "direct"], marketing("direct"))
    assert len(united) == len(vk) + len(direct), "each row once"
    order = [(row["d"], row["city"].encode(), row["source"]) for row in united]
    assert order == sorted(order)


def test_counts(loaded: Product) -> None:
    """Without FINAL, as they are asked: no superseded or deleted row is left behind."""
    world = the_world()
    expected = {
        COUNT_SALES: len(truth.sales(world)),
        COUNT_VK: len(ad_truth.facts(world, "vk_ads", first_day(), clock.yesterday())),
        COUNT_DIRECT: len(ad_truth.facts(world, "direct", first_day(), clock.yesterday())),
    }
    for statement, rows in expected.items():
        assert ask(loaded, statement) == [{"count()": rows}]


def test_views_hold_whichever_way_they_are_asked(loaded: Product) -> None:
    """A reader of the dashboards may have these settings or not, and so may any other client."""
    with warehouse(loaded.settings) as client:

        def told(statement: str, **settings: int) -> list[str]:
            return sorted(client.raw_query(statement, fmt="JSONEachRow", settings=settings).decode().splitlines())

        views = [file.name for file in sql_files("views")]
        moving = {"v_data_freshness": " EXCEPT minutes_since_success"}
        for statement in (
            *(f"SELECT *{moving.get(view, '')} FROM {view}" for view in views),
            *(statement.rstrip(";") for statement in (SALES, VK, DIRECT)),
        ):
            plain = told(statement, prefer_column_name_to_alias=0, join_use_nulls=0)
            assert plain, statement
            assert told(statement, prefer_column_name_to_alias=1) == plain, statement
            assert told(statement, join_use_nulls=1) == plain, statement
            assert told(statement, prefer_column_name_to_alias=1, join_use_nulls=1) == plain, statement


def test_a_statement_that_begins_with_a_comment_may_be_an_argument(loaded: Product) -> None:
    assert FRESH_SALES.startswith("-- ")
    assert loaded.loaded("sql", FRESH_SALES, "--format", "CSV").startswith('"qtickets"')


def test_today_is_the_moscow_day_wherever_the_computer_stands(loaded: Product) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=14)
    zone = "Etc/GMT-14" if ahead.date() != clock.today() else "Etc/GMT+12"
    loaded.env |= {"TZ": zone}
    assert ask(loaded, "SELECT today() AS today") == [{"today": str(clock.today())}]


def _spend(source: str) -> list[Any]:
    return [row for row in ad_days(the_world()) if row.ad.source == source and row.day <= clock.yesterday()]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
