"""A living world while it is served: what clients see as it moves, when it moves, and the command that does it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from threading import Event
from unittest.mock import Mock, patch

import httpx
import pytest

from sandbox import SANDBOX_TOKEN, World, serve
from sandbox.living import REMEMBERED_REQUESTS, Living
from sandbox.world.clock import day_start, moscow_day
from tests.sandbox.stage import START, Stage
from tests.sandbox.test_serving import command

HEADERS = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}


def test_pages_of_a_list_that_grows_meanwhile_hold_every_order_once():
    """Nothing is lost or doubled between two pages, as the list is in order of id and new orders come last."""
    stage = Stage.of(days=8)
    known = {order["id"] for order in stage.qtickets.orders}
    with serve(stage.qtickets) as running, httpx.Client(base_url=running.base_url, headers=HEADERS) as client:
        got = ids(client, lambda page: stage.living.move_to(START + timedelta(hours=6 * page)))
    assert got == sorted(set(got))
    assert known < set(got)


@pytest.mark.slow
def test_every_answer_is_of_one_moment_whoever_asks_while_the_world_moves():
    """Three clients read while another view is shown as fast as it can be; each view has a total of its own."""
    stage, done = Stage.of(), Event()
    totals: dict[str, set[int]] = {"/orders": {len(stage.qtickets.orders)}, "/events": {len(stage.qtickets.events)}}
    answers: list[tuple[str, int, int, int, int]] = []

    def read(path: str) -> None:
        with httpx.Client(base_url=running.base_url, headers=HEADERS, timeout=30) as client:
            for number in cycle((1, 2, 3)):
                reply = client.get(path, params={"page": number, "perPage": 40})
                page = reply.json()
                answers.append((path, reply.status_code, number, len(page["data"]), page["paging"]["total"]))
                if done.is_set():
                    break

    with serve(stage.qtickets) as running:
        readers = [threading.Thread(target=read, args=(path,)) for path in ("/orders", "/events", "/orders")]
        for reader in readers:
            reader.start()
        for hours in range(1, 40):
            stage.living.move_to(START + timedelta(hours=hours))
            totals["/orders"].add(len(stage.qtickets.orders))
            totals["/events"].add(len(stage.qtickets.events))
        done.set()
        for reader in readers:
            reader.join()
    assert len({total for path, *_, total in answers if path == "/orders"}) > 3
    for path, status, number, rows, total in answers:
        assert status == 200
        assert total in totals[path]
        assert rows == min(max(total - 40 * (number - 1), 0), 40)


def test_the_memory_of_requests_is_bounded():
    stage = Stage.of()
    with serve(stage.qtickets) as running, httpx.Client(base_url=running.base_url, headers=HEADERS) as client:
        for _ in range(3):
            client.get("/events")
        last = stage.qtickets.requests[-1]
        stage.qtickets.requests[:0] = [last] * REMEMBERED_REQUESTS
        stage.living.move_to(START + timedelta(minutes=1))
    assert len(stage.qtickets.requests) == REMEMBERED_REQUESTS
    assert stage.qtickets.requests[-1] is last


@dataclass
class Clock:
    """Time that passes only while somebody waits for ``stop``, which is set after so many waits."""

    now: datetime
    left: int
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.left -= 1
        return self.left < 0


def live(seconds_to_make: float, waits: int, every: float) -> tuple[list[float], list[datetime]]:
    """The pauses of a world and the moments that it showed. Nothing takes time but to make it, which takes this long."""
    shown: list[datetime] = []

    def show(world: World) -> None:
        shown.append(world.until)

    clock = Clock(START, waits)
    living = Living(World.generate(until=START, days=1, scale=0), (show,))
    stopwatch = Mock(monotonic=lambda: len(shown) * seconds_to_make)
    with patch("sandbox.living.time", stopwatch):
        living.live(clock, every, lambda: clock.now)  # type: ignore[arg-type]
    return clock.waits, shown


def test_the_day_begins_when_moscows_does_however_seldom_the_world_moves():
    pauses, shown = live(0, waits=3, every=50_000)
    midnight = day_start(moscow_day(START) + timedelta(days=1))
    assert shown == [midnight, midnight + timedelta(seconds=50_000), midnight + timedelta(days=1)]
    assert pauses == [1800, 50_000, 36_400, 50_000]


def test_making_the_world_takes_a_twentieth_of_the_time_at_most():
    pauses, _ = live(0.2, waits=2, every=1)
    assert pauses == pytest.approx([1, 3.8, 3.8])


@pytest.mark.slow
def test_the_command_lets_time_go_on_from_the_moment_that_it_was_given():
    noon = datetime(2026, 11, 23, 9, tzinfo=UTC)
    *known, to_come = World.generate(until=noon + timedelta(hours=2), days=3, scale=0.3).orders
    until = (to_come.created_at - timedelta(seconds=15)).isoformat()
    with command(
        "--port", "0", "--since", "2026-11-21", "--scale", "0.3", "--until", until, "--live", "1"
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        with httpx.Client(base_url=told["qtickets"], headers=HEADERS, timeout=60) as client:
            assert ids(client) == [order.id for order in known]
            appears(lambda: to_come.id in ids(client))
            assert ids(client)[:-1] == [order.id for order in known]
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


def ids(client: httpx.Client, between: Callable[[int], object] = lambda _: None) -> list[int]:
    """Of all orders, page by page. ``between`` is called after each page with its number."""
    found: list[int] = []
    for number in range(1, 1000):
        page = [order["id"] for order in client.get("/orders", params={"page": number}).json()["data"]]
        if not page:
            break
        found += page
        between(number)
    return found


def appears(there: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--live", "0"],
        ["--live", "nan"],
        ["--live", "soon"],
        ["--since", "2999-01-01"],
        ["--since", "2026-01-01", "--days", "5"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments: list[str]):
    with command(*arguments) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in errors
