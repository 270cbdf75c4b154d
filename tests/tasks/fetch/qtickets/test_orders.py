"""However much of a request QTickets obeys, the same orders of a window come back, in few calls; and where pages shift,
shrink, lie or lose fields while a list is read, a fetch has all of it, or fails, or says what it lacks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi, Switches
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.fetch.qtickets.rows import ORDER_COLUMNS
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Alter, Between, Question, Reply
from tests.tasks.fetch.qtickets.documents import evenly, event, ids_of, order, tickets_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# An hour apart, 125 days: 24 a day, 30 pages.
ORDERS = evenly(3_000, NOW - timedelta(days=125), timedelta(hours=1))
LATE = ORDERS[-1_000:]
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
    assert (found.columns, found.partial) == (ORDER_COLUMNS, words is IGNORED)
    assert {request.method for request in api.requests} == {"GET"}
    # What costs calls and no row is a note: a backfill need not read the days again.
    said, rest = (found.warnings, found.notes) if words is IGNORED else (found.notes, found.warnings)
    assert (len(said), rest) == (bool(words), ())
    assert words in "".join(said)


@pytest.mark.parametrize("filters", ["honoured", "nowhere"])
@pytest.mark.parametrize("hour", [0, 20])
def test_nothing_booked_after_the_load_began_comes_in(settings_for: SettingsFor, filters: str, hour: int) -> None:
    """`as_of` cuts the last day."""
    as_of = datetime(2026, 6, 14, hour, tzinfo=UTC)
    api = QticketsApi(LATE, [], Switches(**FILTERS[filters][0]))
    assert tickets_of(fetched(settings_for(api), DAY, as_of).rows) == ids_of(ORDERS, *DAY, as_of)


@pytest.mark.parametrize("hours", [3, -3], ids=["offset dropped by a server on UTC", "offset added twice"])
def test_a_server_that_mistakes_the_offset_loses_neither_the_first_nor_the_last_hours(
    settings_for: SettingsFor, hours: int
) -> None:
    def shift(question: Question) -> None:
        for condition in question.get("where", []):
            if condition["column"] == "payed_at":
                condition["value"] = (
                    datetime.fromisoformat(condition["value"]) + timedelta(hours=hours)
                ).isoformat()

    # Without those from before the window nothing betrays the shift.
    for booked in (LATE, [one for one in LATE if (one["payed_at"] or one["created_at"]) >= "2026-06-14"]):
        settings = settings_for(Between(QticketsApi(booked, []), bend=shift), qtickets_filter="body")
        assert tickets_of(fetched(settings, DAY).rows) == ids_of(booked, *DAY, NOW)


# --- nothing found ---

GAP = (date(2026, 6, 20), date(2026, 6, 22))


def test_no_sales_are_believed_once_the_orders_were_looked_at(settings_for: SettingsFor) -> None:
    with_gap = [one for one in LATE if not "2026-06-10" < (one["payed_at"] or one["created_at"]) < "2026-06-29"]
    api = QticketsApi(with_gap, [])
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
    before, zeros = moment - timedelta(days=3), {"payed_at": "0000-00-00 00:00:00"}
    orders = [order(1, before, None, **zeros), order(2, moment, None, **zeros), order(3, before, moment, **zeros)]
    orders += [order(4, before, moment, payed_at="14.06.2026"), order(5, before, moment)]
    found = fetched(settings_for(QticketsApi(orders, [], Switches(honour_filters=False))), DAY)
    assert [row["order_id"] for row in found.rows] == ["5", "4", "3", "2"]


# --- lists that change, lie or lack something ---

JUNE = (date(2026, 6, 1), date(2026, 7, 1))
# An order each 100 minutes, each fifth not paid: seven pages of paid ones, two of the others.
LISTED = evenly(420, NOW - 420 * timedelta(minutes=100), timedelta(minutes=100))
UNPAID = sum(not one["payed"] for one in LISTED)
WALKED = pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
FOR_EVER = 10_000
Change = Callable[[Reply], Any]
Which = Callable[[Question], bool]


def an_api(**switches: Any) -> QticketsApi:
    return QticketsApi(list(LISTED), [event(number) for number in range(1, 45)], Switches(**switches))


def listed(settings_for: SettingsFor, alter: Alter | None = None, **switches: Any) -> Fetched:
    found: Fetched = fetched(settings_for(Between(an_api(**switches), alter=alter), qtickets_page_size=50), JUNE)
    return found


def of_paid(question: Question) -> bool:
    return any(condition["column"] == "payed_at" for condition in question.get("where", []))


def of_unpaid(question: Question) -> bool:
    return {condition["column"] for condition in question.get("where", [])} == {"payed"}


def of_any(_question: Question) -> bool:
    return True


def alters(change: Change, which: Which = of_paid, *, after: int = 0, times: int = FOR_EVER) -> Alter:
    """`change` the replies to such requests, but for the first `after`, `times` times."""
    seen = 0

    def alter(question: Question, reply: Reply) -> Any:
        nonlocal seen
        seen += which(question)
        return change(reply) if which(question) and after < seen <= after + times else reply

    return alter


def paging(**more: Any) -> Change:
    return lambda reply: reply | {"paging": reply["paging"] | more}


def without(name: str, most: int = FOR_EVER) -> Change:
    """Replies of which the first orders lack a field of their own or, as `baskets.price`, of their tickets."""

    def change(reply: Reply) -> Reply:
        for one in reply["data"][:most]:
            for holder in one["baskets"] if "." in name else [one]:
                holder.pop(name.removeprefix("baskets."))
        return reply

    return change


def empty(reply: Reply) -> Reply:
    return {"data": [], "paging": reply["paging"] | {"total": 0}}


def first_page_again(reply: Reply) -> Reply:
    return reply | {"data": LISTED[:-51:-1]} if reply["paging"]["currentPage"] == 2 else reply


@WALKED
@pytest.mark.parametrize("mode", ["insert", "remove"])
@pytest.mark.parametrize("after", [0, 1])
def test_pages_that_shift_lose_and_double_nothing(
    settings_for: SettingsFor, switches: dict[str, Any], mode: str, after: int
) -> None:
    api = an_api(**switches)
    fault = api.faults.add("drift", mode=mode, after=after)
    found = fetched(settings_for(api, qtickets_page_size=50), JUNE)
    assert fault.fired == 1
    got, left = tickets_of(found.rows), ids_of(api.orders, *JUNE, NOW)
    # The order that came or went may have done so after its page was read; no other may be touched.
    assert len(got ^ left) <= 1
    assert got <= left if mode == "insert" else left <= got
    # One that slips out between two pages moves its successors up to a page that has been read.
    assert switches or (mode, after) != ("remove", 1) or got == left


@pytest.mark.parametrize("fault", [{"kind": "wrong_total"}, {"kind": "drift", "mode": "remove"}], ids=str)
@pytest.mark.parametrize(("path", "fetch"), [("/orders", fetch_orders), ("/events", fetch_events)])
def test_a_list_that_never_holds_still_is_refused(
    settings_for: SettingsFor, path: str, fetch: Any, fault: Any
) -> None:
    api = an_api(honour_per_page=False)
    api.faults.add(**fault, path=path, times=FOR_EVER)
    with pytest.raises(SourceError, match="Nothing was loaded") as caught:
        fetch(settings_for(api), Window(first=JUNE[0], last=JUNE[1]), NOW)
    assert caught.value.transient
    assert len(api.requests) <= 40


FAILING: dict[str, Alter] = {
    "page 2 is the first again": alters(first_page_again, of_any),
    "each page says that it is page 1": alters(paging(currentPage=1)),
    "a total of 10^7": alters(paging(total=10**7)),
    "no paging": alters(lambda reply: {"data": reply["data"]}),
    "an error as a page": alters(lambda reply: {"error": "Server error", "status": 500}),
}


@pytest.mark.parametrize("kind", FAILING)
def test_pages_that_do_not_make_a_whole_list_fail_the_fetch(settings_for: SettingsFor, kind: str) -> None:
    with pytest.raises(SourceError, match="QTickets") as caught:
        listed(settings_for, FAILING[kind])
    assert caught.value.transient


def test_a_few_orders_with_old_dates_do_not_end_a_walk(settings_for: SettingsFor) -> None:
    """An order restored or carried over with its old date must not hide all that are older than itself."""
    old = dict.fromkeys(("created_at", "payed_at"), "2019-01-01T00:00:00+03:00")
    newest_first = [one | old if n in (0, 49, 200) else one for n, one in enumerate(reversed(LISTED))]
    api = QticketsApi(newest_first[::-1], [], Switches(honour_filters=False))
    found = fetched(settings_for(api, qtickets_page_size=50), JUNE)
    assert tickets_of(found.rows) == ids_of(newest_first, *JUNE, NOW)


SAID: dict[str, tuple[Alter, bool, str]] = {
    "no paid orders": (alters(empty), True, "filter on payed_at gave nothing beside"),
    "no filter": (alters(lambda _: 503), True, "QTickets refused the filter on payed_at"),
    "no unpaid orders": (alters(empty, of_unpaid), False, f"on payed gave nothing beside {UNPAID} unpaid orders"),
    "no refunds": (alters(without("baskets.refunded_at", 1)), False, "did not tell whether"),
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_lacking_is_said_and_no_order_lost(settings_for: SettingsFor, kind: str) -> None:
    alter, is_partial, words = SAID[kind]
    found = listed(settings_for, alter)
    assert (tickets_of(found.rows), found.partial) == (ids_of(LISTED, *JUNE, NOW), is_partial)
    assert [text for text in (*found.warnings, *found.notes) if words in text]
