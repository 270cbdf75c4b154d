"""The unit of money, its VAT and its currency, and rows that a report leaves out or repeats: what a second report proves
is proved, doubt is a note."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tasks.errors import SourceError
from tasks.fetch.direct import COLUMNS
from tasks.fetch.direct.money import doubts, figures, prove_unit
from tasks.fetch.direct.objects import Campaign, Links
from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.rows import described, unknown_tags
from tasks.reference import cities
from tasks.transform.direct import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.ad_accounts import PAST, DirectAccount

DAYS = Window(first=date(2026, 1, 5), last=date(2026, 1, 7))
HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"


def frame(*costs: str) -> pl.DataFrame:
    """A row for the fifth, the sixth ... of January, of campaign 1."""
    of = {"campaign_id": "1", "impressions": "9", "clicks": "1"}
    return figures(raw([of | {"stat_date": f"2026-01-0{5 + n}", "cost": cost} for n, cost in enumerate(costs)]))


def raw(rows: list[dict[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(["campaign_name", *FIELDS], pl.String))


@pytest.mark.parametrize(
    ("rows", "totals"), [(["183000000", "61000000"], ["150.00", "50.00"]), (["150000000", "50000000"], [])]
)
def test_micros_are_never_taken_for_roubles(rows: list[str], totals: list[str]) -> None:
    """The totals are requested in micros."""
    with pytest.raises(SourceError, match=r"sent the money of .* in millionths") as caught:
        prove_unit(frame(*rows), frame(*totals), DAYS)
    assert not caught.value.transient


def test_round_sums_of_roubles_are_proved_by_the_totals() -> None:
    prove_unit(frame("10000", "20000"), frame("12200000000", "24400000000"), DAYS)
    prove_unit(frame("0", "--"), frame(), DAYS)


@pytest.mark.parametrize(
    ("rows", "vat", "campaign", "doubt"),
    [
        (["183.00", "61.00"], "YES", Campaign(currency="RUB", daily_budget=Decimal("1.83")), ""),
        (["122.95", "40.98"], "NO", Campaign(), ""),
        (["150.00", "50.00"], "YES", Campaign(), "AD_SPEND_VAT may not hold"),
        (["223.26", "74.42"], "YES", Campaign(), "differs by 49%, which is not the rate of VAT, on 2 days"),
        (["150.00", "50.00"], "YES", Campaign(currency="KZT"), ""),
        (["183.00", "61.00"], "YES", Campaign(daily_budget=Decimal("1.82")), "100 times the daily budget"),
    ],
)
def test_money_that_fits_no_vat_or_budget_is_doubtful(rows: list[str], vat: str, campaign: Any, doubt: str) -> None:
    """VAT is 22 % in 2026; each row is rounded to the kopeck. Other currencies have other rates."""
    found = doubts(frame(*rows), frame("150000000", "50000000"), {1: campaign}, vat, DAYS)
    assert (len(found), doubt in str(found)) == (bool(doubt), True)


def send(account: DirectAccount, *lines: str) -> None:
    body = "\n".join([HEADER, *lines, f"Total rows: {len(lines)}\n"])
    account.fail("status", "reports", status=200, body=body)


def test_a_report_in_micros_ends_the_fetch(direct: DirectAccount) -> None:
    send(direct, "2026-01-05\t1\tХиты\t2\t3\t100\t5\t150000000\t1")
    assert "in millionths" in str(direct.refused(window=DAYS))


def test_a_repeated_row_counts_once_but_rows_without_an_ad_are_all_kept(direct: DirectAccount) -> None:
    """They are of two ads that the campaign wizard hides, with the same figures."""
    rows = ("2026-01-05\t1\tХиты\t2\t3\t100\t5\t10.00\t1", "2026-01-05\t1\tХиты\t--\t--\t100\t5\t10.00\t1")
    send(direct, rows[0], rows[0], rows[1], rows[1])
    fetched = direct.fetch(DAYS, ad_spend_vat="exclude")
    assert [row["ad_id"] for row in fetched.rows] == ["3", "--", "--"]
    assert "left out of Direct's report: 1 repeated row" in fetched.notes
    facts = to_facts(pl.DataFrame(fetched.rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())
    found = facts.sort("ad_id").select("ad_id", "impressions", "clicks", "spent", "conversions").rows()
    assert found == [(0, 200, 10, 20, 2), (3, 100, 5, 10, 1)]


@pytest.mark.parametrize(
    ("named", "expected", "spend"),
    [
        (("RUB", "KZT"), ["RUB", "KZT"], "50.00 KZT and 150.00 RUB"), (("KZT", None), ["KZT", "KZT"], "200.00 KZT"),
        ((None, None), [None, None], "200.00 of spend"),
    ],
)  # fmt: skip
def test_each_row_has_the_currency_of_its_campaign_and_none_are_added_up(
    named: Any, expected: Any, spend: str
) -> None:
    """A campaign without one has that of the others, if they agree."""
    rows = [{"campaign_id": n, "ad_id": n, "cost": cost} for n, cost in (("1", "150.00"), ("2", "50.00"))]
    listed = {number: Campaign(currency=currency) for number, currency in enumerate(named, 1)}
    made = described(raw(rows), listed, {}, Links(), {})
    assert made["currency"].to_list() == expected
    assert f"tags of 2 ads with {spend}" in str(unknown_tags(made, "v501", is_complete=True))


def test_rows_that_a_report_always_leaves_out_are_missed_and_nothing_is_removed(direct: DirectAccount) -> None:
    """It lacks its last rows and counts only what is there; the totals of campaigns show it."""
    direct.without_wizard()
    left = len(direct.facts(PAST.first, PAST.last)) // 2

    def shorten(body: bytes) -> bytes:
        if b"AdId\t" not in body:
            return body
        return b"\n".join([*body.split(b"\n")[: left + 1], f"Total rows: {left}\n".encode()])

    direct.fail("edit", "reports", call=shorten)
    fetched = direct.fetch()
    assert (len(fetched.rows), fetched.partial) == (left, True)
    assert "fewer impressions or clicks by ad than by campaign" in str(fetched.warnings)
