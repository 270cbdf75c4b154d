"""However much of a request QTickets obeys, the same orders of a window come back, in few calls; what failed is said."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from math import ceil, log2
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import QticketsApi, Switches
from tasks.fetch.qtickets import fetch_orders
from tasks.fetch.qtickets.rows import ORDER_COLUMNS
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Between, Question
from tests.tasks.fetch.qtickets.documents import evenly, ids_of, order, tickets_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PER_PAGE = 100
# Half an hour apart, 125 days: 48 a day, 60 pages.
STEP = timedelta(minutes=30)
ORDERS = evenly(6_000, NOW - 6_000 * STEP, STEP)
RECENT = (date(2026, 6, 29), date(2026, 7, 1))
DAY = (date(2026, 6, 14), date(2026, 6, 14))
OLD = (date(2026, 3, 23), date(2026, 3, 29))
WINDOWS = (RECENT, DAY, OLD)
IGNORED = "ignored the filter on payed_at"
SettingsFor = Callable[..., Settings]
# What of a filter works -> what the warning or note must say, if anything.
FILTERS: dict[str, tuple[dict[str, Any], str]] = {
    "honoured": ({}, ""),
    "in the body only": ({"honour_query": False}, ""),
    "in the query only": ({"honour_body": False}, ""),
    "nowhere": ({"honour_filters": False}, IGNORED),
    "nowhere, oldest first": ({"honour_filters": False, "honour_order_by": False}, IGNORED),
    "not on payed_at": ({"ignored_columns": {"payed_at"}}, IGNORED),
    "not on payed": ({"ignored_columns": {"payed"}}, "ignored the filter on payed:"),
    "not the lower bound": ({"ignored_operators": {">="}}, IGNORED),
    "not the upper bound": ({"ignored_operators": {"<"}}, "obeyed only a part of the filter"),
}
# What else it obeys, and how it is asked.
SHAPES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"honour_order_by": False, "honour_select": False, "flags_as_ints": True}, {"qtickets_date_format": "sql"}),
    ({"honour_nested_select": False, "id_as_strings": True, "max_per_page": 37}, {"qtickets_select": False}),
]


def fetched(settings: Settings, days: tuple[date, date], as_of: datetime = NOW) -> Any:
    return fetch_orders(settings, Window(first=days[0], last=days[1]), as_of)


@pytest.mark.parametrize("shape", [0, 1])
@pytest.mark.parametrize("filters", FILTERS)
def test_the_orders_of_the_window_come_whole_and_alone(settings_for: SettingsFor, filters: str, shape: int) -> None:
    (switches, words), (others, settings) = FILTERS[filters], SHAPES[shape]
    days = WINDOWS[(list(FILTERS).index(filters) + shape) % 3]
    api = QticketsApi(ORDERS, [], Switches(**others | switches))
    found = fetched(settings_for(api, **settings), days)
    assert tickets_of(found.rows) == ids_of(ORDERS, *days, NOW)
    assert found.columns == ORDER_COLUMNS
    assert found.partial == (words is IGNORED)
    assert {request.method for request in api.requests} == {"GET"}
    # What costs calls and no row is a note: a backfill need not read the days again.
    said, rest = (found.warnings, found.notes) if words is IGNORED else (found.notes, found.warnings)
    assert (len(said), rest) == (bool(words), ())
    assert words in "".join(said)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("filters", ["honoured", "nowhere", "nowhere, oldest first"])
def test_only_pages_around_the_window_are_read(
    settings_for: SettingsFor, filters: str, window: tuple[date, date]
) -> None:
    api = QticketsApi(ORDERS, [], Switches(**FILTERS[filters][0]))
    fetched(settings_for(api), window)
    days = (window[1] - window[0]).days + 1 + (0 if filters == "honoured" else 30)
    search = 0 if window is RECENT else log2(len(ORDERS) / PER_PAGE)
    assert len(api.requests) <= ceil(days * 48 / PER_PAGE) + search + 8


def test_the_payment_lag_decides_how_far_back_an_unfiltered_list_is_read(settings_for: SettingsFor) -> None:
    api = QticketsApi(ORDERS, [], Switches(honour_filters=False))
    found = fetched(settings_for(api, qtickets_payment_lag=2), RECENT)
    assert len(api.requests) <= ceil(5 * 48 / PER_PAGE) + 6
    assert tickets_of(found.rows) == ids_of(ORDERS, *RECENT, NOW)


@pytest.mark.parametrize("filters", ["honoured", "nowhere"])
@pytest.mark.parametrize("hour", [0, 20])
def test_nothing_booked_after_the_load_began_comes_in(settings_for: SettingsFor, filters: str, hour: int) -> None:
    """`as_of` cuts the last day."""
    as_of = datetime(2026, 6, 14, hour, tzinfo=UTC)
    api = QticketsApi(ORDERS[-2_000:], [], Switches(**FILTERS[filters][0]))
    assert tickets_of(fetched(settings_for(api), DAY, as_of).rows) == ids_of(ORDERS, *DAY, as_of)


@pytest.mark.parametrize("hours", [3, -3], ids=["offset dropped by a server on UTC", "offset added twice"])
@pytest.mark.parametrize("is_betrayed", [True, False])
def test_a_server_that_mistakes_the_offset_loses_no_hour(
    settings_for: SettingsFor, hours: int, is_betrayed: bool
) -> None:
    def shift(question: Question) -> None:
        for condition in question.get("where", []):
            if condition["column"] == "payed_at":
                moment = datetime.fromisoformat(condition["value"]) + timedelta(hours=hours)
                condition["value"] = moment.isoformat()

    # One from before the window betrays the shift.
    booked = [
        one for one in ORDERS[-2_000:] if is_betrayed or (one["payed_at"] or one["created_at"]) >= "2026-06-14"
    ]
    settings = settings_for(Between(QticketsApi(booked, []), bend=shift), qtickets_filter="body")
    assert tickets_of(fetched(settings, DAY).rows) == ids_of(booked, *DAY, NOW)


# --- nothing found ---

GAP = (date(2026, 6, 20), date(2026, 6, 22))
WITH_GAP = [
    one for one in ORDERS[-2_000:] if not "2026-06-10" < (one["payed_at"] or one["created_at"]) < "2026-06-29"
]


def test_no_sales_are_believed_once_the_orders_were_looked_at(settings_for: SettingsFor) -> None:
    api = QticketsApi(WITH_GAP, [])
    found = fetched(settings_for(api), GAP)
    assert (list(found.rows), found.columns, found.warnings) == ([], ORDER_COLUMNS, ())
    assert [request for request in api.requests if "where" not in request.params]


def test_an_account_without_orders_is_a_warning_and_takes_nothing_for_gone(settings_for: SettingsFor) -> None:
    """It may be new, but it may also be an API that answers nothing at all."""
    found = fetched(settings_for(QticketsApi([], [])), GAP)
    assert (list(found.rows), found.columns, found.partial) == ([], ORDER_COLUMNS, True)
    assert found.warnings == ("QTickets says that this account has not a single order",)


def test_an_order_with_unreadable_dates_is_left_to_validation(settings_for: SettingsFor) -> None:
    """An unpaid one with zeros for a date is booked when it was created."""
    moment = datetime(2026, 6, 14, 9, tzinfo=UTC)
    zeros = {"payed_at": "0000-00-00 00:00:00"}
    orders = [
        order(1, moment - timedelta(days=3), None, **zeros),
        order(2, moment, None, **zeros),
        order(3, moment - timedelta(days=3), moment, **zeros),
        order(4, moment - timedelta(days=3), moment, payed_at="14.06.2026"),
        order(5, moment - timedelta(days=3), moment),
    ]
    found = fetched(settings_for(QticketsApi(orders, [], Switches(honour_filters=False))), DAY)
    assert [row["order_id"] for row in found.rows] == ["5", "4", "3", "2"]


# --- a server in between that lets no GET with a body through ---


class Gateway:
    """Before an API: refuses every GET with a body."""

    def __init__(self, status: int) -> None:
        self._api, self._refusal = QticketsApi(ORDERS, []), Response(b"<html>Forbidden</html>", status)
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_body = int(dict(scope["headers"]).get(b"content-length", b"0")) > 0
        self.seen.append("body" if has_body else "query")
        await (self._refusal if has_body else self._api)(scope, receive, send)


@pytest.mark.parametrize(("status", "tries"), [(200, 3), (403, 3), (413, 1)])
def test_where_bodies_are_refused_the_filter_goes_into_the_query(
    settings_for: SettingsFor, status: int, tries: int
) -> None:
    gateway = Gateway(status)
    found = fetched(settings_for(gateway), OLD)
    assert tickets_of(found.rows) == ids_of(ORDERS, *OLD, NOW)
    assert (found.warnings, found.partial) == ((), False)
    assert gateway.seen == ["body"] * tries + ["query"] * (len(gateway.seen) - tries)
    assert len(gateway.seen) > tries + 4, "many pages, and unpaid orders too"
