"""What a fetch brings of a whole account is the ground truth, to the kopeck, in as few calls as there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from sandbox import World
from sandbox.direct import DirectApi
from sandbox.world.spend import ad_days
from tasks.fetch.direct import COLUMNS
from tasks.fetch.traffic import Traffic
from tasks.reference import cities
from tasks.transform.direct import ad_days as to_facts
from tasks.window import Window
from tests.tasks.fetch.direct.conftest import PAST
from tests.tasks.fetch.direct.helpers import Fetch, asked, without_wizard
from tests.tasks.fetch.direct.truth import by_key, rows_of, told_tags, with_vat

WEEK = Window(first=date(2026, 1, 13), last=date(2026, 1, 19))


@pytest.mark.parametrize("online_days", [400, 0], ids=["online", "queued"])
@pytest.mark.parametrize(("setting", "vat"), [("include", True), ("exclude", False)])
def test_every_figure_of_every_ad_and_day_is_the_ground_truth(
    fetch: Fetch, api: DirectApi, world: World, online_days: int, setting: str, vat: bool
) -> None:
    api.switches.auto_online_days = online_days

    fetched = fetch(api, ad_spend_vat=setting)

    expected = rows_of(world, PAST.first, PAST.last, vat=vat)
    assert len(expected) > 300
    assert by_key(fetched.rows) == expected
    assert {row["include_vat"] for row in fetched.rows} == {"YES" if vat else "NO"}
    assert {row["account_id"] for row in fetched.rows} == {api.login}
    assert fetched.facts["ad_days"] == len(expected)


def test_each_row_carries_what_its_tags_are_made_of(fetch: Fetch, api: DirectApi, world: World) -> None:
    ads = {str(ad.ad_id): ad for ad in api.world.ads}
    seen = set()
    for row in fetch(api).rows:
        ad = ads.get(str(row["ad_id"]))
        made_of = (row["link"], row["group_tracking"] or None, row["campaign_tracking"] or None)
        if ad is None:
            assert row["link_known"] == "true", "a wizard's ad has no link, and that is known"
        elif ad.deleted_on and ad.deleted_on < date(2026, 1, 20):
            assert (row["link"], row["link_known"]) == (None, "false")
        else:
            assert (*made_of, row["link_known"]) == (
                ad.link, ad.group_parameters, ad.campaign_parameters, "true"
            )  # fmt: skip
        seen.add((row["link_known"], *(bool(part) for part in made_of), ad is None))
    assert {known for known, *_ in seen} == {"true", "false"}
    assert {tuple(row[1:4]) for row in seen} >= {
        (True, False, False), (True, True, False), (True, False, True), (False, False, False)
    }  # fmt: skip


def test_a_past_window_takes_one_call_a_service_and_none_for_changes(
    fetch: Fetch, api: DirectApi, traffic: Traffic
) -> None:
    """The second report proves the first."""
    without_wizard(api)

    fetched = fetch(api)

    assert asked(api) == ["campaigns", "reports", "reports", "ads", "adgroups"]
    assert (traffic.calls, traffic.retries, fetched.window) == (5, 0, PAST)
    assert (fetched.warnings, fetched.notes, fetched.partial) == ((), (), False)
    assert not api.writes


def test_a_window_up_to_yesterday_takes_one_call_more(fetch: Fetch, api: DirectApi, traffic: Traffic) -> None:
    without_wizard(api)

    fetch(api, WEEK)

    assert asked(api) == ["campaigns", "changes", "reports", "reports", "ads", "adgroups"]
    assert traffic.calls == 6


def test_a_queued_report_takes_its_polls_more(fetch: Fetch, api: DirectApi, traffic: Traffic) -> None:
    without_wizard(api)
    api.switches.auto_online_days = 0
    api.switches.polls_until_ready = 3

    fetch(api)

    assert asked(api) == ["campaigns", *["reports"] * 8, "ads", "adgroups"]
    assert (traffic.calls, traffic.retries) == (11, 0)


def test_an_account_that_showed_nothing_gives_no_rows_and_asks_for_no_links(fetch: Fetch, api: DirectApi) -> None:
    with api.change():
        api.rows.clear()

    fetched = fetch(api)

    assert (list(fetched.rows), fetched.columns) == ([], COLUMNS)
    assert asked(api) == ["campaigns", "reports", "reports"]


def test_an_account_without_a_single_campaign_is_asked_for_no_changes(
    fetch: Fetch, api: DirectApi, world: World
) -> None:
    api.show(replace(world, ads=[]))
    api.switches.empty_result_without_key = True

    assert list(fetch(api, WEEK).rows) == []
    assert asked(api) == ["campaigns", "reports", "reports"]


def test_fetched_rows_make_the_facts_of_the_ground_truth_with_the_tags_of_a_click(
    fetch: Fetch, api: DirectApi, world: World
) -> None:
    rows = fetch(api).rows
    facts = to_facts(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), cities())

    expected = {}
    for row in ad_days(world):
        if row.ad.source == "direct" and PAST.first <= row.day <= PAST.last and not row.ad.wizard:
            gone = row.ad.deleted_on and row.ad.deleted_on < date(2026, 1, 20)
            tags = None if gone else told_tags(row.ad)
            names = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
            expected[row.day, row.ad.ad_id] = (
                row.impressions,
                row.clicks,
                with_vat(row.spent, row.day),
                row.conversions,
                *(None if tags is None else tags.get(name, "") for name in names),
            )
    columns = ["impressions", "clicks", "spent", "conversions", *names]
    got = {(row["stat_date"], row["ad_id"]): row for row in facts.iter_rows(named=True) if row["ad_id"]}
    assert {key: tuple(row[name] for name in columns) for key, row in got.items()} == expected
    assert {tags[4] is None for tags in expected.values()} == {True, False}
    assert facts.filter(pl.col("ad_id") == 0)["utm_content"].unique().to_list() == [""]
