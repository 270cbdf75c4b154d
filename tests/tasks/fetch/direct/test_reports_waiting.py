"""How a report is waited for: as long as Direct says each time, behind others in the queue, but not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.direct import DirectApi
from sandbox.direct.reports.queue import Stored
from tasks.errors import SourceError
from tests.tasks.fetch.direct.conftest import UNTIL
from tests.tasks.fetch.direct.helpers import Clock, Fetch, ad_day, names, ordinary, reports
from tests.tasks.fetch.direct.truth import by_key

pytestmark = pytest.mark.usefixtures("only_figures")


@pytest.fixture(autouse=True)
def _queued(api: DirectApi) -> None:
    api.switches.auto_online_days = 0


def fill_the_queue(api: DirectApi, clock: Clock) -> None:
    nothing: Any = None
    for number in range(5):
        api.queue.reports[f"another's {number}"] = Stored("", nothing, created=clock.now)


def test_each_wait_is_the_one_that_the_last_answer_asked_for(fetch: Fetch, api: DirectApi, clock: Clock) -> None:
    api.switches.retry_in, api.switches.polls_until_ready = ("7", "3", "11"), 3

    fetch(api)

    assert [request.status for request in reports(api)] == [201, 202, 202, 200]
    assert clock.pauses == [7, 3, 11]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(None, 60), ("", 60), ("soon", 60), ("-5", 60), ("1.5", 60), ("0", 1), ("1", 1), ("300", 300), ("99999", 300)],
)
def test_a_wait_that_is_not_told_is_a_minute_and_none_is_beyond_one_second_and_five_minutes(
    fetch: Fetch, api: DirectApi, clock: Clock, told: str | None, seconds: float
) -> None:
    api.switches.retry_in, api.switches.polls_until_ready = (told,), 1

    assert fetch(api).rows
    assert clock.pauses == [seconds]


def test_a_full_queue_is_waited_for_with_the_same_report(fetch: Fetch, api: DirectApi, clock: Clock) -> None:
    """The five of others are finished within a minute."""
    fill_the_queue(api, clock)

    fetched = fetch(api)

    assert fetched.rows
    assert [request.status for request in reports(api)][:7] == [*[400] * 6, 201]
    assert clock.pauses[:6] == [10] * 6
    assert len(set(names(api))) == 1


@pytest.mark.parametrize("codes_as_text", [True, False])
@pytest.mark.parametrize("status", [400, 200, 429, 500])
def test_a_full_queue_is_known_by_its_code_in_any_status(
    fetch: Fetch, api: DirectApi, clock: Clock, status: int, codes_as_text: bool
) -> None:
    api.switches.report_codes_as_strings, api.switches.report_statuses = codes_as_text, {9000: status}
    fill_the_queue(api, clock)

    assert fetch(api).rows
    assert clock.pauses[:6] == [10] * 6


def test_a_queue_that_stays_full_ends_the_fetch_at_the_deadline(fetch: Fetch, api: DirectApi, clock: Clock) -> None:
    api.switches.finished_within_seconds = 1e9
    fill_the_queue(api, clock)

    with pytest.raises(SourceError, match="within 100 s") as caught:
        fetch(api, direct_report_deadline=100)

    assert caught.value.transient
    assert sum(clock.pauses) == 100


def test_a_report_that_is_never_finished_ends_the_fetch_at_the_deadline(
    fetch: Fetch, api: DirectApi, clock: Clock
) -> None:
    api.switches.retry_in, api.switches.polls_until_ready = ("40",), 10**9
    api.switches.finished_within_seconds = 1e9

    with pytest.raises(SourceError) as caught:
        fetch(api, direct_report_deadline=100)

    assert str(caught.value) == (
        "Yandex Direct did not finish a report within 100 s. Nothing was loaded; the next run tries again."
    )
    assert caught.value.transient
    assert clock.pauses == [40, 40], "a third would end after the deadline"


def test_a_name_stays_while_polling_and_is_new_for_new_data(fetch: Fetch, api: DirectApi) -> None:
    """A name seen before gives the numbers stored under it, for five hours."""
    ad = ordinary(api)
    with api.change():
        api.rows[:] = [ad_day(ad, "2026-01-05", "10.00")]
    first = fetch(api, ad_spend_vat="exclude")
    with api.change():
        api.rows[:] = [ad_day(ad, "2026-01-05", "9.00")]
    again = fetch(api, ad_spend_vat="exclude")
    later = fetch(api, as_of=UNTIL + timedelta(seconds=1), ad_spend_vat="exclude")

    costs = [[figures[2] for figures in by_key(fetched.rows).values()] for fetched in (first, again, later)]
    assert costs == [["10.00"], ["10.00"], ["9.00"]], "only a run of its own reads anew"
    told = names(api)
    assert len(told) == 3 + 1 + 3
    assert len(set(told[:4])) == len(set(told[4:])) == 1
    assert told[0] != told[4]
    assert {request.status for request in reports(api)} <= {200, 201, 202}


def test_no_two_questions_share_a_name(fetch: Fetch, api: DirectApi) -> None:
    """A name that clashes is refused with code 4000, which no retry mends."""
    for values in ({}, {"ad_spend_vat": "exclude"}):
        fetch(api, **values)
    fetch(api, as_of=UNTIL + timedelta(milliseconds=1))

    assert len(set(names(api))) == 3
    assert {request.status for request in reports(api)} <= {200, 201, 202}


def test_one_question_is_asked_in_one_form_however_often(fetch: Fetch, api: DirectApi) -> None:
    fetch(api)

    assert len({request.body for request in reports(api)}) == 1
