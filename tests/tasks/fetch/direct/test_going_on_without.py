"""Only the report is needed: a load goes on without any other service, with what it knows, and says so."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

import sandbox.direct.services as served
from sandbox.direct import DirectApi
from sandbox.direct.errors import error_body
from tasks.errors import SourceError
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import Fetch, asked, without_wizard
from tests.tasks.fetch.direct.truth import by_key, rows_of

WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))
SERVICES = ["campaigns", "changes", "ads", "adgroups"]
ACCESS = [53, 54, 58, 513, 3000, 3001]

Fault = tuple[str, dict[str, Any]]
FAULTS: dict[str, Fault] = {
    **{f"code {code}": ("error_as_page", {"code": code}) for code in (55, 152, 1000, 4001, 8000, 9000, 9300, 77)},
    **{f"HTTP {status}": ("status", {"status": status, "html": True}) for status in (403, 404, 500, 503)},
    "HTML": ("html", {}),
    "half a body": ("truncated", {}),
    "no connection": ("disconnect", {}),
    **{
        body: ("status", {"status": 200, "body": body})
        for body in (
            "", "null", "[]", "{}", '"x"', '{"result": []}', '{"result": "x"}', '{"result": null}', '{"error": 5}',
            '{"error": {"error_code": []}}',
        )
    },
}  # fmt: skip
EMPTY = ['{"result": {}}', '{"result": {"Campaigns": null, "Ads": {"Id": 1}, "AdGroups": "x", "Modified": []}}']


@pytest.fixture(autouse=True)
def _listed_only(api: DirectApi) -> None:
    without_wizard(api)


def spoil(api: DirectApi, service: str, fault: Fault) -> None:
    kind, options = fault
    api.faults.add(kind, f"/json/v501/{service}", times=99, **options)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fault", FAULTS)
def test_figures_come_without_it_and_the_run_says_so(
    fetch: Fetch, api: DirectApi, service: str, fault: str
) -> None:
    spoil(api, service, FAULTS[fault])

    fetched = fetch(api, WEEK, http_attempts=2)

    first = fetched.window.first if fetched.window else WEEK.first
    assert by_key(fetched.rows) == rows_of(api.world, first, WEEK.last, vat=True)
    assert (first == WEEK.first) == (service in ("campaigns", "changes")), (
        "whose ids are asked about, and the answer"
    )
    name = "changes.check" if service == "changes" else f"{service}.get"
    assert any(f"no {name} (" in warning and "Yandex Direct" in warning for warning in fetched.warnings), (
        fetched.warnings
    )
    assert "Nothing was loaded" not in " ".join(fetched.warnings)
    known = {row["link_known"] for row in fetched.rows}
    # Once points are used up, nothing else is asked that costs some.
    assert known == {"true"} if service == "changes" and fault != "code 152" else "false" in known
    assert not fetched.partial


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("body", EMPTY)
def test_an_empty_or_odd_answer_is_no_traceback(fetch: Fetch, api: DirectApi, service: str, body: str) -> None:
    spoil(api, service, ("status", {"status": 200, "body": body}))

    fetched = fetch(api, WEEK)

    assert fetched.rows
    assert service == "changes" or fetched.warnings or fetched.notes


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("code", ACCESS)
def test_a_matter_of_access_ends_the_load_at_once(fetch: Fetch, api: DirectApi, service: str, code: int) -> None:
    spoil(api, service, ("error_as_page", {"code": code}))

    with pytest.raises(SourceError, match=f"code {code}"):
        fetch(api, WEEK)
    assert asked(api)[-1] == service


def test_points_used_up_cost_no_figure(fetch: Fetch, api: DirectApi) -> None:
    """Reports cost none. Whatever does is not even tried after the first refusal."""
    api.points.left = 0

    fetched = fetch(api, WEEK)

    assert by_key(fetched.rows) == rows_of(api.world, WEEK.first, WEEK.last, vat=True)
    assert set(asked(api)) == {"campaigns", "reports"}
    assert asked(api).count("campaigns") == 1
    assert any("points are nearly used up" in warning for warning in fetched.warnings)


@pytest.mark.parametrize(
    ("service", "field", "lost"),
    [
        ("campaigns", "Currency", "Currency of campaigns.get"),
        ("campaigns", "TrackingParams", "TextCampaignFieldNames of campaigns.get"),
        ("ads", "Type", "Type of ads.get"),
        ("ads", "ResponsiveAd", "ResponsiveAdFieldNames of ads.get"),
    ],
)
def test_a_field_that_is_refused_is_left_out_alone(
    fetch: Fetch, api: DirectApi, monkeypatch: pytest.MonkeyPatch, service: str, field: str, lost: str
) -> None:
    name = {"campaigns": "CAMPAIGNS", "ads": "ADS"}[service]
    kind = getattr(served, name)
    fields = tuple(known for known in kind.fields if known != field)
    extras = {
        extra: tuple(known for known in names if known != field)
        for extra, names in kind.extras.items()
        if extra != field
    }
    monkeypatch.setattr(
        served, name, type(kind)(kind.key, fields, extras, kind.ids, kind.choices, kind.criteria_required)
    )

    fetched = fetch(api, WEEK)

    assert fetched.rows
    assert any(f"{lost} (refused with code 8000)" in warning for warning in fetched.warnings), fetched.warnings
    if field in ("Currency", "Type"):
        assert {row["link_known"] for row in fetched.rows} == {"true"}
        assert {row["currency"] for row in fetched.rows} == {None if field == "Currency" else "RUB"}


@pytest.mark.parametrize(
    ("borders", "first", "odd"),
    [
        (["0000-00-00", "2026-01-04"], date(2026, 1, 4), 1),
        (["0000-00-00"], WEEK.first, 1),
        (["1970-01-01", "2026-02-30", "", None, 20260104, "soon", "2026-01-04"], date(2026, 1, 4), 6),
        (["2026-01-21", "2031-01-01"], WEEK.first, 2),
        (["2023-01-01"], date(2023, 1, 1), 0),
    ],
)
def test_dates_that_cannot_be_are_counted_and_the_others_count(
    fetch: Fetch, api: DirectApi, borders: list[Any], first: date, odd: int
) -> None:
    items = [{"CampaignId": number, "BorderDate": border} for number, border in enumerate(borders)]
    body = {"result": {"Modified": {"CampaignsStat": [*items, None, "x"]}}}
    api.faults.add("status", "/json/v501/changes", status=200, body=json.dumps(body))

    fetched = fetch(api, WEEK)

    assert fetched.window == Window(first=first, last=WEEK.last)
    told = (f"Direct named {odd} impossible dates of changed days",) if odd else ()
    assert fetched.warnings == told


def test_campaigns_that_were_not_processed_are_asked_about_again(fetch: Fetch, api: DirectApi) -> None:
    some = sorted({ad.campaign_id for ad in api.world.ads})[:2]
    body = json.dumps({"result": {"Unprocessed": {"CampaignIds": some}}})
    api.faults.add("status", "/json/v501/changes", status=200, body=body)

    assert fetch(api, WEEK).warnings == ()
    again = [r.params["params"]["CampaignIds"] for r in api.requests if r.path.endswith("changes")]
    assert again[1] == some
    api.faults.add("status", "/json/v501/changes", times=2, status=200, body=body)
    assert fetch(api, WEEK).warnings == ("Direct did not check 2 campaigns for changed days",)


@pytest.mark.parametrize("units", ["x", "1/2", "/", "a/b/c", "1/-5/10", "1/2/0", "1/2/3/4", "9" * 6000, "1/²/3"])
def test_points_that_cannot_be_read_change_nothing(fetch: Fetch, api: DirectApi, units: str) -> None:
    body = error_body(1000)
    api.faults.add("status", "/json/v501/campaigns", status=200, body=body, headers={"Units": units.encode()})

    assert fetch(api, WEEK).warnings == ()


def test_totals_that_fail_cost_the_proof_alone(fetch: Fetch, api: DirectApi) -> None:
    api.faults.add("status", "/json/*/reports", after=1, times=99, status=500)

    fetched = fetch(api, WEEK, http_attempts=2)

    assert fetched.rows
    (warning,) = fetched.warnings
    assert warning.startswith("the report is not proved to be whole: no totals (Yandex Direct did not answer")


def test_what_goes_on_has_its_messages(fetch: Fetch, api: DirectApi) -> None:
    api.faults.add("error_as_page", "/json/v501/ads", times=99, code=9300)

    fetched = fetch(api, WEEK)

    (warning,) = fetched.warnings
    assert warning == (
        "links and campaigns are as the warehouse remembers them: no ads.get (Yandex Direct refused the request with "
        "code 9300 (Operation error))"
    )
    (note,) = fetched.notes
    assert note.startswith("tags of ")
