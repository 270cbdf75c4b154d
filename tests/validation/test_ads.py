"""Rules for advertising: no wrong figure gets in, no missing one passes for nothing, and odd links harm nobody."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.validation.ad_frames import FACT, RAW_DIRECT, RAW_VK, ad_days, marketing, raw_direct, raw_vk
from validation import ads as must
from validation.split import WrongFrame, split

FRAMES = {"direct": (raw_direct, must.raw_direct, "cost"), "vk": (raw_vk, must.raw_vk, "spent")}
NOT_NUMBERS = ("-1", "1 000", "много", "", "٣", "3\u00a0955", "9" * 19, "NaN", "Infinity", "1e40", "1_000")
NOT_MONEY = ("12.345", "12,30", "1 000.00", "5222.40 RUB", "", "٣.٣", "NaN", "1" * 17, "1e40", "1_0.00")


@pytest.fixture(params=FRAMES)
def source(request: pytest.FixtureRequest) -> Any:
    return FRAMES[request.param]


def reasons(source: Any, change: dict[str, str | None]) -> list[str]:
    """Why the changed row was set aside; the good one beside it must pass."""
    frame, schema, _ = source
    part = split(frame({"ad_id": "1"}, change), schema)
    assert part.valid["ad_id"].to_list()[0] == "1"
    return part.rejected["reason"].to_list()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("stat_date", None, "stat_date is missing"),
        *(
            ("stat_date", text, "is not a date")
            for text in ("--", "2026-02-30", "19.01.2026", "2026-01-19T00:00", "")
        ),
        ("account_id", None, "account_id is missing"),
        *((name, "x1", f"{name} is not an id") for name in ("campaign_id", "ad_group_id", "ad_id")),
        *(("ad_id", text, "is not an id") for text in ("-5", "1.5", "9" * 20, "1e18", "٣", "")),
        *(("impressions", text, "is not a number") for text in NOT_NUMBERS),
        ("clicks", "x", "clicks is not a number"),
    ],
)
def test_a_wrong_value_is_set_aside_in_words(source: Any, column: str, value: str | None, reason: str) -> None:
    (told,) = reasons(source, {column: value})

    assert reason in told


@pytest.mark.parametrize("text", NOT_MONEY)
def test_what_is_no_money_is_set_aside(source: Any, text: str) -> None:
    (told,) = reasons(source, {source[2]: text})

    assert f"{source[2]} is not an amount of money" in told


@pytest.mark.parametrize("text", ["-0.01", "-5", "-1234.50"])
def test_negative_money_is_set_aside(source: Any, text: str) -> None:
    assert reasons(source, {source[2]: text}) == [f"{source[2]} is negative"]


@pytest.mark.parametrize("column", ["impressions", "clicks", "spent"])
def test_a_figure_that_vk_left_out_is_not_taken_for_nothing(column: str) -> None:
    assert reasons(FRAMES["vk"], {column: None}) == [f"{column} is missing"]


def test_a_cost_that_direct_left_out_is_not_taken_for_nothing() -> None:
    assert reasons(FRAMES["direct"], {"cost": None}) == ["cost is missing"]


@pytest.mark.parametrize("text", ["0", "0.00", "7", "4.5", "5222.40", "1662.3300", "1" * 16, "--", "-"])
def test_money_in_any_form_of_an_api_is_good(source: Any, text: str) -> None:
    assert reasons(source, {source[2]: text}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"ad_group_id": "--", "ad_id": "--"},
        {"ad_group_id": None, "campaign_id": None},
        {"ad_group_id": "0", "ad_id": str(2**63)},
        {"conversions": "--", "clicks": "--"},
        {"conversions": None},
        {"campaign_name": None, "link": None},
        {"campaign_name": "", "link": "нет"},
        {"link": "leadads://1000201/14/"},
    ],
    ids=str,
)
def test_what_an_api_may_leave_out_is_good(source: Any, change: dict[str, str | None]) -> None:
    assert reasons(source, change) == []


@pytest.mark.parametrize(("name", "raw"), [("direct", RAW_DIRECT), ("vk", RAW_VK)])
def test_a_frame_without_one_of_its_columns_is_a_wrong_frame(name: str, raw: dict[str, Any]) -> None:
    frame, schema, _ = FRAMES[name]
    for column in raw:
        with pytest.raises(WrongFrame, match=column):
            split(frame({}).drop(column), schema)


def test_facts_are_unique_by_day_account_campaign_group_and_ad() -> None:
    key = {"stat_date": date(2026, 1, 20), "account_id": "b", "campaign_id": 2, "ad_group_id": 2, "ad_id": 2}
    apart = ad_days({}, *({name: value} for name, value in key.items()))

    assert split(apart, must.facts).rejected.height == 0
    twice = split(ad_days({}, {"clicks": 6}), must.facts)
    assert set(twice.rejected["reason"]) == {"the key stands twice"}


NAMED_BY_THE_SOURCE = ("campaign_id", "ad_group_id", "campaign_name", "currency")


@pytest.mark.parametrize(
    "name", [name for name in FACT if not name.startswith("utm_") and name not in NAMED_BY_THE_SOURCE]
)
def test_a_fact_lacks_nothing_but_its_tags_and_names(name: str) -> None:
    assert split(ad_days({"ad_id": 2}, {name: None}), must.facts).rejected["reason"].to_list() == [
        f"{name} is missing"
    ]


def test_a_fact_of_an_unknown_link_lacks_all_of_its_tags_and_one_of_an_unknown_group_its_names() -> None:
    unknown = dict.fromkeys([*(name for name in FACT if name.startswith("utm_")), *NAMED_BY_THE_SOURCE])

    assert split(ad_days(unknown), must.facts).rejected.height == 0


def test_negative_spend_is_no_fact() -> None:
    part = split(ad_days({"ad_id": 2}, {"spent": Decimal("-0.01")}), must.facts)

    assert part.rejected["reason"].to_list() == ["spent is negative"]


@pytest.mark.parametrize("kind", [pl.Float64, pl.Decimal(18, 3), pl.String])
def test_spend_of_another_type_is_a_wrong_frame(kind: Any) -> None:
    with pytest.raises(WrongFrame, match="spent"):
        split(ad_days({}).with_columns(pl.col("spent").cast(kind)), must.facts)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": ""}, "source is empty"),
        ({"spend_total": Decimal(-1)}, "spend_total is negative"),
        ({"revenue": Decimal(-1)}, "revenue is negative"),
        ({"refunds_amount": Decimal(-1)}, "refunds_amount is negative"),
        ({"city": None}, "city is missing"),
    ],
)
def test_a_row_of_the_mart_that_breaks_a_rule_is_told(change: dict[str, Any], reason: str) -> None:
    part = split(marketing({"city": ""}, change), must.marketing)

    assert part.valid["city"].to_list() == [""]
    assert part.rejected["reason"].to_list() == [reason]
