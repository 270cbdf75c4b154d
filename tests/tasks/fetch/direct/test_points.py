"""Points are for what a run cannot do without: below a twentieth of the day's, tags wait for a later run."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sandbox.direct import DirectApi
from sandbox.direct.points import PRICES
from tasks.fetch.direct import COLUMNS
from tasks.reference import cities
from tasks.transform.direct import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import Fetch, asked, without_wizard
from tests.tasks.fetch.direct.truth import by_key, rows_of

WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))
RESERVE = 160_000 // 20


def price_of_campaigns(api: DirectApi) -> int:
    """Of all that are listed, in the account without a campaign wizard."""
    without_wizard(api)
    base, each = PRICES["campaigns"]
    return base + each * len({ad.campaign_id for ad in api.world.ads})


def test_below_the_reserve_nothing_is_asked_but_campaigns_and_figures(fetch: Fetch, api: DirectApi) -> None:
    api.points.left = RESERVE - 1 + price_of_campaigns(api)

    fetched = fetch(api, WEEK)

    assert asked(api) == ["campaigns", "reports", "reports"]
    assert by_key(fetched.rows) == rows_of(api.world, WEEK.first, WEEK.last, vat=True)
    assert len(fetched.warnings) == 1
    assert "points are nearly used up" in fetched.warnings[0]


def test_the_last_point_of_the_reserve_is_not_below_it(fetch: Fetch, api: DirectApi) -> None:
    api.points.left = RESERVE + price_of_campaigns(api)

    assert fetch(api, Window(first=date(2026, 1, 1), last=date(2026, 1, 5))).warnings == ()
    assert asked(api) == ["campaigns", "reports", "reports", "ads", "adgroups"]


def test_points_that_run_low_on_the_way_spare_what_comes_after(fetch: Fetch, api: DirectApi) -> None:
    api.points.left = RESERVE + price_of_campaigns(api)

    assert fetch(api, WEEK).warnings
    assert asked(api) == ["campaigns", "changes", "reports", "reports"]


def test_without_links_every_tag_is_null_but_where_there_is_no_ad(fetch: Fetch, api: DirectApi) -> None:
    """Null is what the warehouse fills from memory; '' would wipe out a city."""
    api.points.left = RESERVE + price_of_campaigns(api) - 1

    rows = fetch(api).rows
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())

    tags = [
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "utm_city",
        "utm_day",
        "utm_month",
    ]
    with_ad, wizard = facts.filter(pl.col("ad_id") != 0), facts.filter(pl.col("ad_id") == 0)
    assert with_ad.height > 100
    assert set(with_ad.select(tags).row(0)) == {None}
    assert with_ad.select(pl.col(tags).is_null().all()).row(0) == (True,) * len(tags)
    assert wizard.select(pl.col(tags).is_not_null().all()).row(0) == (True,) * len(tags)


@pytest.mark.parametrize("told", [True, False])
def test_reports_may_tell_points_or_not(fetch: Fetch, api: DirectApi, told: bool) -> None:
    without_wizard(api)
    api.switches.units_on_reports = told

    assert fetch(api).warnings == ()
    assert asked(api) == ["campaigns", "reports", "reports", "ads", "adgroups"]
