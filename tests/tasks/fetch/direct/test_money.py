"""The unit of money, its VAT and its currency, and rows that a report leaves out or repeats: what a second report proves
is proved, doubt is a note."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tasks.errors import SourceError
from tasks.fetch.direct import COLUMNS
from tasks.fetch.direct.money import doubts, figures, prove_unit
from tasks.fetch.direct.objects import Campaign
from tasks.reference import cities
from tasks.transform.direct import ad_days as to_facts
from tests.tasks.fetch.direct.helpers import (
    PAST,
    Account,
    ad_day,
    by_key,
    ordinary,
    rows_of,
)

DAYS = PAST.model_copy(update={"first": PAST.last.replace(day=5), "last": PAST.last.replace(day=7)})
HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"


def frame(*costs: str) -> pl.DataFrame:
    """A row for the fifth, the sixth ... of January, of campaign 1."""
    rows: list[Any] = [
        {"stat_date": f"2026-01-0{5 + n}", "campaign_id": "1", "impressions": "9", "clicks": "1", "cost": cost}
        for n, cost in enumerate(costs)
    ]
    return figures(rows)


@pytest.mark.parametrize(
    ("rows", "totals", "is_refused"),
    [
        (["150000000", "50000000"], ["150000000", "50000000"], True),
        (["183000000", "61000000"], ["150.00", "50.00"], True),
        (["150000000", "50000000"], [], True),
        (["150.00", "50.00"], ["150000000", "50000000"], False),
        (["10000", "20000"], ["12200000000", "24400000000"], False),
        (["0", "--"], [], False),
    ],
)
def test_micros_are_never_taken_for_roubles(rows: list[str], totals: list[str], is_refused: bool) -> None:
    """The totals are requested in micros. Round sums of roubles are proved by them; nothing to compare with is not."""
    if not is_refused:
        prove_unit(frame(*rows), frame(*totals), DAYS)
        return
    with pytest.raises(SourceError, match=r"sent the money of .* in millionths") as caught:
        prove_unit(frame(*rows), frame(*totals), DAYS)
    assert not caught.value.transient


VAT = "Direct tells the same money with VAT and without on 2 days: AD_SPEND_VAT may not hold"
OTHER_RATE = "Direct's money with VAT and without differs by 49% on 2 days, which is not the rate of VAT"
BUDGET = "1 campaigns cost more than 100 times their daily budget in a day: the unit of Direct's money is in doubt"


@pytest.mark.parametrize(
    ("rows", "totals", "vat", "campaign", "notes"),
    [
        (["183.00", "61.00"], ["150000000", "50000000"], "YES", Campaign(currency="RUB"), []),
        (["150.00", "50.00"], ["183000000", "61010000"], "NO", Campaign(), []),
        (["150.00", "50.00"], ["183000000", "61030000"], "NO", Campaign(), ["22% on 1 days"]),
        (["150.00", "50.00"], ["150000000", "50000000"], "YES", Campaign(), [VAT]),
        (["223.26", "74.42"], ["150000000", "50000000"], "YES", Campaign(), [OTHER_RATE]),
        (["150.00", "50.00"], ["150000000", "50000000"], "YES", Campaign(currency="KZT"), []),
        (["183.00", "61.00"], ["150000000", "50000000"], "YES", Campaign(daily_budget=Decimal("1.83")), []),
        (["183.00", "61.00"], ["150000000", "50000000"], "YES", Campaign(daily_budget=Decimal("1.82")), [BUDGET]),
    ],
)
def test_money_that_does_not_differ_by_vat_or_exceeds_its_budget_is_doubtful(
    rows: list[str], totals: list[str], vat: str, campaign: Campaign, notes: list[str]
) -> None:
    """VAT is 22 % in 2026; each row is rounded to the kopeck. Other currencies have other rates."""
    found = doubts(frame(*rows), frame(*totals), {1: campaign}, vat, DAYS)

    assert len(found) == len(notes)
    assert all(note in text for note, text in zip(notes, found, strict=True)), found


@pytest.mark.parametrize(("setting", "vat", "other"), [("include", "YES", "NO"), ("exclude", "NO", "YES")])
def test_the_rows_are_proved_by_totals_in_the_other_unit_and_with_the_other_vat(
    direct: Account, setting: str, vat: str, other: str
) -> None:
    """Over a change of the rate."""
    direct.without_wizard()

    fetched = direct.fetch(ad_spend_vat=setting)

    assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    assert [params["IncludeVAT"] for params in direct.sent("reports")] == [vat, other]
    assert PAST.first.year < PAST.last.year


@pytest.fixture
def two(direct: Account) -> Account:
    """Two ads, of a campaign each, with 150.00 and 50.00 net of VAT."""
    one, other = (ordinary(direct.api, number) for number in range(2))
    direct.show(ad_day(one, "2026-01-05", "150.00"), ad_day(other, "2026-01-06", "50.00"))
    return direct


def send(account: Account, *lines: str) -> None:
    body = "\n".join([HEADER, *lines, f"Total rows: {len(lines)}\n"])
    account.fail("status", "reports", status=200, body=body)


def test_a_report_in_micros_ends_the_fetch(two: Account) -> None:
    send(two, "2026-01-05\t1\tХиты\t2\t3\t100\t5\t150000000\t1")

    with pytest.raises(SourceError, match="in millionths"):
        two.fetch(DAYS)


def test_a_repeated_row_counts_once_but_rows_without_an_ad_are_all_kept(two: Account) -> None:
    """They are of two ads that the campaign wizard hides, with the same figures."""
    rows = ("2026-01-05\t1\tХиты\t2\t3\t100\t5\t10.00\t1", "2026-01-05\t1\tХиты\t--\t--\t100\t5\t10.00\t1")
    send(two, rows[0], rows[0], rows[1], rows[1])

    fetched = two.fetch(DAYS, ad_spend_vat="exclude")

    assert [(row["ad_id"], row["campaign_name"]) for row in fetched.rows] == [
        (n, "Хиты") for n in ("3", "--", "--")
    ]
    assert "1 repeated rows of Direct's report left out" in fetched.notes
    facts = to_facts(pl.DataFrame(fetched.rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())
    columns = ("ad_id", "impressions", "clicks", "spent", "conversions")
    assert facts.sort("ad_id").select(columns).rows() == [(0, 200, 10, 20, 2), (3, 100, 5, 10, 1)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("RUB", "KZT"), ["RUB", "KZT"]),
        (("KZT", None), ["KZT", "KZT"]),
        (("KZT",), ["KZT", "KZT"]),
        ((" kzt ", 5), ["KZT", "KZT"]),
        (("KZT", "RUB or so"), ["KZT", "KZT"]),
        ((), [None, None]),
    ],
)
def test_each_row_has_the_currency_of_its_campaign_and_none_are_added_up(
    two: Account, told: tuple[Any, ...], expected: list[str | None]
) -> None:
    """A campaign without one has that of the others, if they agree."""
    numbers = sorted({ad.campaign_id for ad in two.api.world.ads})
    items = [{"Id": number, "Currency": currency} for number, currency in zip(numbers, told, strict=False)]
    body = json.dumps({"result": {"Campaigns": items}})
    two.fail("status", "campaigns", status=200, body=body)
    two.fail("status", "ads", status=200, body='{"result": {}}')

    fetched = two.fetch(DAYS, ad_spend_vat="exclude")

    assert [row["currency"] for row in fetched.rows] == expected
    spend = "50.00 KZT and 150.00 RUB" if told == ("RUB", "KZT") else "200.00"
    assert f"tags of 2 ads with {spend}" in str(fetched.notes + fetched.warnings)


@pytest.mark.parametrize("share", [0, 0.5, 1])
@pytest.mark.parametrize("times", [1, 9])
def test_rows_that_a_report_leaves_out_are_missed(direct: Account, share: float, times: int) -> None:
    """The totals of campaigns show it. Both are read again; then it is said, and nothing is removed."""
    direct.without_wizard()
    expected = rows_of(direct.api.world, PAST.first, PAST.last, vat=True)
    left = min(int(len(expected) * share), len(expected) - 1)

    shortened: list[bool] = []

    def shorten(body: bytes) -> bytes:
        """A report of figures by ad that lacks its last rows and counts only what is there."""
        if b"AdId\t" not in body or len(shortened) == times:
            return body
        shortened.append(True)
        return b"\n".join([*body.split(b"\n")[: left + 1], f"Total rows: {left}\n".encode()])

    direct.api.faults.add("edit", "/json/*/reports", times=99, call=shorten)

    fetched = direct.fetch()

    if times == 1:
        assert by_key(fetched.rows) == expected
        assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    else:
        assert (len(fetched.rows), fetched.partial) == (left, True)
        assert ("fewer impressions or clicks by ad than by campaign" in str(fetched.warnings)) == (share < 1)
        assert ("fewer impressions or clicks by ad than by campaign" in str(fetched.notes)) == (share == 1)
