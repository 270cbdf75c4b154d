"""The legacy API: errors come inside HTTP 200, days without delivery and zero figures are left out, so that only sums of
the account prove that nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, VK_LEGACY_TOKEN
from tasks.errors import SourceError
from tasks.fetch.vk_ads.legacy import _judge, statistics_row
from tests.tasks.fetch.vk_ads.helpers import FORTNIGHT, Account, by_ad_day, only, spent
from tests.tasks.fetch.vk_ads.truth import rows_of

STATISTICS, LAYOUTS = "/ads.getStatistics", "/ads.getAdsLayout"


def test_every_figure_is_the_ground_truth(old: Account, world: World) -> None:
    """Of deleted ads too."""
    for number in old.cabinet.banners:
        old.cabinet.delete(number)

    fetched = old.fetch(FORTNIGHT)

    shown = {key: figures for key, figures in by_ad_day(fetched.rows).items() if figures[0] != "0"}
    assert shown == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    assert fetched.warnings == fetched.notes == ()
    assert any(row["link"] for row in fetched.rows)


@pytest.mark.parametrize(
    ("code", "hint", "is_transient"),
    [
        (5, "put a new VK_TOKEN into secrets/.env.vk", False),
        (601, "run again tomorrow", True),
        ([], "with code 0. See the list", False),
    ],
)
def test_an_error_says_what_to_do(code: Any, hint: str, is_transient: bool) -> None:
    body = json.dumps({"error": {"error_code": code, "error_msg": f"for {VK_LEGACY_TOKEN}"}})

    with pytest.raises(SourceError, match=hint) as caught:
        _judge(httpx.Response(200, content=body.encode()))

    assert caught.value.transient == is_transient
    assert VK_LEGACY_TOKEN not in str(caught.value)


def test_a_figure_left_out_of_a_day_is_zero() -> None:
    row = statistics_row({"day": "2012-03-17", "impressions": 3779, "spent": "7.57"})

    assert tuple(row.values()) == ("2012-03-17", "3779", "0", "7.57", "0")


def test_two_hundred_ads_are_requested_at_a_time_and_in_the_body(old: Account) -> None:
    """550 ids in an address were refused; and an address ends in logs, token and all."""
    ids = only(old.cabinet, 450)

    fetched = old.fetch()

    assert {row["ad_id"]: row["impressions"] for row in fetched.rows} == {str(ad): str(ad) for ad in ids}
    assert old.calls() == {"ads.getAds": 1, "ads.getStatistics": 4, "ads.getCampaigns": 1, "ads.getAdsLayout": 3}
    assert {(request.method, request.query) for request in old.api.requests} == {("POST", "")}
    requested = [json.loads(r.params["ad_ids"]) for r in old.api.requests if r.path == LAYOUTS]
    assert [ad for batch in requested for ad in batch] == ids


# What is left out of the statistics of ads.
LEFT_OUT: dict[str, Callable[[Any], Any]] = {
    "an ad": lambda found: found.pop(),
    "a day of each": lambda found: [one["stats"].pop() for one in found],
}


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize("case", LEFT_OUT)
def test_spend_that_is_left_out_is_requested_again_and_then_refused(old: Account, case: str) -> None:
    def change(reply: Any) -> None:
        if reply["response"][0]["type"] == "ad":
            LEFT_OUT[case](reply["response"])

    old.edit(STATISTICS, change, times=1)
    assert spent(old.fetch().rows) == 800

    old.api.requests.clear()
    old.edit(STATISTICS, change)
    error = old.refused()
    assert "of the 800.00 spent is missing" in str(error) or "its 4 ads come to 400.00 " in str(error)
    assert error.transient
    assert old.calls()["ads.getStatistics"] == 4, "the account once, the ads three times"


@pytest.mark.usefixtures("four")
def test_an_api_without_statistics_of_anybody_removes_nothing(old: Account) -> None:
    """Seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    old.api.switches.statistics = "empty"

    fetched = old.fetch()

    assert list(fetched.rows) == []
    assert fetched.notes == ("VK (legacy API) has no statistics of any of 4 ads; what was loaded stays",)
