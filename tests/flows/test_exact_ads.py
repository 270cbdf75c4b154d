"""Every advertising figure equals the ground truth, to the kopeck, and sources add up to the totals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.vk import VK_ACCOUNT_ID, VK_LEGACY_TOKEN
from sandbox.world import World
from sandbox.world.spend import ad_days
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import DAYS, Apis, Product, make_world

pytestmark = pytest.mark.slow
ServeAll = Callable[[World], Apis]
LOAD = ("load", "all", "--days", str(DAYS))
TABLES = {"vk_ads": "fact_vk_ads_daily", "direct": "fact_direct_daily"}


def facts(product: Product, source: str) -> dict[ad_truth.FactKey, ad_truth.Fact]:
    rows = product.select(
        "SELECT stat_date, campaign_id, ad_group_id, ad_id, impressions, clicks, spent, conversions "
        f"FROM {TABLES[source]}"
    ).rows()
    assert len({row[:4] for row in rows}) == len(rows)
    return {row[:4]: row[4:] for row in rows}


def marketing(product: Product, world: World, since: date) -> None:
    """Every row of the view equals the truth; orders of the first day or today may lack their spend. `since`: the day
    of the first load."""
    contents = ad_truth.contents(world, since)
    spend = [row for row in ad_days(world) if clock.first_of(DAYS) <= row.day <= clock.yesterday()]
    view = product.select(
        "SELECT d, city, source, impressions, clicks, spend_total, tickets_sold, revenue, refunds_amount, "
        "net_revenue, romi, roas FROM v_marketing_daily"
    )
    assert {row[:3]: row[3:9] for row in view.rows()} == ad_truth.marketing(world, spend, contents)
    for row in view.iter_rows(named=True):
        assert row["net_revenue"] == row["revenue"] - row["refunds_amount"]
        if row["spend_total"] == 0:
            assert row["romi"] is row["roas"] is None
        else:
            assert row["romi"] == pytest.approx(
                float((row["net_revenue"] - row["spend_total"]) / row["spend_total"])
            )
            assert row["roas"] == pytest.approx(float(row["net_revenue"] / row["spend_total"]))


def test_every_fact_and_every_marketing_row_equals_the_ground_truth(product: Product, serve_all: ServeAll) -> None:
    world = make_world()
    apis = serve_all(world)

    product.loaded(*LOAD)

    for source in TABLES:
        assert facts(product, source) == ad_truth.facts(world, source, clock.first_of(DAYS), clock.yesterday())
    assert product.sales() == truth.sales(world)
    marketing(product, world, clock.today())
    assert not apis.vk.writes
    days = product.select("SELECT sum(spend_total) AS s, sum(revenue) AS r FROM v_marketing_daily GROUP BY d, city")
    assert days.filter((days["s"] > 0) & (days["r"] == 0)).height > 0, "days with spend and no sales are there"
    assert days.filter((days["s"] == 0) & (days["r"] > 0)).height > 0, "and the reverse"


def test_tags_are_those_that_a_click_would_carry(product: Product, serve_all: ServeAll) -> None:
    world = make_world()
    serve_all(world)
    product.loaded(*LOAD)
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
    ads = {ad.ad_id: ad_truth.told_tags(ad, clock.today()) for ad in world.ads}
    for table in TABLES.values():
        rows = product.select(f"SELECT DISTINCT ad_id, {', '.join(names)} FROM {table} WHERE ad_id != 0").rows()
        assert rows
        assert {row[0]: row[1:] for row in rows} == {
            row[0]: tuple(ads[row[0]].get(name, "") for name in names) for row in rows
        }


def test_loading_twice_writes_nothing_the_second_time(product: Product, serve_all: ServeAll) -> None:
    serve_all(make_world())
    product.loaded(*LOAD)
    output = product.loaded(*LOAD)
    assert output.count(", nothing changed") == 3


def test_restated_days_and_deleted_ads_end_as_the_ground_truth_has_them(
    product: Product, serve_all: ServeAll
) -> None:
    """Two weeks pass: the last days' figures settle, conversions come in, ads are deleted."""
    fortnight = timedelta(days=14)
    earlier = make_world(clock.now() - fortnight, DAYS - 14)
    apis = serve_all(earlier)
    product.loaded(*LOAD)

    world = make_world()
    apis.show(world)
    product.loaded(*LOAD)

    for source in TABLES:
        assert facts(product, source) == ad_truth.facts(world, source, clock.first_of(DAYS), clock.yesterday())
    marketing(product, world, clock.today() - fortnight)


def test_an_ad_that_the_api_forgot_keeps_its_figures_and_its_city(product: Product, serve_all: ServeAll) -> None:
    world = make_world()
    apis = serve_all(world)
    product.loaded(*LOAD)
    before = {source: facts(product, source) for source in TABLES}
    ad = next(row.ad for row in ad_days(world) if row.ad.source == "vk_ads" and row.day == clock.yesterday())

    apis.vk.cabinet.vanish(ad.ad_id)
    output = product.loaded(*LOAD)

    assert "kept, though the source no longer confirms them" in output
    warned = product.select(
        "SELECT JSONLength(metrics, 'warnings') AS n FROM meta_job_runs FINAL WHERE job = 'vk_ads_loader'"
    )
    assert warned["n"].to_list() == [0, 0], "no later read mends it, so it must not hold back a backfill"
    assert {source: facts(product, source) for source in TABLES} == before
    marketing(product, world, clock.today())


@pytest.mark.parametrize("vat", ["include", "exclude"])
def test_spend_of_both_sources_is_on_one_vat_basis(product: Product, serve_all: ServeAll, vat: str) -> None:
    """The basis may change between two runs: all days follow, those outside the window too."""
    world = make_world()
    serve_all(world)
    product.loaded(*LOAD)
    product.env |= {"AD_SPEND_VAT": vat}
    product.loaded("load", "all", "--days", "3")

    net = sum(
        (row.spent for row in ad_days(world) if clock.first_of(DAYS) <= row.day <= clock.yesterday()), Decimal(0)
    )
    gross = sum(
        (
            ad_truth.with_vat(r.spent, r.day)
            for r in ad_days(world)
            if clock.first_of(DAYS) <= r.day <= clock.yesterday()
        ),
        Decimal(0),
    )
    assert (
        product.select("SELECT sum(spend_total) FROM v_marketing_daily").item()
        == {"include": gross, "exclude": net}[vat]
    )


def test_the_legacy_api_gives_the_same_facts(product: Product, serve_all: ServeAll) -> None:
    world = make_world()
    serve_all(world)
    product.env |= {"VK_API": "legacy", "VK_TOKEN": VK_LEGACY_TOKEN, "VK_ACCOUNT_ID": str(VK_ACCOUNT_ID)}
    product.loaded("load", "vk_ads", "--days", str(DAYS))
    assert facts(product, "vk_ads") == ad_truth.facts(
        world, "vk_ads", clock.first_of(DAYS), clock.yesterday(), groups=False
    )
    marketing_days = product.select("SELECT min(d), max(d) FROM v_marketing_daily").row(0)
    assert all(clock.first_of(DAYS) <= day <= clock.yesterday() for day in marketing_days if isinstance(day, date))
