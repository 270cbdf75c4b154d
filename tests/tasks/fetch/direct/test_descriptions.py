"""Campaigns, changed days, links and parameters only describe the figures: a load goes on without them and says so. What
a service leaves out is requested once more; then it is unknown, which is not nothing, and is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from math import ceil
from typing import Any

import pytest

from sandbox.direct.errors import error_body
from sandbox.direct.objects import UNIFIED, campaign_type, is_combinatorial
from sandbox.direct.points import PRICES
from sandbox.world import Ad
from tasks.errors import SourceError
from tasks.window import Window
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.direct.helpers import (
    DAY,
    PAST,
    WEEK,
    Account,
    ad_day,
    by_key,
    ordinary,
    rows_of,
)

SERVICES = {"ads": "Ads", "adgroups": "AdGroups", "campaigns": "Campaigns"}


def ids(account: Account, service: str) -> list[list[int]]:
    """Ids of each call of the service."""
    return [params["SelectionCriteria"].get("Ids") for params in account.sent(service)]


@pytest.fixture
def four(direct: Account) -> Account:
    """Four ads of a campaign and a group each. A group's own parameters would hide those of its campaign."""
    ads = [replace(ordinary(direct.api, number), group_parameters=None) for number in range(4)]
    direct.show(*(ad_day(ad, str(DAY.first)) for ad in ads))
    return direct


def reply(account: Account, service: str, items: list[Any], times: int = 9) -> None:
    account.fail("status", service, times, status=200, body=json.dumps({"result": {SERVICES[service]: items}}))


def described(service: str, ad: Ad) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        "ads": {"Id": ad.ad_id, "Type": "TEXT_AD", "TextAd": {"Href": ad.link}},
        "adgroups": {"Id": ad.group_id, "TrackingParams": ad.group_parameters},
        "campaigns": {"Id": ad.campaign_id, "Type": "TEXT_CAMPAIGN", "Currency": "RUB", "TextCampaign": {"TrackingParams": None}},
    }  # fmt: skip
    return found[service]


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"code {code}": ("error_as_page", {"code": code}) for code in (152, 1000, 8000, 9000)},
    "HTTP 503": ("status", {"status": 503, "html": True}),
    "HTML": ("html", {}),
    "no connection": ("disconnect", {}),
    **{body: ("status", {"status": 200, "body": body}) for body in ("[]", '{"result": "x"}', '{"error": 5}')},
}


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        *(("ads", fault) for fault in FAULTS),
        *(("changes", fault) for fault in ("code 152", "HTML", "[]")),
        *(("campaigns", fault) for fault in ("code 152", "code 8000", "HTTP 503")),
        *(("adgroups", fault) for fault in ("code 152", "code 9000")),
    ],
)
def test_figures_come_without_a_service_and_the_run_says_so(direct: Account, service: str, fault: str) -> None:
    direct.without_wizard()
    kind, options = FAULTS[fault]
    direct.fail(kind, service, **options)

    fetched = direct.fetch(WEEK, http_attempts=2)

    first = fetched.window.first if fetched.window else WEEK.first
    assert (first == WEEK.first) == (service in ("campaigns", "changes"))
    assert by_key(fetched.rows) == rows_of(direct.api.world, first, WEEK.last, vat=True)
    assert not fetched.partial
    name = "changes.check" if service == "changes" else f"{service}.get"
    assert f"no {name} (" in str(fetched.warnings)
    assert "Nothing was loaded" not in str(fetched.warnings)
    known = {row["link_known"] for row in fetched.rows}
    # Once points are used up, nothing else is requested that costs some.
    assert known == {"true"} if service == "changes" and fault != "code 152" else "false" in known


def test_totals_that_fail_cost_the_proof_alone(direct: Account) -> None:
    direct.without_wizard()
    direct.api.faults.add("status", "/json/*/reports", after=1, times=99, status=500)

    fetched = direct.fetch(http_attempts=2)

    assert by_key(fetched.rows) == rows_of(direct.api.world, PAST.first, PAST.last, vat=True)
    (warning,) = fetched.warnings
    assert warning.startswith("the report is not proved to be whole: no totals (Yandex Direct did not answer")


@pytest.mark.parametrize(
    ("service", "code"), [("campaigns", 53), ("changes", 54), ("ads", 58), ("adgroups", 3000), ("ads", 513)]
)
def test_denied_access_ends_the_load_at_once(direct: Account, service: str, code: int) -> None:
    direct.without_wizard()
    direct.fail("error_as_page", service, code=code)

    with pytest.raises(SourceError, match=f"code {code}"):
        direct.fetch(WEEK)
    assert direct.calls()[-1] == service


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("kept", "is_warned"), [(0, True), (1, True), (2, False), (3, False)])
def test_what_is_missing_is_requested_again_and_then_counted_with_its_spend(
    four: Account, service: str, kept: int, is_warned: bool
) -> None:
    """More than half may come back with a later load; fewer may have been deleted. No figure is lost."""
    some = [described(service, ad) for ad in sorted(four.api.world.ads, key=lambda ad: ad.ad_id)[:kept]]
    reply(four, service, some, times=1)
    fetched = four.fetch(DAY)
    assert {row["link_known"] for row in fetched.rows} == {"true"}
    assert (fetched.warnings, fetched.notes) == ((), ())
    assert len(ids(four, service)[1]) == 4 - kept, "only what is missing"

    reply(four, service, some)
    four.api.requests.clear()
    fetched = four.fetch(DAY, ad_spend_vat="exclude")
    assert [row["cost"] for row in fetched.rows] == ["10.00"] * 4
    assert [row["link_known"] for row in fetched.rows].count("false") == 4 - kept
    currency = "" if service == "campaigns" and not kept else " RUB"
    text = f"tags of {4 - kept} ads with {4 - kept}0.00{currency} of spend are not known to Direct's API"
    assert text in (fetched.warnings if is_warned else fetched.notes)
    assert four.calls().count(service) == 2


def test_ids_in_any_form_are_read_and_a_link_too_long_is_unknown(four: Account) -> None:
    """A part of a link would be another link, with other tags. A long name is cut, as it is in every row."""
    one, two, three, other = four.api.world.ads
    reply(
        four,
        "ads",
        [
            described("ads", one) | {"Id": str(one.ad_id)},
            {"Id": float(two.ad_id), "Type": "SMART_AD"},
            described("ads", three) | {"TextAd": {"Href": f"{three.link}&x={'x' * 10_000}"}},
            *({"Id": other.ad_id, "TextAd": "text"}, None, 7, "x", [], {"Id": None}, {"Id": True}, {"Id": -1}),
        ],
    )
    reply(four, "campaigns", [described("campaigns", ad) | {"Name": "n" * 2**20} for ad in four.api.world.ads])

    rows = {row["ad_id"]: row for row in four.fetch(DAY).rows}

    assert {number: (row["link"], row["link_known"]) for number, row in rows.items()} == {
        str(one.ad_id): (one.link, "true"),
        str(two.ad_id): (None, "true"),  # This kind of ad has no links.
        str(three.ad_id): (None, "false"),
        str(other.ad_id): (None, "false"),
    }
    assert {row["campaign_name"] for row in rows.values()} == {"n" * 1000}


def test_lists_come_in_pages_and_a_page_that_leads_nowhere_is_the_last(direct: Account) -> None:
    direct.without_wizard()
    whole = direct.fetch().rows
    direct.api.switches.objects_page_limit = 7
    direct.api.requests.clear()

    assert direct.fetch().rows == whole
    pages = [r.params["params"]["Page"]["Offset"] for r in direct.api.requests if r.path.endswith("/campaigns")]
    campaigns = len({ad.campaign_id for ad in direct.api.world.ads})
    assert pages == list(range(0, campaigns, 7))
    assert len(pages) == ceil(campaigns / 7)
    for limited_by in (b"0", b"-1", b'"x"', b"1.5", b"null", b"[]", b'"9999999999999999999999"'):
        app = Raw(b'{"result": {"Campaigns": [{"Id": 1}], "LimitedBy": %s}}' % limited_by)
        with pytest.raises(SourceError, match="is not whole"):
            direct.fetch(app=app)
        assert app.requests <= 1 + 3, "campaigns, and a report that is none"


def test_each_ad_and_group_is_requested_once_and_no_call_has_too_many(direct: Account) -> None:
    one = ordinary(direct.api)
    with direct.api.change():
        direct.api.world.ads[:] = [replace(one, ad_id=n, group_id=9_000_000 + n) for n in range(1, 10_002)]
        direct.api.rows[:] = [
            ad_day(ad, day)
            for ad in direct.api.world.ads
            for day in (str(DAY.first), "2026-01-06")[: 1 + (ad.ad_id < 9)]
        ]

    rows = direct.fetch(Window(first=DAY.first, last=date(2026, 1, 6))).rows

    for service, first, size in (("ads", 1, 10_000), ("adgroups", 9_000_001, 1_000)):
        parts = ids(direct, service)
        assert [len(part) for part in parts] == [size] * (10_000 // size) + [1]
        assert [number for part in parts for number in part] == list(range(first, first + 10_001))
    assert {row["link_known"] for row in rows} == {"true"}


@pytest.mark.parametrize(
    ("service", "field", "lost"),
    [
        ("campaigns", "Currency", "Currency of campaigns.get"),
        ("campaigns", "TextCampaignFieldNames", "TextCampaignFieldNames of campaigns.get"),
        ("ads", "Type", "Type of ads.get"),
    ],
)
def test_a_field_that_is_refused_is_left_out_alone(direct: Account, service: str, field: str, lost: str) -> None:
    direct.without_wizard()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message.get("body", b"")
        if scope["path"].endswith(f"/{service}") and f'"{field}"'.encode() in body:
            await Raw(error_body(8000), {"Content-Type": "application/json"})(scope, receive, send)
            return

        async def again() -> Any:
            return message

        await direct.api(scope, again, send)

    fetched = direct.fetch(app=app)

    assert f"{lost} (refused with code 8000)" in str(fetched.warnings)
    assert by_key(fetched.rows) == rows_of(direct.api.world, PAST.first, PAST.last, vat=True)
    assert {row["currency"] for row in fetched.rows} == {None if field == "Currency" else "RUB"}
    assert "true" in {row["link_known"] for row in fetched.rows}


@pytest.mark.parametrize("hidden", ["combinatorial", "unified"])
def test_what_v5_hides_keeps_its_figures_and_is_known_to_v501(direct: Account, hidden: str) -> None:
    """Combinatorial ads come without a link and without an error, unified campaigns not at all."""
    direct.without_wizard()
    if hidden == "combinatorial":
        direct.api.switches.combinatorial_on_v5 = "bare"
    else:
        direct.api.switches.unified_on_v5 = False
    expected = {
        str(ad.ad_id)
        for ad in direct.api.world.ads
        if (is_combinatorial(ad) if hidden == "combinatorial" else campaign_type(ad) == UNIFIED)
    }

    old, new = direct.fetch(direct_version="v5"), direct.fetch()

    assert by_key(old.rows) == by_key(new.rows)
    unknown = {row["ad_id"] for row in old.rows if row["link_known"] == "false"}
    assert unknown == expected & {row["ad_id"] for row in old.rows} != set()
    assert "set v501" in str(old.notes + old.warnings)
    assert ({row["link_known"] for row in new.rows}, new.notes) == ({"true"}, ())


@pytest.mark.parametrize("ended", [False, True])
def test_campaigns_of_the_wizard_are_read_a_month_back(direct: Account, ended: bool) -> None:
    """Direct does not list them and may not answer for their changed days. One that has ended is found as well, and a
    window in the past stays as it is."""
    wizard, good = next(ad for ad in direct.api.world.ads if ad.wizard), ordinary(direct.api)
    old = [ad_day(wizard, "2025-12-22", "7.00"), ad_day(wizard, "2026-01-02", "5.00")]
    new = [] if ended else [ad_day(wizard, "2026-01-15", "2.00")]
    direct.show(*old, *new, ad_day(good, "2026-01-15", "3.00"))

    fetched = direct.fetch(WEEK, ad_spend_vat="exclude")

    assert fetched.window == Window(first=date(2025, 12, 21), last=WEEK.last)
    costs = sorted(figures[2] for figures in by_key(fetched.rows).values())
    assert costs == ["3.00", "5.00", "7.00"] if ended else ["2.00", "3.00", "5.00", "7.00"]
    spend = "12.00" if ended else "14.00"
    assert fetched.notes == (f"1 campaigns of the wizard with {spend} RUB of spend tell no ads, so no city",)
    assert {row["campaign_name"] for row in fetched.rows} == {wizard.campaign_name, good.campaign_name}
    assert sum("AdId" in params["FieldNames"] for params in direct.sent("reports")) == 2, (
        "the window, and what is before it"
    )
    assert direct.fetch(PAST).window == PAST


@pytest.mark.parametrize(
    ("spare", "window", "expected"),
    [
        (-1, WEEK, ["campaigns", "reports", "reports"]),
        (0, PAST, ["campaigns", "reports", "reports", "ads", "adgroups"]),
        (0, WEEK, ["campaigns", "changes", "reports", "reports"]),
    ],
    ids=["below", "at the limit", "below after changes"],
)
def test_below_a_twentieth_of_the_points_only_campaigns_and_figures_are_requested(
    direct: Account, spare: int, window: Window, expected: list[str]
) -> None:
    direct.without_wizard()
    base, each = PRICES["campaigns"]
    direct.api.points.left = (
        160_000 // 20 + base + each * len({ad.campaign_id for ad in direct.api.world.ads}) + spare
    )

    fetched = direct.fetch(window)

    assert direct.calls() == expected
    first = fetched.window.first if fetched.window else window.first
    assert by_key(fetched.rows) == rows_of(direct.api.world, first, window.last, vat=True)
    is_short = "ads" not in expected
    assert ("points are nearly used up" in str(fetched.warnings)) == is_short
    assert {row["link_known"] for row in fetched.rows} == {"false" if is_short else "true"}
