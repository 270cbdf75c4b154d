"""A command that is stopped by a signal, whatever it waits for: one line, status 1, the run recorded, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import psutil
import pytest

from sandbox.world import World
from tasks.load.warehouse import warehouse
from tests.flows import clock
from tests.flows.conftest import Apis, Product, make_world

pytestmark = pytest.mark.slow
ServeAll = Callable[[World], Apis]
Started = Callable[..., subprocess.Popen[str]]
_SOON = 90
"""Seconds. On an idle machine it takes one."""
LOAD = ("load", "qtickets", "--days", "3")
_hangs = {"seconds": 300, "times": 100}


@pytest.fixture
def start(product: Product) -> Iterator[Started]:
    """A command in a session of its own, so that whatever it leaves behind is found. No signal is ignored from the
    start, as it would be where the tests themselves run under nohup or in the background."""
    ignored = [n for n in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM) if signal.getsignal(n) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    product.env |= {"HTTP_TIMEOUT": "300"}
    started = []

    def run(*arguments: str, module: str = "cli.main") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            product.command(*arguments, module=module),
            env=product.env,
            cwd=product.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        for left in of_session(process.pid):
            left.kill()
        process.communicate()
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def of_session(number: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == number:
                found.append(process)
        except ProcessLookupError:
            pass
    return found


def wait_for(event: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not event():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stop(process: subprocess.Popen[str], number: int, times: int = 1) -> None:
    for _ in range(times):
        process.send_signal(number)
    out, err = process.communicate(timeout=_SOON)
    assert process.returncode == 1
    assert out == ""
    assert "Traceback" not in err
    assert [line for line in err.splitlines() if line.startswith("zakaz: ")] == [
        f"zakaz: stopped by {signal.Signals(number).name}."
    ]
    assert of_session(process.pid) == []


def ends(product: Product) -> list[tuple[str, str, str]]:
    rows = product.select("SELECT job, status, message FROM meta_job_runs ORDER BY job, started_at").rows()
    return [(job, status, message.partition("; ")[2]) for job, status, message in rows]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_all_sources_while_they_wait_for_replies(
    product: Product, serve_all: ServeAll, start: Started, number: int
) -> None:
    """With a Prefect server of the command's own. A second signal, of an impatient person, changes nothing."""
    del product.env["PREFECT_API_URL"]
    apis = serve_all(make_world(days=3))
    faults = [api.faults.add("timeout", "*", **_hangs) for api in (apis.qtickets, apis.vk, apis.direct)]
    process = start("load", "all", "--days", "3")
    wait_for(lambda: all(fault.fired for fault in faults), process)
    assert len(of_session(process.pid)) > 1, "the server"

    stop(process, number, times=2)

    how = f"stopped by {signal.Signals(number).name}"
    assert ends(product) == [(f"{name}_loader", "failed", how) for name in ("direct", "qtickets", "vk_ads")]


def test_between_two_tries_of_a_fetch(product: Product, serve_all: ServeAll, start: Started) -> None:
    """Prefect sleeps. Its server hears of the end of the run."""
    product.env |= {"HTTP_ATTEMPTS": "1", "FETCH_RETRIES": "1", "FETCH_RETRY_DELAY": "300"}
    apis = serve_all(make_world(days=3))
    fault = apis.qtickets.faults.add("status", status=500)
    process = start(*LOAD, "--verbose")
    lines: list[str] = []
    assert process.stderr is not None
    wait_for(lambda: lines.append(process.stderr.readline()) or "Retry 1/1" in lines[-1], process)  # type: ignore[union-attr]
    assert fault.fired == 1

    stop(process, signal.SIGTERM)

    assert ends(product) == [("qtickets_loader", "failed", "stopped by SIGTERM")]
    assert state_of(str(product.last_run()["run_id"])) == ("Crashed", "The run was stopped by SIGTERM.")


def state_of(flow_run_id: str) -> tuple[str, str | None]:
    from uuid import UUID

    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(flow_run_id)).state
    assert state is not None
    return state.name, state.message


@pytest.mark.parametrize(
    ("point", "command", "job"),
    [
        ("in the middle of the insert", LOAD, "qtickets_loader"),
        ("in the middle of the checks", ("quality",), "quality"),
    ],
)
def test_while_it_works_on_the_warehouse(
    product: Product, serve_all: ServeAll, start: Started, point: str, command: tuple[str, ...], job: str
) -> None:
    """It holds the lock of the embedded one."""
    serve_all(make_world(days=3))
    reached = product.home / "reached"
    product.env["ZAKAZ_TEST_HANG"] = str(reached)
    process = start(point, *command, module="tests.flows.killed")
    wait_for(reached.exists, process)

    stop(process, signal.SIGTERM)

    assert ends(product) == [(job, "failed", "stopped by SIGTERM")]


def test_in_a_window_of_a_backfill_and_while_another_process_has_the_warehouse(
    product: Product, serve_all: ServeAll, start: Started
) -> None:
    """The end cannot be recorded then. The next run finds out, and goes on where this one ended."""
    world = World.generate(until=clock.now(), days=40, scale=0.1)
    apis = serve_all(world)
    command = ("backfill", "qtickets", "--from", str(clock.today().replace(day=1) - timedelta(days=1)))
    fault = apis.qtickets.faults.add("timeout", "/events", **_hangs, after=1)
    process = start(*command)
    wait_for(lambda: fault.fired, process)
    with warehouse(product.settings):
        stop(process, signal.SIGTERM)
    assert [row[1] for row in ends(product)] == ["success", "running"]

    apis.qtickets.faults.clear()
    assert "1 windows loaded, 1 were done" in product.loaded(*command)

    assert [row[1:] for row in ends(product)] == [
        ("success", ""),
        ("failed", "crashed: its process ended without a word"),
        ("success", ""),
    ]


def test_a_run_of_a_worker_ends_as_prefect_wants_it_and_is_recorded(
    product: Product, serve_all: ServeAll, start: Started
) -> None:
    """Its process is ended by SIGTERM, also when the run is cancelled."""
    from prefect.client.orchestration import get_client

    from flows.qtickets import qtickets

    apis = serve_all(make_world(days=3))
    fault = apis.qtickets.faults.add("timeout", **_hangs)
    with get_client(sync_client=True) as client:
        flow_run = client.create_flow_run(qtickets, parameters={"days": 3})
    product.env["ZAKAZ_TEST_FLOW_RUN"] = str(flow_run.id)
    process = start("never", module="tests.flows.killed")
    wait_for(lambda: fault.fired, process)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=_SOON)

    assert process.returncode == -signal.SIGTERM
    assert state_of(str(flow_run.id))[0] == "Crashed"
    run = product.last_run()
    assert (run["status"], str(run["message"]).partition(": ")[2]) == ("failed", "stopped by SIGTERM")


def test_a_hangup_that_is_ignored_stays_ignored(product: Product, serve_all: ServeAll, start: Started) -> None:
    """As nohup starts it."""
    apis = serve_all(make_world(days=3))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        fault = apis.qtickets.faults.add("timeout", **_hangs)
        process = start(*LOAD)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(lambda: fault.fired, process)
    process.send_signal(signal.SIGHUP)

    stop(process, signal.SIGTERM)
