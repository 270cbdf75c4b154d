"""What a fetch of a whole account brings is the ground truth, from either API, in as few calls as there can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

import polars as pl
import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, Cabinet, VkAdsApi, VkLegacyApi
from sandbox.world.secrets import MARK
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import COLUMNS, account
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.vk_ads import ad_days as to_facts
from tests.tasks.fetch.vk_ads.helpers import FORTNIGHT, Fetch, by_ad_day, calls
from tests.tasks.fetch.vk_ads.truth import rows_of, vk_ads, vk_days
from validation import ads as must
from validation.split import split

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def frame(rows: Any) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))


@pytest.mark.parametrize(
    "switches",
    [{}, {"ids_as_text": True, "extra_keys": False, "has_not_ad_spent": False, "empty_cpa_as_int": True}],
)
@pytest.mark.parametrize("deleted", [False, True])
def test_every_figure_of_todays_api_is_the_ground_truth(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, world: World, switches: dict[str, bool], deleted: bool
) -> None:
    """In each form of a reply, and of deleted ads too. Each row has its campaign, group, link and tags."""
    for name, value in switches.items():
        setattr(api.switches, name, value)
    for ad in cabinet.banners if deleted else ():
        cabinet.delete(ad)

    fetched = fetch(api, FORTNIGHT)

    expected = rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)
    assert sum(figures[0] != "0" for figures in expected.values()) > 150
    assert by_ad_day(fetched.rows) == expected
    assert fetched.facts == {"ad_days": len(expected), "ads": len(vk_ads(world))}
    assert fetched.warnings == fetched.notes == ()
    ads = {str(ad.ad_id): ad for ad in vk_ads(world)}
    for row in fetched.rows:
        ad = ads[str(row["ad_id"])]
        named = (str(ad.campaign_id), ad.campaign_name, str(ad.group_id), ad.group_name, ad.link or "")
        columns = ("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "link")
        assert tuple(row[name] for name in columns) == named
        assert row["enable_utm"] == ("true" if ad.group_parameters is not None else "false")
        assert ad.group_parameters in (None, row["group_utm"])
        assert (row["account_id"], row["currency"]) == (str(VK_ACCOUNT_ID), "RUB")


@pytest.mark.parametrize(
    "switches",
    [{}, {"impressions_as_text": True, "unsold_absent": True}, {"layout_ids_as_ints": True, "times_as_ints": True}],
)
@pytest.mark.parametrize("deleted", [False, True])
def test_every_figure_of_the_legacy_api_is_the_ground_truth(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, world: World, switches: Any, deleted: bool
) -> None:
    for name, value in switches.items():
        setattr(legacy.switches, name, value)
    for ad in cabinet.banners if deleted else ():
        cabinet.delete(ad)

    fetched = fetch_legacy(legacy, FORTNIGHT)

    shown = {key: figures for key, figures in by_ad_day(fetched.rows).items() if figures[0] != "0"}
    assert shown == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    assert (fetched.warnings, bool(fetched.notes)) == ((), "unsold_absent" in switches)
    assert split(frame(fetched.rows), must.raw_vk).rejected.height == 0
    assert any(row["link"] for row in fetched.rows)


@pytest.mark.parametrize("generation", ["today", "legacy"])
def test_fetched_rows_make_the_facts_with_the_tags_of_a_click(
    fetch: Fetch, api: VkAdsApi, fetch_legacy: Fetch, legacy: VkLegacyApi, world: World, generation: str
) -> None:
    """The legacy API has no groups."""
    is_today = generation == "today"
    rows = (fetch(api, FORTNIGHT) if is_today else fetch_legacy(legacy, FORTNIGHT)).rows
    facts = to_facts(frame(rows), cities())

    days = vk_days(world, FORTNIGHT.first, FORTNIGHT.last)
    expected = {
        (row.day, row.ad.campaign_id, row.ad.group_id if is_today else 0, row.ad.ad_id): (
            row.impressions, row.clicks, row.spent, row.conversions, 0, *(row.ad.tags.get(n, "") for n in UTM)
        )
        for row in days
    }  # fmt: skip
    key = ["stat_date", "campaign_id", "ad_group_id", "ad_id"]
    figures = ["impressions", "clicks", "spent", "conversions", "spent_has_vat", *UTM]
    assert {row[:4]: row[4:] for row in facts.select(key + figures).iter_rows()} == expected
    assert {row.ad.group_parameters and "text" for row in days} == {None, "", "text"}, "all three rules are met"
    assert any("{{" in (row.ad.link or "") for row in days)


@pytest.mark.parametrize(
    ("cap", "clamp", "page", "refusals"), [(250, False, 250, 0), (50, False, 50, 1), (50, True, 50, 0)]
)
def test_the_number_of_calls_is_the_least_there_can_be(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, cap: int, clamp: bool, page: int, refusals: int, traffic: Traffic
) -> None:
    """A token, the account, pages of three lists, 200 ads a call, the account's total; and one refusal where pages
    are small. The next fetch needs no token."""
    api.switches.list_cap, api.switches.clamp_limit = cap, clamp

    fetch(api, vk_page_size=250)
    first, counted = calls(api), replace(traffic)
    api.requests.clear()
    fetch(api, vk_page_size=250)

    assert first == {
        "token": 1,
        "user": 1,
        "banners": ceil(len(cabinet.banners) / page) + refusals,
        "ad_groups": ceil(len(cabinet.groups) / page),
        "ad_plans": ceil(len(cabinet.campaigns) / page),
        "day": ceil(len(cabinet.banners) / 200) + 1,
    }
    assert (counted.calls, counted.retries) == (first.total(), 0)
    assert calls(api) == first - Counter(token=1)
    assert api.writes == []


def test_odd_ads_are_loaded_like_any_other(fetch: Fetch, world: World) -> None:
    """A group with the number 0, an old ad that names its group otherwise, and three that lead to no site."""
    rows = fetch(VkAdsApi.of(world, oddities=True)).rows

    site = "https://afisha.example.invalid/odd"
    columns = ("ad_id", "ad_group_id", "ad_group_name", "link", "campaign_id")
    odd = {tuple(row[name] for name in columns) for row in rows if str(row["ad_id"]).startswith("26400000")}
    assert odd == {
        ("264000001", "0", "Группа ноль", f"{site}?utm_source=vk&utm_content=msk_01_10", "14000001"),
        ("264000002", "164000001", "Сообщество", "https://vk.com/club1", "14000001"),
        ("264000003", "164000002", "Только клип", "", "14000001"),
        ("264000004", "164000003", "Макросы зрителя", site, "14000001"),
        ("264000005", "164000004", "Форма с метками", "leadads://1000201/14/", "14000001"),
        ("264000006", "164000005", "Старый баннер", f"{site}?a=1#kupit", "14000001"),
    }


def test_no_secret_is_in_rows_settings_or_the_name_of_an_account(
    fetch: Fetch,
    api: VkAdsApi,
    settings_for: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = fetch(api).rows

    assert "statistics" in caplog.text, "the log is caught"
    assert VK_CLIENT_ID not in repr(rows) + caplog.text
    for values in ({}, {"vk_token": f"a-secret-{MARK}"}):
        settings = settings_for(api, **values)
        assert MARK not in repr(rows) + repr(settings) + account(settings)
    assert account(settings_for(api)) != account(settings_for(api, vk_client_id="another"))
