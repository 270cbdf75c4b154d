"""Links and tracking parameters: of every ad that had a figure, whole, and in as few calls as the limits allow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import ceil
from typing import Any

import pytest

from sandbox.direct import DirectApi
from sandbox.direct.objects import UNIFIED, campaign_type
from sandbox.recorder import Request
from tasks.errors import SourceError
from tasks.window import Window
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.direct.helpers import Fetch, ad_day, ordinary, without_wizard

DAY = Window(first=date(2026, 1, 5), last=date(2026, 1, 5))


def calls(api: DirectApi, service: str) -> list[Request]:
    return [request for request in api.requests if request.path.endswith(f"/{service}")]


def ids(api: DirectApi, service: str) -> list[list[int]]:
    """Of each call, the ids that it asked about."""
    return [request.params["params"]["SelectionCriteria"]["Ids"] for request in calls(api, service)]


def many(api: DirectApi, number: int) -> None:
    """That many ads, each in a group of its own, all shown on one day."""
    one = ordinary(api)
    with api.change():
        api.world.ads[:] = [replace(one, ad_id=n, group_id=9_000_000 + n) for n in range(1, number + 1)]
        api.rows[:] = [ad_day(ad, str(DAY.first)) for ad in api.world.ads]


@pytest.fixture
def own_ads(api: DirectApi) -> DirectApi:
    """An account whose ads the test may change."""
    api.world = replace(api.world, ads=list(api.world.ads))
    return api


@pytest.mark.parametrize("page", [1, 7])
def test_lists_in_pages_give_what_one_page_gives(fetch: Fetch, api: DirectApi, page: int) -> None:
    without_wizard(api)
    whole = fetch(api).rows
    api.switches.objects_page_limit, before = page, len(api.requests)

    assert fetch(api).rows == whole
    later = api.requests[before:]
    campaigns = len({ad.campaign_id for ad in api.world.ads})
    assert sum(request.path.endswith("/campaigns") for request in later) == ceil(campaigns / page)
    offsets = [r.params["params"]["Page"]["Offset"] for r in later if r.path.endswith("/campaigns")]
    assert offsets == list(range(0, campaigns, page))


@pytest.mark.parametrize(
    "limited_by", ["1", "0", "-1", '"x"', "1.5", "null", "[]", "true", '"9999999999999999999999"']
)
def test_a_page_that_leads_nowhere_is_the_last(fetch: Fetch, limited_by: str) -> None:
    app = Raw(b'{"result": {"Campaigns": [{"Id": 1}], "LimitedBy": %s}}' % limited_by.encode())

    with pytest.raises(SourceError, match=r"the report of 2025-12-10.*is not whole"):
        fetch(app)
    assert app.requests <= 2 + 3, "campaigns, and a report that is none"


def test_no_call_asks_about_more_ads_or_groups_than_allowed(fetch: Fetch, own_ads: DirectApi) -> None:
    many(own_ads, 10_001)

    rows = fetch(own_ads, DAY).rows

    assert [len(part) for part in ids(own_ads, "ads")] == [10_000, 1]
    assert [len(part) for part in ids(own_ads, "adgroups")] == [1_000] * 10 + [1]
    for service, first in (("ads", 1), ("adgroups", 9_000_001)):
        everything = [number for part in ids(own_ads, service) for number in part]
        assert everything == list(range(first, first + 10_001))
    assert {row["link_known"] for row in rows} == {"true"}


def test_each_ad_and_group_is_asked_about_once_however_many_days_it_has(fetch: Fetch, api: DirectApi) -> None:
    without_wizard(api)
    rows = fetch(api).rows

    for service, column in (("ads", "ad_id"), ("adgroups", "ad_group_id")):
        (part,) = ids(api, service)
        assert sorted(part) == sorted({int(str(row[column])) for row in rows if row[column] != "--"})


def test_ids_beyond_what_a_float_holds_stay_themselves(fetch: Fetch, own_ads: DirectApi) -> None:
    one = replace(ordinary(own_ads), ad_id=2**53 + 1, group_id=2**62 + 1)
    with own_ads.change():
        own_ads.world.ads[:] = [one]
        own_ads.rows[:] = [ad_day(one, str(DAY.first))]

    (row,) = fetch(own_ads, DAY).rows

    assert (row["ad_id"], row["ad_group_id"]) == (str(2**53 + 1), str(2**62 + 1))
    assert (row["link"], row["link_known"]) == (one.link, "true")


@pytest.mark.parametrize("href", [None, ""])
def test_an_ad_without_a_link_is_known_to_have_none(fetch: Fetch, own_ads: DirectApi, href: str | None) -> None:
    one = replace(ordinary(own_ads), link=href, group_parameters="utm_content=msk_01_10")
    with own_ads.change():
        own_ads.world.ads[:] = [one]
        own_ads.rows[:] = [ad_day(one, str(DAY.first))]

    (row,) = fetch(own_ads, DAY).rows

    assert (row["link"], row["link_known"], row["group_tracking"]) == (None, "true", "utm_content=msk_01_10")


@pytest.mark.parametrize("gone", ["deleted", "not yet indexed"])
def test_an_ad_that_the_service_does_not_know_is_not_guessed_at(
    fetch: Fetch, own_ads: DirectApi, gone: str
) -> None:
    one = ordinary(own_ads)
    with own_ads.change():
        own_ads.world.ads[:] = [replace(one, deleted_on=date(2026, 1, 10))] if gone == "deleted" else []
        own_ads.rows[:] = [ad_day(one, str(DAY.first))]
    own_ads.switches.empty_result_without_key = True

    (row,) = fetch(own_ads, DAY).rows

    assert (row["link"], row["link_known"]) == (None, "false")


@pytest.mark.parametrize(("version", "responsive"), [("v5", False), ("v501", True)])
def test_every_kind_of_ad_that_has_a_link_is_asked_for_it(
    fetch: Fetch, api: DirectApi, version: str, responsive: bool
) -> None:
    """Responsive ads exist in v501 only, where their link not asked for would pass for none."""
    without_wizard(api)

    fetch(api, direct_version=version)

    (request,) = calls(api, "ads")
    params: dict[str, Any] = request.params["params"]
    assert request.path == f"/json/{version}/ads"
    kinds = {name for name, wanted in params.items() if wanted == ["Href"]}
    expected = {"TextAd", "TextImageAd", "TextAdBuilderAd", "CpcVideoAdBuilderAd", "CpmBannerAdBuilderAd"}
    assert kinds == {f"{kind}FieldNames" for kind in expected | ({"ResponsiveAd"} if responsive else set())}


def test_what_v5_hides_keeps_its_figures_and_is_told_in_v501(fetch: Fetch, api: DirectApi) -> None:
    api.switches.unified_on_v5 = False
    hidden = {str(ad.ad_id) for ad in api.world.ads if campaign_type(ad) == UNIFIED and not ad.deleted_on}

    rows, full = fetch(api, direct_version="v5").rows, fetch(api, direct_version="v501").rows

    assert [row["cost"] for row in rows] == [row["cost"] for row in full]
    known = {row["ad_id"]: row["link_known"] for row in rows if row["ad_id"] in hidden}
    assert set(known.values()) == {"false"}
    assert {row["link_known"] for row in full if row["ad_id"] in hidden} == {"true"}


def test_requests_only_read(fetch: Fetch, api: DirectApi) -> None:
    fetch(api, Window(first=date(2026, 1, 13), last=date(2026, 1, 19)))

    assert api.writes == []
    assert {request.method for request in api.requests} == {"POST"}
