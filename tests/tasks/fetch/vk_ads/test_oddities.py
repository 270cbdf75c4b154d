"""Odd values, missing parents and services that a load can do without, in both APIs: the figures come, the rest is
null and counted, and nothing is a traceback."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sandbox.vk import VK_ACCOUNT_ID, Cabinet, VkAdsApi, VkLegacyApi
from sandbox.vk.objects import Figures
from tasks.errors import SourceError
from tasks.fetch.vk_ads import COLUMNS
from tasks.fetch.vk_ads.today import currency_of, tags_of
from tasks.fetch.vk_ads.values import number, whole
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT, TWO_DAYS
from tests.tasks.fetch.vk_ads.helpers import ALWAYS, Fetch, asked, change_kept, edit, grants, kept, spent
from validation import ads as must
from validation.split import split

DAY = "/api/v2/statistics/banners/day.json"
TOKEN = "/api/v2/oauth2/token.json"
EMPTY = '{"count": 0, "offset": 0, "items": []}'


def path(name: str) -> str:
    return f"/api/v2/{name}.json"


# Parents that the lists lack.


def less(*gone: int) -> Callable[[Any], None]:
    def change(reply: Any) -> None:
        left = [item for item in reply["items"] if item["id"] not in gone]
        reply["count"] -= len(reply["items"]) - len(left)
        reply["items"] = left

    return change


@pytest.mark.parametrize("name", ["ad_groups", "ad_plans"])
@pytest.mark.parametrize("times", [1, ALWAYS])
def test_parents_that_a_list_lacks_are_asked_for_by_id(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, name: str, times: int
) -> None:
    """One is missing from the list, for a moment or for good: it is not taken for campaign 0."""
    api.switches.list_cap = 250
    right = {row["ad_id"]: row["campaign_id"] for row in fetch(api).rows}
    api.requests.clear()
    banner = next(iter(cabinet.banners.values()))
    group = cabinet.groups[banner.group_id]
    gone = group.id if name == "ad_groups" else group.campaign_id
    edit(api, path(name), less(gone), times=times)

    fetched = fetch(api)

    filtered = [request.params["_id__in"] for request in api.requests if "_id__in" in request.params]
    assert filtered == [str(gone)]
    lost = {row["ad_id"] for row in fetched.rows if row["campaign_name"] is None}
    if times == 1:
        assert {row["ad_id"]: row["campaign_id"] for row in fetched.rows} == right
        assert (lost, fetched.warnings) == (set(), ())
        return
    orphans = {
        str(ad)
        for ad, one in cabinet.banners.items()
        if gone in (one.group_id, cabinet.groups[one.group_id].campaign_id)
    }
    assert lost == orphans
    assert {row["campaign_id"] for row in fetched.rows if row["ad_id"] in orphans} == (
        {None} if name == "ad_groups" else {str(gone)}
    )
    assert all((row["link"] is None) == (row["ad_id"] in orphans and name == "ad_groups") for row in fetched.rows)
    assert fetched.warnings == (
        f"VK Ads did not tell the campaign or group of {len(orphans)} ads; what was known of them stays",
    )


@pytest.mark.parametrize("name", ["ad_groups", "ad_plans"])
def test_a_list_without_any_parent_is_refused(fetch: Fetch, api: VkAdsApi, name: str) -> None:
    api.faults.add("status", path(name), times=ALWAYS, status=200, body=EMPTY)

    with pytest.raises(SourceError, match=f"sent none of the .* {name} that its ads belong to") as caught:
        fetch(api)
    assert caught.value.transient


def test_a_list_without_any_parent_for_a_moment_costs_a_call(fetch: Fetch, api: VkAdsApi) -> None:
    right = fetch(api).rows
    for name in ("ad_groups", "ad_plans"):
        api.faults.add("status", path(name), status=200, body=EMPTY)

    assert sorted(fetch(api).rows, key=str) == sorted(right, key=str)


def test_names_of_the_old_api_are_asked_for_again_and_done_without(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    for times in (1, ALWAYS):
        legacy.faults.clear()
        edit(legacy, "/ads.getCampaigns", lambda _: {"response": []}, times=times)

        fetched = fetch_legacy(legacy, TWO_DAYS)

        assert spent(fetched.rows) == Decimal(800)
        assert {row["campaign_name"] is None for row in fetched.rows} == {times > 1}
        assert all(int(row["campaign_id"] or 0) > 0 for row in fetched.rows)
        assert fetched.warnings == (("VK (legacy API) did not name 1 of 1 campaigns",) if times > 1 else ())


def test_links_of_the_old_api_are_asked_for_again_and_done_without(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int]
) -> None:
    def short(reply: Any) -> None:
        reply["response"] = [one for one in reply["response"] if one["id"] != "1002"]

    for times in (1, ALWAYS):
        legacy.faults.clear()
        edit(legacy, "/ads.getAdsLayout", short, times=times)

        fetched = fetch_legacy(legacy, TWO_DAYS)

        assert {row["ad_id"] for row in fetched.rows if row["link"] is None} == ({"1002"} if times > 1 else set())
        assert spent(fetched.rows) == Decimal(800)
        told = ("VK (legacy API) did not tell the links of 1 of 4 ads",) if times > 1 else ()
        assert fetched.warnings == told


# Services and fields that a load can do without.


@pytest.mark.parametrize("method", ["/ads.getCampaigns", "/ads.getAdsLayout"])
@pytest.mark.parametrize("code", [100, 15, 601, 10])
def test_descriptions_that_the_old_api_refuses_cost_no_figure(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], method: str, code: int
) -> None:
    legacy.faults.add("error_as_page", method, times=ALWAYS, code=code)

    fetched = fetch_legacy(legacy, TWO_DAYS, http_attempts=2)

    assert spent(fetched.rows) == Decimal(800)
    assert len(fetched.warnings) == 1


def refuse_field(name: str, code: str) -> Callable[[Any], Any]:
    def change(_: Any) -> Any:
        return {"error": {"code": code, "message": f"Unknown {name}"}}

    return change


@pytest.mark.parametrize(
    ("resource", "field"),
    [
        ("banners", "campaign_id"),
        ("banners", "urls"),
        ("ad_groups", "utm"),
        ("ad_groups", "budget_limit_day"),
        ("ad_plans", "budget_limit_day"),
        ("ad_plans", "name"),
    ],
)
@pytest.mark.parametrize("code", ["unknown_resource_field", "unknown_resource_fields"])
def test_an_optional_field_that_is_refused_is_done_without(
    fetch: Fetch,
    api: VkAdsApi,
    four: list[int],
    monkeypatch: pytest.MonkeyPatch,
    resource: str,
    field: str,
    code: str,
) -> None:
    from sandbox.vk.ads import errors, lists

    real = lists.page

    def page(name: str, cabinet: Any, parameters: Any, *rest: Any) -> Any:
        if name == resource and field in parameters.list("fields"):
            raise errors.unknown_fields([field], ["id"])
        return real(name, cabinet, parameters, *rest)

    monkeypatch.setattr(lists, "page", page)

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert spent(fetched.rows) == Decimal(800)
    assert f"VK Ads no longer gives {field} of {resource}" in fetched.notes
    if field == "urls":
        assert {row["link"] for row in fetched.rows} == {None}
        assert "VK Ads did not tell the links of 4 ads; what was known of them stays" in fetched.notes


@pytest.mark.parametrize("status", [400, 403, 404])
def test_campaigns_that_are_refused_cost_their_names_alone(
    fetch: Fetch, api: VkAdsApi, four: list[int], status: int
) -> None:
    api.faults.add("status", path("ad_plans"), times=ALWAYS, status=status)

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert spent(fetched.rows) == Decimal(800)
    assert {row["campaign_name"] for row in fetched.rows} == {None}
    assert None not in {row["campaign_id"] for row in fetched.rows}
    assert fetched.notes == ("VK Ads refuses its list of campaigns, so their names are not known",)


# The currency.


@pytest.mark.parametrize(
    ("user", "currency"),
    [
        ({"currency": "RUB"}, "RUB"),
        ({"account": {"currency": "KZT"}}, "KZT"),
        ({"additional_info": {"currency": "kzt "}}, "KZT"),
        ({"currency": None, "account": {"currency": "BYN"}}, "BYN"),
        ({"currency": {"code": "RUB"}}, None),
        ({"currency": 643, "account": None, "additional_info": []}, None),
        ({"currency": "roubles"}, None),
        ({}, None),
    ],
)
def test_the_currency_is_read_wherever_it_stands(user: Any, currency: str | None) -> None:
    assert currency_of(user) == currency


def test_an_account_in_tenge_says_so_in_every_row(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    edit(api, path("user"), lambda user: user.update(currency="KZT", account={"currency": "KZT"}))

    for settings in ({}, {"vk_account_id": "7"}):
        assert {row["currency"] for row in fetch(api, TWO_DAYS, **settings).rows} == {"KZT"}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_account_that_is_not_told_costs_the_currency_where_the_settings_name_it(
    fetch: Fetch, api: VkAdsApi, four: list[int], status: int
) -> None:
    api.faults.add("status", path("user"), times=ALWAYS, status=status)

    fetched = fetch(api, TWO_DAYS, vk_account_id=str(VK_ACCOUNT_ID), http_attempts=2)

    assert spent(fetched.rows) == Decimal(800)
    assert {row["currency"] for row in fetched.rows} == {None}
    told = "VK Ads did not tell the account, so the currency of its spend is not known"
    assert told in (fetched.warnings if status == 500 else fetched.notes)


# The unit of money.


def test_spend_a_hundred_times_the_daily_budget_is_another_unit_of_money(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    """Four ads of one campaign spend 400.00 a day."""
    (plan,) = {cabinet.groups[cabinet.banners[ad].group_id].campaign_id for ad in four}
    with cabinet.change():
        cabinet.campaigns[plan].budget_day = Decimal("4.01")
    assert fetch(api, TWO_DAYS).notes == ()

    with cabinet.change():
        cabinet.campaigns[plan].budget_day = Decimal("4.00")
    with pytest.raises(SourceError, match="100 times the daily budget and more on 2 of 2 days"):
        fetch(api, TWO_DAYS)


def test_a_single_day_far_above_a_budget_that_was_cut_is_told(
    fetch: Fetch, api: VkAdsApi, cabinet: Cabinet, four: list[int]
) -> None:
    (plan,) = {cabinet.groups[cabinet.banners[ad].group_id].campaign_id for ad in four}
    with cabinet.change():
        cabinet.campaigns[plan].budget_day = Decimal("4.00")
        cabinet.days[1001][TWO_DAYS.last] = Figures(shows=1, spent=Decimal("99.99"))

    fetched = fetch(api, TWO_DAYS)

    assert fetched.notes == ("on 1 days of campaigns the spend is 100 times the daily budget and more",)


@pytest.mark.parametrize("budget", [None, "", "0", "much", [], "-1"])
def test_a_budget_that_is_none_proves_nothing(fetch: Fetch, api: VkAdsApi, four: list[int], budget: Any) -> None:
    edit(
        api,
        path("ad_plans"),
        lambda reply: [item.update(budget_limit_day=budget) for item in reply["items"]] and None,
    )

    assert fetch(api, TWO_DAYS, vk_page_size=50).notes == ()


# Odd values.


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5), ("5", 5), (" 5 ", 5), ("5.0", 5), (0, 0), ("0", 0), (9_007_199_254_740_993, 9_007_199_254_740_993),
        ("9007199254740993.0", None), ("5.5", None), (-5, None), ("x", None), ("", None), (None, None), (True, None),
        ([5], None), ({}, None), ("1e400", None), ("NaN", None), (float("inf"), None), ("9" * 5000, None),
        ("1e30", None), ("\u0665", None), ("1_0", None), ("sNaN", None),
    ],
)  # fmt: skip
def test_an_id_is_read_in_every_plain_form_and_nothing_else_is_one(value: Any, read: int | None) -> None:
    assert whole(value) == read
    assert number(value) is None or number(value) is not None


@pytest.mark.parametrize("count", ["4", "4.0", 4])
def test_a_count_may_come_as_text(fetch: Fetch, api: VkAdsApi, four: list[int], count: Any) -> None:
    edit(api, path("banners"), lambda reply: reply.update(count=count))

    assert len(fetch(api, TWO_DAYS, vk_page_size=50).rows) == 8


@pytest.mark.parametrize("count", ["many", "", -4, [4], True, 4.5, 10**17, 10**300, "9" * 400])
def test_a_count_that_is_none_or_never_met_ends_the_fetch(
    fetch: Fetch, api: VkAdsApi, four: list[int], count: Any
) -> None:
    edit(api, path("banners"), lambda reply: reply.update(count=count))

    with pytest.raises(SourceError, match="banners") as caught:
        fetch(api, TWO_DAYS, vk_page_size=50)
    assert caught.value.transient
    assert asked(api)["banners"] <= 2


def test_a_list_that_gives_one_page_for_ever_ends(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    body = json.dumps({"count": 10**6, "offset": 0, "items": [{"id": 1001, "ad_group_id": 1}]})
    api.faults.add("status", path("banners"), times=ALWAYS, status=200, body=body)

    with pytest.raises(SourceError, match="banners but sent 1"):
        fetch(api, TWO_DAYS)


def first(**values: Any) -> Callable[[Any], None]:
    return lambda reply: reply["items"][0].update(values)


@pytest.mark.parametrize("key", ["1001", "1001.0", 1001.0])
def test_ids_may_come_as_text(fetch: Fetch, api: VkAdsApi, four: list[int], key: Any) -> None:
    edit(api, path("banners"), first(id=key))
    edit(api, DAY, first(id=key))

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert {row["ad_id"] for row in fetched.rows} == {str(ad) for ad in four}
    assert spent(fetched.rows) == Decimal(800)


@pytest.mark.parametrize("item", [None, 5, "x", [], {}, {"id": None}, {"id": "x"}, {"id": {}}, {"id": -1}])
def test_an_ad_without_a_readable_id_is_left_out_and_counted(
    fetch: Fetch, api: VkAdsApi, four: list[int], item: Any
) -> None:
    def more(reply: Any) -> None:
        reply["items"].append(item)
        reply["count"] += 1

    edit(api, path("banners"), more)

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert spent(fetched.rows) == Decimal(800)
    assert fetched.notes == ("VK Ads sent 1 banners without a readable id; they were left out",)


ODD_OBJECTS: list[tuple[str, dict[str, Any]]] = [
    ("banners", {"ad_group_id": "x"}),
    ("banners", {"ad_group_id": None}),
    ("banners", {"ad_group_id": [1]}),
    ("banners", {"urls": None}),
    ("banners", {"urls": []}),
    ("banners", {"urls": {"primary": "https://x.invalid"}}),
    ("banners", {"urls": {"primary": {"url": 5}}}),
    ("banners", {"urls": {"primary": {}}}),
    ("ad_groups", {"ad_plan_id": "x"}),
    ("ad_groups", {"ad_plan_id": None}),
    ("ad_groups", {"ad_plan_id": {"id": 1}}),
    ("ad_groups", {"name": ["a"]}),
    ("ad_groups", {"name": None}),
    ("ad_groups", {"utm": {"utm_source": "vk"}}),
    ("ad_groups", {"utm": 5}),
    ("ad_groups", {"enable_utm": "maybe"}),
    ("ad_groups", {"enable_utm": None}),
    ("ad_plans", {"name": {}}),
    ("ad_plans", {"name": 17}),
    ("ad_plans", {"budget_limit_day": {}}),
]


@pytest.mark.parametrize(("name", "values"), ODD_OBJECTS, ids=str)
def test_an_odd_description_costs_no_figure(
    fetch: Fetch, api: VkAdsApi, four: list[int], name: str, values: dict[str, Any]
) -> None:
    edit(api, path(name), lambda reply: [item.update(values) for item in reply["items"]] and None)

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert spent(fetched.rows) == Decimal(800)
    frame = pl.DataFrame(fetched.rows, schema=dict.fromkeys(COLUMNS, pl.String))
    assert split(frame, must.raw_vk).rejected.height == 0


@pytest.mark.parametrize(
    ("group", "tags"),
    [
        ({"enable_utm": True, "utm": "a=1"}, ("true", "a=1")),
        ({"enable_utm": "true", "utm": "a=1"}, ("true", "a=1")),
        ({"enable_utm": 1, "utm": None}, ("true", None)),
        ({"enable_utm": "false", "utm": "a=1"}, ("false", "a=1")),
        ({"enable_utm": 0}, ("false", None)),
        ({"enable_utm": True, "utm": {"utm_source": "vk", "utm_content": "a b"}}, ("true", "utm_source=vk&utm_content=a+b")),
        ({"enable_utm": True, "utm": ["utm_source=vk", "utm_content=x"]}, ("true", "utm_source=vk&utm_content=x")),
        ({"enable_utm": True, "utm": "a=1&" * 2_501}, None),
        ({"enable_utm": True, "utm": 7}, None),
        ({"enable_utm": False, "utm": 7}, ("false", None)),
        ({"enable_utm": True}, None),
        ({"utm": "a=1"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_tags_of_a_group_are_read_in_every_form_and_else_not_guessed(group: Any, tags: Any) -> None:
    assert tags_of(group) == tags


ODD_ENTRIES: list[dict[str, Any]] = [
    {"day": 20260119}, {"day": None}, {"day": []}, {"spent": None}, {"spent": []}, {"spent": "NaN"},
    {"impressions": {}}, {"clicks": "many"}, {"clicks": 1.5},
]  # fmt: skip


@pytest.mark.parametrize("values", ODD_ENTRIES, ids=str)
def test_an_odd_day_of_the_old_api_costs_that_day_at_most(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], values: dict[str, Any]
) -> None:
    def change(reply: Any) -> None:
        for one in reply["response"]:
            if one["id"] == 1001:
                one["stats"][0].update(values)

    edit(legacy, "/ads.getStatistics", change)

    rows = fetch_legacy(legacy, TWO_DAYS).rows

    part = split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_vk)
    assert part.valid.height >= 7
    assert part.valid.height + part.rejected.height == 8


@pytest.mark.parametrize(
    "values", [{"campaign_id": None}, {"campaign_id": "x"}, {"campaign_id": []}, {"name": []}], ids=str
)
def test_an_odd_ad_of_the_old_api_costs_no_figure(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], values: dict[str, Any]
) -> None:
    edit(legacy, "/ads.getAds", lambda reply: [one.update(values) for one in reply["response"]] and None)

    fetched = fetch_legacy(legacy, TWO_DAYS)

    assert spent(fetched.rows) == Decimal(800)
    assert {row["campaign_id"] is None for row in fetched.rows} == {"campaign_id" in values}


@pytest.mark.parametrize("method", ["/ads.getAds", "/ads.getCampaigns", "/ads.getAdsLayout"])
@pytest.mark.parametrize("item", [None, 5, "x", [], {}, {"id": None}, {"id": "x"}])
def test_an_odd_object_of_the_old_api_costs_no_figure(
    fetch_legacy: Fetch, legacy: VkLegacyApi, four: list[int], method: str, item: Any
) -> None:
    edit(legacy, method, lambda reply: reply["response"].append(item))

    fetched = fetch_legacy(legacy, TWO_DAYS)

    assert spent(fetched.rows) == Decimal(800)
    told = ("VK (legacy API) sent 1 ads without a readable id; they were left out",)
    assert fetched.notes == (told if method == "/ads.getAds" else ())


@pytest.mark.parametrize("code", ["x", None, [], {}, True, 1e400])
def test_an_error_of_the_old_api_without_a_code_is_one_line(
    fetch_legacy: Fetch, legacy: VkLegacyApi, code: Any
) -> None:
    body = json.dumps({"error": {"error_code": code}})
    legacy.faults.add("status", "/ads.getAds", times=ALWAYS, status=200, body=body)

    with pytest.raises(SourceError, match="refused the request with code 0"):
        fetch_legacy(legacy)


@pytest.mark.parametrize("user", [{"id": str(VK_ACCOUNT_ID)}, {"id": f"{VK_ACCOUNT_ID}.0"}])
def test_the_account_may_come_as_text(fetch: Fetch, api: VkAdsApi, four: list[int], user: Any) -> None:
    edit(api, path("user"), lambda told: told.update(user))

    assert {row["account_id"] for row in fetch(api, TWO_DAYS).rows} == {str(VK_ACCOUNT_ID)}


# Tokens.


@pytest.mark.parametrize(
    ("told", "lives"),
    [
        ("86400", 86_400), (86_400, 86_400), ("86400.0", 86_400), (86_400.5, 86_400), ("7200", 7_200),
        ("soon", 3_600), (None, 3_600), (-5, 3_600), ("-1", 3_600), (0, 3_600), ([], 3_600), ({}, 3_600), ("", 3_600),
        (True, 3_600), ("NaN", 3_600), ("1e999", 3_600), (10**400, 3_600), (10**12, 86_400),
    ],
)  # fmt: skip
def test_a_token_is_kept_and_used_whatever_is_said_of_its_life(
    fetch: Fetch, api: VkAdsApi, four: list[int], token_file: Path, told: Any, lives: float
) -> None:
    edit(api, TOKEN, lambda reply: reply.update(expires_in=told))

    for _ in range(3):
        assert fetch(api, TWO_DAYS).rows
    assert grants(api) == ["client_credentials"]
    assert kept(token_file)["expires_at"] == pytest.approx(time.time() + lives, abs=60)


@pytest.mark.parametrize(
    "values",
    [
        {"expires_in": ["x"], "scope": 5, "token_type": None, "more": {"a": []}},
        {"refresh_token": 5},
        {"refresh_token": []},
    ],
    ids=str,
)
def test_a_token_is_kept_whatever_else_its_answer_holds(
    fetch: Fetch, api: VkAdsApi, four: list[int], values: dict[str, Any]
) -> None:
    edit(api, TOKEN, lambda reply: reply.update(values))

    for _ in range(2):
        assert fetch(api, TWO_DAYS).rows
    assert grants(api) == ["client_credentials"]


@pytest.mark.parametrize("token", [None, "", [], {}, "two words", "\u0442\u043e\u043a\u0435\u043d", "a\nb"])
def test_what_can_be_no_token_is_one_line(fetch: Fetch, api: VkAdsApi, token: Any) -> None:
    edit(api, TOKEN, lambda reply: reply.update(access_token=token))

    with pytest.raises(SourceError, match="without one"):
        fetch(api)


@pytest.mark.parametrize("expires_at", ["soon", None, [], "1e999", {}, -1])
def test_a_kept_token_of_unknown_age_is_refreshed(
    fetch: Fetch, api: VkAdsApi, four: list[int], token_file: Path, expires_at: Any
) -> None:
    fetch(api, TWO_DAYS)
    change_kept(token_file, expires_at=expires_at)

    assert fetch(api, TWO_DAYS).rows
    assert grants(api) == ["client_credentials", "refresh_token"]


@pytest.mark.parametrize("remaining", [{"0": 0}, {"-5": 0}, {"1": 1e999}, {"1e999": 0}])
def test_a_limit_that_makes_no_sense_is_waited_for_as_usual(
    fetch: Fetch, api: VkAdsApi, four: list[int], remaining: Any
) -> None:
    api.faults.add("status", DAY, status=429, body=json.dumps({"remaining": remaining}))

    assert spent(fetch(api, TWO_DAYS).rows) == Decimal(800)


def test_the_whole_world_passes_without_a_word(
    fetch: Fetch, api: VkAdsApi, fetch_legacy: Fetch, legacy: Any
) -> None:
    """No doubt where there is none: neither of units nor of what was left out."""
    for fetched in (fetch(api, FORTNIGHT), fetch_legacy(legacy, FORTNIGHT)):
        assert (fetched.warnings, fetched.notes) == ((), ())


def test_what_stands_in_every_row_of_an_ad_is_short(fetch: Fetch, api: VkAdsApi, four: list[int]) -> None:
    """A long name would be one in each of hundreds of rows; a part of a link would have other tags."""
    name, link = "n" * 2**16, "https://a.example/?utm_content=msk_01_10&x=" + "x" * 10_000
    edit(api, path("ad_plans"), lambda reply: [item.update(name=name) for item in reply["items"]] and None)
    edit(
        api,
        path("banners"),
        lambda reply: [item.update(urls={"primary": {"url": link}}) for item in reply["items"]] and None,
    )

    fetched = fetch(api, TWO_DAYS, vk_page_size=50)

    assert {row["campaign_name"] for row in fetched.rows} == {"n" * 1000}
    assert {row["link"] for row in fetched.rows} == {None}
    assert any("did not tell the links" in note for note in fetched.notes)
