"""Statements that people already run and feed dashboards with: unchanged, with right answers after a real load."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.world.spend import ad_days
from tasks.load.query import run_query
from tasks.load.warehouse import warehouse
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, TODAY, YESTERDAY, Scene, the_world

_FILE = Path(__file__).parents[1] / "data" / "contract" / "seed_queries.sql"
# Statements hold no semicolon of their own. The first seven are proved in tests/sql.
*_, SALES, VK, DIRECT, UNITED, COUNT_SALES, _, _ = _FILE.read_text("utf-8").split(";")[:-1]
Row = dict[str, Any]


def marketing(source: str) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(d, city) -> spend, net revenue, by ground truth."""
    spend = [row for row in ad_days(the_world()) if FIRST <= row.day <= YESTERDAY]
    lines = ad_truth.marketing(the_world(), spend, ad_truth.contents(the_world(), TODAY))
    return {(str(d), city): (line[2], line[4] - line[5]) for (d, city, of), line in lines.items() if of == source}


def agree(answer: list[Row], expected: dict[tuple[str, str], tuple[Decimal, Decimal]]) -> None:
    """Each day and city once, exact, and romi what the two of them make."""
    told = {(row["d"], row["city"]): (row["spend_total"], row["net_revenue"]) for row in answer}
    assert len(told) == len(answer)
    assert told == expected
    for row in answer:
        spend, romi = row["spend_total"], row["romi"]
        net = row["net_revenue"] - spend
        assert romi is None if not spend else float(romi) == pytest.approx(float(net / spend))


def sales_by_name() -> dict[tuple[str, str, str], tuple[Any, ...]]:
    events = {event.id: event for event in the_world().events}
    return {
        (str(day), events[event].city.name.lower(), events[event].name): (sold, revenue, refunds, revenue - refunds)
        for (day, event, _), (sold, revenue, refunds) in truth.sales(the_world()).items()
    }


def test_sales_marketing_and_counts_are_the_truth(loaded: Scene) -> None:
    """Without FINAL, as they are asked: no superseded or deleted row is left behind."""
    database = loaded.product.settings.clickhouse_database

    def ask(statement: str) -> list[Row]:
        """As `zakaz sql` does."""
        with warehouse(loaded.product.settings) as client:
            reply = run_query(client, statement.replace("zakaz.", f"{database}."), "JSONEachRow", raw=True)
        return [json.loads(line, parse_float=Decimal) for line in reply.decode().splitlines()]

    answer = [tuple(row.values()) for row in ask(SALES)]
    assert {row[:3]: row[3:] for row in answer} == sales_by_name()
    assert len(answer) == len(sales_by_name())
    vk, direct, united = ask(VK), ask(DIRECT), ask(UNITED)
    agree(vk, marketing("vk_ads"))
    agree(direct, marketing("direct"))
    agree([row for row in united if row["source"] == "vk_ads"], marketing("vk_ads"))
    agree([row for row in united if row["source"] == "direct"], marketing("direct"))
    assert len(united) == len(vk) + len(direct), "each row once"
    order = [(row["d"], row["city"].encode(), row["source"]) for row in united]
    assert order == sorted(order)
    assert ask(COUNT_SALES) == [{"count()": len(truth.sales(the_world()))}]
