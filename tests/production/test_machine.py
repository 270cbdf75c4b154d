"""`zakaz up` with nothing but the checkout: a UI for its owner alone, a worker that loads made-up sales; `down` ends it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tasks.window import moscow_today
from tests.production.test_production import ROOT, bare_environment, until
from tests.support.clickhouse_server import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Its made-up sales began two days ago, as after a restart, so that there are few."""
    (tmp_path / "data" / "up").mkdir(parents=True, mode=0o700)
    (tmp_path / "data" / "up" / "since").write_text(str(moscow_today() - timedelta(days=2)))
    yield tmp_path
    if processes_of(tmp_path):
        zakaz(tmp_path, "down")


def zakaz(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = bare_environment() | {"ZAKAZ_HOME": str(home), "ZAKAZ_LANGUAGE": "en", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=900)


def processes_of(home: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("UP_FOLDER") == str(home / "data" / "up"):
                found.append(" ".join(process.cmdline()))
    return found


def in_its_terminal(sign_in: Path) -> dict[str, str]:
    """The environment of a shell that has sourced the file."""
    shell = ["bash", "-c", f'. "{sign_in}"; command -v python; env -0']
    found, _, given = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.partition("\n")
    assert Path(found).parent == Path(sys.executable).parent
    return dict(one.split("=", 1) for one in given.split("\0") if "=" in one)


def refuses_everybody_but_its_owner(home: Path, port: int) -> tuple[str, str]:
    """What a page of another origin, a rebound name and a program without the password would try; the owner's
    name and password."""
    with httpx.Client(timeout=60) as ask:  # The server has much to do.
        here = f"http://127.0.0.1:{port}"
        api, sign_in = f"{here}/api", home / "secrets" / "prefect.env"
        assert sign_in.stat().st_mode & 0o777 == 0o600
        name, _, password = in_its_terminal(sign_in)["PREFECT_API_AUTH_STRING"].partition(":")
        for path, body in (("block_documents/filter", {"include_secrets": True}), ("flows/", {"name": "x"})):
            statuses = [ask.post(f"{api}/{path}", json=body, auth=auth).status_code for auth in (None, (name, ""))]
            assert statuses == [401, 401]
        own = {"json": {"include_secrets": True}, "auth": (name, password)}
        assert ask.post(f"{api}/block_documents/filter", **own).status_code == 200
        page = f"{here}/report"
        assert (ask.get(page).status_code, ask.get(page, auth=(name, password)).status_code) == (401, 404)
        for path in ("/", "/api/health", "/api/ui-settings"):
            assert ask.get(f"{here}{path}", headers={"Host": "evil.example"}).status_code == 400
            head = ask.get(f"{here}{path}", auth=(name, password)).headers
            assert (head["x-frame-options"], head["content-security-policy"]) == ("DENY", "frame-ancestors 'none'")
        events = f"ws://127.0.0.1:{port}/api/events/out"
        with connect(events, subprotocols=["prefect"], proxy=None, open_timeout=60) as socket:
            socket.send(json.dumps({"type": "auth", "token": f"{name}:"}))
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=60)
        asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        assert "access-control-allow-origin" not in ask.options(f"{api}/flows/", headers=asked).headers
        allowed = ask.options(f"{api}/flows/", headers=asked | {"Origin": here}).headers
        assert allowed["access-control-allow-origin"] == here
    return name, password


def test_up_serves_a_ui_and_loads_and_down_leaves_nothing_but_the_data(home: Path) -> None:
    port = free_port()
    done = zakaz(home, "up", "--port", str(port))
    here = f"http://127.0.0.1:{port}"
    assert done.returncode == 0, done.stderr
    assert [w for w in (f"Prefect UI: {here}", f"Report: {here}/report", "sandbox") if w not in done.stdout] == []
    assert "<!doctype html>" in httpx.get(here, follow_redirects=True, timeout=60).text.lower()
    auth = refuses_everybody_but_its_owner(home, port)
    asked = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    runs = f"http://127.0.0.1:{port}/api/flow_runs/filter"

    def is_loaded() -> bool:
        with suppress(httpx.HTTPError):  # A server that is busy answers the next time.
            return bool(httpx.post(runs, json=asked, auth=auth, timeout=60).raise_for_status().json())
        return False

    until(is_loaded, lambda: (home / "data" / "up" / "worker.log").read_text()[-3000:], seconds=900)
    settings = in_its_terminal(home / "secrets" / "prefect.env")["ZAKAZ_ENV"]
    assert f"CLICKHOUSE_DSN=chdb://{home}/data/up/made-up/warehouse\n" in Path(settings).read_text()
    assert zakaz(home, "down").stdout == "Stopped.\n"
    # Supervisor itself ends a moment after it has said so.
    until(lambda: processes_of(home) == [], lambda: str(processes_of(home)), seconds=300)
    with pytest.raises(httpx.ConnectError):
        httpx.get(runs)
    assert zakaz(home, "down").stdout == "Nothing was running.\n"
    assert (home / "data" / "up" / "made-up" / "warehouse").exists()
    assert not (home / "data" / "warehouse").exists(), "where its owner's own data will be"
