"""The embedded warehouse and a ClickHouse server over HTTP: the same loads give the same figures and judgements."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.world import World
from sandbox.world.spend import ad_days
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows import ad_truth, clock
from tests.flows.conftest import DAYS, Product, make_world
from tests.flows.loaded import ServeAll

pytestmark = pytest.mark.slow
LOAD = ("load", "all", "--days", str(DAYS))
PASSED = 6  # days: fewer than the fourteen of v_sales_14d, more than data may be old
VIEWS = [file.name for file in sql_files("views")]
# When a load was, and how long ago that is: each load has a moment of its own.
OF_THE_RUN = {"v_data_freshness": ["last_success_at", "minutes_since_success"]}
_TABLES = (
    "SELECT name FROM system.tables WHERE database = currentDatabase() "
    "AND endsWith(engine, 'MergeTree') AND match(name, '^(stg|dim|fact|agg)_')"
)
# What happened, without the moment and the id of each run.
_LOADS = "SELECT job, status, rows_processed, message FROM meta_job_runs FINAL WHERE endsWith(job, '_loader')"
_REJECTED = "SELECT source, resource, record_key, reason, column, value, record FROM meta_quarantine FINAL"
Lines = dict[str, list[str]]
Pair = tuple[Product, Product]


@pytest.fixture
def both(product: Product, clickhouse_dsn: str, clickhouse_database: str) -> Callable[[], Pair]:
    """The product on an embedded warehouse and another one on a server, once the APIs are served."""
    product.env |= {"CLICKHOUSE_DATABASE": clickhouse_database, "DIRECT_RATE": "50"}

    def pair() -> Pair:
        home = product.home / "of the server"
        home.mkdir()
        own = {
            "ZAKAZ_HOME": str(home),
            "PREFECT_HOME": str(home / "prefect"),
            "LANDING_URL": str(home / "data" / "landing"),
            "CLICKHOUSE_DSN": clickhouse_dsn,
        }
        return product, Product(home, product.env | own)

    return pair


def test_figures_columns_and_judgements_are_the_same(both: Callable[[], Pair], serve_all: ServeAll) -> None:
    """A week of the world passes between two loads: orders are paid, cancelled and refunded, spend is restated."""
    world = make_world(clock.now() - timedelta(days=PASSED), DAYS - PASSED)
    apis = serve_all(world)
    with apis.qtickets.change() as api:
        unpaid = next(order for order in api.orders if not order["payed"])
        unpaid["baskets"][0]["price"] = -100
    engines = embedded, server = both()
    for engine in engines:
        engine.loaded(*LOAD)
    agree(engines, world)
    before = figures(embedded)
    assert len(before["rejected"]) == 1
    checks = judged(embedded)
    assert checks == judged(server)
    assert checks["freshness_data"] == ("broken", 3), "a week old, and so there is something to find"

    world = make_world()
    apis.show(world)
    for engine in engines:
        engine.loaded(*LOAD)
    agree(engines, world)
    after = figures(embedded)
    assert not [name for name in [*VIEWS, "rejected"] if before[name] == after[name]], "everything has moved on"
    checks = judged(embedded)
    assert checks == judged(server)
    assert checks["freshness_data"] == ("ok", 0)

    for engine in engines:
        once = written(engine)
        assert engine.loaded(*LOAD).count(", nothing changed") == 3
        assert written(engine) == once
    agree(engines, world)


def agree(engines: Pair, world: World) -> None:
    """Each figure is the same on both and, lest both be wrong alike, the totals are those of the ground truth."""
    embedded, server = (figures(engine) for engine in engines)
    assert embedded.keys() == server.keys()
    for name, rows in embedded.items():
        assert rows == server[name], name
        assert rows or name == "rejected", f"{name} is empty, so it proves nothing"
    for ours, theirs in zip(*(minutes(engine) for engine in engines), strict=True):
        assert abs(ours - theirs) < 10
    for engine in engines:
        assert totals(engine) == true_totals(world)


def figures(engine: Product) -> Lines:
    """Every table (plainly, as people ask it), every view and its columns, the loads and what they rejected."""
    asked = {name: f"SELECT * EXCEPT _ver FROM {name}" for name in tables(engine)}
    for name in VIEWS:
        left_out = f" EXCEPT ({', '.join(OF_THE_RUN[name])})" if name in OF_THE_RUN else ""
        asked |= {name: f"SELECT *{left_out} FROM {name}"}
    asked |= {f"columns of {name}": f"DESCRIBE TABLE {name}" for name in [*asked]}
    return told(engine, asked | {"loads": _LOADS, "rejected": _REJECTED})


def written(engine: Product) -> Lines:
    """Tables with the run that wrote each row: what is written again differs."""
    return told(engine, {name: f"SELECT * FROM {name}" for name in [*tables(engine), "meta_quarantine"]})


def tables(engine: Product) -> list[str]:
    return [json.loads(line)[0] for line in told(engine, {"": _TABLES})[""]]


def told(engine: Product, asked: dict[str, str]) -> Lines:
    """Each answer as lines of text, sorted: figures as a program reads them, a ratio to its last digit."""
    settings = Settings(
        _env_file=None,
        clickhouse_dsn=engine.env["CLICKHOUSE_DSN"],
        clickhouse_database=engine.env["CLICKHOUSE_DATABASE"],
    )
    with warehouse(settings) as client:
        return {
            name: sorted(client.raw_query(statement, fmt="JSONCompactEachRow").decode().splitlines())
            for name, statement in asked.items()
        }


def judged(engine: Product) -> dict[str, tuple[str, int]]:
    """Status and observed count of every check. A broken check is exit status 1."""
    done = engine.run("quality", "--json")
    assert done.returncode in (0, 1), done.stderr
    checks = {check["check"]: (check["status"], check["observed"]) for check in json.loads(done.stdout)["checks"]}
    assert checks.keys() == {file.name for file in sql_files("quality")}
    return checks


def minutes(engine: Product) -> list[int]:
    """Since the last good load, by source."""
    statement = "SELECT source, minutes_since_success FROM v_data_freshness"
    return [json.loads(line)[1] for line in told(engine, {"": statement})[""]]


def totals(engine: Product) -> dict[str, list[str]]:
    statement = (
        "SELECT source, toString(sum(spend_total)), toString(sum(tickets_sold)), toString(sum(revenue)), "
        "toString(sum(refunds_amount)) FROM v_marketing_daily GROUP BY source"
    )
    return {row[0]: row[1:] for row in map(json.loads, told(engine, {"": statement})[""])}


def true_totals(world: World) -> dict[str, list[str]]:
    """By source: spend with VAT, tickets, revenue and money given back, all in roubles."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    contents = ad_truth.contents(world, clock.today() - timedelta(days=PASSED))
    spend = [row for row in ad_days(world) if clock.first_of(DAYS) <= row.day <= clock.yesterday()]
    for (_, _, source), (_, _, *values) in ad_truth.marketing(world, spend, contents).items():
        found[source] = [held + value for held, value in zip(found[source], values, strict=True)]
    return {source: [f"{value.normalize():f}" for value in values] for source, values in found.items()}
