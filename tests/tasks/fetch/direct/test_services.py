"""Campaigns, changed days, links and parameters only describe the figures: a load goes on without them and says so, unless
access is denied; what stays unknown is not nothing. Days that Direct has corrected are loaded, too. Of the unit of money,
its VAT and rows that a report leaves out: what a second report proves is proved, doubt is a note."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from sandbox.direct import DIRECT_TOKEN
from sandbox.direct.errors import error_body
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.direct import COLUMNS, reads
from tasks.fetch.direct.money import doubts, figures, prove_unit
from tasks.fetch.direct.objects import Campaign, Links
from tasks.fetch.direct.reports import FIELDS
from tasks.fetch.direct.rows import described, unknown_tags
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.direct import ad_days as to_facts
from tasks.translation import numbered
from tasks.window import Window
from tests.tasks.fetch.applications import PAST, UNTIL, WEEK, DirectAccount, ad_day, by_key, ordinary


def ids(account: DirectAccount, service: str) -> list[list[int]]:
    return [params["SelectionCriteria"].get("Ids") for params in account.sent(service)]


@pytest.mark.parametrize(
    ("service", "kind", "options", "said"),
    [
        ("ads", "error_as_page", {"code": 152}, "no ads.get ("),
        ("adgroups", "disconnect", {}, "no adgroups.get ("),
        ("changes", "error_as_page", {"code": 152}, "no changes.check ("),
        ("changes", "html", {}, "no changes.check ("),
        ("campaigns", "status", {"status": 503, "html": True}, "no campaigns.get ("),
        ("reports", "status", {"status": 500, "after": 1}, "no totals ("),  # The first report is of figures.
    ],
)
def test_figures_come_without_a_service(
    direct: DirectAccount, service: str, kind: str, options: dict[str, Any], said: str
) -> None:
    direct.without_wizard()
    direct.fail(kind, service, **options)
    fetched = direct.fetch(WEEK, http_attempts=2)
    first = fetched.window.first if fetched.window else WEEK.first
    assert (first == WEEK.first) == (service in ("campaigns", "changes"))
    assert by_key(fetched.rows) == direct.facts(first, WEEK.last)
    assert (said in str(fetched.warnings), fetched.partial) == (True, False)
    # Once points are used up, nothing else is requested that costs some.
    is_known = {row["link_known"] for row in fetched.rows} == {"true"}
    assert is_known == (service == "reports" or kind == "html")


@pytest.mark.parametrize("service", ["campaigns", "ads", "adgroups"])
@pytest.mark.parametrize("kept", [1, 2])
def test_what_is_missing_is_requested_again_and_counted(direct: DirectAccount, service: str, kept: int) -> None:
    """More than half may come back with a later load, which is a warning; fewer may have been deleted. No figure is lost."""
    # A group's own parameters would hide those of its campaign.
    ads = [replace(ordinary(direct.api, number), group_parameters=None) for number in range(4)]
    direct.show(*(ad_day(ad, "2026-01-05") for ad in ads))
    known = {number for ad in ads[:kept] for number in (ad.campaign_id, ad.group_id, ad.ad_id)}

    def lose(reply: Any) -> None:
        (items,) = reply["result"].values()
        items[:] = [item for item in items if item["Id"] in known]

    direct.edit(service, lose, 1)
    fetched = direct.fetch()
    assert {row["link_known"] for row in fetched.rows} == {"true"}
    assert (fetched.warnings, fetched.notes) == ((), ())
    assert len(ids(direct, service)[1]) == 4 - kept, "only what is missing"
    direct.edit(service, lose)
    direct.api.requests.clear()
    fetched = direct.fetch(ad_spend_vat="exclude")
    assert [row["cost"] for row in fetched.rows] == ["10.00"] * 4
    assert [row["link_known"] for row in fetched.rows].count("false") == 4 - kept
    text = f"Direct's API does not know the tags of {numbered(4 - kept, 'ad')} with {4 - kept}0.00 RUB of spend"
    assert text in (fetched.warnings if kept == 1 else fetched.notes)
    assert direct.calls().count(service) == 2


@pytest.mark.parametrize(
    ("code", "service", "status"),
    [
        (53, "campaigns", 200), *((53, "reports", status) for status in (202, 429, 502)), (8800, "campaigns", 400),
        (54, "changes", 200), (3000, "adgroups", 500),
    ],
)  # fmt: skip
def test_denied_access_ends_the_load_at_once(direct: DirectAccount, code: int, service: str, status: int) -> None:
    direct.without_wizard()
    body = error_body(code, f"Invalid OAuth token {DIRECT_TOKEN}", text=code % 2 == 0)
    direct.fail("status", service, status=status, body=body)
    error = direct.refused(window=WEEK)
    assert (f"refused the request with code {code}" in str(error), error.transient) == (True, False)
    assert (direct.calls().count(service), direct.calls()[-1]) == (1, service)


def test_only_the_english_name_and_the_number_of_an_error_are_shown(direct: DirectAccount) -> None:
    error = {"error_code": 9999, "error_string": "a@b.example", "error_detail": DIRECT_TOKEN, "request_id": "Зоя"}
    direct.fail("status", "reports", status=400, body=json.dumps({"error": error}))
    text = str(direct.refused())
    assert "refused the request with code 9999." in text and "a@b.example" not in text and "Зоя" not in text


def test_lists_come_in_pages_and_ids_go_in_parts(direct: DirectAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each id once, whatever days and ads share it."""
    direct.without_wizard()
    whole = direct.fetch().rows
    direct.api.switches.objects_page_limit = 7
    monkeypatch.setattr("tasks.fetch.direct.objects._ADS_A_CALL", 7)
    monkeypatch.setattr("tasks.fetch.direct.objects._GROUPS_A_CALL", 5)
    direct.api.requests.clear()
    assert direct.fetch().rows == whole
    campaigns = {ad.campaign_id for ad in direct.api.world.ads}
    assert [params["Page"]["Offset"] for params in direct.sent("campaigns")] == list(range(0, len(campaigns), 7))
    for service, column, size in (("ads", "ad_id", 7), ("adgroups", "ad_group_id", 5)):
        parts = ids(direct, service)
        assert [number for part in parts for number in part] == sorted({int(str(row[column])) for row in whole})
        assert {len(part) for part in parts[:-1]} == {size}


def test_campaigns_of_the_wizard_are_read_a_month_back(direct: DirectAccount) -> None:
    """Direct does not list them and may not answer for their changed days. One that has ended is found as well, and a
    window in the past stays as it is."""
    wizard, good = next(ad for ad in direct.api.world.ads if ad.wizard), ordinary(direct.api)
    ended = [ad_day(wizard, "2025-12-22", "7.00"), ad_day(wizard, "2026-01-02", "5.00")]
    direct.show(*ended, ad_day(good, "2026-01-15", "3.00"))
    fetched = direct.fetch(WEEK, ad_spend_vat="exclude")
    assert fetched.window == Window(first=date(2025, 12, 21), last=WEEK.last)
    assert sorted(figures[2] for figures in by_key(fetched.rows).values()) == [3, 5, 7]
    assert fetched.notes == (
        "1 campaign of the wizard with 12.00 RUB of spend: the API names none of its ads, so it has no city",
    )
    assert {row["campaign_name"] for row in fetched.rows} == {wizard.campaign_name, good.campaign_name}
    assert direct.fetch(PAST).window == PAST


def test_one_account_has_one_login_however_it_is_spelt(make_settings: Callable[..., Settings]) -> None:
    for text, login in ((" SANDBOX.DIRECT ", "sandbox-direct"), ("A.B@Firma.ru", "a-b@firma.ru")):
        one, other = (make_settings(direct_login=each, direct_token=MARK) for each in (text, login))
        assert reads(one) == reads(other)
        assert MARK not in reads(one) + repr(one)


@pytest.mark.parametrize(
    ("borders", "first", "odd"),
    [
        ("2026-01-12 2025-11-30 2026-01-15", date(2025, 11, 30), 0), ("2026-01-13 2026-01-19", WEEK.first, 0),
        ("1970-01-01 0000-00-00 2026-02-30 null 2031-01-01 2026-01-04", date(2026, 1, 4), 5),
        ("2023-01-01", date(2023, 1, 1), 0),
    ],
)  # fmt: skip
def test_the_window_begins_with_the_earliest_changed_day_or_its_own(
    direct: DirectAccount, borders: str, first: date, odd: int
) -> None:
    """Impossible days are counted: Direct keeps three years."""
    direct.without_wizard()
    days = [None if border == "null" else border for border in borders.split()]
    items = [{"CampaignId": number, "BorderDate": day} for number, day in enumerate(days, 1)]
    direct.edit("changes", lambda _: {"result": {"Modified": {"CampaignsStat": items}}})
    fetched = direct.fetch(WEEK)
    assert fetched.window == Window(first=first, last=WEEK.last)
    assert direct.sent("reports")[0]["SelectionCriteria"]["DateFrom"] == str(first)
    assert fetched.warnings == (
        (f"Direct named {numbered(odd, 'impossible date')} of changed days",) if odd else ()
    )


@pytest.mark.parametrize(
    ("days", "last", "as_of", "back"),
    [
        (7, date(2026, 1, 19), UNTIL, 30), (45, date(2026, 1, 19), UNTIL, 45),
        (7, date(2026, 1, 18), datetime(2026, 1, 19, 22, 30, tzinfo=UTC), None),  # In Moscow it is the 20th already.
    ],
)  # fmt: skip
def test_all_campaigns_are_checked_over_a_month_or_the_length_of_a_window_up_to_yesterday(
    direct: DirectAccount, days: int, last: date, as_of: datetime, back: int | None
) -> None:
    """A correction is then found by many runs, and none that fails loses it. What Direct left out is sent again."""
    direct.without_wizard()
    campaigns = sorted({ad.campaign_id for ad in direct.api.world.ads})
    direct.edit("changes", lambda _: {"result": {"Unprocessed": {"CampaignIds": campaigns[:2]}}})
    fetched = direct.fetch(Window(first=last - timedelta(days=days - 1), last=last), as_of=as_of)
    since = f"{as_of - timedelta(days=back or 0):%Y-%m-%dT%H:%M:%SZ}"
    asked = [
        {"Timestamp": since, "FieldNames": ["CampaignsStat"]} | {"CampaignIds": i}
        for i in (campaigns, campaigns[:2])
    ]
    assert direct.sent("changes") == (asked if back else [])
    assert fetched.warnings == (("Direct did not look for changed days in 2 campaigns",) if back else ())


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
