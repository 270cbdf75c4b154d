"""The path of a row without Prefect: a promoter's twenty days over the turn of the year, served, and the product beside
them. A scene for a test that loads, a loaded warehouse for those that only read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from sandbox.world import World
from tasks.load.migrate import migrated
from tasks.settings import Settings
from tests.flows import truth
from tests.support.fixtures import new_database
from tests.support.product import Clock, Outcome, Product, in_process
from tests.support.stage import Stage, stage

NOW = datetime.fromisoformat("2026-01-08T12:00:00+03:00")
"""In the past, since ClickHouse has a clock of its own; VAT was raised a week before."""
DAYS = 20
TODAY = truth.moscow_day(NOW)
FIRST, YESTERDAY = TODAY - timedelta(days=DAYS - 1), TODAY - timedelta(days=1)
SOURCES = ("qtickets", "vk_ads", "direct")
TABLES = {"qtickets": "stg_qtickets_tickets", "vk_ads": "fact_vk_ads_daily", "direct": "fact_direct_daily"}


@cache
def the_world() -> World:
    """Nobody changes it."""
    return make_world()


def make_world(until: datetime = NOW) -> World:
    return World.generate(until=until, days=(truth.moscow_day(until) - FIRST).days + 1, scale=0.2)


@dataclass
class Scene:
    stage: Stage
    clock: Clock
    product: Product

    def load(self, source: str, first: date = FIRST, last: date | None = None, **options: Any) -> Outcome:
        """Ads have their figures up to yesterday. A minute passes."""
        self.clock.move(minutes=1)
        newest = truth.moscow_day(self.clock.now) - timedelta(days=source != "qtickets")
        return self.product.load(source, first, last or newest, **options)

    def loaded(self, *sources: str, first: date = FIRST, **options: Any) -> str:
        """Load these sources, all if none is given; what each said, a line each."""
        outcomes = [self.load(source, first, **options) for source in sources or SOURCES]
        assert [outcome.status for outcome in outcomes] == ["success"] * len(outcomes), outcomes
        return "\n".join(outcome.message for outcome in outcomes)

    def use_legacy(self) -> None:
        """VK Ads is read by its old API."""
        known, folder = self.product.settings, self.product.landing.parent
        where = known.clickhouse_dsn.get_secret_value(), known.clickhouse_database
        self.product.settings = self.stage.settings(*where, folder, legacy=True)

    def sales(self) -> dict[truth.Key, truth.Figures]:
        return self.product.held("sales")

    def tables(self, *names: str) -> list[list[tuple[Any, ...]]]:
        """Every row in every column, with the run that wrote it: what is written again differs."""
        return [self.product.select(f"SELECT * FROM {name} ORDER BY ALL").rows() for name in names]

    def last_run(self) -> dict[str, Any]:
        """With its metrics read."""
        newest = "SELECT * FROM meta_job_runs ORDER BY started_at DESC, _ver DESC LIMIT 1"
        run = self.product.select(newest).row(0, named=True)
        return run | {"metrics": json.loads(run["metrics"])}


@contextmanager
def scene_of(world: World, dsn: str, database: str, folder: Path) -> Iterator[Scene]:
    clock = Clock(world.until + timedelta(minutes=1))
    with stage(world) as served, in_process(clock):
        settings = served.settings(dsn, database, folder).model_copy(update={"qtickets_page_size": 100})
        yield Scene(served, clock, Product(settings))


@pytest.fixture
def scene(clickhouse_dsn: str, ready_database: str, tmp_path: Path) -> Iterator[Scene]:
    """The shared world, which nobody changes, and an empty warehouse."""
    with scene_of(the_world(), clickhouse_dsn, ready_database, tmp_path) as made:
        yield made


@pytest.fixture
def client(clickhouse_dsn: str, ready_database: str) -> Iterator[Client]:
    """A warehouse with the schema and nothing in it."""
    where = {"clickhouse_dsn": clickhouse_dsn, "clickhouse_database": ready_database}
    with migrated(Settings(_env_file=None, **where)) as client:
        yield client


@pytest.fixture(scope="module")
def loaded(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The shared world in the warehouse, which no test may change."""
    with (
        new_database(clickhouse_dsn) as database,
        scene_of(the_world(), clickhouse_dsn, database, tmp_path_factory.mktemp("loaded")) as made,
    ):
        made.loaded()
        yield made
