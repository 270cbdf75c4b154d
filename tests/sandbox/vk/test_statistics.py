"""Daily statistics of today's API against the world's own figures, and how they are worded."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox import World
from sandbox.vk import Cabinet, Figures, VkAdsApi
from sandbox.world.spend import ad_days

PATH = "statistics/banners/day.json"
TODAY = date(2026, 11, 23)


@pytest.fixture
def one(cabinet: Cabinet) -> int:
    """An ad with the recorded figures on one day and silence on the next two."""
    banner = max(cabinet.banners)
    cabinet.days[banner] = {date(2026, 11, 7): Figures(22357, 61, Decimal("1662.33"), 3)}
    return banner


def day(get, banner: int, first: str = "2026-11-07", last: str = "2026-11-09", **more):
    return get(PATH, id=banner, date_from=first, date_to=last, **more).json()


def test_a_row_is_worded_as_recorded(get, api: VkAdsApi, one: int):
    api.switches.extra_keys = False
    assert day(get, one)["items"][0]["rows"][0] == {
        "date": "2026-11-07",
        "base": {
            "shows": 22357, "clicks": 61, "goals": 0, "spent": "1662.33", "not_ad_spent": "0", "cpm": "74.35",
            "cpc": "27.25", "cpa": "0", "ctr": 0.2728451938990025, "cr": 0,
            "vk": {"goals": 3, "cpa": "554.11", "cr": 4.918032786885246},
        },
    }  # fmt: skip


def test_days_without_delivery_are_rows_of_zeros(get, api: VkAdsApi, one: int):
    api.switches.extra_keys = False
    rows = day(get, one)["items"][0]["rows"]
    assert [row["date"] for row in rows] == ["2026-11-07", "2026-11-08", "2026-11-09"]
    assert rows[1]["base"] == {
        "shows": 0, "clicks": 0, "goals": 0, "spent": "0", "not_ad_spent": "0", "cpm": "0", "cpc": "0",
        "cpa": "0", "ctr": 0, "cr": 0, "vk": {"goals": 0, "cpa": "0", "cr": 0},
    }  # fmt: skip


def test_totals_are_of_the_period_and_of_all_items(get, cabinet: Cabinet, one: int):
    other = min(cabinet.banners)
    cabinet.days[other] = {date(2026, 11, 9): Figures(643, 0, Decimal("37.67"), 0), date(2026, 11, 10): Figures(1)}
    answer = day(get, f"{one},{other}")
    assert [item["total"]["base"]["shows"] for item in answer["items"]] == [22357, 643]
    assert (answer["total"]["base"]["shows"], answer["total"]["base"]["spent"]) == (23000, "1700.00")


def test_wordings_that_sources_disagree_about(get, api: VkAdsApi, one: int):
    assert day(get, one)["items"][0]["rows"][0]["base"]["vk"]["result"] == 3
    api.switches.empty_cpa_as_int, api.switches.has_not_ad_spent, api.switches.ids_as_text = True, False, True
    item = day(get, one)["items"][0]
    assert item["id"] == str(one)
    assert (item["rows"][1]["base"]["vk"]["cpa"], item["rows"][1]["base"]["cpa"]) == (0, "0")
    assert "not_ad_spent" not in item["rows"][0]["base"]


def test_an_ad_without_delivery_has_an_item_unless_left_out(get, api: VkAdsApi, one: int):
    quiet = {"first": "2026-11-08"}
    assert [item["id"] for item in day(get, one, **quiet)["items"]] == [one]
    api.switches.omits_undelivered = True
    assert day(get, one, **quiet)["items"] == []


@pytest.mark.parametrize(
    ("level", "key"), [("banners", "ad_id"), ("ad_groups", "group_id"), ("ad_plans", "campaign_id")]
)
def test_every_figure_is_that_of_the_world(get, vk_world: World, level: str, key: str):
    expected: dict[tuple[int, str], list] = {}
    for row in ad_days(vk_world):
        if row.ad.source == "vk_ads":
            sums = expected.setdefault((getattr(row.ad, key), row.day.isoformat()), [0, 0, Decimal(0), 0])
            for place, value in enumerate((row.impressions, row.clicks, row.spent, row.conversions)):
                sums[place] += value
    assert len(expected) > 500
    ids = sorted({getattr(ad, key) for ad in vk_world.ads if ad.source == "vk_ads"})
    answer = get(f"statistics/{level}/day.json", id=",".join(map(str, ids)), date_from="2026-10-01").json()
    found = {
        (item["id"], row["date"]): [
            row["base"]["shows"],
            row["base"]["clicks"],
            Decimal(row["base"]["spent"]),
            row["base"]["vk"]["goals"],
        ]
        for item in answer["items"]
        for row in item["rows"]
        if row["base"]["shows"]
    }
    assert found == expected


def test_the_account_sums_all_ads(get, api: VkAdsApi, vk_world: World):
    spent = sum(row.spent for row in ad_days(vk_world) if row.ad.source == "vk_ads")
    account = api.cabinet.account_id
    answer = get("statistics/users/day.json", id=account, date_from="2026-10-01").json()
    assert Decimal(answer["total"]["base"]["spent"]) == spent
    assert Decimal(get("statistics/users/summary.json", id=account).json()["total"]["base"]["spent"]) == spent


def test_a_summary_is_of_all_time_and_has_no_rows(get, one: int):
    answer = get("statistics/banners/summary.json", id=one, date_from="2026-11-08", date_to="nonsense").json()
    assert answer["items"][0].keys() == {"id", "total"}
    assert answer["items"][0]["total"]["base"]["shows"] == 22357


def test_deleted_ads_keep_their_statistics(get, cabinet: Cabinet, one: int):
    cabinet.delete(one)
    assert day(get, one)["items"][0]["total"]["base"]["clicks"] == 61


def test_the_last_day_defaults_to_today_and_both_ends_count(get, one: int):
    rows = get(PATH, id=one, date_from="2026-11-20").json()["items"][0]["rows"]
    assert [row["date"] for row in rows] == [(TODAY - timedelta(days=back)).isoformat() for back in (3, 2, 1, 0)]
    assert len(day(get, one, "2026-11-07", "2026-11-07")["items"][0]["rows"]) == 1


def test_metrics_choose_sets_and_all_has_one_that_nobody_documented(get, api: VkAdsApi, one: int):
    row = day(get, one, metrics="events,tps")["items"][0]["rows"][0]
    assert list(row) == ["date", "events", "tps"]
    assert (row["events"]["clicks_on_external_url"], row["tps"]) == (61, {"tps": "0", "tpd": "0"})
    assert "moat" in day(get, one, metrics="all")["total"]
    api.switches.extra_keys = False
    everything = day(get, one, metrics="all")["items"][0]["rows"][0]
    assert "moat" not in everything
    assert {"base", "video", "uniques", "romi", "social_network", "carousel"} <= everything.keys()


def test_goals_by_day(get, one: int):
    path = "statistics/goals/banners/day.json"
    rows = get(path, id=one, date_from="2026-11-07", date_to="2026-11-08").json()["items"][0]["rows"]
    assert [len(row["goals"]) for row in rows] == [1, 0]
    assert (rows[0]["goals"][0]["count"], rows[0]["goals"][0]["cpa"]) == (3, "554.11")
    viewed = get(path, id=one, date_from="2026-11-07", conversion_type="postview").json()
    assert not any(row["goals"] for row in viewed["items"][0]["rows"])
