"""Serving: any documents, several views, several servers at once, and the command line."""

from __future__ import annotations

import ast
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

import sandbox
from sandbox import SANDBOX_TOKEN, QticketsApi, World, serve

HEADERS = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
PACKAGE = Path(sandbox.__file__).parent


def test_captured_documents_are_served_as_they_are():
    order = {"id": 5, "payed": False, "payed_at": None, "utm": [], "baskets": [], "price": 490, "whatever": "x"}
    api = QticketsApi([order], [])
    with serve(api) as running:
        assert running.base_url.startswith("http://127.0.0.1:")
        assert running.base_url.endswith("/api/rest/v1")
        answer = httpx.get(f"{running.base_url}/orders", headers=HEADERS).json()
        assert httpx.get(f"{running.base_url}/events", headers=HEADERS).json()["data"] == []
    assert answer["data"] == [order]
    assert list(answer["data"][0]) == list(order)


def test_a_later_view_can_be_shown_while_serving(get, api: QticketsApi, small_world: World):
    later = small_world.until + timedelta(days=3)
    api.show(World.generate(until=later, days=small_world.days + 3, scale=small_world.scale))
    assert get("/orders").json()["paging"]["total"] > len(small_world.orders)


def test_two_servers_do_not_know_each_other(small_world: World):
    with serve(QticketsApi.of(small_world)) as one, serve(QticketsApi([], [])) as two:
        assert one.base_url != two.base_url
        assert httpx.get(f"{two.base_url}/orders", headers=HEADERS).json()["data"] == []
        assert len(one.app.requests) == 0


class OtherApi:
    """A second vendor, as the advertising APIs will be."""

    mount = "/api/v2"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"hello": scope["path"]})(scope, receive, send)


def test_several_apis_share_a_port():
    other = OtherApi()
    with serve(QticketsApi([], []), other) as running:
        assert running.url_of(other) == running.origin + "/api/v2"
        assert httpx.get(f"{running.url_of(other)}/x").json() == {"hello": "/api/v2/x"}
        assert httpx.get(f"{running.base_url}/orders", headers=HEADERS).status_code == 200


def test_the_port_is_free_again_afterwards():
    with serve(QticketsApi([], [])) as running:
        port = int(running.origin.rsplit(":", 1)[1])
        with pytest.raises(OSError), serve(QticketsApi([], []), port=port):
            pass
    with serve(QticketsApi([], []), port=port) as again:
        assert httpx.get(f"{again.base_url}/orders", headers=HEADERS).status_code == 200


def test_a_server_stops_while_a_client_still_waits():
    api = QticketsApi([], [])
    api.faults.add("timeout", seconds=600)
    with serve(api) as running, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{running.base_url}/orders", headers=HEADERS, timeout=0.05)


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=PACKAGE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_announces_serves_and_ends_quietly(number: signal.Signals):
    with command("--port", "0", "--days", "3", "--scale", "0.1", "--until", "2026-11-23T12:00:00") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['qtickets_token']}"}
        orders = httpx.get(f"{told['qtickets']}/orders", headers=headers).json()["data"]
        assert {order["created_at"][:10] for order in orders} == {"2026-11-21", "2026-11-22", "2026-11-23"}
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_taken_port_is_one_line_and_status_1():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with command("--port", str(taken.getsockname()[1]), "--days", "1") as process:
            output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert len(errors.splitlines()) == 1
    assert str(taken) not in errors


@pytest.mark.parametrize("arguments", [["--until", "someday"], ["--days", "0"], ["--port", "70000"]])
def test_wrong_usage_is_status_2(arguments: list[str]):
    with command(*arguments) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in errors


def test_the_sandbox_imports_nothing_of_the_product():
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 20
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            roots = {name.split(".")[0] for name in names}
            assert not roots - sys.stdlib_module_names - {"sandbox", "starlette", "uvicorn"}, file
