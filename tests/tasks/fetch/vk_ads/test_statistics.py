"""Statistics of today's API: in batches, day by day; an ad that VK forgot costs no other its figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from math import ceil, log2
from typing import Any

import polars as pl
import pytest

from sandbox import World
from sandbox.vk import Cabinet, VkAdsApi
from tasks.errors import SourceError
from tasks.fetch.vk_ads import COLUMNS
from tasks.fetch.vk_ads.today import statistics_row
from tasks.window import Window
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, by_ad_day, of_ad, only
from tests.tasks.fetch.vk_ads.truth import rows_of
from validation import ads as must
from validation.split import Split, split

DAY = "/api/v2/statistics/banners/day.json"
ONE_DAY = Window(first=FORTNIGHT.last, last=FORTNIGHT.last)


def batches(api: VkAdsApi) -> list[list[int]]:
    return [[int(text) for text in r.params["id"].split(",")] for r in api.requests if r.path == DAY]


def judged(rows: Any) -> Split:
    return split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_vk)


@pytest.mark.parametrize(("number", "sizes"), [(200, [200]), (201, [200, 1]), (450, [200, 200, 50])])
def test_two_hundred_ads_are_asked_about_at_a_time(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, number: int, sizes: list[int]
) -> None:
    ids = only(cabinet, number, first=ONE_DAY.first)

    rows = fetch(api, ONE_DAY).rows

    assert [len(batch) for batch in batches(api)] == sizes
    assert [ad for batch in batches(api) for ad in batch] == ids
    assert {row["ad_id"]: row["impressions"] for row in rows} == {str(ad): str(ad) for ad in ids}


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("gone", [[1001], [1200], [1201], [1450], [1100, 1101], [1001, 1250, 1449]])
def test_only_an_unknown_ad_itself_is_lost(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, gone: list[int], bare: bool
) -> None:
    ids = only(cabinet, 450, first=ONE_DAY.first)
    api.switches.bare_error_codes = bare

    def vanish(_: Cabinet) -> None:
        for ad in gone:
            cabinet.vanish(ad)

    api.faults.mutate(vanish, path=DAY)

    fetched = fetch(api, ONE_DAY)

    lost = [row for row in fetched.rows if row.get("lost")]
    assert [int(row["ad_id"] or 0) for row in lost] == gone
    figures = {int(row["ad_id"] or 0): row["impressions"] for row in fetched.rows if not row.get("lost")}
    assert figures == {ad: str(ad) for ad in ids if ad not in gone}
    assert fetched.warnings == (f"VK Ads gives no figures for {len(gone)} ads any more; what was loaded stays",)
    assert asked(api)["day"] <= 3 + len(gone) * 2 * ceil(log2(200))


def test_a_lost_ad_is_set_aside_with_the_reason_and_its_id(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet) -> None:
    only(cabinet, 3, first=ONE_DAY.first)
    api.faults.mutate(lambda _: cabinet.vanish(1002), path=DAY)

    part = judged(fetch(api, ONE_DAY).rows)

    assert part.valid["ad_id"].to_list() == ["1001", "1003"]
    (rejected,) = part.rejected.rows(named=True)
    assert rejected["ad_id"] == "1002"
    assert "the API no longer gives figures for this ad" in rejected["reason"]
    assert "spent" not in rejected["reason"]


@pytest.mark.parametrize(("status", "code"), [(404, "ERR_WRONG_IDS"), (404, "WRONG_IDS"), (400, "ERR_WRONG_IDS")])
def test_an_unknown_ad_is_known_by_every_code_for_it(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, status: int, code: str
) -> None:
    only(cabinet, 4, first=ONE_DAY.first)
    body = json.dumps({"error": {"message": "x", "code": code}})
    api.faults.add("status", DAY, status=status, body=body)

    assert not [row for row in fetch(api, ONE_DAY).rows if row.get("lost")]
    assert batches(api) == [[1001, 1002, 1003, 1004], [1001, 1002], [1003, 1004]]


@pytest.mark.parametrize(
    "switches",
    [{"ids_as_text": True}, {"extra_keys": False, "has_not_ad_spent": False}, {"empty_cpa_as_int": True}],
    ids=str,
)
def test_forms_of_an_answer_make_no_difference(
    fetch: Fetch, api: VkAdsApi, world: World, switches: dict[str, bool]
) -> None:
    for name, value in switches.items():
        setattr(api.switches, name, value)

    assert by_ad_day(fetch(api).rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)


def test_an_ad_without_an_item_has_no_row(fetch: Fetch, api: VkAdsApi, world: World) -> None:
    """Nothing is said of it, so nothing that was loaded of it may be undone."""
    api.switches.omits_undelivered = True
    shown = {ad for _, ad in rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)}
    whole = rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)

    rows = by_ad_day(fetch(api).rows)

    assert rows == {(day, ad): figures for (day, ad), figures in whole.items() if ad in shown}
    assert len(rows) < len(whole)


def test_an_ad_with_an_item_of_no_rows_has_one_empty_row(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet) -> None:
    """It tells that VK knows the ad and that nothing was shown, so that nothing stays of what was withdrawn."""
    only(cabinet, 2, first=ONE_DAY.first)
    base = {"shows": 5, "clicks": 1, "spent": "1.10", "vk": {"goals": 0}}
    items = [{"id": 1001, "rows": [{"date": str(ONE_DAY.first), "base": base}]}, {"id": 1002, "rows": []}]
    api.faults.add("status", DAY, status=200, body=json.dumps({"items": items}))

    rows = fetch(api, ONE_DAY).rows

    assert by_ad_day(rows) == {
        (str(ONE_DAY.first), "1001"): ("5", "1", "1.10", "0"),
        (str(ONE_DAY.first), "1002"): ("0", "0", "0", "0"),
    }
    assert judged(rows).rejected.height == 0


def test_an_answer_that_names_nobody_says_nothing_about_anybody(fetch: Fetch, api: VkAdsApi) -> None:
    """An empty row for every ad would undo all that was loaded."""
    api.faults.add("status", DAY, times=9, status=200, body='{"items": [], "total": {}}')

    assert list(fetch(api).rows) == []


@pytest.mark.parametrize("change", [lambda base: base.pop("spent"), lambda base: base.update(shows=None)])
def test_a_figure_that_is_left_out_is_set_aside_and_never_zero(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, change: Callable[[Any], Any]
) -> None:
    only(cabinet, 1, first=ONE_DAY.first)
    base = {"shows": 5, "clicks": 1, "spent": "1.10", "vk": {"goals": 0}}
    change(base)
    body = {"items": [{"id": 1001, "rows": [{"date": str(ONE_DAY.first), "base": base}]}]}
    api.faults.add("status", DAY, status=200, body=json.dumps(body))

    part = judged(fetch(api, ONE_DAY).rows)

    assert part.valid.height == 0
    assert part.rejected["reason"][0].endswith("is missing")


@pytest.mark.parametrize(
    ("base", "conversions"),
    [
        ({"goals": 0, "vk": {"goals": 3}}, "3"),
        ({"goals": 7, "vk": {"goals": 0}}, "0"),
        ({"goals": 7, "vk": {}}, "7"),
        ({"goals": 7}, "7"),
        ({"goals": 7, "vk": None}, "7"),
        ({}, None),
    ],
)
def test_conversions_are_the_goals_of_vk_and_else_the_others(base: Any, conversions: str | None) -> None:
    assert statistics_row({"date": "2026-01-19", "base": base})["conversions"] == conversions


def test_a_year_is_read_at_once_and_more_is_refused_in_words(fetch: Fetch, api: VkAdsApi, cabinet: Cabinet) -> None:
    last = cabinet.today - timedelta(days=1)
    (ad,) = only(cabinet, 1, first=last - timedelta(days=365), days=366)

    rows = fetch(api, Window(first=last - timedelta(days=365), last=last)).rows

    assert len(of_ad(rows, ad)) == 366
    assert {row["impressions"] for row in rows} == {str(ad)}
    with pytest.raises(SourceError, match=r"ERR_LIMIT_EXCEEDED.*HTTP 400") as caught:
        fetch(api, Window(first=last - timedelta(days=366), last=last))
    assert not caught.value.transient
