"""Campaigns, changed days, links and parameters only describe the figures: a load goes on without them and says so, unless
access is denied. What a service leaves out is requested once more; then it is unknown, which is not nothing. Days that
Direct has corrected are loaded, too."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox.direct import DIRECT_TOKEN
from sandbox.direct.errors import error_body
from sandbox.world.secrets import MARK
from tasks.fetch.direct import COLUMNS, reads
from tasks.settings import Settings
from tasks.translation import numbered
from tasks.window import Window
from tests.tasks.fetch.ad_accounts import PAST, UNTIL, WEEK, DirectAccount, ad_day, by_key, ordinary


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
    assert fetched.notes == ("no ads, so no city, are told of 1 campaign of the wizard with 12.00 RUB of spend",)
    assert {row["campaign_name"] for row in fetched.rows} == {wizard.campaign_name, good.campaign_name}
    assert direct.fetch(PAST).window == PAST


def test_an_account_without_figures_gives_no_rows_and_asks_for_no_links(direct: DirectAccount) -> None:
    with direct.api.change():
        direct.api.rows.clear()
    fetched = direct.fetch()
    assert (list(fetched.rows), fetched.columns) == ([], COLUMNS)
    assert direct.calls() == ["campaigns", "reports", "reports", "reports"]


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
