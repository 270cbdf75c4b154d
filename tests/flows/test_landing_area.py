"""The landing area in a bucket, and one that cannot be used: exact figures, or one line that says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from sandbox.qtickets import QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows import truth
from tests.flows.conftest import DAYS, Product, make_world
from tests.support.bucket import KEY, NAME, SECRET, Bucket, bucket

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]
LOAD = ("load", "qtickets", "--days", str(DAYS))


@pytest.fixture
def served(product: Product) -> Iterator[Bucket]:
    """A bucket, and the product told to land there."""
    with bucket() as running:
        product.env |= {"LANDING_URL": f"s3://{NAME}/zakaz/landing", "AWS_ENDPOINT_URL": running.endpoint}
        product.env |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        yield running


def test_a_load_by_way_of_a_bucket_is_exact_and_old_fetches_leave_it(
    product: Product, serve_world: Serve, served: Bucket
) -> None:
    world = make_world()
    serve_world(world)
    old = "zakaz/landing/qtickets/orders/20200101T000000Z-0123abcd/part-00000.parquet"
    served.objects |= {old: b"", "zakaz/landing/of-others/kept.txt": b""}

    product.loaded(*LOAD)

    assert product.sales() == truth.sales(world)
    parts = sorted(name.split("/")[2:4] for name in served.objects if name.endswith(".parquet"))
    assert parts == [["qtickets", "events"], ["qtickets", "orders"]], "each asked for once"
    assert old not in served.objects
    assert "zakaz/landing/of-others/kept.txt" in served.objects
    assert not (product.home / "data" / "landing").exists()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"AWS_ACCESS_KEY_ID": "wrong-key"}, "Access Denied"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, "Could not connect"),
        ({"LANDING_URL": "s3://mistyped/landing"}, "bucket does not exist"),
        ({"LANDING_URL": "/proc/nowhere"}, "No such file or directory"),
        ({"LANDING_URL": "s4://host/folder"}, "Protocol not known: s4"),
    ],
)
def test_a_landing_area_that_cannot_be_used_is_one_line_and_a_failed_probe(
    product: Product, serve_world: Serve, served: Bucket, wrong: dict[str, str], why: str
) -> None:
    serve_world(make_world(days=3))
    product.env |= wrong

    load, smoke = product.run("load", "qtickets", "--days", "3"), product.run("smoke", "--json")

    said = load.stderr + load.stdout + smoke.stdout + smoke.stderr
    assert (load.returncode, smoke.returncode) == (1, 1)
    assert "Traceback" not in load.stderr
    assert SECRET not in said
    assert all(name.startswith("zakaz/") for name in served.objects), "no bucket is made of a mistyped name"
    line = next(line for line in load.stderr.splitlines() if line.startswith("zakaz: "))
    assert "The landing area" in line
    assert why in line
    assert "LANDING_URL" in line
    probe = next(probe for probe in map(json.loads, smoke.stdout.splitlines()) if probe["name"] == "landing area")
    assert probe["status"] == "failure"
    assert why in probe["todo"]
    assert str(product.last_run()["status"]) == "failed"
