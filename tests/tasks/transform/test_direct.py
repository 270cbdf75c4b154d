"""Rows of Direct's report to facts: whose tracking parameters win, which macros are filled in, whose VAT it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tasks.reference import cities
from tasks.transform.direct import ad_days
from tests.validation.ad_frames import raw_direct
from tests.validation.frames import of_main
from validation import ads as must
from validation.split import split

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
SITE = "https://afisha.example.invalid/event/1"


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    facts = ad_days(raw_direct(*changes), cities())
    assert split(of_main(facts), must.facts).rejected.height == 0
    return facts.rows(named=True)


def tags(**change: str | None) -> dict[str, str | None]:
    (row,) = made(change)
    return {name.removeprefix("utm_"): row[name] for name in UTM if row[name] != ""}


def test_a_row_by_hand() -> None:
    (row,) = made({})

    assert row == {
        "stat_date": date(2026, 1, 19),
        "account_id": "a",
        "campaign_id": 700012672,
        "ad_group_id": 5757287178,
        "ad_id": 17735868496,
        "campaign_name": "Хиты",
        "impressions": 3955,
        "clicks": 132,
        "spent": Decimal("5222.40"),
        "spent_has_vat": 1,
        "currency": "RUB",
        "conversions": 4,
        "utm_source": "",
        "utm_medium": "",
        "utm_campaign": "",
        "utm_content": "msk_01_10",
        "utm_term": "",
        "utm_city": "москва",
        "utm_day": 1,
        "utm_month": 10,
    }
    (net,) = made({"include_vat": "NO"})
    assert (net["spent"], net["spent_has_vat"]) == (Decimal("5222.40"), 0), "spend is as reported"
    assert made({"impressions": "0", "clicks": "0", "cost": "0.00", "conversions": "--"}) == []


@pytest.mark.parametrize(
    ("group", "campaign", "content"),
    [
        (None, " ", "link"),
        ("utm_content=group", "utm_content=campaign", "group"),
        (None, "utm_content=campaign", "campaign"),
        # The first that is not empty counts, and alone.
        ("utm_term=x", "utm_content=campaign", "link"),
    ],
)
def test_parameters_of_the_group_win_over_the_campaigns_and_those_over_the_link(
    group: str | None, campaign: str | None, content: str
) -> None:
    found = tags(link=f"{SITE}?utm_source=own&utm_content=link", group_tracking=group, campaign_tracking=campaign)

    assert found == {"content": content, "source": "own"} | ({"term": "x"} if group == "utm_term=x" else {})


def test_only_where_the_link_is_not_known_are_tags_null() -> None:
    unknown, plain = made(
        {"ad_id": "1", "link_known": "false", "link": None, "campaign_tracking": "utm_content=a"}, {"ad_id": "2"}
    )

    assert {unknown[name] for name in (*UTM, "utm_city", "utm_day", "utm_month")} == {None}
    assert None not in plain.values()


def test_ads_of_the_wizard_have_no_number_and_are_one_row_a_day_and_campaign() -> None:
    wizard = {"ad_group_id": "--", "ad_id": "--", "link": None, "conversions": "--"}
    other = wizard | {"campaign_id": "8"}

    first, second = made(wizard | {"cost": "1.10"}, other, wizard | {"cost": "2.20", "clicks": "8"})

    assert (first["ad_group_id"], first["ad_id"], first["conversions"]) == (0, 0, 0)
    assert {first[name] for name in UTM} == {""}
    assert (first["spent"], first["clicks"], second["campaign_id"]) == (Decimal("3.30"), 140, 8)
