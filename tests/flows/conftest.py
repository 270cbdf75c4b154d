"""Flows in this process, on one Prefect server of the session."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.world import World
from tasks import settings
from tasks.settings import Settings
from tasks.window import Window
from tests.support.prefect_server import PrefectServer
from tests.support.product import Product
from tests.support.receiver import Receiver
from tests.support.stage import Stage, stage

BLOCK = "custom-webhook/zakaz-alerts"


@pytest.fixture(scope="package")
def prefect_server_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """Ended with the last of its tests: it does not rest while nobody asks it."""
    with ExitStack() as stack:
        server = PrefectServer(tmp_path_factory.mktemp("prefect"), stack)
        yield server
        _drain(server)


def _drain(server: PrefectServer) -> None:
    """What flows of this process have yet to tell is told before the server ends, or Prefect would go on trying."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.utilities.asyncutils import run_coro_as_sync

    async def drain() -> None:
        for told in (APILogWorker.instance().drain(), EventsWorker.drain_all()):
            if inspect.isawaitable(told):
                await told

    server.start()
    with temporary_settings({PREFECT_API_URL: server.url}), suppress(RuntimeError):
        run_coro_as_sync(drain())


@pytest.fixture
def prefect(prefect_server_of_session: PrefectServer) -> Iterator[PrefectServer]:
    """Running, and the one that flows of this process use."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    prefect_server_of_session.start()
    with temporary_settings({PREFECT_API_URL: prefect_server_of_session.url}):
        yield prefect_server_of_session


@dataclass
class Scene:
    """A world that ended some days ago, served; `product` reads what the flows load."""

    world: World
    stage: Stage
    product: Product
    window: Window

    def add(self, api: str, name: str = "spb") -> World:
        """Another account, whose settings the flows find; its world."""
        other = World.generate(until=self.world.until, days=3, scale=0.1, seed=8)
        self.stage.add(api, name, other, settings.HOME)
        return other

    @property
    def days(self) -> dict[str, Any]:
        return {"date_from": self.window.first, "date_to": self.window.last}


@pytest.fixture
def scene_of(
    prefect: PrefectServer, clickhouse_dsn: str, ready_database: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[int], Scene]]:  # fmt: skip
    """What flows and commands of this test find: three days of a world that ended so many days ago."""
    with ExitStack() as stack:

        def make(ago: int) -> Scene:
            until = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=ago)
            world = World.generate(until=until, days=3, scale=0.2)
            served = stack.enter_context(stage(world))
            monkeypatch.setattr(settings, "HOME", tmp_path)
            for name, value in served.environment(clickhouse_dsn, ready_database, tmp_path).items():
                monkeypatch.setenv(name, value)
            made = served.settings(clickhouse_dsn, ready_database, tmp_path)
            window = Window(first=until.date() - timedelta(days=2), last=until.date() - timedelta(days=1))
            return Scene(world, served, Product(made), window)

        yield make


@pytest.fixture
def settled(scene_of: Callable[[int], Scene]) -> Scene:
    """No source changes these days any more."""
    return scene_of(100)


@pytest.fixture
def open_days(scene_of: Callable[[int], Scene]) -> Scene:
    """Each source may still change these days."""
    return scene_of(3)


@pytest.fixture
def told(prefect: PrefectServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The block of the settings is made, as `zakaz blocks` does."""
    from ops.server.blocks import apply_blocks

    monkeypatch.setenv("ZAKAZ_ALERT_BLOCK", BLOCK)
    apply_blocks(Settings(_env_file=None, zakaz_alert_block=BLOCK, alert_url=receiver.url))
    return receiver
