"""Direct corrects older days now and then: a run up to yesterday goes back to the first of them, once told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox.direct import DirectApi
from tasks.window import Window
from tests.tasks.fetch.direct.conftest import UNTIL
from tests.tasks.fetch.direct.helpers import Fetch, ad_day, asked, by_ad, ordinary, without_wizard
from tests.tasks.fetch.direct.truth import by_key

CHANGES = "/json/v501/changes"
YESTERDAY = date(2026, 1, 19)
WEEK = Window(first=date(2026, 1, 13), last=YESTERDAY)


@pytest.fixture(autouse=True)
def _listed_only(api: DirectApi) -> None:
    """Campaigns that are not listed have tests of their own."""
    without_wizard(api)


def told(api: DirectApi, *borders: Any) -> None:
    """The next answer of the service, a border for each campaign."""
    items = [{"CampaignId": number, "BorderDate": border} for number, border in enumerate(borders, 1)]
    body = {"result": {"Modified": {"CampaignsStat": items}, "Timestamp": "2026-01-20T15:30:00Z"}}
    api.faults.add("status", CHANGES, status=200, body=json.dumps(body))


def asked_period(api: DirectApi) -> tuple[str, str]:
    (report,) = by_ad(api)
    criteria = report.params["params"]["SelectionCriteria"]
    return criteria["DateFrom"], criteria["DateTo"]


@pytest.mark.parametrize(
    ("borders", "first"),
    [
        (("2026-01-02",), date(2026, 1, 2)),
        (("2026-01-12", "2025-11-30", "2026-01-15"), date(2025, 11, 30)),
        (("2026-01-12T21:00:00Z",), date(2026, 1, 12)),
        (("2026-01-13",), WEEK.first),
        (("2026-01-19",), WEEK.first),
        ((None, ""), WEEK.first),
        ((), WEEK.first),
    ],
    ids=str,
)
def test_the_window_begins_with_the_earliest_changed_day_or_its_own(
    fetch: Fetch, api: DirectApi, borders: tuple[Any, ...], first: date
) -> None:
    told(api, *borders)

    fetched = fetch(api, WEEK)

    assert fetched.window == Window(first=first, last=YESTERDAY)
    assert asked_period(api) == (str(first), str(YESTERDAY))


@pytest.mark.parametrize("result", [{}, {"Modified": {}}, {"Modified": None}, {"NotFound": {"CampaignIds": [1]}}])
def test_an_answer_without_changes_changes_nothing(fetch: Fetch, api: DirectApi, result: Any) -> None:
    api.faults.add("status", CHANGES, status=200, body=json.dumps({"result": result}))

    assert fetch(api, WEEK).window == WEEK


def test_a_day_corrected_since_the_last_run_is_read_again(fetch: Fetch, api: DirectApi) -> None:
    ad = ordinary(api)
    with api.change():
        api.rows[:] = [ad_day(ad, "2025-12-24", "7.00"), ad_day(ad, "2026-01-15", "8.00")]

    fetched = fetch(api, WEEK, ad_spend_vat="exclude")

    assert fetched.window is not None
    assert fetched.window.first <= date(2025, 12, 24)
    assert [figures[2] for figures in by_key(fetched.rows).values()] == ["7.00", "8.00"]


@pytest.mark.parametrize(
    ("last", "times"),
    [
        (YESTERDAY + timedelta(days=1), 1),
        (YESTERDAY, 1),
        (YESTERDAY - timedelta(days=1), 0),
        (date(2025, 12, 1), 0),
    ],
)
def test_only_a_window_up_to_yesterday_or_today_asks_for_changes(
    fetch: Fetch, api: DirectApi, last: date, times: int
) -> None:
    fetch(api, Window(first=last - timedelta(days=6), last=last))

    assert asked(api).count("changes") == times


def test_yesterday_is_that_of_moscow(fetch: Fetch, api: DirectApi) -> None:
    """At 22:30 UTC of the 19th it is the 20th in Moscow, and the 18th is past."""
    late = datetime(2026, 1, 19, 22, 30, tzinfo=UTC)

    fetch(api, Window(first=date(2026, 1, 12), last=date(2026, 1, 18)), as_of=late)

    assert asked(api).count("changes") == 0


@pytest.mark.parametrize(("days", "back"), [(1, 30), (7, 30), (30, 30), (45, 45)])
def test_all_campaigns_are_asked_about_over_a_month_or_the_length_of_the_window(
    fetch: Fetch, api: DirectApi, days: int, back: int
) -> None:
    """A correction is then found by many runs, and none that fails loses it."""
    fetch(api, Window(first=YESTERDAY - timedelta(days=days - 1), last=YESTERDAY))

    (request,) = (request for request in api.requests if request.path == CHANGES)
    assert request.params["method"] == "check"
    assert request.params["params"] == {
        "CampaignIds": sorted({ad.campaign_id for ad in api.world.ads}),
        "Timestamp": f"{UNTIL - timedelta(days=back):%Y-%m-%dT%H:%M:%SZ}",
        "FieldNames": ["CampaignsStat"],
    }


def test_many_campaigns_are_asked_about_in_parts_and_the_earliest_day_of_all_counts(
    fetch: Fetch, api: DirectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.direct.changes._CAMPAIGNS_A_CALL", 10)
    told(api, "2026-01-10")
    told(api, "2026-01-04")
    told(api, "2026-01-11")

    fetched = fetch(api, WEEK)

    parts = [r.params["params"]["CampaignIds"] for r in api.requests if r.path == CHANGES]
    campaigns = sorted({ad.campaign_id for ad in api.world.ads})
    assert [number for part in parts for number in part] == campaigns
    assert [len(part) for part in parts[:-1]] == [10] * (len(campaigns) // 10)
    assert fetched.window is not None
    assert fetched.window.first <= date(2026, 1, 4)
