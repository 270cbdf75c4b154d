"""Every figure in the warehouse equals the ground truth, to the kopeck, whatever was loaded before, in both engines."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sandbox.world import World
from sandbox.world.spend import AdDay, ad_days
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.run import judge_checks
from tasks.settings import Settings
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, NOW, SOURCES, TABLES, TICKETS, TODAY, YESTERDAY, Scene, make_world, the_world
from tests.support.product import Product

MARKETING = (
    "SELECT d, city, source, impressions, clicks, spend_total, tickets_sold, revenue, refunds_amount, "
    "net_revenue, romi, roas FROM v_marketing_daily"
)


def spend_of(world: World) -> list[AdDay]:
    return [row for row in ad_days(world) if FIRST <= row.day <= YESTERDAY]


def ratio(what: Decimal, spend: Decimal) -> Any:
    return pytest.approx(float(what / spend)) if spend else None


def exact(scene: Scene, world: World, since: date = TODAY) -> None:
    """All that is loaded. `since`: the day of the first load, to which the APIs told of ads that are deleted now."""
    assert scene.sales() == truth.sales(world)
    for source in ("vk_ads", "direct"):
        assert scene.facts(source) == ad_truth.facts(world, source, FIRST, YESTERDAY)
    view = scene.product.select(MARKETING)
    wanted = ad_truth.marketing(world, spend_of(world), ad_truth.contents(world, since))
    assert {row[:3]: row[3:9] for row in view.rows()} == wanted
    assert view.height == len(wanted)
    for row in view.iter_rows(named=True):
        net, spend = row["revenue"] - row["refunds_amount"], row["spend_total"]
        assert (row["net_revenue"], row["romi"], row["roas"]) == (net, ratio(net - spend, spend), ratio(net, spend))


def test_every_row_of_every_source_is_the_truth(loaded: Scene) -> None:
    exact(loaded, the_world())
    held = loaded.product.select(TICKETS).rows()
    assert {row[0]: row[1:] for row in held} == truth.tickets(the_world())
    assert {request.method for request in loaded.stage.requests("qtickets")} == {"GET"}
    assert not loaded.stage.vk.writes
    assert not loaded.stage.direct.writes


def test_restated_days_and_refunds_end_as_the_truth_has_them(scene: Scene) -> None:
    """Two weeks pass: orders are paid, cancelled and refunded, spend settles, conversions come in, ads are deleted.
    Loaded again nothing changes. Then one old ticket is refunded, which changes its day of sale and no other."""
    then = NOW - timedelta(days=14)
    scene.stage.show(make_world(then))
    scene.clock.now = then
    scene.loaded()
    world = make_world()
    scene.stage.show(world)
    scene.clock.now = NOW
    scene.loaded()
    exact(scene, world, TODAY - timedelta(days=14))
    tables = (*TABLES.values(), "dim_events", "stg_qtickets_sales_raw", "agg_marketing_daily", "meta_quarantine")
    tables += ("meta_ad_totals", "meta_order_totals", "dim_campaigns")
    before, written = scene.sales(), scene.tables(*tables)
    assert scene.loaded().count(", nothing changed") == 3
    assert scene.tables(*tables) == written

    order = next(o for o in world.orders if o.payed_at and not o.deleted_at and o.baskets[0].price > 1)
    basket = order.baskets[0]
    basket.refunded_at, basket.refunded_amount, basket.deleted_at = NOW, basket.price - 1, None
    scene.stage.show(world)
    scene.loaded("qtickets")

    after = scene.sales()
    assert after == truth.sales(world)
    assert order.payed_at
    sold_on = (truth.moscow_day(order.payed_at), order.event_id, order.currency)
    assert {key for key in after if after[key] != before[key]} == {sold_on}


def test_an_ad_that_the_api_forgot_keeps_its_figures_and_its_city(scene: Scene) -> None:
    scene.loaded("vk_ads")
    before = scene.tables("agg_marketing_daily"), scene.facts("vk_ads")
    ad = next(row.ad for row in ad_days(the_world()) if row.ad.source == "vk_ads" and row.day == YESTERDAY)

    scene.stage.vk.cabinet.vanish(ad.ad_id)

    assert "kept, though the source no longer confirms them" in scene.loaded("vk_ads")
    assert scene.last_run()["metrics"]["warnings"] == [], "no later read mends it: no backfill waits for one"
    assert (scene.tables("agg_marketing_daily"), scene.facts("vk_ads")) == before


def test_the_basis_of_the_reports_may_change_and_all_days_follow(scene: Scene) -> None:
    """Days outside the window of the next load too: VAT of spend, then the currency of sales."""

    def report(**basis: str) -> tuple[Any, ...]:
        scene.product.settings = scene.product.settings.model_copy(update=basis)
        scene.loaded("qtickets", first=TODAY)
        return scene.product.select("SELECT sum(spend_total), sum(revenue) FROM v_marketing_daily").row(0)

    scene.loaded()
    sales, spend = truth.sales(the_world()), spend_of(the_world())
    roubles, tenge = (sum(money for key, (_, money, _) in sales.items() if key[2] == of) for of in ("RUB", "KZT"))
    assert report() == (sum(ad_truth.with_vat(row.spent, row.day) for row in spend), roubles)
    assert report(ad_spend_vat="exclude") == (sum(row.spent for row in spend), roubles)
    assert report(report_currency="KZT") == (0, tenge)
    assert tenge


PASSED = timedelta(days=6)
_TABLES = (
    "SELECT name FROM system.tables WHERE database = currentDatabase() "
    "AND endsWith(engine, 'MergeTree') AND match(name, '^(stg|dim|fact|agg)_')"
)
# Each load has a moment of its own.
_LEFT_OUT = {"v_data_freshness": " EXCEPT (last_success_at, minutes_since_success)"}
_LOADS = "SELECT job, status, rows_processed, message FROM meta_job_runs FINAL"
_REJECTED = "SELECT source, resource, record_key, reason, column, value, record FROM meta_quarantine FINAL"


def figures(settings: Settings) -> dict[str, list[str]]:
    """Every table (plainly, as people ask it), every view and its columns, the loads and what they rejected; as
    lines of text, sorted: figures as a program reads them, a ratio to its last digit."""
    with warehouse(settings) as client:
        tables = client.query(_TABLES).result_columns[0]
        asked = {name: f"SELECT * EXCEPT _ver FROM {name}" for name in tables}
        asked |= {
            file.name: f"SELECT *{_LEFT_OUT.get(file.name, '')} FROM {file.name}" for file in sql_files("views")
        }
        asked |= {f"columns of {name}": f"DESCRIBE TABLE {name}" for name in [*asked]}
        asked |= {"loads": _LOADS, "rejected": _REJECTED}
        return {
            n: sorted(client.raw_query(sql, fmt="JSONCompactEachRow").decode().splitlines())
            for n, sql in asked.items()
        }


def test_figures_columns_and_judgements_are_the_same_in_both_engines(scene: Scene, tmp_path: Path) -> None:
    """A week of the world passes between two loads: orders are paid, cancelled and refunded, spend is restated."""
    values = {
        "clickhouse_dsn": SecretStr(f"chdb://{tmp_path / 'warehouse'}"),
        "landing_url": str(tmp_path / "embedded" / "landing"),
        "vk_token_file": tmp_path / "embedded" / "vk_token.json",
    }
    settings = scene.product.settings.model_copy(update=values)
    engines = (scene, dataclasses.replace(scene, product=Product(settings)))
    scene.stage.show(make_world(NOW - PASSED))
    with scene.stage.qtickets.change() as api:
        next(order for order in api.orders if not order["payed"])["baskets"][0]["price"] = -100
    with warehouse(settings):  # Held open: the embedded one starts anew with each connection.
        for now in (NOW - PASSED, NOW):
            for engine in engines:
                scene.clock.now = now
                engine.loaded()
            scene.stage.show(the_world())
        ours, theirs = (figures(engine.product.settings) for engine in engines)
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if ours[name] != theirs[name]] == []
        assert {name for name, lines in ours.items() if not lines} == {"v_sales_14d", "rejected"}
        for day, fresh in ((TODAY, ("ok", 0)), (TODAY + PASSED, ("broken", len(SOURCES)))):
            checks = [
                {r.check.name: (r.status, r.observed, r.sample) for r in judge_checks(engine.product.settings, day)}
                for engine in engines
            ]
            assert checks[0] == checks[1]
            assert checks[0]["freshness_data"][:2] == fresh
        for engine in engines:
            exact(engine, the_world(), (NOW - PASSED).date())
