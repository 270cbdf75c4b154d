"""The smoke test says what works, what does not and what to do, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sandbox.world import World
from tests.flows.conftest import Apis, Product, make_world

pytestmark = pytest.mark.slow
ServeAll = Callable[[World], Apis]


def probes(product: Product, status: int) -> dict[str, dict[str, object]]:
    done = product.run("smoke", "--json")
    assert done.returncode == status, done.stderr
    secrets = (product.env[name] for name in ("QTICKETS_TOKEN", "DIRECT_TOKEN", "VK_CLIENT_SECRET"))
    assert not any(secret in done.stdout + done.stderr for secret in secrets)
    return {probe["name"]: probe for probe in map(json.loads, done.stdout.splitlines())}


def test_all_is_well_after_a_load_and_a_wrong_token_is_one_failure(product: Product, serve_all: ServeAll) -> None:
    serve_all(make_world(days=3))
    before = probes(product, status=0)
    assert {before[name]["status"] for name in ("warehouse: schema", "qtickets: last run")} == {"warning"}
    product.loaded("load", "all", "--days", "3")

    found = probes(product, status=0)
    assert {name for name, probe in found.items() if probe["status"] != "ok"} == {"alerts"}
    assert all(probe["todo"] for probe in found.values() if probe["status"] != "ok")

    product.env["DIRECT_TOKEN"] = "never-shown-4711"
    found = probes(product, status=1)
    assert [name for name, probe in found.items() if probe["status"] == "failure"] == ["direct: API"]
    assert "DIRECT_TOKEN" in str(found["direct: API"]["todo"])


def test_a_token_file_that_others_can_read_is_a_failure(product: Product, serve_all: ServeAll) -> None:
    serve_all(make_world(days=3))
    secret = product.home / "secrets" / ".env.vk"
    secret.parent.mkdir()
    secret.write_text("# nothing yet\n")
    secret.chmod(0o644)
    assert "chmod 600" in str(probes(product, status=1)["token files"]["todo"])
    secret.chmod(0o600)
    assert probes(product, status=0)["token files"]["status"] == "ok"


def test_an_unreachable_warehouse_does_not_hide_the_other_probes(product: Product, serve_all: ServeAll) -> None:
    serve_all(make_world(days=3))
    product.env["CLICKHOUSE_DSN"] = "http://127.0.0.1:9"
    found = probes(product, status=1)
    assert found["warehouse: connection"]["status"] == "failure"
    assert found["qtickets: API"]["status"] == "ok"
