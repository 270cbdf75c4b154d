"""What goes wrong while a report is fetched costs retries, waiting or an error, never a row."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import World
from sandbox.direct import DirectApi
from sandbox.direct.errors import error_body
from tasks.errors import SourceError
from tasks.fetch.traffic import Traffic
from tests.tasks.fetch.direct.conftest import PAST
from tests.tasks.fetch.direct.helpers import Clock, Fetch, ad_day, asked, ordinary
from tests.tasks.fetch.direct.truth import Figures, Key, by_key, rows_of

pytestmark = pytest.mark.usefixtures("only_figures")

REPORTS = "/json/*/reports"
NOT_WHOLE: list[tuple[str, dict[str, Any]]] = [
    ("html", {}),
    *(("truncated", {"keep": keep}) for keep in (0.0, 0.01, 0.5, 0.97, 0.999)),
    ("wrong_total", {"by": 1}),
    ("wrong_total", {"by": -1}),
    ("no_data", {}),
    ("status", {"status": 200, "body": ""}),
    ("status", {"status": 200, "body": "Date\tCost\n2026-01-01\t5\nTotal rows: 1\n"}),
    ("status", {"status": 200, "body": "<html>Технические работы</html>".encode("cp1251")}),
]
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 500, "html": True}),
    ("status", {"status": 503, "html": True}),
    ("status", {"status": 504, "body": ""}),
    ("status", {"status": 429, "body": ""}),
    ("disconnect", {}),
    ("disconnect", {"partial": True}),
    ("timeout", {"seconds": 30}),
]


@pytest.fixture(scope="module")
def expected(world: World) -> dict[Key, Figures]:
    return rows_of(world, PAST.first, PAST.last, vat=True)


@pytest.mark.parametrize(("kind", "options"), NOT_WHOLE + BROKEN, ids=str)
def test_a_passing_failure_costs_a_retry_and_no_row(
    fetch: Fetch, api: DirectApi, expected: dict[Key, Figures], kind: str, options: dict[str, Any], traffic: Traffic
) -> None:
    api.faults.add(kind, REPORTS, **options)

    fetched = fetch(api, http_timeout=3 if kind == "timeout" else 5)

    assert by_key(fetched.rows) == expected
    assert (asked(api).count("reports"), traffic.retries) == (2, 1)


@pytest.mark.parametrize(("kind", "options"), NOT_WHOLE + BROKEN, ids=str)
def test_a_lasting_failure_is_an_error_after_few_tries(
    fetch: Fetch, api: DirectApi, kind: str, options: dict[str, Any]
) -> None:
    api.faults.add(kind, REPORTS, times=99, **options)

    with pytest.raises(SourceError, match="did not answer POST /json/v501/reports in") as caught:
        fetch(api, http_timeout=3 if kind == "timeout" else 5, http_attempts=4)

    assert caught.value.transient
    few = (kind, options) in NOT_WHOLE or options.get("status") == 503
    assert asked(api) == ["campaigns", *["reports"] * (3 if few else 4)]


def test_a_report_cut_within_a_letter_is_read_again(fetch: Fetch, api: DirectApi) -> None:
    """Names are Cyrillic: of any two neighbouring places in them one is within a letter."""
    with api.change():
        api.rows[:] = [ad_day(ordinary(api), f"2026-01-0{day}") for day in (1, 2, 3)]
    for place in range(8):
        api.faults.add("truncated", REPORTS, keep=0.5 + place / 400)

        assert len(fetch(api).rows) == 3


@pytest.mark.parametrize(("status", "text"), [(200, False), (202, True), (400, True), (500, False)])
@pytest.mark.parametrize("code", [52, 1000, 1001, 1002])
def test_a_code_of_the_moment_is_tried_again_in_any_status(
    fetch: Fetch, api: DirectApi, expected: dict[Key, Figures], code: int, status: int, text: bool
) -> None:
    api.faults.add("status", REPORTS, times=2, status=status, body=error_body(code, text=text))

    assert by_key(fetch(api).rows) == expected
    assert asked(api).count("reports") == 3


@pytest.mark.parametrize("service", ["campaigns", "reports", "ads", "adgroups"])
@pytest.mark.parametrize("code", [56, 506])
def test_too_many_requests_are_followed_by_ten_seconds_of_silence(
    fetch: Fetch, api: DirectApi, clock: Clock, expected: dict[Key, Figures], code: int, service: str
) -> None:
    api.faults.add("error_as_page", f"/json/v501/{service}", times=2, code=code)

    assert by_key(fetch(api).rows) == expected
    assert clock.pauses == [10, 10]


@pytest.mark.parametrize("answer", ["56", "429", "429 empty"])
def test_the_limit_of_reports_is_lived_with_in_each_of_its_forms(
    fetch: Fetch, api: DirectApi, clock: Clock, expected: dict[Key, Figures], answer: str, traffic: Traffic
) -> None:
    """Two in ten seconds, of which a queued report wants five."""
    api.switches.rate_limit_answer, api.switches.reports_in_ten_seconds = answer, 2
    api.switches.auto_online_days, api.switches.polls_until_ready = 0, 4

    fetched = fetch(api, http_backoff=1000)

    assert by_key(fetched.rows) == expected
    assert traffic.retries > 0
    if answer != "429 empty":
        assert {pause for pause in clock.pauses if pause > 2} == {10}


def test_retry_after_of_a_429_is_waited_for(fetch: Fetch, api: DirectApi, clock: Clock) -> None:
    api.faults.add("status", REPORTS, status=429, body="", retry_after=17)

    assert fetch(api).rows
    assert clock.pauses == [17]


def test_a_report_that_fails_while_being_built_is_polled_under_its_name(
    fetch: Fetch, api: DirectApi, expected: dict[Key, Figures]
) -> None:
    api.switches.auto_online_days = 0
    api.faults.add("status", REPORTS, after=1, times=2, status=500)

    assert by_key(fetch(api).rows) == expected
    assert len(api.queue.reports) == 1
