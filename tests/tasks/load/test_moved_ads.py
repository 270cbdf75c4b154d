"""An ad whose campaign changes, or becomes known, keeps one row a day: under two keys its spend would count twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from flows.vk_ads import SOURCE
from tasks import steps
from tasks.errors import ZakazError
from tasks.load.tables import Scope
from tasks.load.upsert import Upserted, upsert
from tasks.window import Window
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import utc
from tests.validation.ad_frames import ad_days

(ADS,) = SOURCE.outputs
JANUARY = Window(first=date(2026, 1, 1), last=date(2026, 1, 31))


def scope() -> Scope:
    return ADS.table.scope(JANUARY, utc("2026-02-01T00:00"))


def ad(number: int, campaign: int | None, day: int = 19, **given: Any) -> dict[str, Any]:
    """Ten roubles of one ad and day."""
    return {"ad_id": number, "campaign_id": campaign, "stat_date": date(2026, 1, day), **given}


def load(
    client: Client, *ads: dict[str, Any], version: int, rejected: tuple[int, ...] = (), **table: Any
) -> Upserted:
    protected = pl.DataFrame({"ad_id": rejected}, schema={"ad_id": pl.UInt64})
    facts = ad_days(*ads) if ads else ad_days({}).clear()
    return upsert(
        client, replace(ADS.table, **table), facts, scope(), version, [protected], same=ADS.identity
    )  # fmt: skip


def stored(client: Client) -> list[tuple[Any, ...]]:
    return values(
        client, f"SELECT ad_id, campaign_id, toDayOfMonth(stat_date) FROM {ADS.table.name} FINAL ORDER BY ALL"
    )


@pytest.mark.parametrize("campaign", [0, 6], ids=["it was not known", "it was another"])
def test_the_row_under_the_old_campaign_goes_though_another_day_of_the_ad_is_rejected(
    client: Client, campaign: int
) -> None:
    load(client, ad(5, campaign), ad(5, campaign, 20), version=1)

    assert load(client, ad(5, 7), version=2, rejected=(5,)) == Upserted(new=1, removed=1, kept=1)
    assert stored(client) == [(5, campaign, 20), (5, 7, 19)]


def test_it_goes_though_the_load_may_remove_nothing_that_it_did_not_see(client: Client) -> None:
    load(client, ad(5, 6), ad(8, 6), version=1)

    assert load(client, ad(5, 7), version=2, keeps_vanished=True) == Upserted(new=1, removed=1, kept=1)
    assert stored(client) == [(5, 7, 19), (8, 6, 19)]


def test_ads_without_a_number_are_told_apart_by_their_campaign(client: Client) -> None:
    load(client, ad(0, 6), version=1)

    assert load(client, ad(0, 7), version=2, keeps_vanished=True) == Upserted(new=1, kept=1)
    assert stored(client) == [(0, 6, 19), (0, 7, 19)]


def test_a_campaign_that_is_filled_in_and_makes_two_rows_of_one_key_is_told(client: Client) -> None:
    load(client, ad(5, 7), version=1)
    twice = ad_days(ad(5, 7, 20), ad(5, None, 20, ad_group_id=None))

    with pytest.raises(ZakazError, match="rows made for fact_vk_ads_daily break a rule: the key stands twice"):
        steps.carried(client, ADS, twice)


def test_spend_that_is_filled_in_is_counted_where_nothing_was_known(client: Client) -> None:
    facts, (unknown,) = steps.carried(client, ADS, ad_days(ad(5, None, ad_group_id=None)))

    assert facts.select("campaign_id", "ad_group_id").row(0) == (0, 0)
    assert (unknown.what, unknown.count, unknown.money) == ("campaign", 1, Decimal("10.00"))
