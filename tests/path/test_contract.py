"""Statements that people already run and feed dashboards with: unchanged, with right answers after a real load."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from sandbox.world import World
from sandbox.world.spend import ad_days
from tasks.load import runs
from tasks.load.query import run_query
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, TODAY, YESTERDAY, Scene, the_world
from tests.support.product import Product

_FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
# Statements hold no semicolon of their own.
(
    FRESH_SALES, FRESH_VK, FRESH_DIRECT, DUPLICATES, DAYS, RUNS, METRICS, SALES, VK, DIRECT, UNITED, *COUNTS
) = _FILE.read_text("utf-8").split(";")[:-1]  # fmt: skip
Row = dict[str, Any]
Marketing = dict[tuple[Any, str, str], tuple[Any, ...]]


def marketing(organizers: list[World], cabinets: dict[str, list[World]]) -> Marketing:
    """(d, city, source) -> impressions, clicks, spend, tickets, revenue, refunds, by ground truth of all accounts: the
    sales of the organizers, and by source the spend of the cabinets."""
    lines = [ad_truth.marketing(world, [], {}) for world in organizers]
    for source, worlds in cabinets.items():
        for world in worlds:
            spend = [row for row in ad_days(world) if row.ad.source == source and FIRST <= row.day <= YESTERDAY]
            lines.append(ad_truth.marketing(world.emptied(), spend, ad_truth.contents(world, TODAY)))
    found: Marketing = defaultdict(lambda: (0,) * 6)
    for key, line in ((key, line) for one in lines for key, line in one.items()):
        found[key] = tuple(map(sum, zip(found[key], line, strict=True)))
    return dict(found)


def agree(answer: list[Row], lines: Marketing, source: str) -> None:
    """Each day and city once, exact, and romi what the two of them make."""
    told = {(row["d"], row["city"]): (row["spend_total"], row["net_revenue"]) for row in answer}
    assert len(told) == len(answer)
    assert told == {
        (str(d), city): (line[2], line[4] - line[5]) for (d, city, of), line in lines.items() if of == source
    }
    for row in answer:
        spend, romi = row["spend_total"], row["romi"]
        net = row["net_revenue"] - spend
        assert romi is None if not spend else float(romi) == pytest.approx(float(net / spend))


def sales_by_name(world: World) -> list[tuple[Any, ...]]:
    events = {event.id: event for event in world.events}
    return [
        (str(day), events[event].city.name.lower(), events[event].name, sold, revenue, refunds, revenue - refunds)
        for (day, event, _), (sold, revenue, refunds) in truth.sales(world).items()
    ]


def ask(client: Client, statement: str) -> list[Row]:
    """As `zakaz sql` does, on the last day of the world."""
    statement = statement.replace("zakaz.", f"{client.database}.").replace("today()", f"toDate('{TODAY}')")
    reply = run_query(client, statement, "JSONEachRow", raw=True)
    return [json.loads(line, parse_float=Decimal) for line in reply.decode().splitlines()]


def prove(product: Product, organizers: list[World], cabinets: dict[str, list[World]]) -> None:
    """Without FINAL, as they are asked: no superseded or deleted row is left behind. `cabinets`: those in roubles."""
    with warehouse(product.settings) as client:
        _prove(partial(ask, client), organizers, cabinets)


def _prove(ask: Callable[[str], list[Row]], organizers: list[World], cabinets: dict[str, list[World]]) -> None:
    wanted = [row for world in organizers for row in sales_by_name(world)]
    assert Counter(tuple(row.values()) for row in ask(SALES)) == Counter(wanted)
    newest = max(day for day, *_ in wanted)
    for statement, latest in ((FRESH_SALES, newest), (FRESH_VK, str(YESTERDAY)), (FRESH_DIRECT, str(YESTERDAY))):
        ((_, day, behind),) = (row.values() for row in ask(statement))
        assert (day, behind) == (latest, (TODAY - date.fromisoformat(latest)).days)
    lately = [row for row in wanted if row[0] >= str(TODAY - timedelta(days=7))]
    assert ask(DUPLICATES) == [{"duplicates": len(lately) - len({row[:3] for row in lately})}]
    assert [tuple(row.values()) for row in ask(DAYS)] == [
        (day, len({row[1] for row in rows}), sum(row[3] for row in rows), sum(row[4] for row in rows))
        for day in sorted({row[0] for row in lately})
        if (rows := [row for row in lately if row[0] == day])
    ]
    vk, direct, united = ask(VK), ask(DIRECT), ask(UNITED)
    lines = marketing(organizers, cabinets)
    agree(vk, lines, "vk_ads")
    agree(direct, lines, "direct")
    agree([row for row in united if row["source"] == "vk_ads"], lines, "vk_ads")
    agree([row for row in united if row["source"] == "direct"], lines, "direct")
    assert len(united) == len(vk) + len(direct), "each row once"
    order = [(row["d"], row["city"].encode(), row["source"]) for row in united]
    assert order == sorted(order)
    assert ask(COUNTS[0]) == [{"count()": len(wanted)}]


def test_sales_marketing_freshness_and_counts_are_the_truth(loaded: Scene) -> None:
    prove(loaded.product, [the_world()], {source: [the_world()] for source in ("vk_ads", "direct")})


def test_each_run_is_told_once_with_its_end(client: Client) -> None:
    """Twelve runs, an hour each after the other; the last but one is of another job, and the last is going on."""
    for hour in range(12):
        started = datetime(2026, 3, 1, hour, tzinfo=UTC)
        run = Run("quality" if hour == 10 else "qtickets_loader", f"run-{hour}", started)
        runs.begin(client, run, "loading")
        if hour < 11:
            runs.end(client, run, "failed" if hour == 9 else "success", hour, f"run {hour}", {"rows_written": hour})

    told = [tuple(row.values()) for row in ask(client, RUNS)]
    assert [(job, at[11:13], end is None, *others) for job, at, end, *others in told][:3] == [
        ("qtickets_loader", "11", True, "running", 0, "loading"),
        ("quality", "10", False, "success", 10, "run 10"),
        ("qtickets_loader", "09", False, "failed", 9, "run 9"),
    ]
    assert [at[11:13] for _, at, *_ in told] == [f"{hour:02}" for hour in range(11, 1, -1)]
    assert ask(client, METRICS) == [
        {"metrics": "{}", "message": "loading"},
        *({"metrics": f'{{"rows_written": {hour}}}', "message": f"run {hour}"} for hour in (9, 8, 7, 6)),
    ]
