"""A trouble is told once, through a real notification block, and so is its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from sandbox.world import World
from tests.flows.conftest import Apis, Product, make_world
from tests.support.receiver import Receiver

pytestmark = pytest.mark.slow
ServeAll = Callable[[World], Apis]
LOAD = ("load", "qtickets", "--days", "3")


@pytest.fixture
def receiver(product: Product) -> Iterator[Receiver]:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    made = Receiver()
    block = CustomWebhookNotificationBlock(
        name="zakaz", url=made.url, method="POST", json_data={"text": "{{subject}}\n{{body}}"}
    )
    block.save("zakaz-alerts", overwrite=True)
    product.env |= {"ZAKAZ_ALERT_BLOCK": "custom-webhook/zakaz-alerts"}
    yield made
    made.close()


def test_a_failed_run_is_told_once_and_its_end_once(
    product: Product, serve_all: ServeAll, receiver: Receiver
) -> None:
    serve_all(make_world(days=3))
    right = product.env["QTICKETS_TOKEN"]
    product.env["QTICKETS_TOKEN"] = "wrong"
    for _ in range(2):
        assert product.run(*LOAD).returncode == 1
    assert len(receiver.messages) == 1
    told = receiver.messages[0]
    assert told.startswith("Zakaz: qtickets failed")
    assert "QTICKETS_TOKEN" in told, "it says what to do"
    assert "flow run" in told or "/runs/flow-run/" in told, "and which run it was"
    assert "wrong" not in told.replace("went wrong", "")

    product.env["QTICKETS_TOKEN"] = right
    for _ in range(2):
        product.loaded(*LOAD)
    assert len(receiver.messages) == 2
    assert receiver.messages[1].startswith("Zakaz: Over: qtickets failed")

    rows = product.select("SELECT trouble, closed_at IS NOT NULL AS over, delivered FROM meta_alerts")
    assert rows.rows() == [("run qtickets", 1, 1)]


def test_a_changed_trouble_is_told_again(product: Product, serve_all: ServeAll, receiver: Receiver) -> None:
    apis = serve_all(make_world(days=3))
    product.env |= {"HTTP_ATTEMPTS": "1"}
    apis.qtickets.faults.add("status", times=1, status=500)
    assert product.run(*LOAD).returncode == 1
    product.env["QTICKETS_TOKEN"] = "wrong"
    assert product.run(*LOAD).returncode == 1
    assert len(receiver.messages) == 2


def test_an_alert_that_cannot_be_delivered_fails_nothing_and_is_seen(
    product: Product, serve_all: ServeAll, receiver: Receiver
) -> None:
    serve_all(make_world(days=3))
    product.loaded(*LOAD)
    right = product.env["QTICKETS_TOKEN"]
    receiver.status = 500
    product.env["QTICKETS_TOKEN"] = "wrong"
    failed = product.run(*LOAD)
    assert failed.returncode == 1
    assert "QTICKETS_TOKEN" in failed.stderr
    product.env["QTICKETS_TOKEN"] = right

    smoke = product.run("smoke", "--json")
    probe = next(p for p in map(json.loads, smoke.stdout.splitlines()) if p["name"] == "alerts")
    assert probe["status"] == "failure"
    assert "not delivered" in probe["todo"]
    assert smoke.returncode == 1


def test_a_broken_check_is_told_and_so_is_its_end(
    product: Product, serve_all: ServeAll, receiver: Receiver
) -> None:
    serve_all(make_world(days=5))
    product.loaded("load", "all", "--days", "5")
    assert product.run("quality").returncode == 0
    told = len(receiver.messages)

    product.select("SELECT 1")
    product.command_sql("INSERT INTO fact_direct_daily SELECT * FROM fact_direct_daily LIMIT 1")
    for _ in range(2):
        broken = product.run("quality", "--json")
        assert broken.returncode == 1
    checks = {check["check"]: check for check in json.loads(broken.stdout)["checks"]}
    assert checks["duplicates_direct"]["status"] == "broken"
    assert checks["duplicates_direct"]["observed"] == 1
    news = receiver.messages[told:]
    assert len([m for m in news if "fact_direct_daily" in m]) == 1
    assert product.last_run()["status"] == "failed"

    product.command_sql("OPTIMIZE TABLE fact_direct_daily FINAL")
    assert product.run("quality").returncode == 0
    assert any(m.startswith("Zakaz: Over: No row of fact_direct_daily") for m in receiver.messages)


def test_a_warehouse_that_is_down_is_told_all_the_same(
    product: Product, serve_all: ServeAll, receiver: Receiver
) -> None:
    """What was told before is in the warehouse, so nobody can look it up: better twice than never."""
    serve_all(make_world(days=3))
    product.env["CLICKHOUSE_DSN"] = "http://default@127.0.0.1:9"

    assert product.run(*LOAD).returncode == 1

    assert len(receiver.messages) == 1
    assert "cannot be reached" in receiver.messages[0]


def test_the_address_of_the_channel_is_in_no_record(
    product: Product, serve_all: ServeAll, receiver: Receiver
) -> None:
    serve_all(make_world(days=3))
    product.env["QTICKETS_TOKEN"] = "wrong"
    receiver.status = 403

    done = product.run(*LOAD)

    alerts = product.select("SELECT error FROM meta_alerts")["error"].to_list()
    assert alerts == ["HTTPStatusError 403"]
    assert receiver.url not in done.stdout + done.stderr
