"""Every figure in the warehouse equals the ground truth, to the kopeck, whatever was loaded before. What the sources say of
themselves stands beside what was loaded; seats of shows and promo codes are taken once a Moscow day. Neither of these is
ever a reason for a load to fail."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from sandbox.world import World
from sandbox.world.promo import promo_codes_of
from sandbox.world.seats import levels_of
from sandbox.world.spend import AdDay, ad_days
from tasks import steps
from tasks.ingest import PLAIN, ingest
from tasks.landing import Manifest
from tasks.window import Window
from tests.flows import ad_truth, truth
from tests.path.conftest import FIRST, NOW, TABLES, TODAY, YESTERDAY, Scene, make_world, the_world

MARKETING = """SELECT d, city, source, impressions, clicks, spend_total, tickets_sold, revenue, refunds_amount,
    net_revenue, romi, roas FROM v_marketing_daily"""


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
    for columns, wanted in (
        ("ticket_id, promo_code_id, discount_id, discount FROM stg_qtickets_tickets", truth.discounts(the_world())),
        ("show_id, event_id, show_at, show_date, is_active FROM dim_shows", truth.shows(the_world())),
    ):
        assert {row[0]: row[1:] for row in loaded.product.select(f"SELECT {columns}").rows()} == wanted
    dates = loaded.product.select("SELECT show_id, event_id, show_date FROM dim_show_dates")
    assert set(dates.rows()) == {(show, one[0], one[2]) for show, one in truth.shows(the_world()).items()}
    assert {request.method for request in loaded.stage.requests("qtickets")} == {"GET"}
    assert loaded.stage.vk.writes == loaded.stage.direct.writes == []


def test_restated_days_and_refunds_end_as_the_truth_has_them(scene: Scene) -> None:
    """Two weeks pass: orders are paid, cancelled and refunded, spend settles, conversions come in, ads are deleted.
    Loaded again nothing changes."""
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
    written = scene.tables(*tables)
    assert scene.loaded().count(", nothing changed") == 3
    assert scene.tables(*tables) == written


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
    assert report(ad_spend_vat="exclude") == (sum(row.spent for row in spend), roubles)
    assert report(report_currency="KZT") == (0, tenge)
    assert tenge


ADS = (
    "SELECT stat_date, impressions, clicks, spent, spent_has_vat, currency FROM meta_ad_totals WHERE source = '{}'"
)
ORDERS = """SELECT event_date, event_id, currency, orders, tickets, revenue, lines, lines_refunded, lines_cancelled
    FROM meta_order_totals"""
CAMPAIGNS = "SELECT campaign_id, status, starts_on, ends_on FROM dim_campaigns WHERE source = '{}'"


def account_days(source: str) -> dict[date, tuple[Any, ...]]:
    """By loops over ad days, deleted ads and those of the wizard too; VK tells days without delivery as zeros."""
    has_vat = source == "direct"
    found: dict[date, list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for row in ad_days(the_world()):
        if row.ad.source == source and FIRST <= row.day <= YESTERDAY:
            spent = ad_truth.with_vat(row.spent, row.day) if has_vat else row.spent
            figures = row.impressions, row.clicks, spent
            found[row.day] = [a + b for a, b in zip(found[row.day], figures, strict=True)]
    return {day: (*figures, int(has_vat), "RUB") for day, figures in found.items()}


def order_totals() -> dict[truth.Key, tuple[Any, ...]]:
    """By loops over orders: those that count have a line that counts as sold."""
    found: dict[truth.Key, list[Any]] = defaultdict(lambda: [0, 0, *[Decimal(0)] * 4])
    for order in the_world().orders:
        cost, tickets = dict.fromkeys(("paid", "refunded", "cancelled", "reserved"), Decimal(0)), 0
        for basket in order.baskets:
            cost[state := truth.state(order, basket)] += basket.price * basket.quantity
            tickets += basket.quantity if state in ("paid", "refunded") else 0
        if order.payed_at and tickets:
            row = found[truth.moscow_day(order.payed_at), order.event_id, order.currency]
            sold, back, gone = cost["paid"] + cost["refunded"], cost["refunded"], cost["cancelled"]
            row[:] = [a + b for a, b in zip(row, (1, tickets, order.price, sold, back, gone), strict=True)]
    return {key: tuple(row) for key, row in found.items()}


def told(scene: Scene, sql: str, key: int = 1) -> dict[Any, tuple[Any, ...]]:
    rows = scene.product.select(sql).rows()
    return {row[:key] if key > 1 else row[0]: row[key:] for row in rows}


def test_totals_are_the_sources_own_and_equal_what_was_loaded(loaded: Scene) -> None:
    for source in ("vk_ads", "direct"):
        assert told(loaded, ADS.format(source)) == account_days(source)
    assert told(loaded, ORDERS, 3) == order_totals()
    sold = {key: figures[:2] for key, figures in truth.sales(the_world()).items()}
    assert {key: (row[1], row[3]) for key, row in told(loaded, ORDERS, 3).items()} == sold
    assert loaded.product.select("SELECT sum(orders_odd + orders_unpriced) FROM meta_order_totals").item() == 0
    assert loaded.product.select("SELECT min(toDate(read_at) >= today() - 1) FROM meta_ad_totals").item() == 1


def test_campaigns_have_their_status_and_days_and_the_account_what_is_left(loaded: Scene) -> None:
    """A campaign is as lively as the liveliest of its ads; the wizard's are in no list."""
    words = {"running": "active", "paused": "paused", "planned": "paused", "ended": "ended", "deleted": "deleted"}
    for source in ("vk_ads", "direct"):
        listed = [ad for ad in the_world().ads if ad.source == source and not ad.wizard]
        wanted = {}
        for campaign in {ad.campaign_id for ad in listed}:
            ads = [ad for ad in listed if ad.campaign_id == campaign]
            states = {ad.state(TODAY) for ad in ads}
            status = words[next(state for state in words if state in states)]
            # Direct archives what was deleted. What is over in VK is merely blocked there: its last day tells.
            status = "ended" if source == "direct" and status == "deleted" else status
            wanted[campaign] = (status, min(ad.starts for ad in ads), max(ad.ends for ad in ads))
        assert told(loaded, CAMPAIGNS.format(source)) == wanted
    balances = told(loaded, "SELECT source, day, account, balance, currency FROM fact_ad_balance_daily")
    assert balances == {"vk_ads": (TODAY, "main", Decimal("10000.00"), "RUB")}  # Direct does not tell.


@pytest.mark.parametrize("source", ["vk_ads", "legacy", "direct"])
def test_totals_are_optional_and_may_disagree(scene: Scene, source: str) -> None:
    api = {"vk_ads": scene.stage.vk, "legacy": scene.stage.legacy, "direct": scene.stage.direct}[source]
    if source == "legacy":
        scene.use_legacy()
        source = "vk_ads"
    scene.loaded(source)
    facts, before = scene.tables(TABLES[source]), told(scene, ADS.format(source))
    assert before.items() >= account_days(source).items()
    api.switches.account_totals = "refused"
    assert " total" in scene.loaded(source, first=YESTERDAY)
    assert scene.tables(TABLES[source]) == facts
    # Direct reads a month: it has a campaign of the wizard.
    stay = {} if source == "direct" else {day: before[day] for day in before if day != YESTERDAY}
    assert told(scene, ADS.format(source)) == stay
    api.switches.account_totals = "wrong"
    scene.loaded(source)
    assert scene.tables(TABLES[source]) == facts
    more = {day: figures[2] - before[day][2] for day, figures in told(scene, ADS.format(source)).items()}
    assert set(more.values()) == {1}


def test_rejected_lines_count_in_the_totals_and_a_replay_leaves_them_alone(scene: Scene) -> None:
    """A refund that lowers the order's price makes no order odd; a line that cannot be read, or a rouble more, does."""
    with scene.stage.qtickets.change() as api:
        for order in api.orders:
            for one in (order, *order["baskets"]):
                one["deleted_at"] = None
        first, second, third = [one for one in api.orders if one["payed"] and one["price"] > 1][:3]
        first["baskets"][0]["quantity"] = "many"
        basket = second["baskets"][0]
        basket |= {"refunded_at": second["payed_at"], "refunded_amount": basket["price"]}
        second["price"] -= basket["price"] * basket["quantity"]
        third["price"] += 1
        prices = sum(Decimal(str(one["price"])) for one in api.orders if one["payed"])
    scene.loaded("qtickets")
    sums = "SELECT sum(revenue), sum(orders_odd), sum(orders_unpriced) FROM meta_order_totals"
    assert scene.product.select("SELECT count() FROM meta_quarantine").item() == 1
    assert scene.product.select(sums).row(0) == (prices, 2, 0)
    totals = scene.tables("meta_order_totals")
    mended = "replaceOne(record, 'text of 4 characters', '1') WHERE 1 SETTINGS mutations_sync = 1"
    scene.product.command(f"ALTER TABLE meta_quarantine UPDATE record = {mended}")
    assert "in the warehouse now: 1 row;" in scene.product.replay("qtickets").message
    assert scene.tables("meta_order_totals") == totals


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
            free = [one.total - one.sold - one.ordered - one.disabled for one in levels]
            left = sum((one.price * seats for one, seats in zip(levels, free, strict=True)), Decimal(0))
            total, sold = sum(one.total for one in levels), sum(one.sold for one in levels)
            counts = (total, sold, total - sold - sum(free), sum(free))
            found.add((truth.moscow_day(world.until), show.id, *counts, left))
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


def test_each_day_has_the_seats_on_sale_and_all_promo_codes_without_those_of_a_person(asking: Scene) -> None:
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


def test_seats_that_were_read_stay_where_a_later_run_got_none(asking: Scene) -> None:
    def slow(asked: steps.Fetch, refresh: bool) -> Manifest:
        manifest = steps.fetch(asked, refresh)
        if asked.resource.name == "events":
            asking.clock.move(minutes=1)
            asking.stage.faults("qtickets").add("status", "/shows/*/seats", 10**6, 0, status=503, body=b"{}")
            assert "could not be read" in asking.loaded("qtickets")
        return manifest

    window = Window(first=YESTERDAY, last=TODAY)
    ingest(asking.product.account("qtickets"), window, str(uuid4()), by=replace(PLAIN, fetch=slow))
    assert set(asking.product.select(SEATS).rows()) == seats(the_world())
