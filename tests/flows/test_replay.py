"""Rejected rows are tried again and leave the quarantine when, and only when, they are in the warehouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.qtickets import QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows import truth
from tests.flows.conftest import Product, make_world

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]
LOAD = ("load", "qtickets", "--days", "3")


def test_what_is_right_now_is_loaded_and_the_rest_stays(product: Product, serve_world: Serve) -> None:
    """A row that an earlier rule refused, its record since put right, and one that is still wrong."""
    world = make_world(days=3)
    running = serve_world(world)
    with running.app.change() as api:
        paid = [order for order in api.orders if order["payed"] and not order["deleted_at"]]
        paid[0]["baskets"][0]["price"] = -100
        paid[1]["baskets"][0]["price"] = -100
        good = world.orders[[order.id for order in world.orders].index(paid[0]["id"])].baskets[0]
    product.loaded(*LOAD)
    assert product.select("SELECT count() FROM meta_quarantine").item() == 2
    assert "0 rows are in the warehouse now, 2 stay" in product.loaded("quarantine", "replay")

    was, now = '"price":"-100"', f'"price":"{good.price}"'
    product.command_sql(
        f"ALTER TABLE meta_quarantine UPDATE record = replaceOne(record, '{was}', '{now}') "
        f"WHERE record_key = '{good.id}' SETTINGS mutations_sync = 2"
    )
    assert "1 rows are in the warehouse now, 1 stay" in product.loaded("quarantine", "replay")

    row = product.select(f"SELECT state, amount FROM stg_qtickets_tickets WHERE ticket_id = {good.id}").row(0)
    assert row == truth.tickets(world)[good.id][:2]
    left = product.select("SELECT record_key FROM meta_quarantine")["record_key"].to_list()
    assert left == [str(paid[1]["baskets"][0]["id"])]
    assert left[0] in product.loaded("quarantine", "list", "--reason", "negative", "--source", "qtickets")
