"""What the reports say after a load of all sources, by the sandbox's ground truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world.spend import ad_days
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import Product
from tests.flows.loaded import ServeAll, serve_loaded, the_world
from tests.tasks.load.engines import BOTH, _no_flow_run, rows, settings_of, values  # noqa: F401 - an autouse fixture

Money = dict[Any, list[Any]]


@pytest.fixture
def loaded(product: Product, serve_all: ServeAll, tmp_path_factory: pytest.TempPathFactory) -> Product:
    serve_loaded(product, serve_all, tmp_path_factory.getbasetemp())
    return product


@pytest.mark.slow
def test_campaigns_equal_the_ground_truth(loaded: Product) -> None:
    """A ticket's campaign is that of its source for its event, where the source told of the campaign at all."""
    world = the_world()
    expected: Money = defaultdict(lambda: ["", 0, 0, 0, Decimal(0), 0, Decimal(0), Decimal(0)])
    for row in ad_days(world):
        if row.day <= clock.yesterday():
            line = expected[row.ad.source, row.ad.campaign_id]
            line[0] = row.ad.campaign_name
            line[1] += row.impressions
            line[2] += row.clicks
            line[3] += row.conversions
            line[4] += ad_truth.with_vat(row.spent, row.day)
    told, bought = set(expected), set()
    campaign_of = {(ad.source, ad.event_id): ad.campaign_id for ad in world.ads}
    of_ads = {tuple(sorted(ad.tags.items())) for ad in world.ads if ad.tags}
    for order in world.orders:
        source = ad_truth.SOURCE_OF.get(order.utm.get("utm_source", ""))
        if order.payed_at is None or order.currency != "RUB" or source is None:
            continue
        brought = tuple(sorted(order.utm.items())) in of_ads
        key = (source, campaign_of[source, order.event_id] if brought else 0)
        line = expected[key if key in told else (source, 0)]
        bought.add(key)
        for basket in order.baskets:
            if truth.state(order, basket) in ("paid", "refunded"):
                line[5] += basket.quantity
                line[6] += basket.price * basket.quantity
                line[7] += basket.refunded_amount or Decimal(0) if basket.refunded_at else Decimal(0)
    assert len(bought & told) > 10

    view = loaded.select("SELECT * FROM v_campaign_performance")
    assert {
        (row["source"], row["campaign_id"]): [
            row["campaign_name"], row["impressions"], row["clicks"], row["conversions"], row["spend_total"],
            row["tickets_sold"], row["revenue"], row["refunds_amount"],
        ]
        for row in view.iter_rows(named=True)
    } == dict(expected)  # fmt: skip
    for row in view.iter_rows(named=True):
        assert row["ctr"] == (pytest.approx(row["clicks"] / row["impressions"]) if row["impressions"] else None)
        assert row["cpc"] == (pytest.approx(float(row["spend_total"]) / row["clicks"]) if row["clicks"] else None)
        net, spend = row["revenue"] - row["refunds_amount"], row["spend_total"]
        assert row["net_revenue"] == net
        assert row["romi"] == (pytest.approx(float((net - spend) / spend)) if spend else None)

    sums = "sum(spend_total), sum(tickets_sold), sum(revenue), sum(refunds_amount), sum(impressions), sum(clicks)"
    by_campaign = f"SELECT source, {sums} FROM v_campaign_performance GROUP BY source ORDER BY source"
    by_day = f"SELECT source, {sums} FROM v_marketing_daily WHERE source != 'other' GROUP BY source ORDER BY source"
    assert loaded.select(by_campaign).rows() == loaded.select(by_day).rows()


@pytest.mark.slow
def test_sources_add_up_to_all_sales_and_all_spend(loaded: Product) -> None:
    """By day and city, by routes that know nothing of sources; and the KPI view says the same."""
    sales, spend = _sales_by_city("RUB"), _spend_by_city()
    sums = "sum(spend_total), sum(tickets_sold), sum(revenue), sum(refunds_amount)"
    expected = {
        key: (spend.get(key, Decimal(0)), *sales.get(key, (0, Decimal(0), Decimal(0)))) for key in spend | sales
    }
    assert _by_city(loaded, f"SELECT d, city, {sums} FROM v_marketing_daily GROUP BY d, city") == expected
    kpi = "SELECT d, city, spend_total, tickets_sold, revenue, refunds_amount FROM v_romi_kpi"
    assert _by_city(loaded, kpi) == expected

    assert spend.keys() - sales.keys(), "days with spend alone are there"
    assert sales.keys() - spend.keys(), "and with sales alone"
    assert "" in {city for _, city in spend}
    nowhere = "city IS NULL OR city != trim(city) OR source NOT IN ('vk_ads', 'direct', 'other')"
    assert loaded.select(f"SELECT count() FROM v_marketing_daily WHERE {nowhere}").item() == 0
    assert loaded.select("SELECT count() FROM v_marketing_daily WHERE city = 'алматы' AND revenue > 0").item() == 0


@pytest.mark.slow
def test_fourteen_days_and_freshness(loaded: Product) -> None:
    sales = truth.sales(the_world(), first=clock.today() - timedelta(days=13))
    view = loaded.select(
        "SELECT event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM v_sales_14d"
    )
    assert {row[:3]: row[3:] for row in view.rows()} == sales
    assert view.height == len(sales) < len(truth.sales(the_world()))

    newest = {"qtickets": max(day for day, _, _ in sales), "vk_ads": clock.yesterday(), "direct": clock.yesterday()}
    found = loaded.select(
        "SELECT source, latest_date, days_behind, minutes_since_success, last_status FROM v_data_freshness"
    )
    for source, day, behind, minutes, status in found.rows():
        assert (day, behind, status) == (newest[source], (clock.today() - day).days, "success")
        assert 0 <= minutes <= (datetime.now(UTC) - clock.now()) / timedelta(minutes=1) + 1


@pytest.mark.slow
def test_the_currency_of_the_reports_may_be_another(loaded: Product) -> None:
    """All days follow at the next load, those outside its window too."""
    loaded.env |= {"REPORT_CURRENCY": "KZT"}
    loaded.loaded("load", "qtickets", "--days", "1")
    sums = "sum(tickets_sold), sum(revenue), sum(refunds_amount)"
    told = loaded.select(f"SELECT d, city, {sums} FROM v_marketing_daily WHERE revenue > 0 GROUP BY d, city")
    paid = {key: figures for key, figures in _sales_by_city("KZT").items() if figures[1]}
    assert {row[:2]: row[2:] for row in told.rows()} == paid != {}
    assert {city for _, city in paid} == {"алматы"}


def _sales_by_city(currency: str) -> dict[tuple[date, str], tuple[int, Decimal, Decimal]]:
    cities = {event.id: event.city.name.lower() for event in the_world().events}
    found: Money = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for (day, event, of), figures in truth.sales(the_world()).items():
        if of == currency:
            for place, figure in enumerate(figures):
                found[day, cities[event]][place] += figure
    return {key: tuple(line) for key, line in found.items()}  # type: ignore[misc]


def _spend_by_city() -> dict[tuple[date, str], Decimal]:
    found: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for row in ad_days(the_world()):
        if row.day <= clock.yesterday():
            content = ad_truth.told_tags(row.ad, clock.today()).get("utm_content", "")
            found[row.day, ad_truth.city_of(content)] += ad_truth.with_vat(row.spent, row.day)
    return dict(found)


def _by_city(product: Product, sql: str) -> dict[tuple[date, str], tuple[Any, ...]]:
    found = product.select(sql).rows()
    assert len({row[:2] for row in found}) == len(found)
    return {row[:2]: row[2:] for row in found}
