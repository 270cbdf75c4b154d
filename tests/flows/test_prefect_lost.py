"""A Prefect server that dies, hangs or fails in the middle of a load: the data are right, and the command says so."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.filters import FlowRunFilterParentFlowRunId as Parent
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import AwaitingRetry

from cli import on_server, stopping
from cli.on_server import _result_of
from flows import hooks, outcomes
from flows.outcomes import noted
from flows.qtickets import qtickets
from tasks import settings
from tasks.errors import PrefectError, SourceError
from tests.flows.conftest import Scene
from tests.support.prefect_server import PrefectServer

ROOT = Path(__file__).parents[2]
SHOWN = "The Prefect UI may show this run as running, later as crashed."


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAKAZ_LANGUAGE", "en")


def started(scene: Scene, prefect: PrefectServer, *command: str) -> subprocess.Popen[str]:
    """With the settings of the scene, which are in the environment and its home."""
    env = os.environ | {"PREFECT_API_URL": prefect.url, "PYTHONPATH": str(ROOT), "HTTP_TIMEOUT": "120"}
    env |= {"ZAKAZ_HOME": str(settings.HOME)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *command], env=env, stdout=pipe, stderr=pipe, text=True)


def test_a_load_is_done_and_says_what_only_prefect_does_not_know(open_days: Scene, prefect: PrefectServer) -> None:
    def kill(body: bytes) -> bytes:
        prefect.kill()
        return body

    open_days.stage.qtickets.faults.add("edit", call=kill)
    window = ("--from", str(open_days.window.first), "--to", str(open_days.window.last))
    out, err = started(open_days, prefect, "-m", "cli.main", "load", "qtickets", *window).communicate(timeout=600)
    assert out.startswith("qtickets "), err
    (line,) = [line for line in err.splitlines() if line.startswith("zakaz: ")]
    lost = f"zakaz: qtickets: loaded, and recorded in the warehouse. The Prefect server {prefect.url} "
    assert line in [f"{lost}{words} {SHOWN}" for words in ("cannot be reached.", "does not answer.")]
    assert "Traceback" not in err
    assert open_days.product.select("SELECT status FROM meta_job_runs")["status"].to_list() == ["success"]


WORKER = """
import sys
from uuid import UUID
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from flows.qtickets import qtickets
with get_client(sync_client=True) as client:
    flow_run = client.read_flow_run(UUID(sys.argv[1]))
run_flow(qtickets, flow_run=flow_run, parameters=flow_run.parameters)
"""


def test_an_ended_run_of_a_worker_is_recorded_and_fetches_once(open_days: Scene, prefect: PrefectServer) -> None:
    """Its process is ended by SIGTERM, also when the run is cancelled; it is retried, as by the UI. Of each account."""
    open_days.add("qtickets")
    accounts = ["main", "spb"]
    faults = [open_days.stage.qtickets.faults.add("timeout", "/events", seconds=99, account=n) for n in accounts]
    with get_client(sync_client=True) as client:
        given = {name: str(day) for name, day in open_days.days.items()}
        flow_run = client.create_flow_run(qtickets, parameters=given)
        process = started(open_days, prefect, "-c", WORKER, str(flow_run.id))
        while not all(fault.fired for fault in faults):
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        # Python loses an exception that a signal raises in a finalizer: whoever ends a process sends it again.
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=30)

        assert process.returncode == -signal.SIGTERM
        assert _state_of(client, flow_run.id) == "Crashed"
        rows = open_days.product.select("SELECT account, status, message FROM meta_job_runs ORDER BY ALL").rows()
        assert [(name, status, said[-18:]) for name, status, said in rows] == [
            (name, "failed", "stopped by SIGTERM") for name in accounts
        ]
        parts = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=Parent(any_=[flow_run.id])))
        # Prefect's client asks again to make a run where the reply was lost; the one made twice never begins.
        begun = [part.state.name for part in parts if part.state and not part.state.is_pending()]
        assert begun == ["Crashed"] * 2
        calls = open_days.stage.calls
        client.set_flow_run_state(flow_run.id, AwaitingRetry(), force=True)
        run_flow(qtickets, flow_run=client.read_flow_run(flow_run.id), parameters=flow_run.parameters)
        assert _state_of(client, flow_run.id) == "Completed"
    assert open_days.stage.calls == calls > 0


def _state_of(client: Any, flow_run_id: UUID) -> str:
    return str(client.read_flow_run(flow_run_id).state.name)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether the end of the command waits for Prefect no more."""
    found: list[bool] = []
    monkeypatch.setattr(stopping, "lose_prefect", lambda: found.append(True))
    with temporary_settings({PREFECT_API_URL: "http://user:secret@prefect.example/api"}):
        yield found


def test_what_was_recorded_is_the_result_however_busy(lost: list[bool], capsys: pytest.CaptureFixture[str]) -> None:
    """As Prefect names what it raises where its server was asked again and answers with less."""

    def flow() -> str:
        with noted() as note:
            note("60 rows")
        raise type("MissingResult", (Exception,), {})

    assert (_result_of("qtickets", flow, str), lost) == ("60 rows", [True])
    assert capsys.readouterr().err == (
        "zakaz: qtickets: loaded, and recorded in the warehouse. The Prefect server http://prefect.example/api "
        f"was too busy to say how the run ended. {SHOWN}\n"
    )


def test_what_fails_before_there_is_a_run_is_told_by_its_account_and_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """By which the hook of its run resolves it."""
    told: list[str] = []
    monkeypatch.setattr(on_server, "fire_unseen", lambda what, *_: told.append(what))
    for error in (SourceError("VK_TOKEN is missing."), PrefectError("It was lost on the way, and calls no hook.")):
        with pytest.raises(type(error)), on_server.alerts_of("vk_ads spb", "14 days"):
            told.append(hooks._key(qtickets, None, "spb").removeprefix("run "))  # type: ignore[arg-type]
            outcomes.current.get().has_run = isinstance(error, PrefectError)  # type: ignore[union-attr]
            raise error
    assert told == ["vk_ads spb 14 days"] * 4


def not_begun() -> str:
    raise httpx.ConnectError("")


def test_what_was_not_recorded_is_not_done_and_what_failed_is_not_hidden(
    lost: list[bool], capsys: pytest.CaptureFixture[str]
) -> None:
    def second_window_lost() -> str:
        with noted() as note:
            note(3)
        raise httpx.ConnectError("")

    def failed_first() -> str:
        try:
            with noted():
                raise SourceError("QTickets is down")
        except SourceError:
            raise httpx.ConnectError("") from None

    not_loaded = r"^qtickets: not loaded\. The Prefect server .* cannot be reached\. Start"
    with pytest.raises(PrefectError, match=not_loaded):
        _result_of("qtickets", not_begun, str)
    with pytest.raises(PrefectError, match=r"^direct: 1 window loaded, the others not\. .* goes on\."):
        _result_of("direct", second_window_lost, str)
    with pytest.raises(SourceError, match="QTickets is down"):
        _result_of("qtickets", failed_first, str)
    assert "cannot be reached." in capsys.readouterr().err
