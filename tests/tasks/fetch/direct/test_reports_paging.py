"""A report longer than a page comes whole, and so does one that takes the server too long."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sandbox import World
from sandbox.direct import DirectApi
from tasks.errors import SourceError
from tasks.window import Window
from tests.tasks.fetch.direct.conftest import PAST
from tests.tasks.fetch.direct.helpers import Fetch, asked, names, reports
from tests.tasks.fetch.direct.truth import by_key, rows_of

pytestmark = pytest.mark.usefixtures("only_figures")

ALL_DAYS = {PAST.first + timedelta(days=number) for number in range(PAST.days)}


def pages(api: DirectApi) -> list[tuple[int, int]]:
    return [
        (page["Offset"], page["Limit"]) for page in (r.params["params"]["Page"] for r in reports(api))
    ]  # fmt: skip


def periods(api: DirectApi) -> list[tuple[date, date, int | None]]:
    """First and last day of each report asked for, and how it was answered."""
    found = []
    for request in reports(api):
        criteria = request.params["params"]["SelectionCriteria"]
        days = (date.fromisoformat(criteria[name]) for name in ("DateFrom", "DateTo"))
        found.append((*days, request.status))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("queued", [False, True])
def test_pages_are_read_to_the_last_row(
    fetch: Fetch, api: DirectApi, world: World, monkeypatch: pytest.MonkeyPatch, queued: bool
) -> None:
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 100)
    api.switches.auto_online_days = 0 if queued else 400
    expected = rows_of(world, PAST.first, PAST.last, vat=True)

    assert by_key(fetch(api).rows) == expected
    assert list(dict.fromkeys(pages(api))) == [(start, 100) for start in range(0, len(expected), 100)]
    assert len(set(names(api))) == len(set(pages(api))), "each page is a report of its own"
    orders = {tuple(item["Field"] for item in r.params["params"]["OrderBy"]) for r in reports(api)}
    assert orders == {("Date", "CampaignId", "AdGroupId", "AdId")}, "in no order rows may move from page to page"


def test_a_full_last_page_is_followed_by_an_empty_one(
    fetch: Fetch, api: DirectApi, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rows_of(world, PAST.first, PAST.last, vat=True)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", len(expected))

    assert by_key(fetch(api).rows) == expected
    assert [offset for offset, _ in pages(api)] == [0, len(expected)]


@pytest.mark.parametrize("html", [False, True], ids=["JSON", "HTML"])
@pytest.mark.parametrize("queued", [False, True])
@pytest.mark.parametrize("at_most", [20, 7, 1])
def test_a_period_that_is_too_long_is_asked_for_in_halves_and_loses_no_day(
    fetch: Fetch, api: DirectApi, world: World, html: bool, queued: bool, at_most: int
) -> None:
    api.switches.html_on_bad_gateway = html
    if queued:
        api.switches.auto_online_days, api.switches.offline_days_limit = 0, at_most
    else:
        api.switches.online_days_limit = at_most

    assert by_key(fetch(api).rows) == rows_of(world, PAST.first, PAST.last, vat=True)
    done = [(first, last) for first, last, status in periods(api) if status == 200]
    days = [first + timedelta(days=n) for first, last in done for n in range((last - first).days + 1)]
    assert len(days) == len(ALL_DAYS)
    assert set(days) == ALL_DAYS
    refused = [(first, last) for first, last, status in periods(api) if status == 502]
    assert len(set(refused)) == len(refused), "what took too long once is not asked for again"
    assert all((last - first).days + 1 > at_most for first, last in refused)


def test_the_number_of_reports_is_the_least_that_halving_allows(fetch: Fetch, api: DirectApi) -> None:
    """32 days: one refused, two of 16 refused, four of 8."""
    api.switches.online_days_limit = 8

    fetch(api)

    assert asked(api).count("reports") == 1 + 2 + 4


@pytest.mark.parametrize("days", [1, 5])
def test_a_single_day_that_takes_too_long_is_an_error_that_names_it(
    fetch: Fetch, api: DirectApi, days: int
) -> None:
    api.switches.online_days_limit = 0
    window = Window(first=date(2026, 1, 3), last=date(2026, 1, 3) + timedelta(days=days - 1))

    with pytest.raises(SourceError) as caught:
        fetch(api, window)

    assert str(caught.value).startswith("Yandex Direct cannot build the report of 2026-01-03 in time.")
    assert caught.value.transient
    assert asked(api)[-1] == "reports"
