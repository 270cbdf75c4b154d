"""Every figure in the warehouse equals the ground truth, to the kopeck, whatever was loaded before."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world import World
from sandbox.world.spend import AdDay, ad_days
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, NOW, TABLES, TODAY, YESTERDAY, Scene, make_world, the_world

MARKETING = (
    "SELECT d, city, source, impressions, clicks, spend_total, tickets_sold, revenue, refunds_amount, "
    "net_revenue, romi, roas FROM v_marketing_daily"
)


def spend_of(world: World) -> list[AdDay]:
    return [row for row in ad_days(world) if FIRST <= row.day <= YESTERDAY]


def ratio(what: Decimal, spend: Decimal) -> Any:
    return pytest.approx(float(what / spend)) if spend else None


def exact(scene: Scene, world: World, since: date = TODAY) -> None:
    """All that is loaded. `since`: the day of the first load, to which the APIs told of ads that are deleted now."""
    assert scene.sales() == truth.sales(world)
    for source in ("vk_ads", "direct"):
        assert scene.product.held(source) == ad_truth.facts(world, source, FIRST, YESTERDAY)
    view = scene.product.select(MARKETING)
    wanted = ad_truth.marketing(world, spend_of(world), ad_truth.contents(world, since))
    assert {row[:3]: row[3:9] for row in view.rows()} == wanted
    assert view.height == len(wanted)
    for row in view.iter_rows(named=True):
        net, spend = row["revenue"] - row["refunds_amount"], row["spend_total"]
        assert (row["net_revenue"], row["romi"], row["roas"]) == (net, ratio(net - spend, spend), ratio(net, spend))


def test_every_row_of_every_source_is_the_truth(loaded: Scene) -> None:
    exact(loaded, the_world())
    assert loaded.product.held("tickets") == truth.tickets(the_world())
    held = loaded.product.select("SELECT ticket_id, promo_code_id, discount_id, discount FROM stg_qtickets_tickets")
    assert {row[0]: row[1:] for row in held.rows()} == truth.discounts(the_world())
    held = loaded.product.select("SELECT show_id, event_id, show_at, show_date, is_active FROM dim_shows")
    assert {row[0]: row[1:] for row in held.rows()} == truth.shows(the_world())
    dates = loaded.product.select("SELECT show_id, event_id, show_date FROM dim_show_dates")
    assert set(dates.rows()) == {(show, one[0], one[2]) for show, one in truth.shows(the_world()).items()}
    assert {request.method for request in loaded.stage.requests("qtickets")} == {"GET"}
    assert not loaded.stage.vk.writes
    assert not loaded.stage.direct.writes


def test_restated_days_and_refunds_end_as_the_truth_has_them(scene: Scene) -> None:
    """Two weeks pass: orders are paid, cancelled and refunded, spend settles, conversions come in, ads are deleted.
    Loaded again nothing changes. Then one old ticket is refunded, which changes its day of sale and no other."""
    then = NOW - timedelta(days=14)
    scene.stage.show(make_world(then))
    scene.clock.now = then
    scene.loaded()
    world = make_world()
    scene.stage.show(world)
    scene.clock.now = NOW
    scene.loaded()
    exact(scene, world, TODAY - timedelta(days=14))
    tables = (*TABLES.values(), "dim_events", "stg_qtickets_sales_raw", "agg_marketing_daily", "meta_quarantine")
    tables += ("meta_ad_totals", "meta_order_totals", "dim_campaigns", "dim_shows", "dim_show_dates")
    before, written = scene.sales(), scene.tables(*tables)
    assert scene.loaded().count(", nothing changed") == 3
    assert scene.tables(*tables) == written

    order = next(o for o in world.orders if o.payed_at and not o.deleted_at and o.baskets[0].price > 1)
    basket = order.baskets[0]
    basket.refunded_at, basket.refunded_amount, basket.deleted_at = NOW, basket.price - 1, None
    scene.stage.show(world)
    scene.loaded("qtickets")

    after = scene.sales()
    assert after == truth.sales(world)
    assert order.payed_at
    sold_on = (truth.moscow_day(order.payed_at), order.event_id, order.currency)
    assert {key for key in after if after[key] != before[key]} == {sold_on}


def test_an_ad_that_the_api_forgot_keeps_its_figures_and_its_city(scene: Scene) -> None:
    scene.loaded("vk_ads")
    before = scene.tables("agg_marketing_daily"), scene.product.held("vk_ads")
    ad = next(row.ad for row in ad_days(the_world()) if row.ad.source == "vk_ads" and row.day == YESTERDAY)

    scene.stage.vk.cabinet.vanish(ad.ad_id)

    assert "kept, though the source no longer confirms them" in scene.loaded("vk_ads")
    assert scene.last_run()["metrics"]["warnings"] == [], "no later read mends it: no backfill waits for one"
    assert (scene.tables("agg_marketing_daily"), scene.product.held("vk_ads")) == before


def test_the_basis_of_the_reports_may_change_and_all_days_follow(scene: Scene) -> None:
    """Days outside the window of the next load too: VAT of spend, then the currency of sales."""

    def report(**basis: str) -> tuple[Any, ...]:
        scene.product.settings = scene.product.settings.model_copy(update=basis)
        scene.loaded("qtickets", first=TODAY)
        return scene.product.select("SELECT sum(spend_total), sum(revenue) FROM v_marketing_daily").row(0)

    scene.loaded()
    sales, spend = truth.sales(the_world()), spend_of(the_world())
    roubles, tenge = (sum(money for key, (_, money, _) in sales.items() if key[2] == of) for of in ("RUB", "KZT"))
    assert report() == (sum(ad_truth.with_vat(row.spent, row.day) for row in spend), roubles)
    assert report(ad_spend_vat="exclude") == (sum(row.spent for row in spend), roubles)
    assert report(report_currency="KZT") == (0, tenge)
    assert tenge
