"""What a fetch brings of a whole account is the ground truth, to the kopeck, in as few calls as there can be; over the
days that Direct has corrected too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sandbox import World
from sandbox.world.secrets import MARK
from tasks.fetch.direct import COLUMNS, account, canonical, canonical_login
from tasks.fetch.traffic import Traffic
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import (
    PAST,
    UNTIL,
    WEEK,
    Account,
    by_key,
    rows_of,
)

CHANGES = "/json/v501/changes"


@pytest.mark.parametrize(("setting", "online_days"), [("include", 0), ("exclude", 400)])
def test_every_figure_is_the_ground_truth_and_has_what_its_tags_are_made_of(
    direct: Account, world: World, setting: str, online_days: int
) -> None:
    direct.api.switches.auto_online_days = online_days

    fetched = direct.fetch(ad_spend_vat=setting)

    expected = rows_of(world, PAST.first, PAST.last, vat=setting == "include")
    assert len(expected) > 300
    assert by_key(fetched.rows) == expected
    assert fetched.facts["ad_days"] == len(expected)
    ads = {str(ad.ad_id): ad for ad in world.ads}
    for row in fetched.rows:
        assert (row["include_vat"], row["account_id"]) == (
            "YES" if setting == "include" else "NO",
            direct.api.login,
        )
        ad = ads.get(str(row["ad_id"]))
        if ad is None:
            assert row["link_known"] == "true", "a wizard's ad has no link, and that is known"
        elif ad.deleted_on and ad.deleted_on < UNTIL.date():
            assert (row["link"], row["link_known"]) == (None, "false")
        else:
            made_of = (row["link"], row["group_tracking"] or None, row["campaign_tracking"] or None)
            assert made_of == (ad.link, ad.group_parameters, ad.campaign_parameters)
            assert row["link_known"] == "true"
    assert MARK not in repr(fetched)


@pytest.mark.parametrize(
    ("window", "polls", "expected"),
    [
        (PAST, None, ["campaigns", "reports", "reports", "ads", "adgroups"]),
        (WEEK, None, ["campaigns", "changes", "reports", "reports", "ads", "adgroups"]),
        (PAST, 3, ["campaigns", *["reports"] * 8, "ads", "adgroups"]),
    ],
    ids=["past", "up to yesterday", "queued"],
)
def test_a_fetch_takes_one_call_a_service_and_a_second_report_as_proof(
    direct: Account, traffic: Traffic, window: Window, polls: int | None, expected: list[str]
) -> None:
    direct.without_wizard()
    if polls:
        direct.api.switches.auto_online_days, direct.api.switches.polls_until_ready = 0, polls

    fetched = direct.fetch(window)

    assert direct.calls() == expected
    assert (traffic.calls, traffic.retries) == (len(expected), 0)
    assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    assert {request.method for request in direct.api.requests} == {"POST"}
    assert not direct.api.writes


@pytest.mark.parametrize("has_campaigns", [True, False])
def test_an_account_without_figures_gives_no_rows_and_asks_for_no_links(
    direct: Account, has_campaigns: bool
) -> None:
    direct.api.switches.empty_result_without_key = True
    if not has_campaigns:
        direct.api.show(replace(direct.api.world, ads=[]))
    with direct.api.change():
        direct.api.rows.clear()

    fetched = direct.fetch(PAST if has_campaigns else WEEK)

    assert (list(fetched.rows), fetched.columns) == ([], COLUMNS)
    assert direct.calls() == ["campaigns", "reports", "reports"]


@pytest.mark.parametrize(
    ("text", "login"),
    [(" SANDBOX.DIRECT ", "sandbox-direct"), ("a.b.c", "a-b-c"), ("A.B@Firma.ru", "a-b@firma.ru"), ("", "")],
)
def test_one_account_has_one_login_however_it_is_spelt(
    make_settings: Callable[..., Settings], text: str, login: str
) -> None:
    assert canonical_login(text) == login
    assert pl.DataFrame({"login": [text]}).select(canonical(pl.col("login"))).item() == login
    if text:
        one, other = (make_settings(direct_login=each, direct_token=f"a-{MARK}") for each in (text, login))
        assert account(one) == account(other)
        assert MARK not in account(one) + repr(one)


# Changed days.


def send_borders(direct: Account, *borders: Any) -> None:
    """The next reply of the service, a border for each campaign."""
    items = [{"CampaignId": number, "BorderDate": border} for number, border in enumerate(borders, 1)]
    body = json.dumps({"result": {"Modified": {"CampaignsStat": [*items, None, "x"]}}})
    direct.api.faults.add("status", CHANGES, status=200, body=body)


@pytest.mark.parametrize(
    ("borders", "first", "odd"),
    [
        (("2026-01-12", "2025-11-30", "2026-01-15"), date(2025, 11, 30), 0),
        (("2026-01-12T21:00:00Z",), date(2026, 1, 12), 0),
        (("2026-01-13", "2026-01-19"), WEEK.first, 0),
        ((), WEEK.first, 0),
        (("0000-00-00", "2026-01-04"), date(2026, 1, 4), 1),
        (("1970-01-01", "2026-02-30", "", None, 20260104, "soon", "2026-01-04"), date(2026, 1, 4), 6),
        (("2026-01-21", "2031-01-01"), WEEK.first, 2),
        (("2023-01-01",), date(2023, 1, 1), 0),
    ],
    ids=str,
)
def test_the_window_begins_with_the_earliest_changed_day_or_its_own(
    direct: Account, borders: tuple[Any, ...], first: date, odd: int
) -> None:
    """Impossible days are counted: Direct keeps three years."""
    direct.without_wizard()
    send_borders(direct, *borders)

    fetched = direct.fetch(WEEK)

    assert fetched.window == Window(first=first, last=WEEK.last)
    assert direct.sent("reports")[0]["SelectionCriteria"]["DateFrom"] == str(first)
    assert fetched.warnings == ((f"Direct named {odd} impossible dates of changed days",) if odd else ())


@pytest.mark.parametrize(
    ("days", "last", "as_of", "back"),
    [
        (7, date(2026, 1, 20), UNTIL, 30),
        (45, date(2026, 1, 19), UNTIL, 45),
        (7, date(2026, 1, 18), UNTIL, None),
        # In Moscow it is the 20th already.
        (7, date(2026, 1, 18), datetime(2026, 1, 19, 22, 30, tzinfo=UTC), None),
    ],
)
def test_all_campaigns_are_checked_over_a_month_or_the_length_of_a_window_up_to_yesterday(
    direct: Account, days: int, last: date, as_of: datetime, back: int | None
) -> None:
    """A correction is then found by many runs, and none that fails loses it."""
    direct.without_wizard()
    direct.fetch(Window(first=last - timedelta(days=days - 1), last=last), as_of=as_of)

    found = [request.params["params"] for request in direct.api.requests if request.path == CHANGES]
    expected = {
        "CampaignIds": sorted({ad.campaign_id for ad in direct.api.world.ads}),
        "Timestamp": f"{as_of - timedelta(days=back or 0):%Y-%m-%dT%H:%M:%SZ}",
        "FieldNames": ["CampaignsStat"],
    }
    assert found == ([expected] if back else [])


def test_many_campaigns_are_checked_in_parts_and_those_unprocessed_again(
    direct: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earliest day of all counts."""
    direct.without_wizard()
    campaigns = sorted({ad.campaign_id for ad in direct.api.world.ads})
    monkeypatch.setattr("tasks.fetch.direct.changes._CAMPAIGNS_A_CALL", 10)
    for border in ("2026-01-10", "2026-01-04", "2026-01-11"):
        send_borders(direct, border)
    window = direct.fetch(WEEK).window
    assert window is not None
    assert window.first <= date(2026, 1, 4)
    parts = [params["CampaignIds"] for params in direct.sent("changes")]
    assert parts == [campaigns[start : start + 10] for start in range(0, len(campaigns), 10)]

    monkeypatch.setattr("tasks.fetch.direct.changes._CAMPAIGNS_A_CALL", 1000)
    body = json.dumps({"result": {"Unprocessed": {"CampaignIds": campaigns[:2]}}})
    for times, warnings in ((1, ()), (2, ("Direct did not check 2 campaigns for changed days",))):
        direct.api.requests.clear()
        direct.api.faults.add("status", CHANGES, times=times, status=200, body=body)
        assert direct.fetch(WEEK).warnings == warnings
        assert [params["CampaignIds"] for params in direct.sent("changes")][1] == campaigns[:2]
