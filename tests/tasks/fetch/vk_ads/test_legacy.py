"""The legacy API: errors come inside HTTP 200, days without delivery and zero figures are left out, so that only sums of
the account prove that nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.vk import VK_LEGACY_TOKEN
from tasks.errors import SourceError
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads.legacy import _judge, read_statistics, statistics_row
from tests.tasks.fetch.vk_ads.helpers import (
    ALWAYS,
    Account,
    Pauses,
    only,
    spent,
)

pytestmark = pytest.mark.usefixtures("four")

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
        ("x", "with code 0. See the list", False),
        ([], "with code 0. See the list", False),
        (1e400, "with code 0. See the list", False),
    ],
    ids=str,
)
def test_an_error_says_what_to_do(code: Any, hint: str, is_transient: bool) -> None:
    body = json.dumps({"error": {"error_code": code, "error_msg": f"for {VK_LEGACY_TOKEN}"}})

    with pytest.raises(SourceError, match=hint) as caught:
        _judge(httpx.Response(200, content=body.encode()))

    assert caught.value.transient == is_transient
    assert VK_LEGACY_TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "options", "pause"),
    [
        *(("error_as_page", {"code": code}, pause) for code, pause in ((1, None), (10, None), (6, 1.0), (9, 2.0))),
        ("status", {"status": 502, "html": True}, None),
        ("truncated", {}, None),
        ("no_data", {}, None),
        ("status", {"status": 200, "body": '{"response": {}}'}, None),
    ],
    ids=str,
)
def test_a_passing_failure_costs_retries_and_a_lasting_one_the_run(
    old: Account, pauses: Pauses, kind: str, options: Any, pause: Any
) -> None:
    old.api.faults.add(kind, STATISTICS, times=2, **options)
    assert spent(old.fetch().rows) == 800
    assert pauses == ([pause] * 2 if pause else [])
    assert old.calls()["ads.getStatistics"] == 2 + 2

    old.fail(kind, STATISTICS, **options)
    assert old.refused(http_attempts=3).transient
    old.api.faults.clear()
    old.api.requests.clear()
    old.fail("error_as_page", STATISTICS, code=7)
    assert "code 7" in str(old.refused())
    assert old.calls()["ads.getStatistics"] == 1, "any other error is not retried"


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


def test_two_hundred_ads_are_requested_at_a_time_and_in_the_body(old: Account, traffic: Traffic) -> None:
    """550 ids in an address were refused; and an address ends in logs, token and all."""
    ids = only(old.cabinet, 450)
    old.api.switches.max_url = 100

    fetched = old.fetch()

    assert {row["ad_id"]: row["impressions"] for row in fetched.rows} == {str(ad): str(ad) for ad in ids}
    assert old.calls() == {"ads.getAds": 1, "ads.getStatistics": 4, "ads.getCampaigns": 1, "ads.getAdsLayout": 3}
    assert (traffic.calls, traffic.retries) == (len(old.api.requests), 0)
    assert {(request.method, request.query) for request in old.api.requests} == {("POST", "")}
    requested = [json.loads(r.params["ad_ids"]) for r in old.api.requests if r.path == LAYOUTS]
    assert [ad for batch in requested for ad in batch] == ids
    assert old.api.writes == []


@pytest.mark.parametrize("in_a_campaign", [5, 6, 13])
def test_a_list_of_ads_that_may_have_been_cut_is_read_by_campaign(
    old: Account, monkeypatch: pytest.MonkeyPatch, in_a_campaign: int
) -> None:
    """No reply has more than 2000 ads, here 6, and none says that it was cut."""
    monkeypatch.setattr("sandbox.vk.legacy.methods._MAX_ADS", 6)
    monkeypatch.setattr("tasks.fetch.vk_ads.legacy._MOST_ADS", 6)
    ids = only(old.cabinet, in_a_campaign + 2)
    own = old.cabinet.groups[old.cabinet.banners[ids[0]].group_id]
    other = next(group for group in old.cabinet.groups.values() if group.id != own.id)
    other.campaign_id = next(number for number in old.cabinet.campaigns if number != own.campaign_id)
    for ad in ids[in_a_campaign:]:
        old.cabinet.banners[ad] = replace(old.cabinet.banners[ad], group_id=other.id)

    assert {row["ad_id"] for row in old.fetch().rows} == {str(ad) for ad in ids}


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
def test_spend_that_is_left_out_is_requested_again_and_then_refused(old: Account, case: str) -> None:
    change, missing = LEFT_OUT[case]
    old.edit(STATISTICS, entries(change), times=1)
    assert spent(old.fetch().rows) == 800
    assert old.calls()["ads.getStatistics"] == 3

    old.api.requests.clear()
    old.edit(STATISTICS, entries(change))
    error = old.refused()
    rest = f"its 4 ads come to {800 - missing}" if missing < 800 else "come to 0 "
    assert f"{missing}.00 of the 800.00 spent is missing" in str(error) or rest in str(error)
    assert error.transient
    assert old.calls()["ads.getStatistics"] == 4, "the account once, the ads three times"


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


def test_campaigns_prove_what_the_office_does_not_tell(old: Account) -> None:
    def half(reply: Any) -> None:
        if (kind := reply["response"][0]["type"]) != "campaign":
            reply["response"] = [one for one in reply["response"] if kind == "ad" and one["id"] < 1003]

    old.edit(STATISTICS, half)

    assert "2 of 4 ads" in str(old.refused())
    old.api.faults.clear()
    old.edit(STATISTICS, lambda reply: {"response": []} if reply["response"][0]["type"] == "office" else None)
    assert spent(old.fetch().rows) == 800


@pytest.mark.parametrize("statistics", ["empty", "absent"])
def test_an_api_without_statistics_of_anybody_removes_nothing(old: Account, statistics: Any) -> None:
    """Both were seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    old.api.switches.statistics = statistics

    fetched = old.fetch()

    assert list(fetched.rows) == []
    assert fetched.warnings + fetched.notes == (
        "VK (legacy API) has no statistics of any of 4 ads; what was loaded stays",
    )


@pytest.mark.parametrize("left", [3, 0])
def test_a_short_list_of_ads_is_read_again_and_then_refused(old: Account, left: int) -> None:
    def short(reply: Any) -> None:
        reply["response"] = reply["response"][:left]

    old.edit(ADS, short, times=1)
    assert spent(old.fetch().rows) == 800

    old.edit(ADS, short)
    error = old.refused()
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
    old: Account, method: str, column: str, warning: str, fault: str
) -> None:
    if fault.startswith("code"):
        old.fail("error_as_page", method, code=int(fault[5:]))
    elif fault == "odd objects":
        old.edit(method, lambda reply: {"response": [*reply["response"], None, "x", {}, {"id": None}]})
    else:
        old.edit(method, lambda _: {"response": []}, times=1 if "once" in fault else ALWAYS)

    fetched = old.fetch(http_attempts=2)

    is_lost = fault in ("code 100", "code 10", "left out")
    assert spent(fetched.rows) == 800
    assert {row[column] is None for row in fetched.rows} == {is_lost}
    assert all(int(row["campaign_id"] or 0) > 0 for row in fetched.rows)
    assert fetched.warnings == ((f"VK (legacy API) {warning}",) if is_lost else ())
