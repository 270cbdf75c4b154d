"""The legacy API: errors come inside HTTP 200, days without delivery and zero figures are left out, so that only sums of
the account prove that nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import pytest

from sandbox.vk import VK_LEGACY_TOKEN, Cabinet, VkLegacyApi
from sandbox.vk.objects import Figures
from tasks.errors import SettingsError, SourceError
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import COLUMNS, check_settings
from tasks.fetch.vk_ads.legacy import _judge, read_statistics, statistics_row
from tests.tasks.fetch.vk_ads.helpers import (
    ALWAYS,
    TWO_DAYS,
    Fetch,
    Pauses,
    by_ad_day,
    calls,
    each,
    edit,
    only,
    refused,
    spent,
)
from validation import ads as must
from validation.split import split

STATISTICS, ADS, CAMPAIGNS, LAYOUTS = "/ads.getStatistics", "/ads.getAds", "/ads.getCampaigns", "/ads.getAdsLayout"


@pytest.mark.parametrize(
    ("code", "hint", "is_transient"),
    [
        (5, "put a new VK_TOKEN into secrets/.env.vk", False),
        (1117, "put a new VK_TOKEN into secrets/.env.vk", False),
        (7, "lacks the right `ads`", False),
        (14, "captcha", False),
        ("15", "check VK_ACCOUNT_ID", False),
        (100, "check VK_ACCOUNT_ID", False),
        (600, "check VK_ACCOUNT_ID", False),
        (29, "run again in some hours", True),
        (601, "run again tomorrow", True),
        (113, "list of errors", False),
        *((code, "with code 0. See the list", False) for code in ("x", None, [], True, 1e400)),
    ],
    ids=str,
)
def test_an_error_says_what_to_do(code: Any, hint: str, is_transient: bool) -> None:
    body = json.dumps({"error": {"error_code": code, "error_msg": f"for {VK_LEGACY_TOKEN}"}})

    with pytest.raises(SourceError, match=hint) as caught:
        _judge(httpx.Response(200, content=body.encode()))

    assert caught.value.transient == is_transient
    assert VK_LEGACY_TOKEN not in str(caught.value)


@pytest.mark.parametrize("method", [ADS, STATISTICS])
def test_such_an_error_is_not_retried(fetch_legacy: Fetch, legacy: VkLegacyApi, method: str) -> None:
    legacy.faults.add("error_as_page", method, times=ALWAYS, code=5, message=f"for {VK_LEGACY_TOKEN}")

    assert "code 5. The token" in str(refused(fetch_legacy, legacy))
    assert calls(legacy)[method[1:]] == 1


@pytest.mark.parametrize(("code", "pause"), [(1, None), (10, None), (6, 1.0), (9, 2.0), (603, 2.0)])
def test_a_passing_error_is_retried_after_a_pause(
    fetch_legacy: Fetch,
    legacy: VkLegacyApi,
    four: list[int],
    pauses: Pauses,
    code: int,
    pause: float | None,
    traffic: Traffic,
) -> None:
    legacy.faults.add("error_as_page", STATISTICS, times=2, code=code)
    assert spent(fetch_legacy(legacy).rows) == 800
    assert (traffic.retries, pauses) == (2, [pause] * 2 if pause else [])

    legacy.faults.add("error_as_page", STATISTICS, times=ALWAYS, code=code)
    legacy.requests.clear()
    assert refused(fetch_legacy, legacy, http_attempts=4).transient
    assert calls(legacy)["ads.getStatistics"] == 4


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"status": 502, "html": True}),
        ("html", {}),
        ("truncated", {}),
        ("no_data", {}),
        ("status", {"status": 200, "body": "[]"}),
        ("status", {"status": 200, "body": '{"response": {}}'}),
    ],
    ids=str,
)
def test_a_passing_failure_costs_a_retry_and_no_row(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], kind: str, options: Any, traffic: Traffic
) -> None:
    legacy.faults.add(kind, STATISTICS, **options)

    assert spent(fetch_legacy(legacy).rows) == 800
    assert traffic.retries == 1


def test_the_users_own_limit_of_a_second_is_waited_for(
    fetch_legacy: Fetch, cabinet: Cabinet, four: list[int], pauses: Pauses, traffic: Traffic
) -> None:
    legacy = VkLegacyApi(cabinet, clock=lambda: pauses.now)
    legacy.throttle.limits = {1: 3}

    assert spent(fetch_legacy(legacy).rows) == 800
    assert (traffic.retries, pauses) == (1, [1.0])


@pytest.mark.parametrize(
    ("day", "figures"),
    [
        ({"spent": "7.57", "impressions": 3779, "clicks": 3}, ("3779", "3", "7.57", "0")),
        ({"impressions": "7", "conversion_count": 2}, ("7", "0", "0", "2")),
        ({"spent": 0.1, "impressions": 1}, ("1", "0", "0.1", "0")),
    ],
)
def test_a_figure_left_out_of_a_day_is_zero_but_a_day_is_not_guessed(day: Any, figures: tuple[str, ...]) -> None:
    for date in ("2012-03-17", None):
        row = statistics_row(day | {"day": date})
        names = ("stat_date", "impressions", "clicks", "spent", "conversions")
        assert tuple(row[name] for name in names) == (date, *figures)


@pytest.mark.parametrize("values", [{"day": []}, {"spent": None}, {"spent": "NaN"}, {"clicks": "many"}], ids=str)
def test_an_odd_day_costs_that_day_alone(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], values: dict[str, Any]
) -> None:
    edit(legacy, STATISTICS, each("response", lambda one: one["stats"][0].update(values), 1001))

    rows = fetch_legacy(legacy).rows

    part = split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_vk)
    assert (part.valid.height, part.rejected.height) == (7, 1)


def test_two_hundred_ads_are_requested_at_a_time_and_in_the_body(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, traffic: Traffic
) -> None:
    """550 ids in an address were refused; and an address ends in logs, token and all."""
    ids = only(cabinet, 450)
    legacy.switches.max_url = 100

    fetched = fetch_legacy(legacy)

    assert {row["ad_id"]: row["impressions"] for row in fetched.rows} == {str(ad): str(ad) for ad in ids}
    assert calls(legacy) == {"ads.getAds": 1, "ads.getStatistics": 4, "ads.getCampaigns": 1, "ads.getAdsLayout": 3}
    assert (traffic.calls, traffic.retries) == (len(legacy.requests), 0)
    assert {(request.method, request.query) for request in legacy.requests} == {("POST", "")}
    requested = [json.loads(r.params["ad_ids"]) for r in legacy.requests if r.path == LAYOUTS]
    assert [ad for batch in requested for ad in batch] == ids
    assert legacy.writes == []


@pytest.mark.parametrize("in_a_campaign", [5, 6, 13])
def test_a_list_of_ads_that_may_have_been_cut_is_read_by_campaign(
    fetch_legacy: Fetch,
    legacy: VkLegacyApi,
    cabinet: Cabinet,
    monkeypatch: pytest.MonkeyPatch,
    in_a_campaign: int,
) -> None:
    """No reply has more than 2000 ads, here 6, and none says that it was cut."""
    monkeypatch.setattr("sandbox.vk.legacy.methods._MAX_ADS", 6)
    monkeypatch.setattr("tasks.fetch.vk_ads.legacy._MOST_ADS", 6)
    ids = only(cabinet, in_a_campaign + 2)
    own = cabinet.groups[cabinet.banners[ids[0]].group_id]
    other = next(group for group in cabinet.groups.values() if group.id != own.id)
    other.campaign_id = next(number for number in cabinet.campaigns if number != own.campaign_id)
    for ad in ids[in_a_campaign:]:
        cabinet.banners[ad] = replace(cabinet.banners[ad], group_id=other.id)

    assert {row["ad_id"] for row in fetch_legacy(legacy).rows} == {str(ad) for ad in ids}


def entries(change: Callable[[list[Any]], Any], kind: str = "ad") -> Callable[[Any], None]:
    """Changes the entries of that kind of objects; `change` may return others."""

    def edited(reply: Any) -> None:
        if reply["response"] and reply["response"][0]["type"] == kind:
            changed = change(reply["response"])
            reply["response"] = reply["response"] if changed is None else changed

    return edited


# What is left out, and how much of the 800.00 spent is then missing.
LEFT_OUT: dict[str, tuple[Callable[[list[Any]], Any], int]] = {
    "an ad": (lambda found: [one for one in found if one["id"] != 1002], 200),
    "stats of null": (lambda found: [one.update(stats=None) for one in found if one["id"] > 1002] and None, 400),
    "a day of each": (lambda found: [one["stats"].pop() for one in found] and None, 400),
    "stats that are no list": (lambda found: [one.update(stats="x") for one in found] and None, 800),
    "ids": (lambda found: [one.pop("id") for one in found] and None, 800),
    "objects": (lambda found: [1, None, "x", []], 800),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_spend_that_is_left_out_is_requested_again_and_then_refused(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], case: str
) -> None:
    change, missing = LEFT_OUT[case]
    edit(legacy, STATISTICS, entries(change), times=1)
    assert spent(fetch_legacy(legacy).rows) == 800
    assert calls(legacy)["ads.getStatistics"] == 3

    legacy.requests.clear()
    edit(legacy, STATISTICS, entries(change))
    error = refused(fetch_legacy, legacy)
    rest = f"its 4 ads come to {800 - missing}" if missing < 800 else "come to 0 "
    assert f"{missing}.00 of the 800.00 spent is missing" in str(error) or rest in str(error)
    assert error.transient
    assert calls(legacy)["ads.getStatistics"] == 4, "the account once, the ads three times"


def test_a_day_twice_is_a_contradiction_and_absent_stats_are_none() -> None:
    days = [{"day": "2026-01-18", "impressions": shows} for shows in (5, 6)]
    found = [
        {"id": 1, "stats": days},
        {"id": 2, "stats": None},
        {"id": 3},
        {"id": "4", "stats": days[:1]},
        {"id": 9},
    ]

    read = read_statistics(found, [1, 2, 3, 4, 5])

    assert {ad: len(rows) for ad, rows in read.days.items()} == {2: 0, 3: 0, 4: 1}
    assert (set(read.partial), read.contradicted, read.strangers) == ({1, 5}, {1}, 1)


def test_campaigns_prove_what_the_office_does_not_tell(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    def half(reply: Any) -> None:
        if (kind := reply["response"][0]["type"]) != "campaign":
            reply["response"] = [one for one in reply["response"] if kind == "ad" and one["id"] < 1003]

    edit(legacy, STATISTICS, half)

    assert "2 of 4 ads" in str(refused(fetch_legacy, legacy))
    legacy.faults.clear()
    edit(legacy, STATISTICS, lambda reply: {"response": []} if reply["response"][0]["type"] == "office" else None)
    assert spent(fetch_legacy(legacy).rows) == 800


def test_ads_without_delivery_are_left_out_and_cost_no_call(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, four: list[int]
) -> None:
    cabinet.days[1003] = {TWO_DAYS.first - timedelta(days=1): Figures(shows=3, spent=Decimal(1))}
    legacy.switches.unsold_absent = True

    rows = fetch_legacy(legacy).rows

    assert spent(rows) == 600
    assert by_ad_day(rows)[str(TWO_DAYS.first), "1003"] == ("0", "0", "0", "0")
    assert calls(legacy)["ads.getStatistics"] == 2


@pytest.mark.parametrize("statistics", ["empty", "absent"])
def test_an_api_without_statistics_of_anybody_removes_nothing(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], statistics: Any
) -> None:
    """Both were seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    legacy.switches.statistics = statistics

    fetched = fetch_legacy(legacy)

    assert list(fetched.rows) == []
    assert fetched.warnings + fetched.notes == (
        "VK (legacy API) has no statistics of any of 4 ads; what was loaded stays",
    )


@pytest.mark.parametrize("left", [3, 0])
def test_a_short_list_of_ads_is_read_again_and_then_refused(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], left: int
) -> None:
    def short(reply: Any) -> None:
        reply["response"] = reply["response"][:left]

    edit(legacy, ADS, short, times=1)
    assert spent(fetch_legacy(legacy).rows) == 800

    edit(legacy, ADS, short)
    error = refused(fetch_legacy, legacy)
    assert "the account spent 800.00" in str(error)
    assert error.transient


@pytest.mark.parametrize("fault", ["code 100", "code 10", "left out", "left out once", "odd objects"])
@pytest.mark.parametrize(
    ("method", "column", "warning"),
    [
        (CAMPAIGNS, "campaign_name", "did not name 1 of 1 campaigns"),
        (LAYOUTS, "link", "did not tell the links of 4 of 4 ads"),
    ],
)
def test_names_and_links_are_requested_again_and_cost_no_figure(
    fetch_legacy: Fetch,
    legacy: VkLegacyApi,
    four: list[int],
    method: str,
    column: str,
    warning: str,
    fault: str,
) -> None:
    if fault.startswith("code"):
        legacy.faults.add("error_as_page", method, times=ALWAYS, code=int(fault[5:]))
    elif fault == "odd objects":
        edit(legacy, method, lambda reply: {"response": [*reply["response"], None, "x", {}, {"id": None}]})
    else:
        edit(legacy, method, lambda _: {"response": []}, times=1 if "once" in fault else ALWAYS)

    fetched = fetch_legacy(legacy, http_attempts=2)

    is_lost = fault in ("code 100", "code 10", "left out")
    assert spent(fetched.rows) == 800
    assert {row[column] is None for row in fetched.rows} == {is_lost}
    assert all(int(row["campaign_id"] or 0) > 0 for row in fetched.rows)
    assert fetched.warnings == ((f"VK (legacy API) {warning}",) if is_lost else ())


@pytest.mark.parametrize("campaign", [None, "x", []])
def test_odd_ads_cost_no_figure(fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], campaign: Any) -> None:
    edit(legacy, ADS, lambda reply: reply.update(response=[*reply["response"], {"id": "x"}]))
    edit(legacy, ADS, each("response", lambda one: one.update(campaign_id=campaign)))
    assert fetch_legacy(legacy).notes == ("VK (legacy API) sent 1 ads without a readable id; they were left out",)

    legacy.faults.clear()
    edit(legacy, ADS, each("response", lambda one: one.update(campaign_id=campaign)))
    fetched = fetch_legacy(legacy)

    assert spent(fetched.rows) == 800
    assert {row["campaign_id"] for row in fetched.rows} == {None}
    assert "did not tell the campaign of 4 ads" in str(fetched.warnings)


@pytest.mark.parametrize("unknown_ids_fail", [True, False])
def test_an_ad_that_vanishes_on_the_way_never_makes_a_short_load(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, four: list[int], unknown_ids_fail: bool
) -> None:
    """The reply names no ad, so the batch is refused as a whole; or all the others are there."""
    legacy.switches.unknown_ids_fail = unknown_ids_fail
    legacy.faults.mutate(lambda _: cabinet.vanish(1002), path=STATISTICS)

    if unknown_ids_fail:
        assert "code 100" in str(refused(fetch_legacy, legacy))
    else:
        assert spent(fetch_legacy(legacy).rows) == 600


@pytest.mark.parametrize("setting", ["vk_token", "vk_account_id"])
def test_missing_settings_are_told_before_any_call(
    fetch_legacy: Fetch, legacy: VkLegacyApi, make_settings: Any, setting: str
) -> None:
    known = {"vk_api": "legacy", "vk_token": "a", "vk_account_id": "1"}
    with pytest.raises(SettingsError, match=setting.upper()):
        check_settings(make_settings(**known | {setting: None}))
    with pytest.raises(SettingsError, match=setting.upper()):
        fetch_legacy(legacy, **{setting: None})
    assert legacy.requests == []
