"""A load makes as few calls as the APIs' limits allow, and its metrics say how many."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any

import pytest

from sandbox.world.spend import ad_days
from tests.flows import ad_truth, clock
from tests.flows.conftest import Product
from tests.flows.loaded import LOAD, ServeAll, facts, first_day, the_world

pytestmark = pytest.mark.slow
_BANNERS = 450
_DIRECT_PAGE = 7


def metrics(product: Product, job: str) -> dict[str, Any]:
    text = product.select(f"SELECT metrics FROM meta_job_runs WHERE job = '{job}' ORDER BY started_at DESC").item(
        0, 0
    )
    return dict(json.loads(text))


def test_calls_are_the_fewest_and_are_counted(product: Product, serve_all: ServeAll) -> None:
    world = the_world()
    apis = serve_all(world)
    product.env |= {"DIRECT_RATE": "50"}
    cabinet = apis.vk.cabinet
    with cabinet.change():  # as many ads as take several calls, without figures of their own
        first = cabinet.banners[cabinet.known("banners")[0]]
        for number in range(1, _BANNERS - len(cabinet.banners) + 1):
            cabinet.banners[number] = replace(first, id=number)
    apis.direct.switches.objects_page_limit = _DIRECT_PAGE
    apis.vk.faults.add("status", "/api/v2/banners.json", times=2, status=500)
    apis.direct.faults.add("status", "/json/v501/reports", times=3, status=504)
    apis.qtickets.faults.add("status", "/orders", times=1, status=502)

    product.loaded(*LOAD)

    # The token, whose account it is, one page larger than this server gives, and what the account did in all.
    vk = 4 + apis.vk_pages + ceil(_BANNERS / 200)
    told = metrics(product, "vk_ads_loader")
    assert (told["api_calls"], told["retries"]) == (vk + 2, 2)
    assert len(apis.vk.requests) == vk + 2

    ours = [ad for ad in world.ads if ad.source == "direct"]
    shown = {row.ad.ad_id for row in ad_days(world) if first_day() <= row.day <= clock.yesterday()}
    alive = [ad for ad in ours if ad.ad_id in shown and not ad.wizard and ad.state(clock.today()) != "deleted"]
    kept = [ad for ad in ours if not ad.wizard and ad.state(clock.today()) != "deleted"]
    groups = {ad.group_id for ad in kept} & {ad.group_id for ad in ours if ad.ad_id in shown}
    objects = ({ad.campaign_id for ad in ours if not ad.wizard}, {ad.ad_id for ad in alive}, groups)
    # What has changed, the report, its totals; for campaigns of the wizard, which are not listed, whether they are
    # now, the days up to a month ago, and their names. Ads and groups that are gone are asked for once more.
    gone = {ad.ad_id for ad in ours if ad.ad_id in shown and not ad.wizard} - {ad.ad_id for ad in alive}
    gone_groups = {ad.group_id for ad in ours if ad.ad_id in gone} - groups
    direct = sum(ceil(len(ids) / _DIRECT_PAGE) for ids in objects) + 6 + bool(gone) + bool(gone_groups)
    told = metrics(product, "direct_loader")
    assert (told["api_calls"], told["retries"]) == (direct + 3, 3)
    assert len(apis.direct.requests) == direct + 3

    paid = sum(order.payed_at is not None for order in world.orders)
    # They are asked for by the day of payment; the others by the day on which they were made.
    sales = sum(ceil(number / 100) for number in (paid, len(world.orders) - paid, len(world.events)))
    told = metrics(product, "qtickets_loader")
    assert (told["api_calls"], told["retries"]) == (sales + 1, 1)
    assert len(apis.qtickets.requests) == sales + 1

    for source in ("vk_ads", "direct"):
        assert facts(product, source) == ad_truth.facts(world, source, first_day(), clock.yesterday())


def test_a_fetch_that_is_not_made_again_counts_no_calls(product: Product, serve_all: ServeAll) -> None:
    """Days that VK no longer restates come from what was fetched before."""
    apis = serve_all(the_world())
    closed = (
        "load",
        "vk_ads",
        "--from",
        str(clock.today() - timedelta(days=50)),
        "--to",
        str(clock.today() - timedelta(days=45)),
    )
    product.loaded(*closed)
    made = len(apis.vk.requests)
    assert metrics(product, "vk_ads_loader")["api_calls"] == made > 0

    product.loaded(*closed)

    assert len(apis.vk.requests) == made
    assert metrics(product, "vk_ads_loader")["api_calls"] == 0


def test_a_run_that_failed_says_how_many_calls_it_made(product: Product, serve_all: ServeAll) -> None:
    apis = serve_all(the_world())
    apis.vk.faults.add("status", "/api/v2/statistics/*", times=9, status=403)
    assert product.run("load", "vk_ads", "--days", "3").returncode == 1
    assert metrics(product, "vk_ads_loader")["api_calls"] == len(apis.vk.requests)
