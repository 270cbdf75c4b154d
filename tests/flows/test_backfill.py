"""A long range: exact, resumable, and nothing loaded twice that need not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.backfill import split
from sandbox.world import World
from tasks.window import Window
from tests.flows import ad_truth, clock, truth
from tests.flows.conftest import Apis, Product

ServeAll = Callable[[World], Apis]
_days = st.dates(date(2019, 1, 1), date(2030, 12, 31))


@given(_days, _days, st.sampled_from([1, 3, 12]))
def test_windows_cover_every_day_once_and_do_not_depend_on_where_the_range_begins(
    one: date, other: date, months: int
) -> None:
    whole = Window(first=min(one, other), last=max(one, other))
    windows = list(split(whole, months))
    days = [window.first + timedelta(days=n) for window in windows for n in range(window.days)]
    assert days == [whole.first + timedelta(days=n) for n in range(whole.days)]
    inner = {window.first for window in windows[1:]}
    assert all(day.day == 1 and (day.month - 1) % months == 0 for day in inner)


@pytest.mark.slow
def test_a_backfill_that_died_goes_on_where_it_ended(product: Product, serve_all: ServeAll) -> None:
    """Four months of sales; the API breaks down in the third window."""
    world = World.generate(until=clock.now(), days=125, scale=0.1)
    apis = serve_all(world)
    first = str(clock.yesterday() - timedelta(days=110))
    command = ("backfill", "qtickets", "--from", first)
    product.env |= {"HTTP_ATTEMPTS": "1"}
    apis.qtickets.faults.add("status", path="/events", status=500, after=2, times=1)

    broken = product.run(*command)
    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr
    done = product.select("SELECT count() FROM meta_job_runs WHERE status = 'success'").item()
    assert done == 2

    output = product.loaded(*command)
    assert f"{done} were done" in output
    assert product.sales() == truth.sales(world, date.fromisoformat(first))

    calls = len(apis.qtickets.requests)
    assert "0 windows loaded" in product.loaded(
        *command, "--to", str(clock.yesterday().replace(day=1) - timedelta(days=1))
    )
    assert len(apis.qtickets.requests) == calls


@pytest.mark.slow
def test_ads_go_back_as_far_as_the_source_does(product: Product, serve_all: ServeAll) -> None:
    """VK keeps a year: a backfill from 2023 begins where VK's memory does, and says so."""
    world = World.generate(until=clock.now(), days=200, scale=0.1)
    serve_all(world)
    done = product.run("backfill", "vk_ads", "--from", "2023-01-01")
    assert done.returncode == 0, done.stderr
    assert "keeps 365 days" in done.stderr
    rows = product.select("SELECT stat_date, campaign_id, ad_group_id, ad_id, impressions, clicks, spent, conversions "
                          "FROM fact_vk_ads_daily").rows()  # fmt: skip
    oldest = clock.today() - timedelta(days=365)
    assert {row[:4]: row[4:] for row in rows} == ad_truth.facts(world, "vk_ads", oldest, clock.yesterday())
