"""Statistics of today's API: in batches, day by day; an ad that VK forgot costs no other its figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import World
from sandbox.vk import Cabinet, VkAdsApi
from sandbox.vk.objects import Figures
from tasks.errors import SourceError
from tasks.fetch.paging import ids_a_call
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


def ids_of_wrong(api: VkAdsApi, forgotten: set[str]) -> ASGIApp:
    """The API, whose statistics refuse whatever names one of these ads."""
    refusal = Response(
        '{"error": {"code": "ERR_WRONG_BANNERS", "message": "x"}}', 400, {"Content-Type": "text/json"}
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        named = parse_qs(scope.get("query_string", b"").decode()).get("id", [""])[0].split(",")
        wrong = scope["path"].endswith(DAY) and forgotten & set(named)
        await (refusal if wrong else api)(scope, receive, send)

    return app


def judged(rows: Any) -> Split:
    return split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_vk)


def test_over_many_days_fewer_ads_are_asked_about_at_a_time(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no reply is too long to be plausible."""
    assert [ids_a_call(200, days) for days in (1, 100, 101, 365, 10**6)] == [200, 200, 198, 54, 1]
    monkeypatch.setattr("tasks.fetch.paging._DAYS_A_CALL", 50)
    only(cabinet, 7, first=FORTNIGHT.last)

    assert len(fetch(api).rows) == 7 * 14
    assert [len(batch) for batch in batches(api)] == [3, 3, 1]


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
    """It has no row, since a made-up one would undo or reject what is known of it."""
    ids = only(cabinet, 450, first=ONE_DAY.first)
    api.switches.bare_error_codes = bare
    api.faults.mutate(lambda _: [cabinet.vanish(ad) for ad in gone], path=DAY)

    fetched = fetch(api, ONE_DAY)

    assert {row["ad_id"]: row["impressions"] for row in fetched.rows} == {
        str(ad): str(ad) for ad in ids if ad not in gone
    }
    assert fetched.warnings == ()
    assert fetched.notes == (f"VK Ads gives no figures for {len(gone)} ads any more; what was loaded stays",)
    # A batch that is refused is asked for again without those that the list no longer has.
    assert len(batches(api)) <= 3 + len(gone)


@pytest.mark.parametrize(("number", "gone"), [(314, 300), (500, 300), (200, 200), (201, 200), (3, 3)])
def test_many_forgotten_ads_cost_few_calls_and_no_made_up_row(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, number: int, gone: int
) -> None:
    ids = only(cabinet, number, first=ONE_DAY.first)
    api.faults.mutate(lambda _: [cabinet.vanish(ad) for ad in ids[:gone]], path=DAY)

    fetched = fetch(api, ONE_DAY)

    assert {row["ad_id"] for row in fetched.rows} == {str(ad) for ad in ids[gone:]}
    assert fetched.notes == (f"VK Ads gives no figures for {gone} ads any more; what was loaded stays",)
    assert asked(api)["day"] <= 6


def test_ads_that_only_the_statistics_forgot_are_found_in_halves(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet
) -> None:
    """The list has them still. Their part of the account's spend is told."""
    ids = only(cabinet, 20, first=ONE_DAY.first)
    api.switches.list_cap = 250
    paid = {ad: {ONE_DAY.first: Figures(shows=ad, spent=Decimal(10))} for ad in ids}
    with cabinet.change():
        cabinet.days = dict(paid)
    forgotten = {str(ad) for ad in ids[:15]}

    asked_for = ids_of_wrong(api, forgotten)
    fetched = fetch(asked_for, ONE_DAY)

    assert {row["ad_id"] for row in fetched.rows} == {str(ad) for ad in ids[15:]}
    assert fetched.notes == (
        "150.00 of the 200.00 spent belongs to ads that VK Ads gives no figures for",
        "VK Ads gives no figures for 15 ads any more; what was loaded stays",
    )


@pytest.mark.parametrize(("status", "code"), [(404, "ERR_WRONG_IDS"), (404, "WRONG_IDS"), (400, "ERR_WRONG_IDS")])
def test_an_unknown_ad_is_known_by_every_code_for_it(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, status: int, code: str
) -> None:
    only(cabinet, 4, first=ONE_DAY.first)
    body = json.dumps({"error": {"message": "x", "code": code}})
    api.faults.add("status", DAY, status=status, body=body)

    assert len(fetch(api, ONE_DAY).rows) == 4
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
        ({"goals": 7, "vk": {}}, None),
        ({"goals": 7}, None),
        ({"goals": 7, "vk": None}, None),
        ({}, None),
    ],
)
def test_conversions_are_the_goals_of_vk_and_those_of_others_are_no_guess_at_them(
    base: Any, conversions: str | None
) -> None:
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
