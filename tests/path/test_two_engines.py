"""The embedded warehouse and a ClickHouse server over HTTP: the same loads give the same figures and judgements."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.run import judge_checks
from tasks.settings import Settings
from tests.path.scene import NOW, SOURCES, TODAY, make_world, scene_of
from tests.path.test_exact import exact
from tests.support.product import Product

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


def test_figures_columns_and_judgements_are_the_same(
    clickhouse_dsn: str, clickhouse_database: str, tmp_path: Path
) -> None:
    """A week of the world passes between two loads: orders are paid, cancelled and refunded, spend is restated."""
    world = make_world()
    with scene_of(make_world(NOW - PASSED), clickhouse_dsn, clickhouse_database, tmp_path / "server") as server:
        settings = server.product.settings.model_copy(
            update={
                "clickhouse_dsn": SecretStr(f"chdb://{tmp_path / 'warehouse'}"),
                "landing_url": str(tmp_path / "landing"),
                "vk_token_file": tmp_path / "vk_token.json",
            }
        )
        embedded = dataclasses.replace(server, product=Product(settings))
        with server.stage.qtickets.change() as api:
            next(order for order in api.orders if not order["payed"])["baskets"][0]["price"] = -100
        with warehouse(settings):  # Held open: the embedded one starts anew with each connection.
            for now in (NOW - PASSED, NOW):
                for engine in (server, embedded):
                    server.clock.now = now
                    engine.loaded()
                server.stage.show(world)
            ours, theirs = (figures(engine.product.settings) for engine in (server, embedded))
            assert ours.keys() == theirs.keys()
            assert [name for name in ours if ours[name] != theirs[name]] == []
            assert {name for name, lines in ours.items() if not lines} == {"v_sales_14d", "rejected"}
            for day, fresh in ((TODAY, ("ok", 0)), (TODAY + PASSED, ("broken", len(SOURCES)))):
                checks = [
                    {
                        r.check.name: (r.status, r.observed, r.sample)
                        for r in judge_checks(engine.product.settings, day)
                    }
                    for engine in (server, embedded)
                ]
                assert checks[0] == checks[1]
                assert checks[0]["freshness_data"][:2] == fresh
            for engine in (server, embedded):
                exact(engine, world, (NOW - PASSED).date())
