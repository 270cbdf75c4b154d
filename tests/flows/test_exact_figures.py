"""Every figure in the warehouse equals the ground truth, to the kopeck, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.qtickets import QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows import clock, truth
from tests.flows.conftest import DAYS, Product, make_world

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]
LOAD = ("load", "qtickets", "--days", str(DAYS))


def test_every_row_equals_the_ground_truth(product: Product, serve_world: Serve, world: World) -> None:
    running = serve_world(world)

    product.loaded(*LOAD)

    assert product.sales() == truth.sales(world)
    held = product.select(
        "SELECT ticket_id, state, amount, toDate(coalesce(paid_at, ordered_at), 'Europe/Moscow') FROM stg_qtickets_tickets"
    )
    assert {row[0]: row[1:] for row in held.rows()} == truth.tickets(world)
    assert {request.method for request in running.app.requests} == {"GET"}


def test_loading_twice_writes_nothing_the_second_time(product: Product, serve_world: Serve, world: World) -> None:
    serve_world(world)
    product.loaded(*LOAD)
    tables = ("stg_qtickets_tickets", "dim_events", "stg_qtickets_sales_raw", "meta_quarantine")
    versions = [product.select(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]

    output = product.loaded(*LOAD)

    assert ", nothing changed" in output
    assert all(
        product.select(f"SELECT * FROM {table} ORDER BY ALL").equals(before)
        for table, before in zip(tables, versions, strict=True)
    )


def test_a_later_load_restates_days_and_a_refund_changes_only_the_day_of_the_sale(
    product: Product, serve_world: Serve
) -> None:
    """Two weeks pass: orders are paid, cancelled and refunded; then one old ticket is refunded."""
    world = make_world(clock.now() - timedelta(days=14), DAYS - 14)
    running = serve_world(world)
    product.loaded(*LOAD)
    assert product.sales() == truth.sales(world)

    world = make_world()
    running.app.show(world)
    product.loaded(*LOAD)
    before = product.sales()
    assert before == truth.sales(world)

    order = next(o for o in world.orders if o.payed_at and not o.deleted_at and o.baskets[0].price > 1)
    basket = order.baskets[0]
    basket.refunded_at, basket.refunded_amount, basket.deleted_at = clock.now(), basket.price - 1, None
    running.app.show(world)
    product.loaded(*LOAD)

    after = product.sales()
    assert after == truth.sales(world)
    assert order.payed_at
    assert {key for key in after if after[key] != before[key]} == {
        (truth.moscow_day(order.payed_at), order.event_id, order.currency)
    }


def test_an_order_that_moves_or_vanishes_leaves_no_trace_on_its_old_day(
    product: Product, serve_world: Serve
) -> None:
    world = make_world()
    running = serve_world(world)
    product.loaded(*LOAD)
    paid = [order for order in world.orders if order.payed_at]

    moved = paid[5]
    assert moved.payed_at
    moved.payed_at += timedelta(days=9)
    running.app.show(world)
    # The window holds the new day of the order and not the old one.
    product.loaded("load", "qtickets", "--from", str(truth.moscow_day(moved.payed_at)))
    assert product.sales() == truth.sales(world)

    world.orders.remove(paid[3])
    running.app.show(world)
    product.loaded(*LOAD)
    assert product.sales() == truth.sales(world)


@pytest.mark.parametrize(
    "faults",
    [
        [("status", {"status": 429, "retry_after": 1}), ("status", {"status": 500, "times": 2})],
        [("truncated", {"after": 2}), ("html", {"after": 3}), ("disconnect", {"after": 1})],
        [("status", {"status": 503, "times": 2}), ("timeout", {"seconds": 6, "after": 2})],
        [("drift", {"mode": "pay", "after": 1}), ("drift", {"mode": "pay", "after": 4})],
    ],
    ids=["429 and 500", "broken replies", "503 and silence", "pages move"],
)
def test_faults_do_not_change_a_figure(
    product: Product, serve_world: Serve, faults: list[tuple[str, dict[str, object]]]
) -> None:
    world = make_world()
    running = serve_world(world)
    for kind, options in faults:
        running.app.faults.add(kind, **options)  # type: ignore[arg-type]
    product.env |= {"QTICKETS_PAGE_SIZE": "100"}

    product.loaded(*LOAD)
    if faults[0][0] == "drift":  # the orders paid meanwhile are not in the world; a second load sees a quiet API
        running.app.show(world)
        product.loaded(*LOAD)

    assert not running.app.faults.pending()
    assert product.sales() == truth.sales(world)
