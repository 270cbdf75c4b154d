"""Campaigns, changed days, links and parameters only describe the figures: a load goes on without them and says so, unless
access is denied. What a service leaves out is requested once more; then it is unknown, which is not nothing."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sandbox.direct import DIRECT_TOKEN
from sandbox.direct.errors import error_body
from tasks.translation import numbered
from tasks.window import Window
from tests.tasks.fetch.ad_accounts import PAST, WEEK, DirectAccount, ad_day, by_key, ordinary


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
        # The first report is of figures, the second of totals.
        ("reports", "status", {"status": 500, "after": 1}, "no totals ("),
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
    assert said in str(fetched.warnings)
    assert not fetched.partial
    # Once points are used up, nothing else is requested that costs some.
    is_known = {row["link_known"] for row in fetched.rows} == {"true"}
    assert is_known == (service == "reports" or kind == "html")


@pytest.mark.parametrize("service", ["campaigns", "ads", "adgroups"])
@pytest.mark.parametrize(("kept", "is_warned"), [(1, True), (2, False)])
def test_what_is_missing_is_requested_again_and_counted(
    direct: DirectAccount, service: str, kept: int, is_warned: bool
) -> None:
    """More than half may come back with a later load; fewer may have been deleted. No figure is lost."""
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
    assert text in (fetched.warnings if is_warned else fetched.notes)
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
    assert f"refused the request with code {code}" in str(error)
    assert not error.transient
    assert direct.calls().count(service) == 1
    assert direct.calls()[-1] == service


def test_only_the_english_name_and_the_number_of_an_error_are_shown(direct: DirectAccount) -> None:
    error = {"error_code": 9999, "error_string": "a@b.example", "error_detail": DIRECT_TOKEN, "request_id": "Зоя"}
    direct.fail("status", "reports", status=400, body=json.dumps({"error": error}))
    text = str(direct.refused())
    assert "refused the request with code 9999." in text
    assert "a@b.example" not in text
    assert "Зоя" not in text


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
