"""From days of VK and of Direct to facts: the owner's convention for utm_content, one name a city, exact money, no marks of
persons; whose tags an ad has, which macros are filled in, whose VAT its spend has."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import order_rows
from tasks.reference import cities
from tasks.transform import direct, vk_ads
from tasks.transform.ads import amount, count, facts, identifier
from tasks.transform.links import tags
from tasks.transform.values import canonical_city
from tasks.utm import UTM
from tests.validation.frames import ad_days, of_main, raw_direct, raw_vk
from validation import ads as must
from validation.split import split

FROM_CONTENT = ("utm_city", "utm_day", "utm_month")
ALIASES = cities().select("alias", "city").rows()


def made(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    days = ad_days(*({"ad_id": number} | change for number, change in enumerate(changes, 1))).drop(FROM_CONTENT)
    return facts(days, cities()).rows(named=True)


def test_city_day_and_month_are_read_from_utm_content() -> None:
    told: dict[str | None, tuple[Any, ...]] = {
        "msk_01_10": ("москва", 1, 10), "Москва_1_2": ("москва", 1, 2), "nizhny_novgorod_31_12": ("нижний новгород", 31, 12),
        "Нью-Васюки_05_09": ("Нью-Васюки", 5, 9), "new_vasyuki_05_09": ("new_vasyuki", 5, 9), " _01_10": ("", 1, 10),
        **dict.fromkeys("msk_00_10 msk_32_10 msk_01_00 msk_01_13 msk_001_10 msk_01_2026".split(), ("", 0, 0)),
        **dict.fromkeys("msk_1٣_10 msk-01-10 msk_01 01_10 msk_01_10x 17735868496".split(), ("", 0, 0)), None: (None, None, None),
    }  # fmt: skip
    rows = made(*({"utm_content": content} for content in told))
    found = {row["utm_content"]: tuple(row[name] for name in FROM_CONTENT) for row in rows}
    assert found == told, "and the content is as it was"


def canonical(*written: str | None) -> list[str]:
    frame = pl.DataFrame({"city": written}, schema={"city": pl.String})
    return frame.select(canonical_city("city", cities()))["city"].to_list()


def test_every_alias_of_the_table_is_its_city_and_every_city_its_own_name() -> None:
    names = [city for _, city in ALIASES]
    assert canonical(*(alias for alias, _ in ALIASES)) == canonical(*names) == names
    assert canonical(" Нью-Васюки ", "x y", None, "  ") == ["Нью-Васюки", "x y", "", ""], "unknown, as written"


@given(
    st.sampled_from(ALIASES),
    st.sampled_from([str.lower, str.upper, str.title, lambda name: name.replace("е", "ё", 1)]),
    st.sampled_from(["-", " ", "_", "  ", " - ", "–", ".", "\u00a0"]),
    st.sampled_from(["", " ", "\t", "\n"]),
)
def test_neither_case_nor_yo_nor_gaps_nor_blanks_around_a_city_matter(
    alias: Any, case: Any, gap: str, around: str
) -> None:
    assert canonical(around + case(alias[0]).replace("-", gap) + around) == [alias[1]]


@example([10**16 - 1], "{}.{:02}")
@given(st.lists(st.integers(0, 10**16 - 1), min_size=1, max_size=20), st.sampled_from(["{}.{:02}", "{}.{:02}00"]))
def test_money_is_exact_to_the_kopeck_and_so_is_its_sum(kopecks: list[int], form: str) -> None:
    texts = [form.format(*divmod(number, 100)) for number in kopecks]
    column = pl.DataFrame({"spent": texts}).select(amount("spent"))["spent"]
    assert column.dtype == pl.Decimal(18, 2)
    assert column.to_list() == [Decimal(number) / 100 for number in kopecks]
    assert column.sum() == sum(Decimal(number) / 100 for number in kopecks)


def test_what_is_no_figure_is_nothing_and_an_id_has_room() -> None:
    texts = pl.DataFrame({"n": [str(2**63), "--", " ", None]}, schema={"n": pl.String})
    assert texts.select(count("n"))["n"].to_list() == [2**63, 0, 0, 0]
    assert texts.select(identifier("n"))["n"].to_list() == [2**63, 0, 0, None]


def test_the_tags_of_an_ad_are_masked_as_those_of_the_order_that_it_brought() -> None:
    for given_, kept in (
        ("post_tgid_123456789_spb", "post_tgid_~nnblhd_spb"), ("%2B7%20%28916%29%20123-45-67", "phone~ljjmkh"),
        ("79161234567", "79161234567"),
    ):  # fmt: skip
        parameters = f"utm_campaign={given_}&utm_content={given_}&utm_term={given_}"
        found = tags(f"https://afisha.example.invalid/?{parameters}", "", {})
        assert found == dict.fromkeys(UTM, "") | dict.fromkeys(("utm_campaign", "utm_content", "utm_term"), kept)
        (row,) = order_rows({"id": 1, "payed": True, "baskets": [{}], "utm": parameters})
        assert {name: row[name] or "" for name in UTM} == found


SITE = "https://afisha.example.invalid/event/1"
OWN = f"{SITE}?utm_source=own&utm_content=own_01_01"
# What VK adds by itself, with the ids of the group and of the ad.
DEFAULT = {"source": "vk_ads", "medium": "cpc", "campaign": "5757287178", "content": "17735868496"}
Raw = Callable[..., pl.DataFrame]


def rows_of(raw: Raw, *changes: dict[str, str | None]) -> list[dict[str, Any]]:
    """`raw`: raw_vk or raw_direct."""
    module = vk_ads if raw is raw_vk else direct
    facts = module.ad_days(raw(*changes), cities())
    assert split(of_main(facts), must.facts).rejected.height == 0
    return facts.rows(named=True)


def tags_of(raw: Raw, **change: str | None) -> dict[str, str | None]:
    (row,) = rows_of(raw, change)
    return {name.removeprefix("utm_"): row[name] for name in UTM if row[name] != ""}


VK_ON, VK_OFF = ({"link": OWN, "enable_utm": is_on, "group_utm": ""} for is_on in ("true", "false"))
# In macros of VK a campaign is what the API calls a group.
MACROS = (
    "utm_source={{advertiser_id}}&utm_medium={{gender}}&utm_content={{banner_id}}"
    "&utm_campaign={{ad_plan_id}}-{{campaign_id}}-{{ad_group_id}}"
    "&utm_term={{ad_plan_name}}/{{campaign_name}}/{{ad_group_name}}/{{search_phrase}}"
)
FILLED = {
    "source": "a", "medium": "{{gender}}", "content": "17735868496", "campaign": "700012672-5757287178-5757287178",
}  # fmt: skip
FILLED |= {"term": "Хиты/Ретаргетинг/Ретаргетинг/{{search_phrase}}"}
BY_GROUP, BY_CAMPAIGN = {"group_tracking": "utm_content=group"}, {"campaign_tracking": "utm_content=campaign"}


def test_spend_is_as_reported_with_its_vat_or_without() -> None:
    """The other columns are compared with the truth of whole accounts."""
    rows = [*rows_of(raw_direct, {}, {"ad_id": "2", "include_vat": "NO"}), *rows_of(raw_vk, {})]
    told = [(str(row["spent"]), row["spent_has_vat"]) for row in rows]
    assert told == [("5222.40", 1), ("5222.40", 0), ("1662.33", 0)]


@pytest.mark.parametrize(("raw", "money"), [(raw_vk, "spent"), (raw_direct, "cost")])
def test_a_day_without_anything_is_no_row_and_a_late_conversion_alone_is_one(raw: Raw, money: str) -> None:
    nothing = {"impressions": "0", "clicks": "0", money: "0", "conversions": "0"}
    (late,) = rows_of(raw, nothing | {"ad_id": "3"}, nothing | {"ad_id": "4", "conversions": "1"})
    assert (late["ad_id"], late["conversions"]) == (4, 1)


@pytest.mark.parametrize(
    ("raw", "unknown"),
    [
        (raw_vk, {"link": None, "enable_utm": "true"}),
        (raw_direct, {"link_known": "false", "link": None, "campaign_tracking": "utm_content=a"}),
    ],
)
def test_only_where_the_link_is_not_known_are_tags_null(raw: Raw, unknown: dict[str, str | None]) -> None:
    null, plain = rows_of(raw, {"ad_id": "1", **unknown}, {"ad_id": "2", "link": ""})
    assert {null[name] for name in (*UTM, "utm_city", "utm_day", "utm_month", "link_event_id")} == {None}
    assert None not in plain.values()


@pytest.mark.parametrize("raw", [raw_vk, raw_direct])
def test_the_event_of_the_page_that_an_ad_leads_to(raw: Raw) -> None:
    leading = [
        "https://tomsk.qtickets.events/24000-shchelkunchik?utm_content=msk_01_10", " HTTP://QTickets.Events/24000",
        "qtickets.events/24000#tickets", "https://qtickets.events/24000?id=7",
    ]  # fmt: skip
    others = [
        "https://tomsk.qtickets.events/", "https://qtickets.events/24000a", "https://notqtickets.events/24000-x", "",
        "https://a.example/?to=https://qtickets.events/24000-x", "https://qtickets.events.a.example/24000-x",
        f"https://qtickets.events/{10**18}-x",
    ]  # fmt: skip
    rows = rows_of(raw, *({"link": link, "ad_id": str(n)} for n, link in enumerate(leading + others, 1)))
    assert [row["link_event_id"] for row in rows] == [24000] * len(leading) + [0] * len(others)


@pytest.mark.parametrize(
    ("raw", "change", "found"),
    [
        # A group that adds no tags leaves those of the link; its own win over those.
        (raw_vk, VK_OFF | {"group_utm": "utm_content=off"}, {"source": "own", "content": "own_01_01"}),
        (raw_vk, VK_OFF | {"link": SITE, "group_utm": "utm_content=off"}, {}),
        (raw_vk, VK_ON | {"group_utm": "utm_content=msk&utm_term=x"}, {"source": "own", "content": "msk", "term": "x"}),
        # One that adds tags and names none gets those of VK.
        *((raw_vk, VK_ON | {"link": link, "group_utm": text}, DEFAULT) for link in (SITE, OWN) for text in ("", None)),
        # An ad that leads to no site is known to have no tags; every address of the web is a site.
        (raw_vk, VK_ON | {"link": "", "group_utm": "utm_content=a"}, {}),
        (raw_vk, VK_OFF | {"link": "leadads://1?utm_content=msk_01_10"}, {}),
        (raw_vk, VK_ON | {"link": "a.example", "group_utm": "utm_content=a"}, {"content": "a"}),
        # The legacy API has no groups.
        (raw_vk, {"link": OWN, "enable_utm": None, "group_utm": None}, {"source": "own", "content": "own_01_01"}),
        # Ids and names are filled in and nothing that depends on the viewer; nor by half.
        (raw_vk, VK_ON | {"link": SITE, "group_utm": MACROS}, FILLED),
        (raw_vk, VK_ON | {"link": SITE, "group_utm": "utm_term={{campaign_id}}", "ad_group_id": None}, {"term": "{{campaign_id}}"}),
        # In Direct the first that is not empty counts, and alone: parameters of the group, the campaign's, the link.
        (raw_direct, {"link": OWN, "campaign_tracking": " "}, {"source": "own", "content": "own_01_01"}),
        (raw_direct, {"link": OWN} | BY_GROUP | BY_CAMPAIGN, {"source": "own", "content": "group"}),
        (raw_direct, {"link": OWN} | BY_CAMPAIGN, {"source": "own", "content": "campaign"}),
        (raw_direct, {"link": OWN, "group_tracking": "utm_term=x"} | BY_CAMPAIGN, {"source": "own", "content": "own_01_01", "term": "x"}),
    ],
)  # fmt: skip
def test_whose_tags_an_ad_has(raw: Raw, change: dict[str, str | None], found: dict[str, str]) -> None:
    assert tags_of(raw, **change) == found


def test_spend_whose_link_cannot_be_read_is_counted_by_ad() -> None:
    """Ads 1 and 2: 2 x 100.10 and 50.00. The others have tags, have none, have no known link, or cost nothing."""
    odd = {"ad_id": "1", "link": "https://[afisha", "spent": "100.10"}
    raw = raw_vk(
        odd, odd | {"stat_date": "2026-01-20"}, {"ad_id": "3", "link": OWN}, {"ad_id": "5", "link": None},
        {"ad_id": "2", "link": f"{SITE}?utm_source=vk&utm-content=msk_01_10", "spent": "50.00"},
        odd | {"ad_id": "7", "enable_utm": "true"}, odd | {"ad_id": "8", "spent": "0"},
    )  # fmt: skip
    assert vk_ads.unreadable(raw).rows() == [("1", Decimal("200.20")), ("2", Decimal("50.00"))]
    assert vk_ads.unreadable(raw_vk()).rows() == []
