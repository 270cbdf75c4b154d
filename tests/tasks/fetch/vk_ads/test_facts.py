"""What a fetch of a whole account brings is the ground truth, from either API, and holds no secret. Lists come whole, deleted
ads too, or not at all; what only describes an ad may be missing: then it is null and noted, and the figures come."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VkAdsApi
from sandbox.world.secrets import MARK
from tasks.fetch.vk_ads import credential, reads
from tasks.fetch.vk_ads.today import currency_of, link_of, tags_of
from tasks.fetch.vk_ads.values import name_of, whole
from tests.flows import ad_truth
from tests.tasks.fetch.applications import FORTNIGHT, VkAccount, by_key, only, path, spent


def test_odd_ads_are_loaded_like_any_other(vk: VkAccount, world: World) -> None:
    """A group with the number 0, an old ad that names its group otherwise, and three that lead to no site."""
    vk.api = VkAdsApi.of(world, oddities=True)
    rows = vk.fetch().rows
    site = "https://afisha.example.invalid/odd"
    columns = ("ad_id", "ad_group_id", "ad_group_name", "link", "campaign_id")
    odd = {tuple(row[name] for name in columns) for row in rows if str(row["ad_id"]).startswith("26400000")}
    assert odd == {
        ("264000001", "0", "Группа ноль", f"{site}?utm_source=vk&utm_content=msk_01_10", "14000001"),
        ("264000002", "164000001", "Сообщество", "https://vk.com/club1", "14000001"),
        ("264000003", "164000002", "Только клип", "", "14000001"),
        ("264000004", "164000003", "Макросы зрителя", site, "14000001"),
        ("264000005", "164000004", "Форма с метками", "leadads://1000201/14/", "14000001"),
        ("264000006", "164000005", "Старый баннер", f"{site}?a=1#kupit", "14000001"),
    }


def test_no_secret_is_in_rows_settings_or_marks(vk: VkAccount, caplog: pytest.LogCaptureFixture) -> None:
    told = repr(vk.fetch().rows) + caplog.text
    assert "statistics" in told and VK_CLIENT_ID not in told, "the log is caught"
    settings = vk.settings(vk.api, vk_token=f"a-secret-{MARK}")
    assert MARK not in told + repr(settings) + credential(settings) + reads(settings)
    several = ({}, {"vk_client_id": "another"}, {"vk_agency_client": "1"}, {"vk_agency_client": "2"})
    assert len({credential(vk.settings(vk.api, **one)) for one in several}) == len(several)


def test_every_figure_of_the_legacy_api_is_the_ground_truth(old: VkAccount, world: World) -> None:
    """Of deleted ads too. No token is in an address, which ends in logs."""
    for number in old.cabinet.banners:
        old.cabinet.delete(number)
    fetched = old.fetch(FORTNIGHT)
    delivered = {key: figures for key, figures in by_key(fetched.rows).items() if figures[0]}
    assert delivered == ad_truth.facts(world, "vk_ads", FORTNIGHT.first, FORTNIGHT.last, groups=False)
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    assert (fetched.warnings, fetched.notes, fetched.marks) == ((), (), (f"legacy {VK_ACCOUNT_ID}",))
    assert {(request.method, request.query) for request in old.api.requests} == {("POST", "")}


@pytest.mark.usefixtures("four")
def test_a_legacy_api_without_statistics_of_anybody_removes_nothing(old: VkAccount) -> None:
    """Seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    old.api.switches.statistics = "empty"
    fetched = old.fetch()
    told = ("VK (legacy API) has no statistics at all of 4 ads; what was loaded stays",)
    assert (list(fetched.rows), fetched.notes) == ([], told)


def ads(rows: Any) -> set[int]:
    return {int(row["ad_id"]) for row in rows}


@pytest.mark.parametrize(
    ("cap", "clamp", "pages"),
    [(50, False, [(250, 0), (50, 0), (50, 50), (50, 100)]), (40, True, [(250, 0), (250, 40), (250, 80)])],
)
def test_whatever_becomes_of_a_large_page_every_ad_comes(vk: VkAccount, cap: int, clamp: bool, pages: Any) -> None:
    ids = only(vk.cabinet, 120)
    vk.api.switches.list_cap, vk.api.switches.clamp_limit = cap, clamp
    vk.api.switches.stable_order = False
    assert ads(vk.fetch(vk_page_size=250).rows) == set(ids)
    requests = [request.params for request in vk.api.requests if request.path == path("banners")]
    assert [(int(params["limit"]), int(params["offset"])) for params in requests] == pages


@pytest.mark.parametrize("mode", ["insert", "remove"])
def test_a_list_that_shifts_between_two_pages_is_never_short_unseen(vk: VkAccount, mode: str) -> None:
    """An ad that leaves the first page moves another out of the second, and the sums are right all the same."""
    only(vk.cabinet, 120)
    vk.api.faults.add("drift", path("banners"), after=1, mode=mode)
    error = vk.refused()
    assert ("banners but sent" in str(error), error.transient) == (True, True)
    assert ads(vk.fetch().rows) == set(vk.cabinet.banners), "the next fetch finds the list at rest"


@pytest.mark.usefixtures("four")
def test_parents_that_a_list_lacks_are_requested_by_id(vk: VkAccount) -> None:
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
    assert fetched.warnings == ("VK Ads did not tell the campaign or group of 1 ad; what was known stays",)


LONG = "https://a.example/?utm_content=msk&x=" + "x" * 10_000
ENABLED = {"enable_utm": True}


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        # A part of a link would be another link; a clip leads nowhere.
        (name_of, "n" * 2**16, "n" * 1000), (link_of, {"urls": {"primary": {"url": LONG}}}, None), (link_of, {"urls": {}}, ""),
        # Tags and a currency are read, or else not guessed.
        (tags_of, ENABLED | {"utm": "a=1"}, ("true", "a=1")), (tags_of, {"enable_utm": "false", "utm": "a=1"}, ("false", "a=1")),
        (tags_of, ENABLED | {"utm": {"utm_source": "vk", "utm_term": "a b"}}, ("true", "utm_source=vk&utm_term=a+b")),
        *((tags_of, lacking, None) for lacking in (ENABLED, {"utm": "a=1"}, ENABLED | {"utm": "a=1&" * 2_501})),
        (currency_of, {"currency": None, "account": {"currency": "kzt "}}, "KZT"), (currency_of, {"currency": "roubles"}, None),
        # An id, in every plain form.
        (whole, " 5 ", 5), (whole, "5.0", 5), (whole, "0", 0), (whole, 9_007_199_254_740_993, 9_007_199_254_740_993),
        *((whole, odd, None) for odd in ("9007199254740993.0", "5.5", -5, True, "1e400", float("inf"), "9" * 5000, None)),
    ],
)  # fmt: skip
def test_a_value_is_read_in_every_plain_form_or_is_none(read: Callable[[Any], Any], value: Any, found: Any) -> None:
    assert read(value) == found
