"""An ad whose campaign changes, or becomes known, keeps one row a day: under two keys its spend would count twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.upsert import Upserted, upsert
from tasks.sources.vk_ads import SOURCE
from tasks.window import Window
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import utc
from tests.validation.ad_frames import ad_days

ADS, *_ = SOURCE.outputs
JANUARY = ADS.table.scope("main", Window(first=date(2026, 1, 1), last=date(2026, 1, 31)), utc("2026-02-01T00:00"))

MOVED = Upserted(new=1, removed=1, kept=1)


def ad(number: int, campaign: int | None, day: int = 19, **given: Any) -> dict[str, Any]:
    """Ten roubles of one ad and day."""
    return {"ad_id": number, "campaign_id": campaign, "stat_date": date(2026, 1, day), **given}


def load(
    client: Client, *ads: dict[str, Any], version: int, rejected: tuple[int, ...] = (), **table: Any
) -> Upserted:
    protected = pl.DataFrame({"ad_id": rejected}, schema={"ad_id": pl.UInt64})
    kept = replace(ADS.table, **table)
    return upsert(client, kept, ad_days(*ads), JANUARY, version, [protected], same=ADS.identity)


@pytest.mark.parametrize(
    ("held", "brought", "options", "result", "left"),
    [
        # The campaign was not known, or was another: the old row goes though another day of the ad is rejected.
        ([ad(5, 0), ad(5, 0, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 0, 20), (5, 7, 19)]),
        ([ad(5, 6), ad(5, 6, 20)], ad(5, 7), {"rejected": (5,)}, MOVED, [(5, 6, 20), (5, 7, 19)]),
        # It goes though the load may remove nothing that it did not see.
        ([ad(5, 6), ad(8, 6)], ad(5, 7), {"keeps_vanished": True}, MOVED, [(5, 7, 19), (8, 6, 19)]),
        # Ads without a number are told apart by their campaign.
        ([ad(0, 6)], ad(0, 7), {"keeps_vanished": True}, Upserted(new=1, kept=1), [(0, 6, 19), (0, 7, 19)]),
    ],
)
def test_the_row_under_the_old_campaign_goes_whatever_else_stays(
    client: Client,
    held: list[dict[str, Any]],
    brought: dict[str, Any],
    options: dict[str, Any],
    result: Upserted,
    left: list[tuple[int, ...]],
) -> None:
    load(client, *held, version=1)

    assert load(client, brought, version=2, **options) == result
    found = f"SELECT ad_id, campaign_id, toDayOfMonth(stat_date) FROM {ADS.table.name} FINAL ORDER BY ALL"
    assert values(client, found) == left
