"""A load of advertising that dies anywhere harms nothing: the next one ends where it would have."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.world.spend import ad_days
from tasks.load.warehouse import warehouse
from tests.flows import ad_truth, clock
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, facts, first_day, serve_loaded, the_world

pytestmark = pytest.mark.slow
DAYS = 10
SOURCES = {"vk_ads": "fact_vk_ads_daily", "direct": "fact_direct_daily"}
POINTS = ("in the middle of the insert", "between the table and the mart", "between insert and record")


def spoil(product: Product, source: str) -> None:
    """Of what is loaded a day is lost, one has other figures, and one has an ad too many."""
    table, seen = SOURCES[source], {row.ad.ad_id for row in ad_days(the_world()) if row.day >= first_day()}
    silent = min(ad.ad_id for ad in the_world().ads if ad.source == source and ad.ad_id not in seen)
    lost, other, more = (f"stat_date = '{clock.yesterday() - timedelta(days=days)}'" for days in (1, 3, 5))
    with warehouse(product.settings) as client:
        client.command(f"DELETE FROM {table} WHERE {lost}")
        for change, where in (
            ("impressions + 1 AS impressions, _ver + 1 AS _ver", other),
            (f"{silent} AS ad_id", f"{more} AND ad_id != 0 LIMIT 1"),
        ):
            client.command(f"INSERT INTO {table} SELECT * REPLACE ({change}) FROM {table} WHERE {where}")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("point", POINTS)
def test_killed_and_run_again_the_figures_are_exact(
    product: Product, serve_all: ServeAll, tmp_path_factory: pytest.TempPathFactory, source: str, point: str
) -> None:
    """There is something to insert, to change and to delete."""
    serve_loaded(product, serve_all, tmp_path_factory.getbasetemp())
    load = ("load", source, "--days", str(DAYS))
    spoil(product, source)

    dead = product.run(point, *load, module="tests.flows.killed")
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    product.loaded(*load)

    assert facts(product, source) == ad_truth.facts(the_world(), source, first_day(), clock.yesterday())
    if point == POINTS[-1]:
        assert json.loads(str(product.last_run()["metrics"]))["rows_written"] == 0, "all was there already"
    runs = product.select(f"SELECT status FROM meta_job_runs WHERE job = '{source}_loader' ORDER BY started_at")
    assert runs["status"].to_list() == ["success", "failed", "success"]
    spend = [row for row in ad_days(the_world()) if row.ad.source == source and row.day <= clock.yesterday()]
    shown = f"SELECT sum(spend_total), sum(impressions) FROM v_marketing_daily WHERE source = '{source}'"
    total = sum(ad_truth.with_vat(row.spent, row.day) for row in spend)
    assert product.select(shown).row(0) == (total, sum(row.impressions for row in spend))


@pytest.mark.parametrize("source", SOURCES)
def test_killed_in_the_middle_of_the_fetch(product: Product, serve_all: ServeAll, source: str) -> None:
    """Nothing is in the warehouse yet, and what had landed is not taken for the whole."""
    apis = serve_all(the_world())
    product.env |= {"DIRECT_RATE": "50"}
    load = ("load", source, "--days", "20")
    process = product.start(*product.command(*load))
    die: Callable[[object], None] = lambda _documents: os.kill(process.pid, signal.SIGKILL)  # noqa: E731
    if source == "vk_ads":
        apis.vk.faults.mutate(die, "/api/v2/banners.json")
    else:
        apis.direct.faults.mutate(die, "/json/v501/ads")
    process.communicate(timeout=180)
    assert process.returncode == -signal.SIGKILL

    product.loaded(*load)

    assert facts(product, source) == ad_truth.facts(the_world(), source, first_day(), clock.yesterday())
    assert len(apis.vk.tokens.issued) == (source == "vk_ads"), "the token survived"
