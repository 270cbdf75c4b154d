"""A page of another origin, in a real browser that has signed in to the UI, reads and changes nothing of the server.

Without a browser `test_machine.py` tries the same requests; of what only a browser does, this is the proof.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.production.stack import ROOT, bare_environment
from tests.support.browser import CHROMIUM, Page, browser
from tests.support.clickhouse_server import free_port
from tests.support.prefect_server import prefect_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here (`apt-get install chromium`): nothing was proved"
    ),
]
NAME, PASSWORD = "zakaz", "a-password-of-the-owner"
SECRET = "a secret of the owner"
ATTACK = (Path(__file__).parent / "attack.js").read_text("utf-8")


class Server:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port

    def ask(self, path: str, body: Any) -> Any:
        reply = httpx.post(f"{self.url}/api{path}", json=body, auth=(NAME, PASSWORD), timeout=60, trust_env=False)
        return reply.raise_for_status().json()

    def holds(self) -> dict[str, Any]:
        """Whatever an attack could have added or changed."""
        kinds = ("flows", "deployments", "variables", "block_documents", "work_pools", "automations", "flow_runs")
        held = {kind: self.ask(f"/{kind}/filter", {}) for kind in kinds}
        foreign = {"filter": {"event": {"name": ["attack"]}}}
        return held | {"events": self.ask("/events/filter", foreign)["total"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """As supervisor, systemd and compose start it."""
    home, port = tmp_path_factory.mktemp("server"), free_port()
    url = f"http://127.0.0.1:{port}"
    env = bare_environment() | {
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_AUTH_STRING": f"{NAME}:{PASSWORD}",
        "PREFECT_SERVER_UI_API_URL": f"{url}/api",
        "PREFECT_UI_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    with prefect_server(home, port, env, "ops.server.serve"):
        made = Server(port)
        made.ask("/variables/", {"name": "held", "value": SECRET})
        yield made


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of somebody else's page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f"<!doctype html><title>Cats</title><script>{ATTACK}</script>".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    pages = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    yield pages.server_port
    pages.shutdown()
    pages.server_close()


@pytest.fixture(scope="module")
def signed_in(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The owner's browser. That the UI keeps the password so, and that its own page reads, is seen here as well."""
    with browser(tmp_path_factory.mktemp("profile"), "*.example") as page:
        page.open(f"{server.url}/")
        page.run(f"localStorage.setItem('prefect-password', btoa('{NAME}:{PASSWORD}'))")
        assert SECRET in page.run(_OWN)
        yield page


_OWN = """
fetch('/api/variables/filter', {
  method: 'POST', body: '{}',
  headers: {'Content-Type': 'application/json', Authorization: 'Basic ' + localStorage.getItem('prefect-password')},
}).then(reply => reply.text())
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_another_page_reads_and_changes_nothing(server: Server, elsewhere: int, signed_in: Page, host: str) -> None:
    before = server.holds()
    signed_in.open(f"http://{host}:{elsewhere}/")

    got = signed_in.run(f"attack({json.dumps(server.url)})")

    assert len(got) >= 20
    assert {how: what for how, what in got.items() if what not in ("refused", "unseen")} == {}
    assert SECRET not in json.dumps(got)
    assert server.holds() == before


def test_no_page_shows_ours_in_a_frame(server: Server, elsewhere: int, signed_in: Page) -> None:
    """Of the same site, so that the frame would be signed in."""
    signed_in.open(f"http://127.0.0.1:{elsewhere}/")

    signed_in.run(f"framed({json.dumps(server.url)})")

    assert [address.partition(":")[0] for address in signed_in.frames()] == ["chrome-error"]


def test_a_name_that_was_bound_to_this_machine_is_not_served(server: Server, signed_in: Page) -> None:
    """DNS rebinding: to the browser the page and the server are one origin then."""
    signed_in.open(f"http://rebound.example:{server.port}/")

    assert signed_in.run("document.body.innerText") == "Invalid host header"
    assert signed_in.run("fetch('/api/health').then(reply => reply.status)") == 400
    assert signed_in.run("localStorage.getItem('prefect-password')") is None
