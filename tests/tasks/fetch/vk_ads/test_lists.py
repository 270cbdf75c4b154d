"""The lists of campaigns, groups and ads come whole, deleted ones too, or not at all. What only describes an ad may be
missing: then it is null and noted, and the figures come."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.vk import VK_ACCOUNT_ID
from tasks.fetch.vk_ads.today import currency_of, tags_of
from tasks.fetch.vk_ads.values import whole
from tests.tasks.fetch.vk_ads.helpers import ALWAYS, Account, each, only, path, spent

pytestmark = pytest.mark.usefixtures("four")


def ads(rows: Any) -> set[int]:
    return {int(row["ad_id"]) for row in rows}


@pytest.mark.parametrize(
    ("cap", "clamp", "pages"),
    [(50, False, [(250, 0), (50, 0), (50, 50), (50, 100)]), (40, True, [(250, 0), (250, 40), (250, 80)])],
)
def test_whatever_the_server_makes_of_a_large_page_every_ad_comes(
    vk: Account, cap: int, clamp: bool, pages: Any
) -> None:
    ids = only(vk.cabinet, 120)
    vk.api.switches.list_cap, vk.api.switches.clamp_limit = cap, clamp
    vk.api.switches.stable_order = False

    assert ads(vk.fetch(vk_page_size=250).rows) == set(ids)
    requests = [request.params for request in vk.api.requests if request.path == path("banners")]
    assert [(int(params["limit"]), int(params["offset"])) for params in requests] == pages


@pytest.mark.parametrize(("name", "by"), [("banners", 1), ("ad_plans", -1)])
def test_a_list_that_is_not_as_long_as_its_count_ends_the_fetch(vk: Account, name: str, by: int) -> None:
    vk.fail("wrong_total", path(name), by=by)

    error = vk.refused()

    assert f"{name} but sent" in str(error)
    assert error.transient
    assert vk.calls()["day"] == 0


@pytest.mark.parametrize("mode", ["insert", "remove"])
def test_a_list_that_shifts_between_two_pages_is_never_short_unseen(vk: Account, mode: str) -> None:
    """An ad that leaves the first page moves another out of the second, and the sums are right all the same."""
    only(vk.cabinet, 120)
    vk.api.faults.add("drift", path("banners"), after=1, mode=mode)

    error = vk.refused()

    assert "banners but sent" in str(error)
    assert error.transient
    assert ads(vk.fetch().rows) == set(vk.cabinet.banners), "the next fetch finds the list at rest"


@pytest.mark.parametrize(
    "reply",
    [{"items": []}, {"count": 0, "items": None}, {"count": 10**6, "items": [{"id": 1001, "ad_group_id": 1}]}],
)
def test_what_is_no_page_ends_the_fetch(vk: Account, reply: Any) -> None:
    """Also the same page for ever."""
    vk.fail("status", path("banners"), status=200, body=json.dumps(reply))

    error = vk.refused()

    assert error.transient
    assert vk.calls()["banners"] <= 2


def test_what_is_made_while_the_lists_are_read_is_not_half_known(vk: Account) -> None:
    """A campaign with a group and an ad appears before each reply."""

    def appear(_: Any) -> None:
        new = max(vk.cabinet.campaigns) + 1, max(vk.cabinet.groups) + 1, max(vk.cabinet.banners) + 1
        vk.cabinet.campaigns[new[0]] = replace(next(iter(vk.cabinet.campaigns.values())), id=new[0])
        vk.cabinet.groups[new[1]] = replace(next(iter(vk.cabinet.groups.values())), id=new[1], campaign_id=new[0])
        vk.cabinet.banners[new[2]] = replace(next(iter(vk.cabinet.banners.values())), id=new[2], group_id=new[1])

    vk.api.switches.list_cap = 1000
    for name in ("banners", "ad_groups", "ad_plans"):
        vk.api.faults.mutate(appear, path=path(name))

    for row in vk.fetch(vk_page_size=1000, vk_account_id="1").rows:
        assert row["campaign_id"] == str(vk.cabinet.groups[int(row["ad_group_id"] or -1)].campaign_id)
        assert row["link"] is not None


@pytest.mark.parametrize("name", ["ad_groups", "ad_plans"])
def test_parents_that_a_list_lacks_are_requested_by_id(vk: Account, name: str) -> None:
    """One is missing from the list, for a moment or for good: its ads are not booked on campaign 0."""
    vk.api.switches.list_cap = 250
    group = next(group for group in vk.cabinet.groups.values() if group.id != vk.cabinet.banners[1001].group_id)
    group.campaign_id = max(vk.cabinet.campaigns)
    vk.cabinet.banners[1004] = replace(vk.cabinet.banners[1004], group_id=group.id)
    gone = group.id if name == "ad_groups" else group.campaign_id

    def less(reply: Any) -> None:
        left = [item for item in reply["items"] if item["id"] != gone]
        reply.update(items=left, count=reply["count"] - len(reply["items"]) + len(left))

    vk.edit(path(name), less, times=1)
    fetched = vk.fetch(vk_page_size=250)
    assert [r.params["_id__in"] for r in vk.api.requests if "_id__in" in r.params] == [str(gone)]
    assert fetched.warnings == ()
    right = {row["ad_id"]: row["campaign_id"] for row in fetched.rows}
    assert right["1004"] == str(group.campaign_id)

    vk.edit(path(name), less)
    fetched = vk.fetch(vk_page_size=250)
    assert spent(fetched.rows) == 800
    found = {row["ad_id"]: row["campaign_id"] for row in fetched.rows}
    assert found == right | ({"1004": None} if name == "ad_groups" else {})
    assert {row["ad_id"] for row in fetched.rows if row["campaign_name"] is None} == {"1004"}
    assert fetched.warnings == ("VK Ads did not tell the campaign or group of 1 ads; what was known of them stays",)


def test_a_list_without_any_parent_is_refused(vk: Account) -> None:
    vk.fail("status", path("ad_groups"), status=200, body='{"count": 0, "items": []}')

    error = vk.refused()

    assert "ad_groups that its ads belong to" in str(error)
    assert error.transient


@pytest.mark.parametrize(
    ("resource", "refusals", "lacking"), [("banners", 1, "campaign_id"), ("ad_plans", 3, "name, budget_limit_day")]
)
def test_an_optional_field_that_the_list_lost_is_left_out(
    vk: Account, resource: str, refusals: int, lacking: str
) -> None:
    """The list refuses a request for a field that it no longer has; the fields are tried one less at a time."""
    body = json.dumps({"error": {"code": "unknown_resource_fields", "message": "Unknown"}})
    vk.fail("status", path(resource), times=refusals, status=400, body=body)

    fetched = vk.fetch()

    assert spent(fetched.rows) == 800
    assert f"VK Ads no longer gives {lacking} of {resource}" in fetched.notes
    vk.fail("status", path("banners"), status=400, body=body)
    assert "(unknown_resource_fields): HTTP 400" in str(vk.refused())


@pytest.mark.parametrize(("name", "status"), [("ad_plans", 403), ("user", 403), ("user", 500)])
def test_campaigns_or_an_account_that_are_refused_cost_a_name_or_the_currency(
    vk: Account, name: str, status: int
) -> None:
    vk.fail("status", path(name), status=status)

    fetched = vk.fetch(vk_account_id=str(VK_ACCOUNT_ID), http_attempts=2)

    assert spent(fetched.rows) == 800
    assert None not in {row["campaign_id"] for row in fetched.rows}
    assert {row["campaign_name"] is None for row in fetched.rows} == {name == "ad_plans"}
    assert {row["currency"] for row in fetched.rows} == {None if name == "user" else "RUB"}
    assert ("currency of its spend" in str(fetched.warnings)) == (status == 500), "it may come back"


def test_an_ad_without_a_readable_id_is_left_out_and_counted(vk: Account) -> None:
    vk.edit(path("banners"), lambda reply: reply.update(items=[*reply["items"], {"id": -1}], count=5))

    fetched = vk.fetch()

    assert spent(fetched.rows) == 800
    assert fetched.notes == ("VK Ads sent 1 banners without a readable id; they were left out",)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("banners", {"urls": {"primary": {"url": "https://a.example/?utm_content=msk&x=" + "x" * 10_000}}}),
        ("ad_groups", {"enable_utm": "maybe"}),
        ("ad_plans", {"name": "n" * 2**16}),
    ],
    ids=["long link", "unknown tags", "long name"],
)
def test_an_odd_description_costs_no_figure(vk: Account, name: str, values: dict[str, Any]) -> None:
    """A long name is cut, as it is in every row of its ads; a part of a link would be another link."""
    vk.edit(path(name), each("items", lambda item: item.update(values)))

    fetched = vk.fetch()

    assert spent(fetched.rows) == 800
    assert max(len(text or "") for row in fetched.rows for text in row.values()) <= 1000
    assert {row["link"] is None for row in fetched.rows} == {name != "ad_plans"}


@pytest.mark.parametrize(
    ("group", "tags"),
    [
        ({"enable_utm": True, "utm": "a=1"}, ("true", "a=1")),
        ({"enable_utm": "false", "utm": "a=1"}, ("false", "a=1")),
        ({"enable_utm": True, "utm": {"utm_source": "vk", "utm_content": "a b"}}, ("true", "utm_source=vk&utm_content=a+b")),
        ({"enable_utm": True, "utm": "a=1&" * 2_501}, None),
        ({"enable_utm": True}, None),
        ({"utm": "a=1"}, None),
    ],
    ids=["on", "off", "by name", "too long", "no tags", "no switch"],
)  # fmt: skip
def test_tags_of_a_group_are_read_or_else_not_guessed(group: Any, tags: Any) -> None:
    assert tags_of(group) == tags


@pytest.mark.parametrize(
    ("user", "currency"),
    [
        ({"currency": None, "account": {"currency": "KZT"}}, "KZT"),
        ({"additional_info": {"currency": "kzt "}}, "KZT"),
        ({"currency": "roubles"}, None),
    ],
)
def test_the_currency_is_read_in_each_of_its_places(user: Any, currency: str | None) -> None:
    assert currency_of(user) == currency


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" 5 ", 5), ("5.0", 5), ("0", 0), (9_007_199_254_740_993, 9_007_199_254_740_993), ("9007199254740993.0", None),
        ("5.5", None), (-5, None), (True, None), ("1e400", None), (float("inf"), None), ("9" * 5000, None),
    ],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_an_id_is_read_in_every_plain_form_and_nothing_else_is_one(value: Any, read: int | None) -> None:
    assert whole(value) == read
