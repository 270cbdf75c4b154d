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
from sandbox.direct import DirectApi
from sandbox.world.secrets import MARK
from sandbox.world.spend import ad_days
from tasks.fetch.direct import COLUMNS, account, canonical, canonical_login
from tasks.fetch.traffic import Traffic
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.direct import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import (
    PAST,
    UNTIL,
    WEEK,
    Fetch,
    by_ad,
    by_key,
    calls,
    rows_of,
    with_vat,
    without_wizard,
)

CHANGES = "/json/v501/changes"


@pytest.mark.parametrize(("setting", "online_days"), [("include", 0), ("exclude", 400)])
def test_every_figure_is_the_ground_truth_and_has_what_its_tags_are_made_of(
    fetch: Fetch, api: DirectApi, world: World, setting: str, online_days: int
) -> None:
    api.switches.auto_online_days = online_days

    fetched = fetch(api, ad_spend_vat=setting)

    expected = rows_of(world, PAST.first, PAST.last, vat=setting == "include")
    assert len(expected) > 300
    assert by_key(fetched.rows) == expected
    assert fetched.facts["ad_days"] == len(expected)
    ads = {str(ad.ad_id): ad for ad in world.ads}
    for row in fetched.rows:
        assert (row["include_vat"], row["account_id"]) == ("YES" if setting == "include" else "NO", api.login)
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


def test_fetched_rows_make_the_facts_with_the_tags_of_a_click(fetch: Fetch, api: DirectApi, world: World) -> None:
    """Null tags are those of deleted ads, which the warehouse fills from memory; '' would wipe out a city."""
    rows = fetch(api).rows
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())

    expected = {}
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
    for row in ad_days(world):
        if row.ad.source == "direct" and PAST.first <= row.day <= PAST.last and not row.ad.wizard:
            # The keyword is filled in at the click.
            tags = row.ad.tags | ({"utm_term": "{keyword}"} if "utm_term" in row.ad.tags else {})
            gone = row.ad.deleted_on and row.ad.deleted_on < UNTIL.date()
            expected[row.day, row.ad.ad_id] = (
                row.impressions, row.clicks, with_vat(row.spent, row.day), row.conversions,
                *(None if gone else tags.get(name, "") for name in names),
            )  # fmt: skip
    columns = ["impressions", "clicks", "spent", "conversions", *names]
    got = {(row["stat_date"], row["ad_id"]): row for row in facts.iter_rows(named=True) if row["ad_id"]}
    assert {key: tuple(row[name] for name in columns) for key, row in got.items()} == expected
    assert {figures[4] is None for figures in expected.values()} == {True, False}
    assert facts.filter(pl.col("ad_id") == 0)["utm_content"].unique().to_list() == [""]


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
    fetch: Fetch, api: DirectApi, traffic: Traffic, window: Window, polls: int | None, expected: list[str]
) -> None:
    without_wizard(api)
    if polls:
        api.switches.auto_online_days, api.switches.polls_until_ready = 0, polls

    fetched = fetch(api, window)

    assert calls(api) == expected
    assert (traffic.calls, traffic.retries) == (len(expected), 0)
    assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    assert {request.method for request in api.requests} == {"POST"}
    assert not api.writes


@pytest.mark.parametrize("has_campaigns", [True, False])
def test_an_account_without_figures_gives_no_rows_and_asks_for_no_links(
    fetch: Fetch, api: DirectApi, has_campaigns: bool
) -> None:
    api.switches.empty_result_without_key = True
    if not has_campaigns:
        api.show(replace(api.world, ads=[]))
    with api.change():
        api.rows.clear()

    fetched = fetch(api, PAST if has_campaigns else WEEK)

    assert (list(fetched.rows), fetched.columns) == ([], COLUMNS)
    assert calls(api) == ["campaigns", "reports", "reports"]


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


def send_borders(api: DirectApi, *borders: Any) -> None:
    """The next reply of the service, a border for each campaign."""
    items = [{"CampaignId": number, "BorderDate": border} for number, border in enumerate(borders, 1)]
    body = json.dumps({"result": {"Modified": {"CampaignsStat": [*items, None, "x"]}}})
    api.faults.add("status", CHANGES, status=200, body=body)


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
    fetch: Fetch, api: DirectApi, borders: tuple[Any, ...], first: date, odd: int
) -> None:
    """Impossible days are counted: Direct keeps three years."""
    without_wizard(api)
    send_borders(api, *borders)

    fetched = fetch(api, WEEK)

    assert fetched.window == Window(first=first, last=WEEK.last)
    assert by_ad(api)[0].params["params"]["SelectionCriteria"]["DateFrom"] == str(first)
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
    fetch: Fetch, api: DirectApi, days: int, last: date, as_of: datetime, back: int | None
) -> None:
    """A correction is then found by many runs, and none that fails loses it."""
    without_wizard(api)
    fetch(api, Window(first=last - timedelta(days=days - 1), last=last), as_of=as_of)

    found = [request.params["params"] for request in api.requests if request.path == CHANGES]
    expected = {
        "CampaignIds": sorted({ad.campaign_id for ad in api.world.ads}),
        "Timestamp": f"{as_of - timedelta(days=back or 0):%Y-%m-%dT%H:%M:%SZ}",
        "FieldNames": ["CampaignsStat"],
    }
    assert found == ([expected] if back else [])


def test_many_campaigns_are_checked_in_parts_and_those_unprocessed_again(
    fetch: Fetch, api: DirectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earliest day of all counts."""
    without_wizard(api)
    campaigns = sorted({ad.campaign_id for ad in api.world.ads})
    monkeypatch.setattr("tasks.fetch.direct.changes._CAMPAIGNS_A_CALL", 10)
    for border in ("2026-01-10", "2026-01-04", "2026-01-11"):
        send_borders(api, border)
    assert fetch(api, WEEK).window.first <= date(2026, 1, 4)
    parts = [r.params["params"]["CampaignIds"] for r in api.requests if r.path == CHANGES]
    assert parts == [campaigns[start : start + 10] for start in range(0, len(campaigns), 10)]

    monkeypatch.setattr("tasks.fetch.direct.changes._CAMPAIGNS_A_CALL", 1000)
    body = json.dumps({"result": {"Unprocessed": {"CampaignIds": campaigns[:2]}}})
    for times, warnings in ((1, ()), (2, ("Direct did not check 2 campaigns for changed days",))):
        api.requests.clear()
        api.faults.add("status", CHANGES, times=times, status=200, body=body)
        assert fetch(api, WEEK).warnings == warnings
        assert [r.params["params"]["CampaignIds"] for r in api.requests if r.path == CHANGES][1] == campaigns[:2]
