"""What was asked for is compared with what came: what is left out is not nothing, in either API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.vk import Cabinet, VkAdsApi, VkLegacyApi
from sandbox.vk.objects import Figures
from tasks.errors import SourceError
from tests.tasks.fetch.vk_ads.conftest import TWO_DAYS
from tests.tasks.fetch.vk_ads.helpers import ALWAYS, Fetch, by_ad_day, edit, spent

DAY, ACCOUNT = "/api/v2/statistics/banners/day.json", "/api/v2/statistics/users/day.json"
LEGACY = "/ads.getStatistics"
FIRST, LAST = str(TWO_DAYS.first), str(TWO_DAYS.last)


def asked_ids(api: VkAdsApi) -> list[str]:
    return [request.params["id"] for request in api.requests if request.path == DAY]


def without(*ads: int) -> Callable[[Any], None]:
    def change(reply: Any) -> None:
        reply["items"] = [item for item in reply["items"] if item["id"] not in ads]

    return change


def of_ads(change: Callable[[Any], object], *ads: int) -> Callable[[Any], None]:
    def each(reply: Any) -> None:
        for item in reply["items"]:
            if item["id"] in ads:
                change(item)

    return each


NOT_WHOLE: dict[str, tuple[Callable[[Any], None], int]] = {
    "half of the ids": (without(1002, 1004), 2),
    "one id": (without(1003), 3),
    "all ids": (without(1001, 1002, 1003, 1004), 0),
    "no rows": (of_ads(lambda item: item.pop("rows"), 1002), 3),
    "rows of null": (of_ads(lambda item: item.update(rows=None), 1002, 1003), 2),
    "rows that are no list": (of_ads(lambda item: item.update(rows={"date": FIRST}), 1002), 3),
    "empty rows": (of_ads(lambda item: item.update(rows=[]), 1001, 1002, 1003, 1004), 0),
    "a day less": (of_ads(lambda item: item["rows"].pop(), 1004), 3),
    "no id": (of_ads(lambda item: item.pop("id"), 1001), 3),
    "an id that is none": (of_ads(lambda item: item.update(id="x"), 1001), 3),
    "an item that is no object": (lambda reply: reply["items"].__setitem__(0, 17), 3),
}


@pytest.mark.parametrize("case", NOT_WHOLE)
def test_statistics_that_never_come_whole_are_refused(
    fetch: Fetch, api: VkAdsApi, four: list[int], case: str
) -> None:
    change, came = NOT_WHOLE[case]
    edit(api, DAY, change)

    with pytest.raises(SourceError) as caught:
        fetch(api, TWO_DAYS)

    assert f"whole statistics of only {came} of 4 ads for {TWO_DAYS}, in 3 tries" in str(caught.value)
    assert f"{(4 - came) * 200 - 100 * (case == 'a day less')}.00 of the 800.00 spent is missing" in str(
        caught.value
    )
    assert caught.value.transient


@pytest.mark.parametrize("case", NOT_WHOLE)
def test_only_what_is_missing_is_asked_for_again(fetch: Fetch, api: VkAdsApi, four: list[int], case: str) -> None:
    change, came = NOT_WHOLE[case]
    edit(api, DAY, change, times=1)

    fetched = fetch(api, TWO_DAYS)

    assert (spent(fetched.rows), len(fetched.rows)) == (Decimal(800), 8)
    assert asked_ids(api)[0] == "1001,1002,1003,1004"
    assert len(asked_ids(api)) == 2
    assert len(asked_ids(api)[1].split(",")) == 4 - came


@pytest.mark.parametrize("body", ["{}", "[]", "null", "17", '{"items": {}}', '{"items": [null, 5, "x", []]}'])
def test_statistics_that_are_none_are_refused(fetch: Fetch, api: VkAdsApi, four: list[int], body: str) -> None:
    api.faults.add("status", DAY, times=ALWAYS, status=200, body=body)

    with pytest.raises(SourceError, match="only 0 of 4 ads") as caught:
        fetch(api, TWO_DAYS)
    assert caught.value.transient


def test_without_the_accounts_total_nothing_that_is_left_out_counts_as_nothing(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    with cabinet.change():
        cabinet.days[1004] = {}
    edit(api, DAY, without(1004))
    api.faults.add("status", ACCOUNT, times=ALWAYS, status=404)

    with pytest.raises(SourceError, match="only 3 of 4 ads"):
        fetch(api, TWO_DAYS)


def test_an_ad_that_is_left_out_has_nothing_where_the_accounts_total_proves_it(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    with cabinet.change():
        cabinet.days[1004] = {}
    api.switches.omits_undelivered = True

    fetched = fetch(api, TWO_DAYS)

    assert spent(fetched.rows) == Decimal(600)
    assert by_ad_day(fetched.rows)[FIRST, "1004"] == ("0", "0", "0", "0")
    assert fetched.notes == ("VK Ads left out statistics of 1 of 4 ads; by its total they have nothing",)


CONTRADICTIONS: dict[str, Callable[[Any], object]] = {
    "the reply's spend": lambda reply: reply["total"]["base"].update(spent="900.00"),
    "the reply's spend, less": lambda reply: reply["total"]["base"].update(spent="700.00"),
    "the reply's shows": lambda reply: reply["total"]["base"].update(shows=8001),
    "the reply's clicks, as text": lambda reply: reply["total"]["base"].update(clicks="79"),
    "an item's spend": of_ads(lambda item: item["total"]["base"].update(spent="300.00"), 1001),
    "a row's spend": of_ads(lambda item: item["rows"][0]["base"].update(spent="1.00"), 1001),
    "another item of the same ad": lambda reply: reply["items"].append(
        {"id": 1001, "rows": [{"date": FIRST, "base": {"shows": 1, "clicks": 0, "spent": "0"}}]}
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_figures_that_contradict_their_own_total_are_asked_for_again_and_refused(
    fetch: Fetch, api: VkAdsApi, four: list[int], case: str
) -> None:
    edit(api, DAY, CONTRADICTIONS[case], times=1)
    assert spent(fetch(api, TWO_DAYS).rows) == Decimal(800)

    edit(api, DAY, CONTRADICTIONS[case])
    with pytest.raises(
        SourceError, match=r"(contradict themselves|whole statistics of only 3 of 4).*3 tries"
    ) as caught:
        fetch(api, TWO_DAYS)
    assert caught.value.transient


@pytest.mark.parametrize("tail", ["100.00000000000001", 100, 100.0, "100"])
def test_odd_but_plain_money_is_no_contradiction(fetch: Fetch, api: VkAdsApi, four: list[int], tail: Any) -> None:
    edit(api, DAY, of_ads(lambda item: item["rows"][0]["base"].update(spent=tail), 1001))

    assert len(fetch(api, TWO_DAYS).rows) == 8


def test_an_ad_that_came_twice_with_the_same_rows_counts_once(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    edit(api, DAY, lambda reply: reply["items"].append(reply["items"][0]))

    assert spent(fetch(api, TWO_DAYS).rows) == Decimal(800)


def test_ads_that_were_not_asked_for_are_dropped_and_counted(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    edit(api, DAY, lambda reply: reply["items"].append({**reply["items"][0], "id": 7}))

    fetched = fetch(api, TWO_DAYS)

    assert spent(fetched.rows) == Decimal(800)
    assert fetched.notes == ("VK Ads sent 1 statistics of ads not asked for; they were dropped",)


def test_a_day_after_the_window_is_handed_over_as_it_came(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    """The shared path drops and counts it. The reply's total has it too."""
    after = str(TWO_DAYS.last + timedelta(days=1))

    def more(reply: Any) -> None:
        base = {"shows": 50, "clicks": 5, "spent": "3.10", "vk": {"goals": "0"}}
        reply["items"][0]["rows"].append({"date": after, "base": base})
        for total in (reply["total"], reply["items"][0]["total"]):
            base = total["base"]
            base.update(
                spent=str(Decimal(base["spent"]) + Decimal("3.10")),
                shows=base["shows"] + 50,
                clicks=base["clicks"] + 5,
            )

    edit(api, DAY, more)

    rows = fetch(api, TWO_DAYS).rows

    assert spent(rows) == Decimal("803.10")
    assert by_ad_day(rows)[after, "1001"] == ("50", "5", "3.10", "0")


@pytest.mark.parametrize("day", [None, "", "soon", "2026-02-30", 20260119, ["2026-01-19"]])
def test_a_row_whose_day_is_none_is_handed_over_for_the_quarantine(
    fetch: Fetch, api: VkAdsApi, four: list[int], day: Any
) -> None:
    edit(api, DAY, of_ads(lambda item: item["rows"][1].update(date=day), 1001))

    rows = fetch(api, TWO_DAYS).rows

    assert (len(rows), spent(rows)) == (8, Decimal(800))
    assert {row["stat_date"] for row in rows} >= {FIRST, LAST}
    assert len({row["stat_date"] for row in rows}) == 3


@pytest.mark.parametrize("base", [None, [], "x", {}, {"spent": {}, "shows": [], "clicks": "many"}])
def test_a_day_without_figures_costs_that_day_alone(
    fetch: Fetch, api: VkAdsApi, four: list[int], base: Any
) -> None:
    edit(api, DAY, of_ads(lambda item: item["rows"][1].update(base=base), 1001))

    rows = fetch(api, TWO_DAYS).rows

    assert len(rows) == 8
    good = [row for row in rows if (row["stat_date"], row["ad_id"]) != (LAST, "1001")]
    assert spent(good) == Decimal(700)


def test_a_list_that_was_short_for_a_moment_is_read_again(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    def short(reply: Any) -> None:
        reply.update(items=reply["items"][:2], count=2)

    edit(api, "/api/v2/banners.json", short, times=1)

    assert spent(fetch(api, TWO_DAYS, vk_page_size=50).rows) == Decimal(800)


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_list_of_ads_that_stays_short_of_much_spend_is_refused(
    fetch: Fetch, api: VkAdsApi, four: list[int], left: int
) -> None:
    edit(api, "/api/v2/banners.json", lambda reply: reply.update(items=reply["items"][:left], count=left))

    with pytest.raises(SourceError) as caught:
        fetch(api, TWO_DAYS, vk_page_size=50)

    come = f"{left * 200}.00" if left else "0"
    assert (
        f"the account spent 800.00 in 8000 impressions in {TWO_DAYS}, but its {left} ads come to {come} in"
        in str(caught.value)
    )
    assert caught.value.transient


def test_a_little_spend_of_ads_that_are_not_listed_any_more_is_told_and_no_hindrance(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    with cabinet.change():
        cabinet.days[1004] = {TWO_DAYS.first: Figures(shows=10, spent=Decimal("9.90"))}
    edit(api, "/api/v2/banners.json", lambda reply: reply.update(items=reply["items"][:3], count=3))

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert spent(fetched.rows) == Decimal(600)
    assert fetched.notes == ("9.90 of the 609.90 spent belongs to ads that VK Ads gives no figures for",)


def test_without_a_total_an_empty_list_beside_groups_is_refused(
    fetch: Fetch, api: VkAdsApi, four: list[int]
) -> None:
    edit(api, "/api/v2/banners.json", lambda reply: reply.update(items=[], count=0))
    api.faults.add("status", ACCOUNT, times=ALWAYS, status=403)

    with pytest.raises(SourceError, match="no ads at all, though it has") as caught:
        fetch(api, TWO_DAYS, vk_page_size=50)
    assert caught.value.transient


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_total_that_is_refused_is_done_without_and_told(
    fetch: Fetch, api: VkAdsApi, four: list[int], status: int
) -> None:
    api.faults.add("status", ACCOUNT, times=ALWAYS, status=status)

    fetched = fetch(api, TWO_DAYS, http_attempts=2)

    assert spent(fetched.rows) == Decimal(800)
    assert fetched.notes == ("VK Ads did not tell the account's total, so its list of ads could not be checked",)


def test_a_total_below_its_ads_is_told(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    def zero(reply: Any) -> None:
        reply.pop("total")
        for row in reply["items"][0].pop("total") and reply["items"][0]["rows"]:
            row["base"] = {"shows": 0, "clicks": 0, "spent": "0"}

    edit(api, ACCOUNT, zero)

    (note,) = fetch(api, TWO_DAYS).notes
    assert note.startswith(
        "VK Ads says that the account spent 0 in 0 impressions, less than its ads, which spent 800"
    )


# The old API leaves out days and figures of nothing, so sums of the account prove that no more is left out.


def entries(change: Callable[[list[Any]], object], kind: str = "ad") -> Callable[[Any], Any]:
    """Changes the entries of that kind of objects."""

    def each(reply: Any) -> Any:
        if reply["response"] and reply["response"][0]["type"] == kind:
            changed = change(reply["response"])
            return {"response": changed} if isinstance(changed, list) else reply
        return reply

    return each


LEFT_OUT: dict[str, tuple[Callable[[list[Any]], object], str]] = {
    "half of the entries": (lambda found: [one for one in found if one["id"] < 1003], "400.00"),
    "one entry": (lambda found: [one for one in found if one["id"] != 1002], "200.00"),
    "stats of null": (
        lambda found: [one.update(stats=None) for one in found if one["id"] > 1002] and None,
        "400.00",
    ),
    "no stats": (lambda found: [one.pop("stats") for one in found if one["id"] == 1001] and None, "200.00"),
    "empty stats": (lambda found: [one.update(stats=[]) for one in found] and None, "800.00"),
    "a day less": (lambda found: [one["stats"].pop() for one in found] and None, "400.00"),
    "stats that are no list": (lambda found: [one.update(stats="x") for one in found] and None, "800.00"),
    "no id": (lambda found: [one.pop("id") for one in found] and None, "800.00"),
    "no objects": (lambda found: [1, None, "x", []], "800.00"),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_the_old_api_leaving_out_spend_is_asked_again_and_refused(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], case: str
) -> None:
    change, missing = LEFT_OUT[case]
    edit(legacy, LEGACY, entries(change))

    with pytest.raises(SourceError) as caught:
        fetch_legacy(legacy, TWO_DAYS)

    kept = Decimal(800) - Decimal(missing)
    told = (f"{missing} of the 800.00 spent is missing", f"its 4 ads come to {kept:f}" if kept else "come to 0 ")
    assert any(words in str(caught.value) for words in told), caught.value
    assert str(TWO_DAYS) in str(caught.value)
    assert caught.value.transient
    assert sum(request.path == LEGACY for request in legacy.requests) == 4, "the account once, the ads three times"


@pytest.mark.parametrize("case", LEFT_OUT)
def test_the_old_api_leaving_out_spend_for_a_moment_costs_calls_and_no_row(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], case: str
) -> None:
    edit(legacy, LEGACY, entries(LEFT_OUT[case][0]), times=1)

    assert spent(fetch_legacy(legacy, TWO_DAYS).rows) == Decimal(800)
    assert sum(request.path == LEGACY for request in legacy.requests) == 3


def test_of_the_old_api_campaigns_prove_what_the_office_does_not_tell(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    edit(legacy, LEGACY, entries(lambda found: [], "office"))
    assert spent(fetch_legacy(legacy, TWO_DAYS).rows) == Decimal(800)

    legacy.faults.clear()

    def half(reply: Any) -> None:
        if (kind := reply["response"][0]["type"]) != "campaign":
            reply["response"] = [one for one in reply["response"] if kind == "ad" and one["id"] < 1003]

    edit(legacy, LEGACY, half)
    with pytest.raises(SourceError, match="2 of 4 ads"):
        fetch_legacy(legacy, TWO_DAYS)


def test_ads_without_delivery_are_left_out_by_the_old_api_and_cost_no_call(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, four: list[int]
) -> None:
    with cabinet.change():
        cabinet.days[1003] = {}
    legacy.switches.unsold_absent = True

    fetched = fetch_legacy(legacy, TWO_DAYS)

    assert spent(fetched.rows) == Decimal(600)
    assert sum(request.path == LEGACY for request in legacy.requests) == 2


def test_statistics_of_nobody_undo_nothing_and_are_told(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    legacy.switches.statistics = "empty"

    fetched = fetch_legacy(legacy, TWO_DAYS)

    assert list(fetched.rows) == []
    assert fetched.notes == ("VK (legacy API) has no statistics of any of 4 ads; what was loaded stays",)


def test_a_short_list_of_ads_of_the_old_api_is_read_again_and_refused(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    def short(reply: Any) -> None:
        reply["response"] = reply["response"][:3]

    edit(legacy, "/ads.getAds", short, times=1)
    assert spent(fetch_legacy(legacy, TWO_DAYS).rows) == Decimal(800)

    for left in (3, 0):
        legacy.faults.clear()
        edit(legacy, "/ads.getAds", lambda reply, left=left: reply.update(response=reply["response"][:left]))
        with pytest.raises(SourceError, match=r"the account spent 800\.00") as caught:
            fetch_legacy(legacy, TWO_DAYS)
        assert caught.value.transient
