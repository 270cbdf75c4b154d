"""A report is waited for as long as Direct says, comes whole in pages or halves, and costs retries or an error, never a
row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sandbox import World
from sandbox.direct.reports.queue import Stored
from tasks.errors import SourceError
from tasks.fetch.traffic import Traffic
from tests.tasks.fetch.direct.helpers import (
    PAST,
    UNTIL,
    Account,
    Clock,
    Figures,
    Key,
    ad_day,
    by_key,
    ordinary,
    rows_of,
)

pytestmark = pytest.mark.usefixtures("only_figures")
REPORTS = "/json/*/reports"


@pytest.fixture(scope="module")
def expected(world: World) -> dict[Key, Figures]:
    return rows_of(world, PAST.first, PAST.last, vat=True)


@pytest.fixture
def queued(direct: Account) -> Account:
    """Its reports go to the queue."""
    direct.api.switches.auto_online_days = 0
    return direct


def fill_the_queue(account: Account, clock: Clock) -> None:
    nothing: Any = None
    for number in range(5):
        account.api.queue.reports[f"another's {number}"] = Stored("", nothing, created=clock.now)


@pytest.mark.parametrize(
    ("retry_in", "pauses"),
    [
        (("7", "3", "11"), [7, 3, 11]),
        ((None,), [60]),
        (("soon",), [60]),
        (("-5",), [60]),
        (("0",), [1]),
        (("99999",), [300]),
    ],
)
def test_each_wait_is_the_one_that_the_last_reply_named(
    queued: Account, clock: Clock, retry_in: Any, pauses: list[float]
) -> None:
    """A minute if it names none, and between a second and five minutes."""
    queued.api.switches.retry_in, queued.api.switches.polls_until_ready = retry_in, len(pauses)

    assert queued.fetch().rows
    assert queued.statuses() == [201, *[202] * (len(pauses) - 1), 200]
    assert clock.pauses == pauses


@pytest.mark.parametrize(("status", "as_text"), [(400, True), (200, False), (500, True)])
def test_a_full_queue_is_waited_for_with_the_same_report(
    queued: Account, clock: Clock, status: int, as_text: bool
) -> None:
    """Code 9000 in any status. The five of others are finished within a minute."""
    queued.api.switches.report_codes_as_strings, queued.api.switches.report_statuses = as_text, {9000: status}
    fill_the_queue(queued, clock)

    assert queued.fetch().rows
    assert queued.statuses()[:7] == [*[status] * 6, 201]
    assert clock.pauses[:6] == [10] * 6
    assert len(set(queued.names())) == 1


@pytest.mark.parametrize(("is_full", "pauses"), [(True, [10] * 10), (False, [40, 40])])
def test_a_queue_or_a_report_that_never_ends_ends_the_fetch_at_the_deadline(
    queued: Account, clock: Clock, is_full: bool, pauses: list[float]
) -> None:
    """No pause would end after it."""
    queued.api.switches.retry_in, queued.api.switches.polls_until_ready = ("40",), 10**9
    queued.api.switches.finished_within_seconds = 1e9
    if is_full:
        fill_the_queue(queued, clock)

    with pytest.raises(SourceError, match="did not finish a report within 100 s") as caught:
        queued.fetch(direct_report_deadline=100)

    assert caught.value.transient
    assert clock.pauses == pauses


def test_a_name_stays_while_polling_and_is_new_for_new_data(queued: Account) -> None:
    """A name seen before returns the figures stored under it, for five hours; one that clashes is refused."""
    costs = []
    for amount, seconds in (("10.00", 0), ("9.00", 0), ("9.00", 1)):
        with queued.api.change():
            queued.api.rows[:] = [ad_day(ordinary(queued.api), "2026-01-05", amount)]
        fetched = queued.fetch(as_of=UNTIL + timedelta(seconds=seconds), ad_spend_vat="exclude")
        costs.append([row["cost"] for row in fetched.rows])

    assert costs == [["10.00"], ["10.00"], ["9.00"]], "only a run of its own reads anew"
    assert [len(set(part)) for part in (queued.names()[:4], queued.names()[4:])] == [1, 1]
    queued.fetch(ad_spend_vat="include")
    assert len(set(queued.names())) == 3
    assert set(queued.statuses()) <= {200, 201, 202}


@pytest.mark.parametrize("online_days", [0, 400])
def test_pages_are_read_to_the_last_row(
    direct: Account, expected: Any, monkeypatch: pytest.MonkeyPatch, online_days: int
) -> None:
    """Each page is a report of its own; without an order rows could move from page to page."""
    size = len(expected) // 4
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", size)
    direct.api.switches.auto_online_days = online_days

    assert by_key(direct.fetch().rows) == expected
    orders = direct.sent("reports")
    pages = [(order["Page"]["Offset"], order["Page"]["Limit"]) for order in orders]
    assert list(dict.fromkeys(pages)) == [(start, size) for start in range(0, len(expected) + 1, size)]
    assert len(set(direct.names())) == len(set(pages))
    assert {tuple(item["Field"] for item in order["OrderBy"]) for order in orders} == {
        ("Date", "CampaignId", "AdGroupId", "AdId")
    }


@pytest.mark.parametrize(("at_most", "html", "queue"), [(8, False, False), (7, True, False), (1, False, True)])
def test_a_period_that_is_too_long_is_split_in_halves_and_loses_no_day(
    direct: Account, expected: Any, at_most: int, html: bool, queue: bool
) -> None:
    direct.api.switches.html_on_bad_gateway = html
    if queue:
        direct.api.switches.auto_online_days, direct.api.switches.offline_days_limit = 0, at_most
    else:
        direct.api.switches.online_days_limit = at_most

    assert by_key(direct.fetch().rows) == expected
    found = []
    for status, params in zip(direct.statuses(), direct.sent("reports"), strict=True):
        criteria = params["SelectionCriteria"]
        days = [date.fromisoformat(criteria[name]) for name in ("DateFrom", "DateTo")]
        found.append((status, days[0], (days[1] - days[0]).days + 1))
    read = [first + timedelta(days=n) for status, first, number in found if status == 200 for n in range(number)]
    assert sorted(read) == [PAST.first + timedelta(days=number) for number in range(32)]
    refusals = [one for one in found if one[0] == 502]
    assert len(set(refusals)) == len(refusals), "what took too long once is not requested again"
    assert at_most != 8 or len(found) == 1 + 2 + 4


def test_a_single_day_that_takes_too_long_is_an_error_that_names_it(direct: Account) -> None:
    direct.api.switches.online_days_limit = 0

    with pytest.raises(SourceError, match="cannot build the report of 2025-12-10 in time") as caught:
        direct.fetch()
    assert caught.value.transient


# A fault, and the attempts after which it ends the fetch.
FAULTS: list[tuple[str, dict[str, Any], int]] = [
    ("html", {}, 3),
    *(("truncated", {"keep": keep}, 3) for keep in (0.0, 0.5, 0.505, 0.999)),
    ("wrong_total", {"by": 1}, 3),
    ("wrong_total", {"by": -1}, 3),
    ("status", {"status": 200, "body": "Date\tCost\n2026-01-01\t5\nTotal rows: 1\n"}, 3),
    ("status", {"status": 500}, 4),
    ("status", {"status": 503, "html": True}, 3),
    ("status", {"status": 429, "body": ""}, 4),
    ("disconnect", {"partial": True}, 4),
]


@pytest.mark.parametrize(("kind", "options", "attempts"), FAULTS, ids=str)
def test_a_passing_failure_costs_a_retry_and_a_lasting_one_the_run(
    direct: Account, expected: Any, kind: str, options: Any, attempts: int, traffic: Traffic
) -> None:
    """A cut within a letter of a Cyrillic name too."""
    direct.api.faults.add(kind, REPORTS, **options)
    assert by_key(direct.fetch().rows) == expected
    assert (direct.calls().count("reports"), traffic.retries) == (2, 1)

    direct.api.faults.add(kind, REPORTS, times=99, **options)
    with pytest.raises(SourceError, match="did not answer POST /json/v501/reports in") as caught:
        direct.fetch(http_attempts=4)
    assert caught.value.transient
    assert direct.calls()[-attempts - 1 :] == ["campaigns", *["reports"] * attempts]


@pytest.mark.parametrize(("code", "service"), [(56, "reports"), (506, "campaigns"), (506, "ads"), (56, "adgroups")])
def test_too_many_requests_are_followed_by_ten_seconds_of_silence(
    direct: Account, clock: Clock, code: int, service: str
) -> None:
    direct.api.faults.add("error_as_page", f"/json/v501/{service}", times=2, code=code)
    assert direct.fetch().rows
    assert clock.pauses == [10, 10]

    direct.api.faults.add("status", REPORTS, status=429, body="", retry_after=17)
    assert direct.fetch(as_of=UNTIL + timedelta(1)).rows
    assert clock.pauses == [10, 10, 17]
