"""A run that dies anywhere harms nothing: the next one ends where it would have."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from sandbox.qtickets import QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows import clock, truth
from tests.flows.conftest import DAYS, Product, make_world
from tests.flows.killed import POINTS

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]
LOAD = ("load", "qtickets", "--days", str(DAYS))


@pytest.mark.parametrize(
    "point", [point for point in POINTS if point not in ("never", "in the middle of the checks")]
)
def test_killed_and_run_again_the_figures_are_exact(product: Product, serve_world: Serve, point: str) -> None:
    """The second world lacks orders of the first, so that there are rows to delete as well as to insert."""
    world = make_world()
    running = serve_world(world)
    vanished = [world.orders.pop(i) for i in range(300, 0, -20)]
    world.orders.extend(vanished)
    running.app.show(world)
    product.loaded("load", "qtickets", "--days", str(DAYS // 2))
    world.orders[:] = [order for order in world.orders if order not in vanished]
    running.app.show(world)

    dead = product.run(point, *LOAD, module="tests.flows.killed")
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    product.loaded(*LOAD)

    assert product.sales() == truth.sales(world)
    assert product.select("SELECT count() - uniqExact(ticket_id) FROM stg_qtickets_tickets").item() == 0
    runs = product.select("SELECT status, message FROM meta_job_runs ORDER BY started_at")
    assert runs["status"].to_list() == ["success", "failed", "success"]
    assert runs["message"][1].endswith(": loading; crashed: its process ended without a word")


def test_killed_in_the_middle_of_the_fetch(product: Product, serve_world: Serve) -> None:
    world = make_world()
    running = serve_world(world)
    process = product.start(*product.command(*LOAD))
    running.app.faults.mutate(lambda _documents: os.kill(process.pid, signal.SIGKILL), after=2)
    process.communicate(timeout=180)
    assert process.returncode == -signal.SIGKILL

    product.loaded(*LOAD)

    assert product.sales() == truth.sales(world)


def test_a_resumed_run_does_not_fetch_again_what_it_had(product: Product, serve_world: Serve) -> None:
    """The same flow run, continued after a kill between insert and record, as the UI's Retry does."""
    from prefect.client.orchestration import get_client
    from prefect.states import AwaitingRetry

    from flows.qtickets import qtickets

    world = make_world()
    running = serve_world(world)
    with get_client(sync_client=True) as client:
        flow_run = client.create_flow_run(qtickets, parameters={"days": DAYS})
        product.env["ZAKAZ_TEST_FLOW_RUN"] = str(flow_run.id)
        dead = product.run("between insert and record", module="tests.flows.killed")
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        calls = len(running.app.requests)
        client.set_flow_run_state(flow_run.id, AwaitingRetry(), force=True)
        again = product.run("never", module="tests.flows.killed")
        assert again.returncode == 0, again.stderr
        state = client.read_flow_run(flow_run.id).state

    assert len(running.app.requests) == calls > 0
    assert product.sales() == truth.sales(world)
    assert state is not None and state.is_completed()
    assert "ticket lines" in str(state.message)


def test_days_still_open_to_restatement_are_fetched_anew_by_a_new_run(product: Product, serve_world: Serve) -> None:
    running = serve_world(make_world())
    product.loaded(*LOAD)
    calls = len(running.app.requests)
    product.loaded(*LOAD)
    assert len(running.app.requests) == 2 * calls


def test_closed_days_come_from_the_cache_until_asked_otherwise(product: Product, serve_world: Serve) -> None:
    """Days that the source no longer restates are fetched once, unless --refresh or the landed files are gone or torn."""
    running = serve_world(World.generate(until=make_world().until, days=120, scale=0.1))
    closed = ("load", "qtickets", "--from", str(_days_ago(300)), "--to", str(_days_ago(80)))

    def calls_of(*extra: str) -> int:
        before = len(running.app.requests)
        product.loaded(*closed, *extra)
        return len(running.app.requests) - before

    first = calls_of()
    assert first > 0
    assert calls_of() == 0
    assert calls_of("--refresh") == first
    for harm in (Path.unlink, lambda part: os.truncate(part, 5)):
        for part in product.home.glob("data/landing/**/*.parquet"):
            harm(part)
        assert calls_of() == first


def _days_ago(days: int) -> date:
    return clock.today() - timedelta(days=days)
