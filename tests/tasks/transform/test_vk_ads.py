"""Rows of VK to facts: the three rules by which its ads get their tags, and the macros of both of its APIs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tasks.reference import cities
from tasks.transform.vk_ads import ad_days, unreadable
from tests.validation.ad_frames import raw_vk
from validation import ads as must
from validation.split import split

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
SITE = "https://afisha.example.invalid/event/1"
OWN = f"{SITE}?utm_source=own&utm_content=own_01_01"
# What VK adds by itself, with the ids of the group and of the ad.
DEFAULT = {"source": "vk_ads", "medium": "cpc", "campaign": "5757287178", "content": "17735868496"}


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    facts = ad_days(raw_vk(*changes), cities())
    assert split(facts, must.facts).rejected.height == 0
    return facts.rows(named=True)


def tags(**change: str | None) -> dict[str, str | None]:
    (row,) = made(change)
    return {name.removeprefix("utm_"): row[name] for name in UTM if row[name] != ""}


@pytest.mark.parametrize("text", ["utm_content=off_01_01", "", None])
def test_a_group_that_adds_no_tags_leaves_those_of_the_link(text: str | None) -> None:
    assert tags(link=OWN, enable_utm="false", group_utm=text) == {"source": "own", "content": "own_01_01"}
    assert tags(link=SITE, enable_utm="false", group_utm=text) == {}


def test_a_groups_own_tags_win_over_those_of_the_link() -> None:
    assert tags(link=OWN, enable_utm="true", group_utm="utm_content=msk_02_10&utm_term=x") == {
        "source": "own",
        "content": "msk_02_10",
        "term": "x",
    }


@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_group_that_adds_tags_and_names_none_gets_those_of_vk(text: str | None) -> None:
    assert tags(link=SITE, enable_utm="true", group_utm=text) == DEFAULT
    assert tags(link=OWN, enable_utm="true", group_utm=text) == DEFAULT


def test_ids_and_names_are_filled_in_and_nothing_that_depends_on_the_viewer() -> None:
    """In macros a campaign is what the API calls a group."""
    text = (
        "utm_source={{advertiser_id}}&utm_medium={{gender}}&utm_campaign={{ad_plan_id}}-{{campaign_id}}-{{ad_group_id}}"
        "&utm_content={{banner_id}}&utm_term={{ad_plan_name}}/{{campaign_name}}/{{ad_group_name}}/{{search_phrase}}"
    )

    assert tags(link=SITE, enable_utm="true", group_utm=text) == {
        "source": "a",
        "medium": "{{gender}}",
        "campaign": "700012672-5757287178-5757287178",
        "content": "17735868496",
        "term": "Хиты/Ретаргетинг/Ретаргетинг/{{search_phrase}}",
    }


def test_macros_of_the_legacy_api_have_one_pair_of_braces() -> None:
    link = f"{SITE}?utm_campaign={{campaign_id}}&utm_content={{ad_id}}"

    assert tags(link=link, ad_group_id=None, ad_group_name=None) == {
        "campaign": "700012672",
        "content": "17735868496",
    }


def test_a_macro_of_an_unknown_group_is_not_filled_in_by_half() -> None:
    text = "utm_campaign={{campaign_id}}&utm_content={{ad_group_name}}"

    assert tags(link=SITE, enable_utm="true", group_utm=text, ad_group_id=None, ad_group_name=None) == {
        "campaign": "{{campaign_id}}",
        "content": "{{ad_group_name}}",
    }


@pytest.mark.parametrize("link", ["", "leadads://1000201/14/", "leadads://1?utm_content=msk_01_10", "vk_app://1"])
@pytest.mark.parametrize("enabled", ["true", "false"])
def test_an_ad_that_leads_to_no_site_is_known_to_have_no_tags(link: str, enabled: str) -> None:
    assert tags(link=link, enable_utm=enabled, group_utm="utm_content=msk_01_10") == {}


@pytest.mark.parametrize("link", ["https://vk.com/club1", "HTTPS://Afisha.example.invalid", " http://a.example "])
def test_every_address_of_the_web_is_a_site(link: str) -> None:
    """A community's too: what its group says tells the city that the money was spent on."""
    (row,) = made({"link": link, "enable_utm": "true", "group_utm": "utm_content=msk_01_10"})

    assert (row["utm_content"], row["utm_city"]) == ("msk_01_10", "москва")


@pytest.mark.parametrize(
    "link",
    [
        "afisha.example.invalid/?utm_source=own&utm_content=spb_02_10",
        "//afisha.example.invalid/?utm_source=own&utm_content=spb_02_10",
        "www.afisha.example.invalid?utm_source=own&utm_content=spb_02_10",
        f"{SITE}?utm_source=own&amp;utm_content=spb_02_10",
        f"{SITE}?UTM_SOURCE=own&Utm_Content=spb_02_10",
        f"{SITE}#/e/1?utm_source=own&utm_content=spb_02_10",
        f"{SITE}?utm_source=own#utm_content=spb_02_10",
    ],
)
@pytest.mark.parametrize("enabled", ["false", None])
def test_a_link_is_read_however_it_is_written(link: str, enabled: str | None) -> None:
    """In today's API and in the legacy one, which has no groups."""
    (row,) = made({"link": link, "enable_utm": enabled, "ad_group_id": "1" if enabled else None})

    assert (row["utm_source"], row["utm_content"], row["utm_city"]) == ("own", "spb_02_10", "санкт-петербург")


@pytest.mark.parametrize("code", ["%EC%F1%EA", "%CC%D1%CA", "%D0%BC%D1%81%D0%BA", "МСК", "msk"])
def test_a_city_is_read_from_either_encoding(code: str) -> None:
    (row,) = made({"link": f"{SITE}?utm_content={code}_01_10"})

    assert (row["utm_city"], row["utm_day"], row["utm_month"]) == ("москва", 1, 10)


@pytest.mark.parametrize(
    "text",
    [
        "utm_source=g&amp;utm_content=msk_02_10",
        "?UTM_Source=g&amp;amp;utm_content=msk_02_10",
        "utm_source=g;utm_content=msk_02_10",
    ],
)
@pytest.mark.parametrize("link", [OWN, "afisha.example.invalid", "//afisha.example.invalid/?utm_source=own"])
def test_a_groups_tags_are_read_as_a_link_is(text: str, link: str) -> None:
    assert tags(link=link, enable_utm="true", group_utm=text) == {"source": "g", "content": "msk_02_10"}


def test_macros_are_filled_in_where_braces_and_ampersands_are_escaped() -> None:
    link = f"{SITE}?utm_campaign=%7B%7Bad_plan_id%7D%7D&amp;utm_content={{{{banner_id}}}}"

    assert tags(link=link) == {"campaign": "700012672", "content": "17735868496"}


def test_spend_whose_link_cannot_be_read_is_counted_by_ad() -> None:
    """Ads 1 and 2: 3 x 100.10 and 50.00. The others have tags, have none, have no known link, or cost nothing."""
    odd = {"ad_id": "1", "link": "https://[afisha", "spent": "100.10"}
    raw = raw_vk(
        odd,
        odd | {"stat_date": "2026-01-20"},
        odd | {"stat_date": "2026-01-21"},
        {"ad_id": "2", "link": f"{SITE}?utm_source=vk&utm-content=msk_01_10", "spent": "50.00"},
        {"ad_id": "3", "link": OWN},
        {"ad_id": "4", "link": SITE},
        {"ad_id": "5", "link": None},
        {"ad_id": "6", "link": "leadads://[1"},
        {"ad_id": "7", "link": "https://[afisha", "enable_utm": "true"},
        {"ad_id": "8", "link": "https://[afisha", "spent": "0"},
    )

    assert unreadable(raw).rows() == [("1", Decimal("300.30")), ("2", Decimal("50.00"))]
    assert unreadable(raw_vk()).rows() == []


def test_only_where_the_link_is_not_known_are_tags_null() -> None:
    unknown, told = made({"ad_id": "1", "link": None, "enable_utm": "true"}, {"ad_id": "2", "link": ""})

    assert {unknown[name] for name in (*UTM, "utm_city", "utm_day", "utm_month")} == {None}
    assert None not in told.values()


def test_spend_is_net_of_vat_and_says_so() -> None:
    (row,) = made({"spent": "1662.33"})

    assert (row["spent"], row["spent_has_vat"]) == (Decimal("1662.33"), 0)


def test_an_ad_of_the_legacy_api_has_no_group() -> None:
    (row,) = made({"ad_group_id": "0", "ad_group_name": None, "enable_utm": None, "group_utm": None})

    assert (row["ad_group_id"], row["utm_content"]) == (0, "msk_01_10")


def test_days_on_which_nothing_was_shown_are_left_out() -> None:
    nothing = {"impressions": "0", "clicks": "0", "spent": "0", "conversions": "0"}

    assert [row["stat_date"].day for row in made({"stat_date": "2026-01-18"} | nothing, {})] == [19]
    assert made(nothing) == made() == []


def test_a_late_conversion_alone_is_a_day() -> None:
    (row,) = made({"impressions": "0", "clicks": "0", "spent": "0", "conversions": "1"})

    assert row["conversions"] == 1
