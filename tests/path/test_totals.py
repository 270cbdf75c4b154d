"""What the sources say of themselves stands beside what was loaded, exact to the kopeck, and never fails a load."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world.spend import ad_days
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, TABLES, TODAY, YESTERDAY, Scene, the_world

ADS = (
    "SELECT stat_date, impressions, clicks, spent, spent_has_vat, currency FROM meta_ad_totals WHERE source = '{}'"
)
ORDERS = (
    "SELECT event_date, event_id, currency, orders, tickets, revenue, lines, lines_refunded, lines_cancelled "
    "FROM meta_order_totals"
)
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
        held, folder = scene.product.settings, scene.product.landing.parent
        dsn = held.clickhouse_dsn.get_secret_value()
        scene.product.settings = scene.stage.settings(dsn, held.clickhouse_database, folder, legacy=True)
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
