"""No personal datum, barcode, ticket link or token of the sandbox is in any file that a run leaves."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from sandbox.qtickets import SANDBOX_TOKEN, QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows.conftest import Product, make_world

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]


def _grep(folder: Path, patterns: Path) -> list[str]:
    """Files below `folder`, binary ones too, that hold one of the patterns."""
    found = subprocess.run(
        ["grep", "-rlaFf", str(patterns), str(folder)], capture_output=True, text=True, env={"LC_ALL": "C"}
    )
    assert found.returncode in (0, 1), found.stderr
    return found.stdout.splitlines()


def _decode(product: Product, into: Path) -> None:
    """What compression hides from grep: every value of every landed part and of every table, as text."""
    into.mkdir()
    for number, part in enumerate(sorted(product.home.glob("data/landing/**/*.parquet"))):
        pl.read_parquet(part).write_ndjson(into / f"part-{number}.json")
    tables = product.select("SELECT name FROM system.tables WHERE database = 'zakaz' AND engine != 'View'")
    assert {"stg_qtickets_tickets", "meta_quarantine", "meta_job_runs"} <= set(tables["name"])
    for name in tables["name"]:
        product.select(f"SELECT * FROM {name}").write_ndjson(into / f"{name}.json")


def test_nothing_personal_is_left_behind(product: Product, serve_world: Serve, tmp_path: Path) -> None:
    """A good run, one with rejected rows, a failed one and one that dies, each with all logs shown."""
    world = make_world(days=20)
    running = serve_world(world)
    strings = world.personal_strings() | {SANDBOX_TOKEN}
    load = ("load", "qtickets", "--days", "20", "--verbose")
    product.env |= {"PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_LOGGING_EXTRA_LOGGERS": "zakaz,httpx,httpcore"}

    shown = [product.run(*load)]
    with running.app.change() as api:
        api.orders[3]["baskets"][0]["price"] = -5
        api.orders[5]["baskets"][0]["id"] = None
        api.orders[7]["created_at"] = "yesterday"
    shown.append(product.run(*load))
    running.app.faults.add("no_data", times=9)
    shown.append(product.run(*load))
    shown.append(product.run("between insert and record", *load, module="tests.flows.killed"))
    assert [done.returncode for done in shown] == [0, 0, 1, -9], shown[1].stderr[-3000:]

    logs = tmp_path / "logs"
    logs.mkdir()
    for number, done in enumerate(shown):
        (logs / f"{number}.txt").write_text(done.stdout + done.stderr)
    _decode(product, tmp_path / "decoded")
    patterns = tmp_path.parent / f"{tmp_path.name}-patterns"
    patterns.write_text("\n".join(sorted(strings)))
    assert len(strings) > 5_000

    assert _grep(tmp_path, patterns) == []

    (logs / "control.txt").write_text(f"control {sorted(strings)[500]}")
    assert _grep(tmp_path, patterns) == [str(logs / "control.txt")], "the search itself must be able to find"
    patterns.unlink()
