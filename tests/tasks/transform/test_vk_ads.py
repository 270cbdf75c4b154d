"""Rows of VK to facts: the three rules by which its ads get their tags, and the macros of both of its APIs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tasks.reference import cities
from tasks.transform.vk_ads import ad_days, unreadable
from tests.validation.ad_frames import raw_vk
from tests.validation.frames import of_main
from validation import ads as must
from validation.split import split

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
SITE = "https://afisha.example.invalid/event/1"
OWN = f"{SITE}?utm_source=own&utm_content=own_01_01"
# What VK adds by itself, with the ids of the group and of the ad.
DEFAULT = {"source": "vk_ads", "medium": "cpc", "campaign": "5757287178", "content": "17735868496"}


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    facts = ad_days(raw_vk(*changes), cities())
    assert split(of_main(facts), must.facts).rejected.height == 0
    return facts.rows(named=True)


def tags(**change: str | None) -> dict[str, str | None]:
    (row,) = made(change)
    return {name.removeprefix("utm_"): row[name] for name in UTM if row[name] != ""}


@pytest.mark.parametrize(
    ("link", "enabled", "text", "found"),
    [
        # A group that adds no tags leaves those of the link.
        (OWN, "false", "utm_content=off", {"source": "own", "content": "own_01_01"}),
        (SITE, "false", "utm_content=off", {}),
        # Its own tags win over those of the link.
        (OWN, "true", "utm_content=msk_02_10&utm_term=x", {"source": "own", "content": "msk_02_10", "term": "x"}),
        # One that adds tags and names none gets those of VK.
        *((link, "true", text, DEFAULT) for link in (SITE, OWN) for text in ("", None)),
        # An ad that leads to no site is known to have no tags; every address of the web is a site.
        ("", "true", "utm_content=msk_01_10", {}),
        ("leadads://1?utm_content=msk_01_10", "false", "utm_content=msk_01_10", {}),
        ("a.example", "true", "utm_content=msk_01_10", {"content": "msk_01_10"}),
        # The legacy API has no groups.
        (OWN, None, None, {"source": "own", "content": "own_01_01"}),
    ],
)
def test_where_the_tags_of_an_ad_come_from(
    link: str, enabled: str | None, text: str | None, found: dict[str, str]
) -> None:
    assert tags(link=link, enable_utm=enabled, group_utm=text) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        # In macros a campaign is what the API calls a group.
        (
            {
                "enable_utm": "true",
                "group_utm": "utm_source={{advertiser_id}}&utm_medium={{gender}}&utm_content={{banner_id}}"
                "&utm_campaign={{ad_plan_id}}-{{campaign_id}}-{{ad_group_id}}"
                "&utm_term={{ad_plan_name}}/{{campaign_name}}/{{ad_group_name}}/{{search_phrase}}",
            },
            {
                "source": "a",
                "medium": "{{gender}}",
                "campaign": "700012672-5757287178-5757287178",
                "content": "17735868496",
                "term": "Хиты/Ретаргетинг/Ретаргетинг/{{search_phrase}}",
            },
        ),
        # A macro of an unknown group is not filled in by half.
        (
            {"enable_utm": "true", "group_utm": "utm_campaign={{campaign_id}}", "ad_group_id": None},
            {"campaign": "{{campaign_id}}"},
        ),
    ],
    ids=["filled in", "unknown group"],
)
def test_ids_and_names_are_filled_in_and_nothing_that_depends_on_the_viewer(
    change: dict[str, str | None], found: dict[str, str]
) -> None:
    assert tags(**({"link": SITE} | change)) == found


def test_spend_whose_link_cannot_be_read_is_counted_by_ad() -> None:
    """Ads 1 and 2: 2 x 100.10 and 50.00. The others have tags, have none, have no known link, or cost nothing."""
    odd = {"ad_id": "1", "link": "https://[afisha", "spent": "100.10"}
    raw = raw_vk(
        odd,
        odd | {"stat_date": "2026-01-20"},
        {"ad_id": "2", "link": f"{SITE}?utm_source=vk&utm-content=msk_01_10", "spent": "50.00"},
        {"ad_id": "3", "link": OWN},
        {"ad_id": "5", "link": None},
        {"ad_id": "7", "link": "https://[afisha", "enable_utm": "true"},
        {"ad_id": "8", "link": "https://[afisha", "spent": "0"},
    )

    assert unreadable(raw).rows() == [("1", Decimal("200.20")), ("2", Decimal("50.00"))]
    assert unreadable(raw_vk()).rows() == []


def test_only_where_the_link_is_not_known_are_tags_null_and_a_late_conversion_alone_is_a_day() -> None:
    nothing = {"impressions": "0", "clicks": "0", "spent": "0", "conversions": "0"}

    unknown, plain, late = made(
        {"ad_id": "1", "link": None, "enable_utm": "true"},
        {"ad_id": "2", "link": ""},
        nothing | {"ad_id": "3"},
        nothing | {"ad_id": "4", "conversions": "1"},
    )

    assert {unknown[name] for name in (*UTM, "utm_city", "utm_day", "utm_month")} == {None}
    assert None not in plain.values()
    assert (plain["spent"], plain["spent_has_vat"]) == (Decimal("1662.33"), 0), "net of VAT"
    assert (late["ad_id"], late["conversions"]) == (4, 1)
