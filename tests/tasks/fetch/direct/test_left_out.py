"""What a service leaves out is asked for once more; then it is unknown, which is not nothing, and is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.direct import DirectApi
from sandbox.direct.objects import is_combinatorial
from tasks.window import Window
from tests.tasks.fetch.direct.conftest import PAST
from tests.tasks.fetch.direct.helpers import Fetch, ad_day, asked, by_ad, ordinary, without_wizard
from tests.tasks.fetch.direct.truth import by_key, rows_of

DAY = Window(first=date(2026, 1, 5), last=date(2026, 1, 5))
WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))


@pytest.fixture
def four(api: DirectApi) -> DirectApi:
    """Four ads of a campaign and a group each, with 10.00 on one day."""
    # A group's own parameters would make those of its campaign of no matter.
    ads = [replace(ordinary(api, number), group_parameters=None) for number in range(4)]
    api.world = replace(api.world, ads=ads)
    with api.change():
        api.rows[:] = [ad_day(ad, str(DAY.first)) for ad in ads]
    return api


def answer(api: DirectApi, service: str, key: str, kept: int, times: int) -> None:
    """The next answers of the service hold only the first objects."""
    path = f"/json/v501/{service}"
    ads = sorted(api.world.ads, key=lambda ad: ad.ad_id)[:kept]
    items: dict[str, list[dict[str, Any]]] = {
        "ads": [{"Id": ad.ad_id, "Type": "TEXT_AD", "TextAd": {"Href": ad.link}} for ad in ads],
        "adgroups": [{"Id": ad.group_id, "TrackingParams": ad.group_parameters} for ad in ads],
        "campaigns": [
            {
                "Id": ad.campaign_id,
                "Type": "TEXT_CAMPAIGN",
                "Currency": "RUB",
                "TextCampaign": {"TrackingParams": None},
            }
            for ad in ads
        ],
    }
    body = json.dumps({"result": {key: items[service]}})
    api.faults.add("status", path, times=times, status=200, body=body)


SERVICES = [("ads", "Ads"), ("adgroups", "AdGroups"), ("campaigns", "Campaigns")]


@pytest.mark.parametrize(("service", "key"), SERVICES)
@pytest.mark.parametrize("kept", [0, 2, 3])
def test_what_is_missing_once_is_asked_for_again(
    fetch: Fetch, four: DirectApi, service: str, key: str, kept: int
) -> None:
    answer(four, service, key, kept, times=1)

    fetched = fetch(four, DAY)

    assert {row["link_known"] for row in fetched.rows} == {"true"}
    assert (fetched.warnings, fetched.notes) == ((), ())
    again = [r.params["params"]["SelectionCriteria"].get("Ids") for r in four.requests if r.path.endswith(service)][
        1
    ]
    assert len(again) == 4 - kept, "only what is missing"


@pytest.mark.parametrize(("service", "key"), SERVICES)
@pytest.mark.parametrize(("kept", "lasting"), [(0, True), (1, True), (2, False), (3, False)])
def test_what_stays_missing_is_unknown_and_counted_with_its_spend(
    fetch: Fetch, four: DirectApi, service: str, key: str, kept: int, lasting: bool
) -> None:
    """More than half may come back with a later read; the others may have been deleted. No figure is lost."""
    answer(four, service, key, kept, times=9)

    fetched = fetch(four, DAY, ad_spend_vat="exclude")

    assert [row["cost"] for row in fetched.rows] == ["10.00"] * 4
    assert [row["link_known"] for row in fetched.rows].count("false") == 4 - kept
    currency = "" if service == "campaigns" and not kept else " RUB"
    text = f"tags of {4 - kept} ads with {4 - kept}0.00{currency} of spend are not known to Direct's API"
    assert text in (fetched.warnings if lasting else fetched.notes)
    assert asked(four).count(service) == 2


def test_a_link_of_a_kind_that_was_not_asked_for_is_unknown(fetch: Fetch, api: DirectApi) -> None:
    """As combinatorial ads are under v5: they come without a link and without an error."""
    without_wizard(api)
    api.switches.combinatorial_on_v5 = "bare"
    combinatorial = {str(ad.ad_id) for ad in api.world.ads if is_combinatorial(ad)}

    old, new = fetch(api, direct_version="v5"), fetch(api)

    unknown = [row for row in old.rows if row["link_known"] == "false"]
    assert {row["ad_id"] for row in unknown} == combinatorial & {row["ad_id"] for row in old.rows} != set()
    spend = sum(Decimal(str(row["cost"])) for row in unknown)
    ads = len({row["ad_id"] for row in unknown})
    (note,) = old.notes
    assert f"tags of {ads} ads with {spend} RUB of spend" in note
    assert "set v501" in note
    assert {row["link_known"] for row in new.rows} == {"true"}
    assert new.notes == ()


@pytest.mark.parametrize("kind", ["DYNAMIC_TEXT_AD", "SMART_AD", "SHOPPING_AD", "LISTING_AD", "MOBILE_APP_AD"])
def test_a_kind_without_links_is_known_to_have_none(fetch: Fetch, four: DirectApi, kind: str) -> None:
    body = json.dumps({"result": {"Ads": [{"Id": ad.ad_id, "Type": kind} for ad in four.world.ads]}})
    four.faults.add("status", "/json/v501/ads", status=200, body=body)

    fetched = fetch(four, DAY)

    assert {(row["link"], row["link_known"]) for row in fetched.rows} == {(None, "true")}
    assert fetched.notes == ()


def test_ids_as_text_or_float_are_ids_and_what_is_no_object_is_left_out(fetch: Fetch, four: DirectApi) -> None:
    one, two, three, four_ = four.world.ads
    items: list[Any] = [
        {"Id": str(one.ad_id), "TextAd": {"Href": one.link}},
        {"Id": float(two.ad_id), "TextAd": {"Href": two.link}},
        {"TextAd": {"Href": three.link}},
        {"Id": four_.ad_id, "TextAd": "text"},
        None, 7, "x", [], {"Id": None}, {"Id": True}, {"Id": -1},
    ]  # fmt: skip
    four.faults.add("status", "/json/v501/ads", times=2, status=200, body=json.dumps({"result": {"Ads": items}}))

    rows = {row["ad_id"]: row for row in fetch(four, DAY).rows}

    known = {number for number, row in rows.items() if row["link_known"] == "true"}
    assert known == {str(one.ad_id), str(two.ad_id)}


def test_an_account_of_wizard_campaigns_only_loads_and_says_what_has_no_city(fetch: Fetch, api: DirectApi) -> None:
    wizards = [ad for ad in api.world.ads if ad.wizard][:2]
    api.world = replace(api.world, ads=wizards)
    with api.change():
        api.rows[:] = [ad_day(ad, str(DAY.first)) for ad in wizards]

    fetched = fetch(api, DAY, ad_spend_vat="exclude")

    assert [(row["ad_id"], row["cost"], row["campaign_name"]) for row in fetched.rows] == [
        ("--", "10.00", ad.campaign_name) for ad in sorted(wizards, key=lambda ad: ad.campaign_id)
    ]
    assert fetched.warnings == ()
    assert fetched.notes == ("2 campaigns of the wizard with 20.00 of spend tell no ads, so no city",)


@pytest.mark.parametrize("ended", [False, True])
def test_days_of_campaigns_that_are_not_listed_are_read_a_month_back(
    fetch: Fetch, api: DirectApi, ended: bool
) -> None:
    """Direct is not known to answer for them when asked for changed days. One that has ended is found as well."""
    wizard, good = next(ad for ad in api.world.ads if ad.wizard), ordinary(api)
    api.world = replace(api.world, ads=[wizard, good])
    old = [ad_day(wizard, "2025-12-22", "7.00"), ad_day(wizard, "2026-01-02", "5.00")]
    with api.change():
        api.rows[:] = [*old, ad_day(good, "2026-01-15", "3.00")]
        if not ended:
            api.rows.append(ad_day(wizard, "2026-01-15", "2.00"))

    fetched = fetch(api, WEEK, ad_spend_vat="exclude")

    assert fetched.window == Window(first=date(2025, 12, 21), last=WEEK.last)
    costs = sorted(figures[2] for figures in by_key(fetched.rows).values())
    assert costs == ["3.00", "5.00", "7.00"] if ended else ["2.00", "3.00", "5.00", "7.00"]
    assert fetched.warnings == ()
    assert len(by_ad(api)) == 2, "the window, and what is before it"


def test_a_whole_account_with_a_wizard_is_exact_over_the_month(fetch: Fetch, api: DirectApi) -> None:
    fetched = fetch(api, WEEK)

    assert fetched.window is not None
    assert by_key(fetched.rows) == rows_of(api.world, fetched.window.first, WEEK.last, vat=True)
    assert not fetched.partial


def test_a_backfill_reads_its_own_days_only(fetch: Fetch, api: DirectApi) -> None:
    window = Window(first=date(2025, 12, 1), last=date(2025, 12, 10))

    assert fetch(api, window).window == window


@pytest.mark.parametrize("lost", ["half", "all", "one"])
@pytest.mark.parametrize("times", [1, 9])
def test_rows_that_a_report_leaves_out_are_missed(fetch: Fetch, api: DirectApi, lost: str, times: int) -> None:
    """Though it says itself how many it has: campaigns' totals tell. Read again, then said, and nothing removed."""
    without_wizard(api)
    expected = rows_of(api.world, PAST.first, PAST.last, vat=True)
    left = {"half": len(expected) // 2, "all": 0, "one": len(expected) - 1}[lost]
    app = Shortened(api, left, times)

    fetched = fetch(app)

    if times == 1:
        assert by_key(fetched.rows) == expected
        assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    else:
        assert len(fetched.rows) == left
        assert fetched.partial
        assert any(
            "fewer impressions or clicks by ad than by campaign" in t for t in fetched.warnings + fetched.notes
        )


class Shortened:
    """Before the API: reports of figures by ad that lack their last rows and count only what is there."""

    def __init__(self, app: DirectApi, rows: int, times: int) -> None:
        self.app, self.rows, self.times = app, rows, times

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        chunks: list[bytes] = []
        start: dict[str, Any] = {}

        async def keep(message: Any) -> None:
            start.update(message) if message["type"].endswith("start") else chunks.append(message.get("body", b""))

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, keep)
        body = b"".join(chunks)
        lines = body.decode().split("\n")
        if b"AdId\t" in body and self.times:
            self.times -= 1
            body = "\n".join([*lines[: self.rows + 1], f"Total rows: {self.rows}", ""]).encode()
        headers = [(n, v) for n, v in start["headers"] if n != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


def test_a_link_too_long_to_be_one_is_not_known_and_a_long_name_is_cut(fetch: Fetch, four: DirectApi) -> None:
    """Each stands in every row of its ad. A part of a link would be another link, with other tags."""
    ads = [
        {"Id": ad.ad_id, "Type": "TEXT_AD", "TextAd": {"Href": f"{ad.link}&x={'x' * 10_000}"}}
        for ad in four.world.ads
    ]
    campaigns = [
        {"Id": ad.campaign_id, "Type": "TEXT_CAMPAIGN", "Name": "n" * 2**20, "Currency": "RUB",
         "TextCampaign": {"TrackingParams": ""}}
        for ad in four.world.ads
    ]  # fmt: skip
    for service, key, items in (("ads", "Ads", ads), ("campaigns", "Campaigns", campaigns)):
        body = json.dumps({"result": {key: items}})
        four.faults.add("status", f"/json/v501/{service}", times=2, status=200, body=body)

    rows = fetch(four, DAY).rows

    assert {(row["link"], row["link_known"], row["campaign_name"]) for row in rows} == {(None, "false", "n" * 1000)}
