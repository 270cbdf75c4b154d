"""The unit of money, its VAT and its currency: what the API lets one prove is proved, doubt is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from sandbox.direct import DirectApi
from sandbox.direct.reports import text
from tasks.errors import SourceError
from tasks.fetch.direct import COLUMNS
from tasks.reference import cities
from tasks.transform.direct import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.direct.conftest import PAST
from tests.tasks.fetch.direct.helpers import Fetch, ad_day, by_ad, ordinary, reports, without_wizard

DAYS = Window(first=date(2026, 1, 5), last=date(2026, 1, 7))
HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions"


@pytest.fixture
def two(api: DirectApi) -> DirectApi:
    """Two ads, of a campaign each, with 150.00 and 50.00 net of VAT."""
    ads = [ordinary(api, number) for number in range(2)]
    api.world = replace(api.world, ads=ads)
    with api.change():
        api.rows[:] = [ad_day(ads[0], "2026-01-05", "150.00"), ad_day(ads[1], "2026-01-06", "50.00")]
    return api


@pytest.mark.parametrize(("setting", "vat"), [("include", "YES"), ("exclude", "NO")])
def test_the_rows_are_proved_by_totals_in_the_other_unit_and_with_the_other_vat(
    fetch: Fetch, api: DirectApi, setting: str, vat: str
) -> None:
    """Over a change of the rate, each row rounded to the kopeck."""
    without_wizard(api)

    fetched = fetch(api, ad_spend_vat=setting)

    assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    first, second = reports(api)
    assert [r.params["params"]["IncludeVAT"] for r in (first, second)] == [vat, {"YES": "NO", "NO": "YES"}[vat]]
    assert PAST.first.year < PAST.last.year


def test_micros_are_never_taken_for_roubles(fetch: Fetch, two: DirectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header is ignored: 150.00 comes as 150000000."""
    monkeypatch.setattr(
        text, "_is", lambda headers, name, value: name != "returnMoneyInMicros" and _is(headers, name, value)
    )

    with pytest.raises(SourceError, match=r"sent the money of .* in millionths") as caught:
        fetch(two, DAYS)
    assert not caught.value.transient


def test_micros_are_known_by_their_form_where_nothing_proves_them(
    fetch: Fetch, two: DirectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        text, "_is", lambda headers, name, value: name != "returnMoneyInMicros" and _is(headers, name, value)
    )
    two.faults.add("status", "/json/*/reports", after=1, times=9, status=500)

    with pytest.raises(SourceError, match="in millionths"):
        fetch(two, DAYS, http_attempts=2)


_is = text._is


def test_a_round_sum_of_roubles_is_no_micros(fetch: Fetch, two: DirectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """10000 and 20000 roubles, written without a point."""
    monkeypatch.setattr(text, "_word", lambda *a, **k: _word(*a, **k).removesuffix(".00"))
    with two.change():
        two.rows[:] = [
            replace(row, spent=row.spent * 0 + amount)
            for row, amount in zip(two.rows, (10_000, 20_000), strict=True)
        ]

    fetched = fetch(two, DAYS, ad_spend_vat="exclude")

    assert [row["cost"] for row in fetched.rows] == ["10000", "20000"]
    assert fetched.warnings == ()


_word = text._word


def test_vat_that_is_not_there_is_told(fetch: Fetch, two: DirectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.direct.reports.table.with_vat", lambda net, _day: net)

    assert fetch(two, DAYS).notes == (
        "Direct tells the same money with VAT and without on 2 days: AD_SPEND_VAT may not hold",
    )


def test_vat_that_is_taken_twice_is_told(fetch: Fetch, two: DirectApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.22 x 1.22 is 1.4884: 49 % on top, where 22 % are the rate."""
    monkeypatch.setattr("sandbox.direct.reports.table.with_vat", lambda net, _day: net * Decimal("1.4884"))

    assert fetch(two, DAYS).notes == (
        "Direct's money with VAT and without differs by 49% on 2 days, which is not the rate of VAT",
    )


def test_a_day_of_a_hundred_budgets_is_doubtful(fetch: Fetch, two: DirectApi) -> None:
    with two.change():
        two.rows[0] = replace(two.rows[0], spent=two.rows[0].spent * 100_000)

    assert fetch(two, DAYS).notes == (
        "1 campaigns cost more than 100 times their daily budget in a day: the unit of Direct's money is in doubt",
    )


def currencies(api: DirectApi, *told: Any) -> None:
    numbers = sorted({ad.campaign_id for ad in api.world.ads})
    items = [
        {"Id": number, "Name": f"C{number}"} | ({} if currency is None else {"Currency": currency})
        for number, currency in zip(numbers, told, strict=False)
    ]
    body = json.dumps({"result": {"Campaigns": items}})
    api.faults.add("status", "/json/v501/campaigns", times=9, status=200, body=body)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("KZT", "KZT"), ["KZT", "KZT"]),
        (("RUB", "KZT"), ["RUB", "KZT"]),
        (("KZT", None), ["KZT", "KZT"]),
        (("KZT",), ["KZT", "KZT"]),
        ((None, None), [None, None]),
        ((" kzt ", 5), ["KZT", "KZT"]),
        (("KZT", "RUB or so"), ["KZT", "KZT"]),
        ((), [None, None]),
    ],
)
def test_each_row_has_the_currency_of_its_campaign(
    fetch: Fetch, two: DirectApi, told: tuple[Any, ...], expected: list[str | None]
) -> None:
    """One that is not told is that of the account, if all that are told agree."""
    currencies(two, *told)

    assert [row["currency"] for row in fetch(two, DAYS).rows] == expected


def test_money_of_two_currencies_is_not_added_up(fetch: Fetch, two: DirectApi) -> None:
    currencies(two, "RUB", "KZT")
    two.faults.add("status", "/json/v501/ads", times=9, status=200, body='{"result": {}}')

    (note,) = fetch(two, DAYS, ad_spend_vat="exclude").notes

    assert note == "tags of 2 ads with 50.00 KZT and 150.00 RUB of spend are not known to Direct's API"


def test_a_repeated_row_counts_once_and_is_told(fetch: Fetch, two: DirectApi) -> None:
    row = "2026-01-05\t1\tХиты\t2\t3\t100\t5\t10.00\t1"
    body = f"{HEADER}\n{row}\n{row}\nTotal rows: 2\n"
    two.faults.add("status", "/json/*/reports", times=9, status=200, body=body)

    fetched = fetch(two, DAYS, ad_spend_vat="exclude")

    assert [(r["cost"], r["campaign_name"]) for r in fetched.rows] == [("10.00", "Хиты")]
    assert "1 repeated rows of Direct's report left out" in fetched.notes


def test_rows_without_an_ad_are_all_kept(fetch: Fetch, two: DirectApi) -> None:
    """Of two ads that the campaign wizard hides, with the same figures."""
    row = "2026-01-05\t1\tХиты\t--\t--\t100\t5\t10.00\t1"
    body = f"{HEADER}\n{row}\n{row}\nTotal rows: 2\n"
    two.faults.add("status", "/json/*/reports", times=9, status=200, body=body)

    rows = fetch(two, DAYS).rows

    assert [r["cost"] for r in rows] == ["10.00", "10.00"]
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())
    (fact,) = facts.rows(named=True)
    assert (fact["ad_id"], fact["impressions"], fact["clicks"], fact["spent"], fact["conversions"]) == (
        0, 200, 10, Decimal("20.00"), 2
    )  # fmt: skip


def test_a_report_is_asked_for_once_where_nothing_is_wrong(fetch: Fetch, two: DirectApi) -> None:
    fetch(two, DAYS)

    assert len(by_ad(two)) == 1
