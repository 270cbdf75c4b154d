"""No sales in a window and no answer to a question look alike; a fetch tells one from the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox import SANDBOX_TOKEN, QticketsApi
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_orders
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Bent, Question
from tests.tasks.fetch.qtickets.many_orders import evenly
from tests.tasks.fetch.qtickets.truth import ORDER_COLUMNS, ids_of_documents

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = Window(first=date(2026, 6, 20), last=date(2026, 6, 22))
SettingsFor = Callable[..., Settings]


def nothing_found(question: Question) -> None:
    """A server that cannot read the dates it is sent and finds no order that fits."""
    if any(condition["column"] == "payed_at" for condition in question.get("where", [])):
        question["where"] = [{"column": "id", "operator": "=", "value": -1}]


@pytest.fixture
def api() -> QticketsApi:
    """Thirty orders a day from 1 May, none at all from 5 to 28 June."""
    before = evenly(30 * 35, datetime(2026, 5, 1, tzinfo=UTC), timedelta(minutes=48))
    after = evenly(60, datetime(2026, 6, 29, tzinfo=UTC), timedelta(minutes=48))
    for order in after:
        order["id"] += 50_000
    return QticketsApi([*before, *after], [])


def test_a_window_without_sales_gives_no_rows_but_all_columns(api: QticketsApi, settings_for: SettingsFor) -> None:
    fetched = fetch_orders(settings_for(api), WINDOW, NOW)

    assert list(fetched.rows) == []
    assert set(fetched.columns) == ORDER_COLUMNS
    assert fetched.warnings == ()


def test_an_empty_answer_is_not_believed_before_the_orders_were_looked_at(
    api: QticketsApi, settings_for: SettingsFor
) -> None:
    fetch_orders(settings_for(api), WINDOW, NOW)

    assert [request for request in api.requests if "where" not in request.params]


@pytest.mark.parametrize("first", [date(2026, 5, 10), date(2026, 6, 29)])
def test_a_filter_that_wrongly_finds_nothing_loses_nothing_and_is_said(
    api: QticketsApi, settings_for: SettingsFor, first: date
) -> None:
    last = first + timedelta(days=2)

    fetched = fetch_orders(settings_for(Bent(api, nothing_found)), Window(first=first, last=last), NOW)

    expected = ids_of_documents(api.orders, first, last, NOW)
    assert {row["ticket_id"] for row in fetched.rows} == expected != set()
    assert len(fetched.warnings) == 1
    assert "gave nothing, though" in fetched.warnings[0]


def test_an_account_without_a_single_order_is_an_empty_fetch_with_a_warning(settings_for: SettingsFor) -> None:
    """It may be new, but it may also be an API that answers nothing at all."""
    fetched = fetch_orders(settings_for(QticketsApi([], [])), WINDOW, NOW)

    assert (list(fetched.rows), set(fetched.columns)) == ([], ORDER_COLUMNS)
    assert fetched.warnings == ("QTickets says that this account has not a single order",)


def test_days_that_have_not_begun_are_empty(api: QticketsApi, settings_for: SettingsFor) -> None:
    ahead = Window(first=date(2026, 7, 10), last=date(2026, 7, 11))

    assert list(fetch_orders(settings_for(api), ahead, NOW).rows) == []


@pytest.mark.parametrize("kind", ["no_data", "error_as_page"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_is_no_page_fails_the_fetch_instead_of_ending_it(
    api: QticketsApi, settings_for: SettingsFor, kind: str, after: int
) -> None:
    """On whichever page it comes: a list that ends there would be short."""
    api.faults.add(kind, after=after, times=99)

    with pytest.raises(SourceError, match="without `data`") as caught:
        fetch_orders(settings_for(api), Window(first=date(2026, 5, 1), last=date(2026, 5, 20)), NOW)

    assert caught.value.transient
    assert str(caught.value).count("UNKNOWN_ERROR") == (kind == "error_as_page")


def test_an_error_that_looks_like_a_page_is_told_by_its_code_alone(
    settings_for: SettingsFor, caplog: pytest.LogCaptureFixture
) -> None:
    person = "ivanova.maria@example.invalid"
    api = QticketsApi([], [])
    body = f'{{"status": "error", "code": "WRONG_AUTHORIZATION", "error": "{person}", "message": "{person}"}}'
    api.faults.add("status", status=200, body=body)

    with pytest.raises(SourceError, match="with the code WRONG_AUTHORIZATION") as caught:
        fetch_orders(settings_for(api), WINDOW, NOW)

    assert person not in str(caught.value) + caplog.text


@pytest.mark.parametrize("code", [f'"Token {SANDBOX_TOKEN} is wrong"', f'"{SANDBOX_TOKEN}"', "403", "null", "{}"])
def test_a_code_that_is_no_word_of_the_api_is_not_repeated(settings_for: SettingsFor, code: str) -> None:
    api = QticketsApi([], [])
    api.faults.add("status", status=200, body=f'{{"code": {code}}}')

    with pytest.raises(SourceError, match=r"without `data`\.$"):
        fetch_orders(settings_for(api), WINDOW, NOW)


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[]",
        '"busy"',
        "{}",
        '{"data": {}, "paging": {"total": 0, "perPage": 50}}',
        '{"data": null, "paging": {"total": 0, "perPage": 50}}',
        '{"data": [null], "paging": {"total": 1, "perPage": 50}}',
        '{"data": []}',
        '{"data": [], "paging": {}}',
        '{"data": [], "paging": {"total": 0, "perPage": 0}}',
        '{"data": [], "paging": {"total": -1, "perPage": 50}}',
        '{"data": [], "paging": []}',
        '{"data": [], "paging": {"total": 100, "perPage": 50, "currentPage": 2}}',
    ],
)
def test_nothing_but_a_whole_page_passes_for_one(settings_for: SettingsFor, body: str) -> None:
    api = QticketsApi([], [])
    api.faults.add("status", status=200, body=body, times=99)

    with pytest.raises(SourceError, match="QTickets answered GET /orders"):
        fetch_orders(settings_for(api), WINDOW, NOW)
