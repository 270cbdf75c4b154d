"""No personal datum, barcode, ticket link, token or secret of the sandbox is in any file that a run leaves."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import polars as pl
import pytest

from sandbox.direct import DIRECT_TOKEN
from sandbox.qtickets import SANDBOX_TOKEN
from sandbox.vk import VK_CLIENT_SECRET
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, the_world

pytestmark = pytest.mark.slow


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
    parts = sorted(product.home.glob("data/landing/**/*.parquet"))
    # The source that dies takes the others with it, perhaps in the middle of a write: such a part is no Parquet yet.
    whole = [part for part in parts if part.stat().st_size > 4 and part.read_bytes().endswith(b"PAR1")]
    resources = {part.parents[1] for part in parts}
    newest = {max(resource.iterdir()) for resource in resources}
    assert {part.parent for part in parts} - {part.parent for part in whole} <= newest
    assert len(whole) > 2 * len(resources) >= 2 * 4, "two loads, and the part of the one that died"
    for number, part in enumerate(whole):
        pl.read_parquet(part).write_ndjson(into / f"part-{number}.json")
    tables = product.select("SELECT name FROM system.tables WHERE database = 'zakaz' AND engine != 'View'")
    expected = {
        "stg_qtickets_tickets",
        "fact_vk_ads_daily",
        "fact_direct_daily",
        "meta_quarantine",
        "meta_job_runs",
    }
    assert expected <= set(tables["name"])
    for name in tables["name"]:
        product.select(f"SELECT * FROM {name}").write_ndjson(into / f"{name}.json")


def _server(prefect_api: str) -> Path:
    """Where the Prefect server of the session keeps what runs, tasks and logs told it."""
    assert prefect_api
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

    folder = Path(str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).removeprefix("sqlite+aiosqlite:///")).parent
    assert list(folder.glob("*.db")), folder
    return folder


def test_nothing_personal_and_no_secret_is_left_behind(
    product: Product, serve_all: ServeAll, prefect_api: str, tmp_path: Path
) -> None:
    """All sources: a good run, one with rejected rows, a failed one and one that dies, each with all logs shown."""
    world = the_world()
    apis = serve_all(world)
    secrets = {SANDBOX_TOKEN, VK_CLIENT_SECRET, DIRECT_TOKEN, "wrong-secret-4711", "wrong-token-4711"}
    tokens = {"sandbox-vk-access-", "sandbox-vk-refresh-"}
    load = ("load", "all", "--days", "20", "--verbose")
    product.env |= {"PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_LOGGING_EXTRA_LOGGERS": "zakaz,httpx,httpcore"}
    product.env |= {"DIRECT_RATE": "50"}
    kept = product.home / "secrets" / "vk_token.json"
    right = dict(product.env)

    shown = [product.run(*load)]
    with apis.qtickets.change() as api:
        api.orders[3]["baskets"][0]["price"] = -5
        api.orders[5]["baskets"][0]["id"] = None
        api.orders[7]["created_at"] = "yesterday"
    shown.append(product.run(*load))
    apis.qtickets.faults.add("no_data", times=9)
    kept.rename(product.home / "token")
    product.env |= {"VK_CLIENT_SECRET": "wrong-secret-4711", "DIRECT_TOKEN": "wrong-token-4711"}
    shown.append(product.run(*load))
    apis.qtickets.faults.clear()
    (product.home / "token").rename(kept)
    product.env = right
    shown.append(product.run("between insert and record", *load, module="tests.flows.killed"))
    assert [done.returncode for done in shown] == [0, 0, 1, -9], shown[1].stderr[-3000:]
    assert all(f"zakaz: {source}: " in shown[2].stderr for source in ("qtickets", "vk_ads", "direct"))

    logs = tmp_path / "logs"
    logs.mkdir()
    for number, done in enumerate(shown):
        (logs / f"{number}.txt").write_text(done.stdout + done.stderr)
    _decode(product, tmp_path / "decoded")
    patterns = tmp_path.parent / f"{tmp_path.name}-patterns"
    strings = sorted(world.personal_strings() | secrets)
    patterns.write_text("\n".join(strings))
    assert len(strings) > 5_000
    assert _grep(tmp_path, patterns) == _grep(_server(prefect_api), patterns) == []

    (logs / "control.txt").write_text(f"control {strings[500]}")
    assert _grep(tmp_path, patterns) == [str(logs / "control.txt")], "the search itself must be able to find"
    patterns.write_text("\n".join(sorted(tokens)))
    assert _grep(_server(prefect_api), patterns) == []
    assert _grep(tmp_path, patterns) == [str(kept)], "the tokens of VK are in their own file alone"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    patterns.unlink()
