"""ads.getStatistics: days and metrics without anything are left out, money is text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sandbox import World
from sandbox.vk import Cabinet, Figures, VkLegacyApi
from sandbox.world.spend import ad_days

METHOD = "ads.getStatistics"


@pytest.fixture
def one(cabinet: Cabinet) -> int:
    """The recorded ad: two days, the second without clicks."""
    banner = max(cabinet.banners)
    cabinet.days[banner] = {
        date(2026, 3, 17): Figures(3779, 3, Decimal("7.57")),
        date(2026, 3, 21): Figures(515, 0, Decimal("1.43")),
    }
    return banner


def ask(call, ids, **params):
    known = {"ids_type": "ad", "period": "day", "date_from": "2026-03-01", "date_to": "2026-03-31"}
    return call(METHOD, ids=ids, **{**known, **params}).json()


def test_rows_are_as_recorded(call, one: int):
    answer = ask(call, one)["response"]
    assert [(item["id"], item["type"]) for item in answer] == [(one, "ad")]
    keys = ("day", "spent", "impressions", "clicks")
    assert [{key: row[key] for key in keys if key in row} for row in answer[0]["stats"]] == [
        {"day": "2026-03-17", "spent": "7.57", "impressions": 3779, "clicks": 3},
        {"day": "2026-03-21", "spent": "1.43", "impressions": 515},
    ]
    assert not any(value in (0, "0", "0.00", None) for row in answer[0]["stats"] for value in row.values())


def test_types_can_drift(call, legacy: VkLegacyApi, one: int):
    legacy.switches.impressions_as_text = legacy.switches.spent_as_number = True
    row = ask(call, one)["response"][0]["stats"][0]
    assert (row["impressions"], row["spent"]) == ("3779", 7.57)


def test_a_quiet_ad_has_empty_stats_or_no_item(call, legacy: VkLegacyApi, one: int):
    quiet = {"date_from": "2026-03-18", "date_to": "2026-03-20"}
    assert ask(call, one, **quiet)["response"] == [{"id": one, "type": "ad", "stats": []}]
    legacy.switches.unsold_absent = True
    assert ask(call, one, **quiet)["response"] == []


def test_statistics_may_be_empty_or_absent_for_everybody(call, legacy: VkLegacyApi, one: int):
    legacy.switches.statistics = "empty"
    assert ask(call, one)["response"] == [{"id": one, "type": "ad", "stats": []}]
    legacy.switches.statistics = "absent"
    assert ask(call, one)["response"] == [{"id": one, "type": "ad"}]


def test_spend_may_have_vat_of_its_year(call, legacy: VkLegacyApi, cabinet: Cabinet):
    legacy.switches.gross_spend = True
    banner = max(cabinet.banners)
    cabinet.days[banner] = {
        date(2025, 12, 31): Figures(10, 1, Decimal("100.00")),
        date(2026, 1, 1): Figures(10, 1, Decimal("100.00")),
    }
    rows = ask(call, banner, date_from="2025-12-01", date_to="2026-01-31")["response"][0]["stats"]
    assert [row["spent"] for row in rows] == ["120.00", "122.00"]


@pytest.mark.parametrize(
    ("period", "first", "last", "labels"),
    [
        ("day", "2026-03-17", "2026-03-17", [{"day": "2026-03-17"}]),
        ("day", "0", "0", [{"day": "2026-03-17"}, {"day": "2026-03-21"}]),
        ("week", "2026-03-01", "2026-03-31", [{"day_from": "2026-03-16", "day_to": "2026-03-22"}]),
        ("month", "2026-03", "2026-03", [{"month": "2026-03"}]),
        ("year", "2026", "2026", [{"year": "2026"}]),
        ("overall", "0", "0", [{"overall": 1}]),
    ],
)
def test_periods(call, one: int, period: str, first: str, last: str, labels: list[dict]):
    rows = ask(call, one, period=period, date_from=first, date_to=last)["response"][0]["stats"]
    assert [{key: row[key] for key in label} for row, label in zip(rows, labels, strict=True)] == labels
    if period not in ("day",):
        assert (rows[0]["spent"], rows[0]["impressions"]) == ("9.00", 4294)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ids_type": "ad_group"},
        {"ids_type": None},
        {"period": "hour"},
        {"period": "month"},
        {"date_from": "17.03.2026"},
        {"date_from": "2026-04-01"},
        {"date_to": None},
        {"ids": "[1,2]"},
        {"ids": "77"},
        {"ids": ""},
        {"ids": ",".join(map(str, range(2001))), "verb": "POST"},
        {"ids_type": "client"},
    ],
)
def test_what_is_wrong_is_error_100(call, one: int, wrong: dict):
    assert ask(call, **{"ids": one, **wrong})["error"]["error_code"] == 100


def test_an_unknown_id_may_be_left_out_instead(call, legacy: VkLegacyApi, one: int):
    legacy.switches.unknown_ids_fail = False
    assert [item["id"] for item in ask(call, f"77,{one}")["response"]] == [one]


def test_every_figure_is_that_of_the_world(call, vk_world: World):
    expected = {
        (row.ad.ad_id, row.day.isoformat()): (row.impressions, row.clicks, row.spent, row.conversions)
        for row in ad_days(vk_world)
        if row.ad.source == "vk_ads"
    }
    ids = ",".join(str(ad.ad_id) for ad in vk_world.ads if ad.source == "vk_ads")
    answer = ask(call, ids, date_from="2026-10-01", date_to="0")["response"]
    found = {
        (item["id"], row["day"]): (
            row["impressions"],
            row.get("clicks", 0),
            Decimal(row.get("spent", "0")),
            row.get("conversion_count", 0),
        )
        for item in answer
        for row in item["stats"]
    }
    assert found == expected


def test_campaigns_and_the_account_sum_their_ads(call, cabinet: Cabinet, vk_world: World):
    spent = sum(row.spent for row in ad_days(vk_world) if row.ad.source == "vk_ads")
    overall = {"period": "overall", "date_from": "0", "date_to": "0"}
    office = ask(call, cabinet.account_id, ids_type="office", **overall)["response"]
    assert Decimal(office[0]["stats"][0]["spent"]) == spent
    ids = ",".join(map(str, cabinet.campaigns))
    campaigns = ask(call, ids, ids_type="campaign", **overall)["response"]
    assert sum(Decimal(row["spent"]) for item in campaigns for row in item["stats"]) == spent


def test_deleted_ads_keep_their_statistics(call, cabinet: Cabinet, one: int):
    cabinet.delete(one)
    assert len(ask(call, one)["response"][0]["stats"]) == 2
