"""Seats of shows and promo codes: taken once a Moscow day, exact, and never a reason for a load to fail."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from sandbox.world import World
from sandbox.world.promo import promo_codes_of
from sandbox.world.seats import levels_of
from tests.flows import truth
from tests.path.scene import NOW, Scene, make_world, the_world

SEATS = (
    "SELECT day, show_id, seats_total, seats_sold, seats_held, seats_free, price_left FROM fact_show_seats_daily"
)
PROMO = "SELECT promo_code_id, discount_id, code FROM dim_promo_codes"
Row = tuple[date, int, int, int, int, int, Decimal]


def seats(world: World) -> set[Row]:
    """Of the shows that are on sale and have a plan."""
    found = set()
    for event in world.events:
        for show in event.shows if not event.deleted_at and event.sale_starts_at <= world.until else ():
            levels = levels_of(world, show)
            if not show.is_active or show.starts_at <= world.until or not levels:
                continue
            total, sold, ordered, disabled = (
                sum(getattr(level, name) for level in levels) for name in ("total", "sold", "ordered", "disabled")
            )
            left = sum(
                (one.price * (one.total - one.sold - one.ordered - one.disabled) for one in levels), Decimal(0)
            )
            held = ordered + disabled
            found.add((truth.moscow_day(world.until), show.id, total, sold, held, total - sold - held, left))
    return found


@pytest.fixture
def asking(scene: Scene) -> Scene:
    scene.product.settings = scene.product.settings.model_copy(update={"qtickets_extras": True})
    return scene


def asked(scene: Scene) -> int:
    """How many requests for seats and promo codes there were."""
    paths = [request.path for request in scene.stage.requests("qtickets")]
    scene.stage.calm()
    return sum(path.startswith(("/shows/", "/promo-codes")) for path in paths)


def test_each_day_has_the_seats_of_the_shows_on_sale_and_all_promo_codes_without_those_of_a_person(
    asking: Scene,
) -> None:
    world = the_world()
    assert "QTickets has no seats of " in asking.loaded("qtickets")
    first = seats(world)
    assert len(first) > 10
    assert set(asking.product.select(SEATS).rows()) == first
    codes = promo_codes_of(world.orders)
    told = sorted(asking.product.select(PROMO).rows())
    assert told == sorted((one.id, one.discount_id, "" if one.personal else one.code) for one in codes)
    assert {code for *_, code in told} > {""}
    landed = [pl.read_parquet(file) for file in asking.product.landing.rglob("promo_codes-*.parquet")]
    assert {code for part in landed for code in part["code"]} == {code for *_, code in told}
    assert asked(asking)

    held = asking.tables("fact_show_seats_daily", "dim_promo_codes")
    assert "nothing changed" in asking.loaded("qtickets")
    assert asked(asking) == 0
    assert asking.tables("fact_show_seats_daily", "dim_promo_codes") == held

    later = make_world(NOW + timedelta(hours=13))
    moved = next(show for event in later.events for show in event.shows if show.starts_at > later.until)
    moved.starts_at += timedelta(days=7)
    asking.stage.show(later)
    asking.clock.now = later.until
    asking.loaded("qtickets")
    assert set(asking.product.select(SEATS).rows()) == first | seats(later)
    days = f"SELECT show_date FROM dim_show_dates WHERE show_id = {moved.id} ORDER BY show_date"
    was, now = asking.product.select(days)["show_date"]
    assert now - was == timedelta(days=7), "ads may still name the day that it had"
    totals = {row[1]: row[2] for row in first}
    assert all(totals.get(row[1], row[2]) == row[2] for row in seats(later)), "a hall does not grow"


def test_what_fails_is_a_warning_few_shows_are_tried_and_the_next_run_asks_again(asking: Scene) -> None:
    """What answers is kept. What is refused for good is not asked for again on that day."""
    faults = asking.stage.faults("qtickets")
    faults.add("status", "/shows/*/seats", 10**6, 4, status=503, body=b"{}")
    faults.add("html", "/promo-codes", 10**6, 0)

    said = asking.loaded("qtickets")

    assert "could not be read: QTickets did not answer GET /shows/" in said
    assert "the promo codes could not be read: QTickets" in said
    assert asked(asking) <= 4 + 3 * 2 + 4
    assert 0 < asking.product.select(SEATS).height <= 4
    assert asking.product.select(PROMO).height == 0
    assert asking.sales() == truth.sales(the_world())

    asking.loaded("qtickets")
    assert set(asking.product.select(SEATS).rows()) == seats(the_world())
    assert asking.product.select(PROMO).height
    assert asked(asking)

    asking.clock.move(days=1)
    gone = b'{"error": "Resource not found", "status": 404, "code": "RESOURCE_NOT_FOUND", "info": []}'
    asking.stage.faults("qtickets").add("status", "/shows/*/seats", 10**6, 0, status=404, body=gone)
    assert "could not be read: QTickets" in asking.loaded("qtickets")
    assert asked(asking) == 3 + 1
    asking.loaded("qtickets")
    assert asked(asking) == 0
