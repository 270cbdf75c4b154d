"""The lists of campaigns, groups and ads come whole, deleted ones too, or not at all. What only describes an ad may be
missing: then it is null and noted, and the figures come."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.fetch.vk_ads.today import currency_of, link_of, tags_of
from tasks.fetch.vk_ads.values import name_of, whole
from tests.tasks.fetch.vk_ads.helpers import Account, only, path, spent

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


@pytest.mark.parametrize("mode", ["insert", "remove"])
def test_a_list_that_shifts_between_two_pages_is_never_short_unseen(vk: Account, mode: str) -> None:
    """An ad that leaves the first page moves another out of the second, and the sums are right all the same."""
    only(vk.cabinet, 120)
    vk.api.faults.add("drift", path("banners"), after=1, mode=mode)

    error = vk.refused()

    assert "banners but sent" in str(error)
    assert error.transient
    assert ads(vk.fetch().rows) == set(vk.cabinet.banners), "the next fetch finds the list at rest"


def test_parents_that_a_list_lacks_are_requested_by_id(vk: Account) -> None:
    """One is missing from the list, for a moment or for good: its ads are not booked on campaign 0."""
    vk.api.switches.list_cap = 250
    group = next(group for group in vk.cabinet.groups.values() if group.id != vk.cabinet.banners[1001].group_id)
    group.campaign_id = max(vk.cabinet.campaigns)
    vk.cabinet.banners[1004] = replace(vk.cabinet.banners[1004], group_id=group.id)

    def less(reply: Any) -> None:
        left = [item for item in reply["items"] if item["id"] != group.id]
        reply.update(items=left, count=reply["count"] - len(reply["items"]) + len(left))

    vk.edit(path("ad_groups"), less, times=1)
    fetched = vk.fetch(vk_page_size=250)
    assert [r.params["_id__in"] for r in vk.api.requests if "_id__in" in r.params] == [str(group.id)]
    assert fetched.warnings == ()
    right = {row["ad_id"]: row["campaign_id"] for row in fetched.rows}
    assert right["1004"] == str(group.campaign_id)

    vk.edit(path("ad_groups"), less)
    fetched = vk.fetch(vk_page_size=250)
    assert spent(fetched.rows) == 800
    assert {row["ad_id"]: row["campaign_id"] for row in fetched.rows} == right | {"1004": None}
    assert fetched.warnings == ("VK Ads did not tell the campaign or group of 1 ads; what was known of them stays",)


def test_a_long_name_is_cut_but_a_part_of_a_link_would_be_another_link() -> None:
    assert name_of("n" * 2**16) == "n" * 1000
    assert link_of({"urls": {"primary": {"url": "https://a.example/?utm_content=msk&x=" + "x" * 10_000}}}) is None
    assert link_of({"urls": {}}) == "", "a clip leads nowhere"


def test_tags_of_a_group_are_read_or_else_not_guessed() -> None:
    assert tags_of({"enable_utm": True, "utm": "a=1"}) == ("true", "a=1")
    assert tags_of({"enable_utm": "false", "utm": "a=1"}) == ("false", "a=1")
    assert tags_of({"enable_utm": True, "utm": {"utm_source": "vk", "utm_term": "a b"}}) == (
        "true",
        "utm_source=vk&utm_term=a+b",
    )
    for lacking in ({"enable_utm": True}, {"utm": "a=1"}, {"enable_utm": True, "utm": "a=1&" * 2_501}):
        assert tags_of(lacking) is None


def test_the_currency_is_that_of_the_account_and_not_guessed() -> None:
    assert currency_of({"currency": None, "account": {"currency": "kzt "}}) == "KZT"
    assert currency_of({"currency": "roubles"}) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" 5 ", 5), ("5.0", 5), ("0", 0), (9_007_199_254_740_993, 9_007_199_254_740_993), ("9007199254740993.0", None),
        ("5.5", None), (-5, None), (True, None), ("1e400", None), (float("inf"), None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_an_id_is_read_in_every_plain_form_and_nothing_else_is_one(value: Any, read: int | None) -> None:
    assert whole(value) == read
