"""What a fetch of a whole account brings is the ground truth, from either API, and holds no secret. The legacy API leaves
out days without delivery and zero figures, so that only sums of the account prove that nothing else is."""

import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VkAdsApi
from sandbox.world.secrets import MARK
from tasks.fetch.vk_ads import credential, reads
from tasks.landing import Fetched
from tests.flows import ad_truth
from tests.tasks.fetch.account import Facts, by_key
from tests.tasks.fetch.vk_ads.helpers import FORTNIGHT, Account


def shown(fetched: Fetched) -> Facts:
    return {key: figures for key, figures in by_key(fetched.rows).items() if figures[0]}


def test_every_figure_of_todays_api_is_the_ground_truth(vk: Account, world: World) -> None:
    """Of deleted ads too. Each row has its campaign, group, link and tags; a day without delivery is a row of zeros."""
    for number in vk.cabinet.banners:
        vk.cabinet.delete(number)

    fetched = vk.fetch(FORTNIGHT)

    expected = ad_truth.facts(world, "vk_ads", FORTNIGHT.first, FORTNIGHT.last)
    ads = {str(ad.ad_id): ad for ad in world.ads if ad.source == "vk_ads"}
    assert len(expected) > 150
    assert shown(fetched) == expected
    assert fetched.facts == {"ad_days": len(by_key(fetched.rows)), "ads": len(ads)}
    assert len(by_key(fetched.rows)) == len(ads) * FORTNIGHT.days
    assert fetched.warnings == fetched.notes == ()
    assert fetched.marks == (str(VK_ACCOUNT_ID),)
    for row in fetched.rows:
        ad = ads[str(row["ad_id"])]
        named = (str(ad.campaign_id), ad.campaign_name, str(ad.group_id), ad.group_name, ad.link or "")
        columns = ("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "link")
        assert tuple(row[name] for name in columns) == named
        assert row["enable_utm"] == ("true" if ad.group_parameters is not None else "false")
        assert ad.group_parameters in (None, row["group_utm"])
        assert (row["account_id"], row["currency"]) == (str(VK_ACCOUNT_ID), "RUB")


def test_odd_ads_are_loaded_like_any_other(vk: Account, world: World) -> None:
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


def test_no_secret_is_in_rows_settings_or_what_tells_an_account(
    vk: Account, caplog: pytest.LogCaptureFixture
) -> None:
    rows = vk.fetch().rows

    assert "statistics" in caplog.text, "the log is caught"
    assert VK_CLIENT_ID not in repr(rows) + caplog.text
    settings = vk.settings(vk.api, vk_token=f"a-secret-{MARK}")
    assert MARK not in repr(rows) + repr(settings) + credential(settings) + reads(settings)
    several = ({}, {"vk_client_id": "another"}, {"vk_agency_client": "1"}, {"vk_agency_client": "2"})
    assert len({credential(vk.settings(vk.api, **one)) for one in several}) == len(several)


def test_every_figure_of_the_legacy_api_is_the_ground_truth(old: Account, world: World) -> None:
    """Of deleted ads too. No token is in an address, which ends in logs."""
    for number in old.cabinet.banners:
        old.cabinet.delete(number)

    fetched = old.fetch(FORTNIGHT)

    assert shown(fetched) == ad_truth.facts(world, "vk_ads", FORTNIGHT.first, FORTNIGHT.last, groups=False)
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    assert fetched.warnings == fetched.notes == ()
    assert fetched.marks == (f"legacy {VK_ACCOUNT_ID}",)
    assert any(row["link"] for row in fetched.rows)
    assert {(request.method, request.query) for request in old.api.requests} == {("POST", "")}


@pytest.mark.usefixtures("four")
def test_a_legacy_api_without_statistics_of_anybody_removes_nothing(old: Account) -> None:
    """Seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    old.api.switches.statistics = "empty"

    fetched = old.fetch()

    assert list(fetched.rows) == []
    assert fetched.notes == ("VK (legacy API) has no statistics of any of 4 ads; what was loaded stays",)
