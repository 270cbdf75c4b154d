"""A Prefect server that dies, hangs or fails in the middle of a load: the data are right, and the command says so."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest
from prefect import tags
from prefect.context import TagsContext
from prefect.exceptions import PrefectHTTPStatusError

from cli import stopping
from flows import faults, running
from flows.faults import carried, noted
from flows.qtickets import SOURCE
from sandbox.world import World
from tasks.errors import PrefectError, SourceError
from tests.flows import clock, truth
from tests.flows.conftest import Apis, Product, make_world
from tests.support.clickhouse_server import free_port
from tests.support.prefect_server import prefect_server

ServeAll = Callable[[World], Apis]
LOAD = ("load", "qtickets", "--days", "3")


class Server:
    """Of the module, since it takes long to start. Whatever was done to it, it is well when a test asks for it."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/api"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.process is None or self.process.poll() is not None:
            env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
            env |= {"PREFECT_HOME": str(self._home)}
            self.process = self._stack.enter_context(prefect_server(self._home, self._port, env))

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def fill_its_disk(self) -> None:
        """No file of its gets longer: what SQLite makes of that is what it makes of a full disk."""
        self._limit_files(1)

    def heal(self) -> None:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, size: int) -> None:
        assert self.process
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(tmp_path_factory.mktemp("prefect"), stack)


@pytest.fixture
def server(one_server: Server, product: Product) -> Iterator[Server]:
    one_server.start()
    product.env |= {"PREFECT_API_URL": one_server.url, "HTTP_TIMEOUT": "120"}
    yield one_server
    one_server.heal()


def ended(product: Product, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, which ended within the time of `run` and without a dump of whatever kind."""
    done = product.run(*arguments)
    for dump in ("Traceback", "--- Error", "Service ", "ERROR"):
        assert dump not in done.stderr
    return done


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("zakaz: ")]


def meanwhile(call: Callable[[], object]) -> Callable[[bytes], bytes]:
    """For a fault of kind `edit`: a call while the API answers, and no edit."""

    def edit(body: bytes) -> bytes:
        call()
        return body

    return edit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Server.kill, ("cannot be reached.", "does not answer.")),
        (Server.stop, ("does not answer.",)),
        (Server.fill_its_disk, ("fails (status 500): see its log, and whether its disk is full.",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_load_is_done_and_says_what_only_prefect_does_not_know(
    product: Product, serve_all: ServeAll, server: Server, fault: Callable[[Server], None], words: tuple[str, ...]
) -> None:
    world = make_world(days=3)
    apis = serve_all(world)
    apis.qtickets.faults.add("edit", call=meanwhile(lambda: fault(server)))

    done = ended(product, *LOAD)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("qtickets ")
    [line] = complaints(done)
    shown = "Its UI may show the run as running, later as crashed."
    lost = f"zakaz: qtickets: loaded, and recorded in the warehouse. The Prefect server {server.url} "
    assert line in [f"{lost}{word} {shown}" for word in words]
    assert product.sales() == truth.sales(world)
    assert product.last_run()["status"] == "success"


@pytest.mark.slow
def test_all_sources_are_loaded_where_the_server_of_the_command_itself_is_killed(
    product: Product, serve_all: ServeAll
) -> None:
    del product.env["PREFECT_API_URL"]
    product.env["HTTP_TIMEOUT"] = "120"
    apis, begun = serve_all(make_world(days=3)), set()

    def begin(name: str) -> None:
        """Once all three have begun, as Prefect sees it: a run that cannot begin is not loaded."""
        begun.add(name)
        if len(begun) == len(names):
            for child in psutil.Process().children():
                if "cli.main" in child.cmdline():
                    for server in child.children(recursive=True):
                        server.kill()

    names = {"qtickets": apis.qtickets, "vk_ads": apis.vk, "direct": apis.direct}
    for name, api in names.items():
        api.faults.add("edit", "*", times=1000, call=meanwhile(partial(begin, name)))

    done = ended(product, "load", "all", "--days", "3")

    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(names)
    told = complaints(done)
    assert 1 <= len(told) <= len(names)  # One that was quick may have told the server in time.
    assert all("recorded in the warehouse. This command's Prefect server" in line for line in told)
    ends = product.select("SELECT job, status FROM meta_job_runs FINAL ORDER BY job").rows()
    assert ends == [(f"{name}_loader", "success") for name in ("direct", "qtickets", "vk_ads")]


@pytest.mark.slow
def test_a_backfill_that_cannot_go_on_fails_and_says_how_far_it_came(
    product: Product, serve_all: ServeAll, server: Server
) -> None:
    """That it goes on from there is seen where a backfill is stopped by a signal."""
    apis = serve_all(World.generate(until=clock.now(), days=40, scale=0.1))
    apis.qtickets.faults.add("edit", call=meanwhile(server.kill))
    command = ("backfill", "qtickets", "--from", str(clock.today().replace(day=1) - timedelta(days=1)))

    done = ended(product, *command)

    assert (done.returncode, done.stdout) == (1, "")
    [line] = complaints(done)
    assert line.startswith("zakaz: qtickets: 1 windows were loaded, the others not. The Prefect server ")
    assert product.select("SELECT status FROM meta_job_runs FINAL").rows() == [("success",)]


@pytest.mark.slow
def test_a_full_disk_under_prefects_home_is_said_at_once(product: Product) -> None:
    del product.env["PREFECT_API_URL"]
    product.env["QTICKETS_TOKEN"] = "x"

    done = subprocess.run(
        [sys.executable, "-c", _FILLED, *product.command(*LOAD)],
        env=product.env,
        cwd=product.home,
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert (done.returncode, done.stdout) == (1, "")
    home = product.env["PREFECT_HOME"]
    assert (
        done.stderr == f"zakaz: qtickets: not loaded. Prefect cannot write {home} (PREFECT_HOME): File too large.\n"
    )


_FILLED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_steps_of_a_load_ask_the_server_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tag each would: for a slot of the tag. A window of a backfill has tags."""
    seen = []

    def ingest(*_: object) -> Any:
        seen.append(set(TagsContext.get().current_tags))
        return SimpleNamespace(message="")

    monkeypatch.setattr(running, "load_settings", lambda: None)
    monkeypatch.setattr(running, "_is_superseded", lambda *_: False)
    monkeypatch.setattr(running, "ingest", ingest)
    with tags("zakaz"):
        running.run_source(SOURCE, 2, None, None, False)

    assert seen == [set()]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the end of the command waits for Prefect no more."""
    found: list[bool] = []
    monkeypatch.setattr(stopping, "lose_prefect", lambda: found.append(True))
    monkeypatch.setattr(faults, "_address", lambda: "http://user:secret@prefect.example/api")
    return found


def answer(status: int) -> PrefectHTTPStatusError:
    request = httpx.Request("POST", "http://prefect.example/api/flow_runs")
    return PrefectHTTPStatusError("", request=request, response=httpx.Response(status, request=request))


FAULTS: dict[str, Exception] = {
    "cannot be reached.": httpx.ConnectError(""),
    "does not answer.": httpx.ReadTimeout(""),
    "refuses PREFECT_API_AUTH_STRING (status 401).": answer(401),
    "fails (status 500): see its log, and whether its disk is full.": answer(500),
}


@pytest.mark.parametrize("words", FAULTS)
def test_what_was_recorded_is_the_result_whatever_prefect_raises(
    words: str, lost: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    def flow() -> str:
        with noted() as note:
            note("60 rows")
        raise FAULTS[words]

    assert carried("qtickets", flow, str) == "60 rows"

    assert capsys.readouterr().err == (
        "zakaz: qtickets: loaded, and recorded in the warehouse. The Prefect server http://prefect.example/api "
        f"{words} Its UI may show the run as running, later as crashed.\n"
    )
    assert lost


def test_what_was_recorded_is_the_result_where_prefect_never_comes_back(
    lost: list[bool], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    never = threading.Event()

    def flow() -> str:
        with noted() as note:
            note("60 rows")
        never.wait()
        return "late"

    monkeypatch.setattr(faults, "_PATIENCE", 0)
    assert carried("qtickets", flow, str) == "60 rows"

    assert "does not answer." in capsys.readouterr().err
    never.set()


def test_without_a_record_it_is_not_loaded(lost: list[bool]) -> None:
    def flow() -> str:
        raise FAULTS["cannot be reached."]

    with pytest.raises(
        PrefectError, match=r"^qtickets: not loaded\. The Prefect server .* cannot be reached\. Start"
    ):
        carried("qtickets", flow, str)


@pytest.mark.parametrize("error", [SourceError("QTickets is down"), AssertionError("a fault of ours")])
def test_what_failed_the_load_is_not_hidden(
    error: Exception, lost: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    def flow() -> str:
        try:
            with noted():
                raise error
        except type(error):
            raise FAULTS["cannot be reached."] from None

    with pytest.raises(type(error), match=str(error)):
        carried("qtickets", flow, str)

    assert "cannot be reached." in capsys.readouterr().err


def test_an_error_that_is_not_prefects_stays_what_it_is(lost: list[bool]) -> None:
    def flow() -> Any:
        with noted() as note:
            note("60 rows")
        raise answer(422)

    with pytest.raises(PrefectHTTPStatusError):
        carried("qtickets", flow, str)
    assert not lost
