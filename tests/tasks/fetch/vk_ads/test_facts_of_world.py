"""What a fetch from today's API brings of a whole account is the ground truth, in as few calls as there can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from math import ceil

import polars as pl
import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, Cabinet, VkAdsApi
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import COLUMNS
from tasks.reference import cities
from tasks.transform.vk_ads import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, by_ad_day
from tests.tasks.fetch.vk_ads.truth import rows_of, vk_ads, vk_days

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def test_every_figure_of_every_ad_and_day_is_the_ground_truth(fetch: Fetch, api: VkAdsApi, world: World) -> None:
    fetched = fetch(api)

    expected = rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)
    assert sum(figures[0] != "0" for figures in expected.values()) > 150
    assert by_ad_day(fetched.rows) == expected
    assert {row["account_id"] for row in fetched.rows} == {str(VK_ACCOUNT_ID)}
    assert fetched.facts == {"ad_days": len(expected), "ads": len(vk_ads(world))}
    assert fetched.warnings == fetched.notes == ()


def test_each_row_carries_its_campaign_its_group_and_what_its_tags_are_made_of(
    fetch: Fetch, api: VkAdsApi, world: World
) -> None:
    ads = {str(ad.ad_id): ad for ad in vk_ads(world)}
    for row in fetch(api).rows:
        ad = ads[str(row["ad_id"])]
        told = tuple(row[name] for name in ("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "link"))
        assert told == (
            str(ad.campaign_id), ad.campaign_name, str(ad.group_id), ad.group_name, ad.link or ""
        )  # fmt: skip
        assert row["enable_utm"] == ("true" if ad.group_parameters is not None else "false")
        if ad.group_parameters is not None:
            assert row["group_utm"] == ad.group_parameters
        assert row["currency"] == "RUB"


@pytest.mark.parametrize(
    ("cap", "clamp", "page", "refused"), [(250, False, 250, 0), (50, False, 50, 1), (50, True, 50, 0)]
)
def test_the_number_of_calls_is_the_least_there_can_be(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, cap: int, clamp: bool, page: int, refused: int, traffic: Traffic
) -> None:
    """A token, the account, pages of three lists, 200 ads a call, the account's total; and one refusal where pages
    are small."""
    api.switches.list_cap, api.switches.clamp_limit = cap, clamp

    fetch(api)
    calls = asked(api)
    told = replace(traffic)
    api.requests.clear()
    fetch(api)

    assert calls == {
        "token": 1,
        "user": 1,
        "banners": ceil(len(cabinet.banners) / page) + refused,
        "ad_groups": ceil(len(cabinet.groups) / page),
        "ad_plans": ceil(len(cabinet.campaigns) / page),
        "day": ceil(len(cabinet.banners) / 200) + 1,
    }
    assert (told.calls, told.retries) == (calls.total(), 0)
    assert asked(api) == calls - Counter(token=1)
    assert traffic.calls == calls.total() + len(api.requests)
    assert api.writes == []


def test_an_account_that_is_named_in_the_settings_is_asked_for_its_currency_alone(
    fetch: Fetch, api: VkAdsApi
) -> None:
    fetched = fetch(api, vk_account_id="77")

    assert asked(api)["user"] == 1
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {("77", "RUB")}


def test_fetched_rows_make_the_facts_of_the_ground_truth_with_the_tags_of_a_click(
    fetch: Fetch, api: VkAdsApi, world: World
) -> None:
    weeks = Window(first=date(2025, 11, 25), last=FORTNIGHT.last)
    rows = fetch(api, weeks).rows
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())

    expected = {
        (row.day, row.ad.campaign_id, row.ad.group_id, row.ad.ad_id): (
            row.impressions, row.clicks, row.spent, row.conversions, 0, *(row.ad.tags.get(n, "") for n in UTM)
        )
        for row in vk_days(world, weeks.first, weeks.last)
    }  # fmt: skip
    key = ["stat_date", "campaign_id", "ad_group_id", "ad_id"]
    figures = ["impressions", "clicks", "spent", "conversions", "spent_has_vat", *UTM]
    assert facts.height == len(expected)
    assert {row[:4]: row[4:] for row in facts.select(key + figures).iter_rows()} == expected
    ads = {row.ad.ad_id: row.ad for row in vk_days(world, weeks.first, weeks.last)}.values()
    assert {ad.group_parameters and "text" for ad in ads} == {None, "", "text"}, "all three rules are met"
    assert any("{{" in (ad.link or "") for ad in ads)
    assert any((ad.link or "").startswith("leadads") for ad in ads)


def test_an_account_without_ads_gives_no_rows_where_its_total_says_so(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet
) -> None:
    with cabinet.change():
        cabinet.banners.clear()

    assert list(fetch(api).rows) == []
    assert [request.path for request in api.requests][-1] == "/api/v2/statistics/users/day.json"
