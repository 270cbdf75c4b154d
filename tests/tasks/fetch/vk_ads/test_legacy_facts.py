"""What a fetch from the legacy API brings is the ground truth; what that API leaves out is zero, not missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any

import polars as pl
import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, Cabinet, VkLegacyApi
from sandbox.vk.objects import Figures
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import COLUMNS
from tasks.fetch.vk_ads.legacy import statistics_row
from tasks.reference import cities
from tasks.transform.vk_ads import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, by_ad_day, only
from tests.tasks.fetch.vk_ads.truth import rows_of, vk_days
from validation import ads as must
from validation.split import split

ONE_DAY = Window(first=FORTNIGHT.last, last=FORTNIGHT.last)


def methods(legacy: VkLegacyApi) -> list[str]:
    return [request.path.removeprefix("/ads.") for request in legacy.requests]


def shown(rows: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    return {key: figures for key, figures in by_ad_day(rows).items() if figures[0] != "0"}


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"impressions_as_text": True},
        {"unsold_absent": True},
        {"layout_ids_as_ints": True, "times_as_ints": True},
    ],
    ids=str,
)
def test_every_figure_is_the_ground_truth_in_every_form(
    fetch_legacy: Fetch, legacy: VkLegacyApi, world: World, switches: dict[str, bool]
) -> None:
    for name, value in switches.items():
        setattr(legacy.switches, name, value)

    rows = fetch_legacy(legacy).rows

    assert shown(rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert {(row["account_id"], row["currency"]) for row in rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    part = split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_vk)
    assert part.rejected.height == 0


def test_facts_have_the_campaign_no_group_and_the_tags_of_a_click(
    fetch_legacy: Fetch, legacy: VkLegacyApi, world: World
) -> None:
    rows = fetch_legacy(legacy).rows
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())

    expected = {
        (row.day, row.ad.ad_id): (
            row.ad.campaign_id, row.ad.campaign_name, 0, row.impressions, row.clicks, row.spent, row.conversions,
            *(row.ad.tags.get(f"utm_{name}", "") for name in ("source", "medium", "campaign", "content", "term")),
        )
        for row in vk_days(world, FORTNIGHT.first, FORTNIGHT.last)
    }  # fmt: skip
    columns = [
        "campaign_id", "campaign_name", "ad_group_id", "impressions", "clicks", "spent", "conversions",
        "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
    ]  # fmt: skip
    assert {row[:2]: row[2:] for row in facts.select("stat_date", "ad_id", *columns).iter_rows()} == expected


def test_money_that_comes_as_a_number_is_exact(fetch_legacy: Fetch, legacy: VkLegacyApi, world: World) -> None:
    legacy.switches.spent_as_number = True

    spent = {key: float(figures[2]) for key, figures in shown(fetch_legacy(legacy).rows).items()}

    truth = rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert spent == {key: float(figures[2]) for key, figures in truth.items()}


@pytest.mark.parametrize(
    ("day", "figures"),
    [
        ({"day": "2012-03-17", "spent": "7.57", "impressions": 3779, "clicks": 3}, ("3779", "3", "7.57", "0")),
        ({"day": "2012-03-17", "spent": "1.43", "impressions": 515}, ("515", "0", "1.43", "0")),
        ({"day": "2012-03-17", "impressions": "7", "conversion_count": 2}, ("7", "0", "0", "2")),
        ({"day": "2012-03-17", "spent": "0.1", "impressions": 1}, ("1", "0", "0.1", "0")),
    ],
)
def test_a_figure_left_out_of_a_day_is_zero(day: dict[str, Any], figures: tuple[str, ...]) -> None:
    row = statistics_row(day)

    assert row["stat_date"] == "2012-03-17"
    assert tuple(row[name] for name in ("impressions", "clicks", "spent", "conversions")) == figures


def test_a_row_without_a_day_is_set_aside_and_not_booked_on_one() -> None:
    assert statistics_row({"overall": 1, "spent": "7.57"})["stat_date"] is None


@pytest.mark.parametrize("number", [200, 450])
def test_two_hundred_ads_are_asked_about_at_a_time_and_in_the_body(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, number: int, traffic: Traffic
) -> None:
    """550 ids in an address were refused; and an address ends in logs, token and all."""
    ids = only(cabinet, number, first=ONE_DAY.first)
    legacy.switches.max_url = 100

    fetched = fetch_legacy(legacy, ONE_DAY)

    assert {row["ad_id"]: row["impressions"] for row in fetched.rows} == {str(ad): str(ad) for ad in ids}
    batches = ceil(number / 200)
    assert methods(legacy) == [
        "getAds",
        *["getStatistics"] * (batches + 1),  # the last one is the account's
        "getCampaigns",
        *["getAdsLayout"] * batches,
    ]
    assert (traffic.calls, traffic.retries) == (len(legacy.requests), 0)
    assert {request.method for request in legacy.requests} == {"POST"}
    assert {request.query for request in legacy.requests} == {""}
    asked = [json.loads(r.params["ad_ids"]) for r in legacy.requests if r.path == "/ads.getAdsLayout"]
    assert [ad for part in asked for ad in part] == ids
    assert legacy.writes == []


@pytest.mark.parametrize("in_a_campaign", [5, 6, 7, 12, 13])
def test_a_list_of_ads_that_may_have_been_cut_is_read_by_campaign(
    fetch_legacy: Fetch,
    legacy: VkLegacyApi,
    cabinet: Cabinet,
    monkeypatch: pytest.MonkeyPatch,
    in_a_campaign: int,
) -> None:
    """No answer has more than 2000, here 6, and none says so."""
    monkeypatch.setattr("sandbox.vk.legacy.methods._MAX_ADS", 6)
    monkeypatch.setattr("tasks.fetch.vk_ads.legacy._MOST_ADS", 6)
    ids = only(cabinet, in_a_campaign + 2, first=ONE_DAY.first)
    other = next(group for group in cabinet.groups.values() if group.id != cabinet.banners[ids[0]].group_id)
    other.campaign_id = next(
        n for n in cabinet.campaigns if n != cabinet.groups[cabinet.banners[ids[0]].group_id].campaign_id
    )
    for ad in ids[in_a_campaign:]:
        cabinet.banners[ad] = replace(cabinet.banners[ad], group_id=other.id)

    rows = fetch_legacy(legacy, ONE_DAY).rows

    assert {row["ad_id"]: row["impressions"] for row in rows} == {str(ad): str(ad) for ad in ids}


def test_deleted_ads_have_their_figures_and_links(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, world: World
) -> None:
    for ad in cabinet.banners:
        cabinet.delete(ad)

    rows = fetch_legacy(legacy).rows

    assert shown(rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert any(row["link"] for row in rows)


@pytest.mark.parametrize("statistics", ["empty", "absent"])
def test_an_api_that_has_statistics_of_nobody_says_nothing_about_anybody(
    fetch_legacy: Fetch, legacy: VkLegacyApi, statistics: Any
) -> None:
    """Both were seen since 2022. An empty row for every ad would undo all that was loaded."""
    legacy.switches.statistics = statistics

    assert list(fetch_legacy(legacy).rows) == []


def test_an_ad_without_a_day_has_one_empty_row(fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet) -> None:
    ids = only(cabinet, 2, first=FORTNIGHT.first - timedelta(days=1))
    cabinet.days[ids[0]][FORTNIGHT.last] = Figures(shows=3)

    rows = by_ad_day(fetch_legacy(legacy).rows)

    assert rows == {
        (str(FORTNIGHT.last), str(ids[0])): ("3", "0", "0", "0"),
        (str(FORTNIGHT.first), str(ids[1])): ("0", "0", "0", "0"),
    }
