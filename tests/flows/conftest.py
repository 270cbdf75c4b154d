"""A Prefect server for the session, a sandbox, and the product as a person starts it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import ceil
from pathlib import Path

import polars as pl
import pytest

from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi
from sandbox.qtickets import SANDBOX_TOKEN, QticketsApi
from sandbox.server import Running, serve
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi, VkLegacyApi
from sandbox.world import World
from tasks.load.frames import select
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows import clock

DAYS = 40
_OURS = ("QTICKETS_", "VK_", "DIRECT_", "CLICKHOUSE_")


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a Prefect server with an empty database of its own."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield str(PREFECT_API_URL.value())


@dataclass
class Product:
    """`zakaz` in a home of its own. `env` may be changed by a test."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.home / "data" / "warehouse"

    def in_home(self, home: Path) -> Product:
        """The same, at home somewhere else."""
        home.mkdir()
        return Product(home, {name: value.replace(str(self.home), str(home)) for name, value in self.env.items()})

    def command(self, *arguments: str, module: str = "cli.main") -> list[str]:
        return [sys.executable, "-m", module, *arguments]

    def run(self, *arguments: str, module: str = "cli.main") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, module=module),
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, env=self.env, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def loaded(self, *arguments: str) -> str:
        """Run it, expect success, give back what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, clickhouse_dsn=self.env["CLICKHOUSE_DSN"])

    def select(self, sql: str) -> pl.DataFrame:
        with warehouse(self.settings) as client:
            migrate(client)
            return select(client, sql)

    def command_sql(self, sql: str) -> None:
        with warehouse(self.settings) as client:
            client.command(sql)

    def sales(self) -> dict[tuple[date, int, str], tuple[int, Decimal, Decimal]]:
        """What the warehouse says, in the shape of `truth.sales`; without FINAL, as people ask."""
        rows = self.select(
            "SELECT event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw"
        ).rows()
        assert len({row[:3] for row in rows}) == len(rows)
        return {row[:3]: row[3:] for row in rows}

    def last_run(self) -> dict[str, object]:
        return self.select("SELECT * FROM meta_job_runs ORDER BY started_at DESC, finished_at DESC LIMIT 1").row(
            0, named=True
        )


@pytest.fixture
def product(tmp_path: Path, prefect_api: str) -> Product:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    env = keep | {
        "ZAKAZ_HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": prefect_api,
        "CLICKHOUSE_DSN": f"chdb://{tmp_path / 'data' / 'warehouse'}",
        "CLICKHOUSE_LOCK_WAIT": "20",
        "LANDING_URL": str(tmp_path / "data" / "landing"),
        "QTICKETS_RATE": "500",
        "HTTP_BACKOFF": "0.02",
        "HTTP_TIMEOUT": "5",
        "FETCH_RETRIES": "0",
        "COLUMNS": "200",
        "VK_RATE": "20",
    }
    return Product(tmp_path, env)


@pytest.fixture(autouse=True)
def _one_day(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("slow"):
        clock.wait_for_a_day_that_lasts()


@pytest.fixture
def world(_one_day: None) -> World:
    """A small promoter as of now. Shared: a test that changes it makes one of its own."""
    return shared_world(clock.now(), DAYS)


@cache
def shared_world(until: datetime, days: int) -> World:
    return make_world(until, days)


def make_world(until: datetime | None = None, days: int = DAYS, scale: float = 0.25) -> World:
    return World.generate(until=until or clock.now(), days=days, scale=scale)


@pytest.fixture
def serve_world(product: Product) -> Iterator[Callable[[World], Running[QticketsApi]]]:
    """Serve a world and point the product at it."""
    with ExitStack() as stack:

        def start(world: World) -> Running[QticketsApi]:
            running = stack.enter_context(serve(QticketsApi.of(world)))
            product.env |= {"QTICKETS_BASE_URL": running.base_url, "QTICKETS_TOKEN": SANDBOX_TOKEN}
            return running

        yield start


@dataclass
class Apis:
    """All stand-ins of one world, served on one port."""

    qtickets: QticketsApi
    vk: VkAdsApi
    vk_legacy: VkLegacyApi
    direct: DirectApi

    @property
    def vk_pages(self) -> int:
        """Calls in which VK gives all campaigns, groups and ads, fifty at a time."""
        known = self.vk.cabinet.known
        return sum(ceil(len(known(level)) / 50) for level in ("ad_plans", "ad_groups", "banners"))

    def show(self, world: World) -> None:
        """The same APIs some time later."""
        self.qtickets.show(world)
        self.vk.cabinet.show(world)
        self.direct.show(world)


@pytest.fixture
def serve_all(product: Product) -> Iterator[Callable[[World], Apis]]:
    """Serve a world through all APIs and point the product at them."""
    with ExitStack() as stack:

        def start(world: World) -> Apis:
            vk = VkAdsApi.of(world)
            apis = Apis(QticketsApi.of(world), vk, VkLegacyApi(vk.cabinet), DirectApi.of(world))
            vk.throttle.limits = {1: 1000}
            apis.vk_legacy.throttle.limits = {1: 1000}
            running = stack.enter_context(serve(apis.qtickets, apis.vk, apis.vk_legacy, apis.direct))
            product.env |= {
                "QTICKETS_BASE_URL": running.base_url,
                "QTICKETS_TOKEN": SANDBOX_TOKEN,
                "VK_BASE_URL": running.url_of(apis.vk),
                "VK_LEGACY_BASE_URL": running.url_of(apis.vk_legacy),
                "VK_CLIENT_ID": VK_CLIENT_ID,
                "VK_CLIENT_SECRET": VK_CLIENT_SECRET,
                "DIRECT_BASE_URL": running.url_of(apis.direct),
                "DIRECT_LOGIN": DIRECT_LOGIN,
                "DIRECT_TOKEN": DIRECT_TOKEN,
            }
            return apis

        yield start
