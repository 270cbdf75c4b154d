"""The product on two shards: loads, the quality flow and views give the figures of the ground truth."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tasks.load.sql import sql_files
from tasks.settings import Settings
from tests.cluster.servers import CLUSTER, Shards
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import DAYS, Product, make_world
from tests.flows.test_exact_ads import LOAD, TABLES, ServeAll, facts, marketing

pytestmark = pytest.mark.slow


class Spread(Product):
    @property
    def settings(self) -> Settings:
        names = ("CLICKHOUSE_DSN", "CLICKHOUSE_DATABASE", "CLICKHOUSE_CLUSTER")
        return Settings(_env_file=None, **{name.lower(): self.env[name] for name in names})


@pytest.fixture
def spread(product: Product, shards: Shards, cluster_database: str) -> Spread:
    product.env |= {
        "CLICKHOUSE_DSN": shards.dsn,
        "CLICKHOUSE_DATABASE": cluster_database,
        "CLICKHOUSE_CLUSTER": CLUSTER,
        "DIRECT_RATE": "50",
    }
    return Spread(product.home, product.env)


def test_every_figure_equals_the_ground_truth_after_each_load(spread: Spread, serve_all: ServeAll) -> None:
    """A week passes between two loads: orders are paid, cancelled and refunded, spend is restated."""
    week = timedelta(days=7)
    world = make_world(clock.now() - week, DAYS - 7)
    apis = serve_all(world)
    spread.loaded(*LOAD)
    assert spread.sales() == truth.sales(world)

    world = make_world()
    apis.show(world)
    spread.loaded(*LOAD)

    assert spread.sales() == truth.sales(world)
    marketing(spread, world, clock.today() - week)
    for source in TABLES:
        assert facts(spread, source) == ad_truth.facts(world, source, clock.first_of(DAYS), clock.yesterday())
    assert spread.loaded(*LOAD).count(", nothing changed") == 3

    done = spread.run("quality", "--json")
    checks = {check["check"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert checks.keys() == {file.name for file in sql_files("quality")}, done.stderr
    assert "broken" not in checks.values()
    assert all(name in spread.loaded("sql", "SHOW TABLES") for name in ("stg_qtickets_tickets_local", "v_romi_kpi"))
    for command in (("smoke",), ("runs",), ("quarantine", "list")):
        spread.loaded(*command)
