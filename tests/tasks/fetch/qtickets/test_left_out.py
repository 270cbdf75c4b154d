"""What a list leaves out did not cease to exist: a fetch has all of it, or fails, or says what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi, World
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.landing import Fetched
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.altered import Alter, Altered, Question, Reply
from tests.tasks.fetch.qtickets.many_orders import evenly
from tests.tasks.fetch.qtickets.truth import by_ticket, ids_of_documents

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAYS = (date(2026, 6, 1), date(2026, 7, 1))
WINDOW = Window(first=DAYS[0], last=DAYS[1])
PAGE = 50
STEP = timedelta(minutes=200)
SettingsFor = Callable[..., Settings]

# Two hundred and twenty orders, an order each 200 minutes; each fifth is not paid: four pages of paid ones, one of
# the others.
ORDERS = evenly(220, NOW - 220 * STEP, STEP)
ALL = ids_of_documents(ORDERS, *DAYS, NOW)


def fetched_from(settings_for: SettingsFor, alter: Alter, **switches: Any) -> Fetched:
    api = QticketsApi(ORDERS, [])
    for name, value in switches.items():
        setattr(api.switches, name, value)
    return fetch_orders(settings_for(Altered(api, alter), qtickets_page_size=PAGE), WINDOW, NOW)


def columns(question: Question) -> set[str]:
    return {condition["column"] for condition in question.get("where", [])}


def of_paid(question: Question) -> bool:
    return "payed_at" in columns(question)


def of_unpaid(question: Question) -> bool:
    return columns(question) == {"payed"}


def of_all(question: Question) -> bool:
    return not columns(question)


def empty(reply: Reply) -> Reply:
    return {"data": [], "paging": reply["paging"] | {"total": 0}}


def at_first(
    times: int, which: Callable[[Question], bool], change: Callable[[Reply], Any], after: int = 0
) -> Alter:
    """`change` the replies to such questions, but for the first `after`, `times` times."""
    seen = 0

    def alter(question: Question, reply: Reply) -> Any:
        nonlocal seen
        if not which(question):
            return reply
        seen += 1
        return change(reply) if after < seen <= after + times else reply

    return alter


FOR_EVER = 10_000


@pytest.mark.parametrize("which", [of_paid, of_unpaid])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_list_that_falls_to_nothing_after_its_first_page_fails(
    settings_for: SettingsFor, which: Callable[[Question], bool], after: int
) -> None:
    """The list read again is empty as well, and 0 equals 0."""
    with pytest.raises(SourceError, match="Nothing was loaded") as caught:
        fetched_from(settings_for, at_first(FOR_EVER, which, empty, after), max_per_page=10)

    assert caught.value.transient


@pytest.mark.parametrize("times", [1, 2, 3, 4])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_list_that_is_nothing_for_a_moment_is_whole_or_fails(
    settings_for: SettingsFor, times: int, after: int
) -> None:
    try:
        fetched = fetched_from(settings_for, at_first(times, of_paid, empty, after))
    except SourceError:
        assert times > 2
    else:
        assert set(by_ticket(fetched.rows)) == ALL


def test_paid_orders_that_are_not_there_for_the_filter_are_found_among_all(settings_for: SettingsFor) -> None:
    fetched = fetched_from(settings_for, at_first(FOR_EVER, of_paid, empty))

    assert set(by_ticket(fetched.rows)) == ALL
    assert fetched.partial
    assert "gave nothing, though" in fetched.warnings[0]


@pytest.mark.parametrize(("after", "times"), [(0, 2), (1, 1), (1, FOR_EVER)])
def test_an_account_that_has_no_order_and_a_moment_later_has_some_fails(
    settings_for: SettingsFor, after: int, times: int
) -> None:
    """Filter and confirmation are empty while the account has orders: of three looks at all of them one tells."""
    unfiltered = at_first(times, of_all, empty, after)

    def alter(question: Question, reply: Reply) -> Any:
        return empty(reply) if of_paid(question) else unfiltered(question, reply)

    with pytest.raises(SourceError, match="some orders, and a moment later none at all") as caught:
        fetched_from(settings_for, alter)

    assert caught.value.transient


def test_an_account_that_says_thrice_that_it_has_no_order_has_a_warning_and_takes_nothing_for_gone(
    settings_for: SettingsFor,
) -> None:
    fetched = fetched_from(settings_for, lambda _, reply: empty(reply))

    assert (list(fetched.rows), fetched.partial) == ([], True)
    assert fetched.warnings == ("QTickets says that this account has not a single order",)


def halved(reply: Reply) -> Reply:
    size = reply["paging"]["perPage"]
    total = reply["paging"]["total"] // 2
    left = max(0, total - (reply["paging"]["currentPage"] - 1) * size)
    return {"data": reply["data"][:left], "paging": reply["paging"] | {"total": total}}


def by_number(page: int, change: Callable[[Reply], Any]) -> Callable[[Reply], Any]:
    return lambda reply: change(reply) if reply["paging"]["currentPage"] == page else reply


def paging(**more: Any) -> Callable[[Reply], Reply]:
    return lambda reply: reply | {"paging": reply["paging"] | more}


first: list[Any] = []


def as_page_one(reply: Reply) -> Reply:
    if reply["paging"]["currentPage"] == 1:
        first[:] = reply["data"]
    return reply | {"data": first if reply["paging"]["currentPage"] == 2 else reply["data"]}


def cut(reply: Reply) -> Reply:
    return reply | {"data": reply["data"][:20]}


FAILING: dict[str, Alter] = {
    "half of it from page 2 on": at_first(FOR_EVER, of_paid, halved, after=1),
    "page 2 is short": at_first(FOR_EVER, of_paid, by_number(2, cut)),
    "page 2 is the first again": at_first(FOR_EVER, of_paid, as_page_one),
    "the size of page 3 changes": at_first(FOR_EVER, of_paid, by_number(3, paging(perPage=25))),
    "a total of 10^30": at_first(FOR_EVER, of_paid, paging(total=10**30)),
    "a total of 10^7": at_first(FOR_EVER, of_paid, paging(total=10**7)),
    "a total below nothing": at_first(FOR_EVER, of_paid, paging(total=-5)),
    "no total": at_first(FOR_EVER, of_paid, paging(total=None)),
    "a total in words": at_first(FOR_EVER, of_paid, paging(total="many")),
    "a total that is a list": at_first(FOR_EVER, of_paid, paging(total=[1])),
    "a total of half an order": at_first(FOR_EVER, of_paid, paging(total=7.5)),
    "no paging": at_first(FOR_EVER, of_paid, lambda reply: {"data": reply["data"]}),
    "paging of null": at_first(FOR_EVER, of_paid, lambda reply: {"data": reply["data"], "paging": None}),
    "no data": at_first(FOR_EVER, of_paid, lambda reply: reply | {"data": None}),
    "no data on page 2": at_first(FOR_EVER, of_paid, by_number(2, lambda reply: reply | {"data": None})),
    "records that are numbers": at_first(FOR_EVER, of_paid, lambda reply: reply | {"data": [1, 2]}),
    "an error of a service before it": at_first(
        FOR_EVER, of_paid, lambda reply: {"data": {"code": 7}, **reply["paging"]}
    ),
}


@pytest.mark.parametrize("kind", FAILING)
def test_pages_that_do_not_make_a_whole_list_fail_the_fetch(settings_for: SettingsFor, kind: str) -> None:
    with pytest.raises(SourceError) as caught:
        fetched_from(settings_for, FAILING[kind])

    assert caught.value.transient


EQUAL: dict[str, Callable[[Reply], Any]] = {
    "totals as text": lambda reply: paging(total=str(reply["paging"]["total"]))(reply),
    "totals as floats": lambda reply: paging(total=float(reply["paging"]["total"]), perPage=50.0)(reply),
    "the page as text": lambda reply: paging(currentPage=str(reply["paging"]["currentPage"]))(reply),
    "no number of the page": paging(currentPage=None),
    "a list as an object": lambda reply: reply | {"data": {str(2 * n): one for n, one in enumerate(reply["data"])}},
    "ids as floats": lambda reply: reply | {"data": [one | {"id": float(one["id"])} for one in reply["data"]]},
}


@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
@pytest.mark.parametrize("kind", EQUAL)
def test_a_page_in_other_words_is_the_same_page(
    settings_for: SettingsFor, kind: str, switches: dict[str, Any]
) -> None:
    fetched = fetched_from(settings_for, lambda _, reply: EQUAL[kind](reply), **switches)

    assert set(by_ticket(fetched.rows)) == ALL


@pytest.mark.parametrize("kind", ["page 2 is short", "page 2 is the first again", "the size of page 3 changes"])
def test_a_walk_over_pages_that_do_not_fit_fails_as_well(settings_for: SettingsFor, kind: str) -> None:
    change = {
        "page 2 is short": by_number(2, cut),
        "page 2 is the first again": as_page_one,
        "the size of page 3 changes": by_number(3, paging(perPage=25)),
    }[kind]

    with pytest.raises(SourceError, match="kept changing"):
        fetched_from(settings_for, lambda _, reply: change(reply), honour_filters=False)


def test_pages_of_one_record_are_walked_in_the_servers_own_order(settings_for: SettingsFor) -> None:
    """One id does not tell which way a list runs."""
    api = QticketsApi(evenly(12, NOW - 12 * STEP, STEP), [])
    api.switches.honour_filters, api.switches.honour_order_by, api.switches.max_per_page = False, False, 1

    fetched = fetch_orders(settings_for(api, qtickets_payment_lag=1), Window(first=DAYS[1], last=DAYS[1]), NOW)

    expected = ids_of_documents(api.orders, DAYS[1], DAYS[1], NOW)
    assert {row["ticket_id"] for row in fetched.rows} == expected
    assert len(expected) >= 3


def test_three_orders_restored_with_their_old_dates_do_not_end_a_walk(settings_for: SettingsFor) -> None:
    old = {"created_at": "2019-01-01T00:00:00+03:00", "payed_at": "2019-01-01T00:00:00+03:00"}
    orders = [order | old if number in (200, 205, 210) else order for number, order in enumerate(ORDERS)]
    api = QticketsApi(orders, [])
    api.switches.honour_filters = False

    fetched = fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert {row["ticket_id"] for row in fetched.rows} == ids_of_documents(orders, *DAYS, NOW)


def test_unpaid_orders_that_are_not_there_for_the_filter_are_found_among_all(settings_for: SettingsFor) -> None:
    fetched = fetched_from(settings_for, at_first(FOR_EVER, of_unpaid, empty))

    assert set(by_ticket(fetched.rows)) == ALL
    unpaid = sum(not order["payed"] for order in ORDERS)
    assert [note for note in fetched.notes if f"filter on payed gave nothing, though {unpaid} orders" in note]
    assert fetched.warnings == ()


def test_an_account_whose_orders_are_all_paid_costs_no_warning(settings_for: SettingsFor) -> None:
    paid = [order for order in ORDERS if order["payed"]]

    fetched = fetch_orders(settings_for(QticketsApi(paid, [])), WINDOW, NOW)

    assert {row["ticket_id"] for row in fetched.rows} == ids_of_documents(paid, *DAYS, NOW)
    assert fetched.warnings == fetched.notes == ()


def test_a_record_that_is_no_object_is_set_aside_and_costs_no_other(settings_for: SettingsFor) -> None:
    change = by_number(1, lambda reply: reply | {"data": [None, *reply["data"][1:]]})

    fetched = fetched_from(settings_for, at_first(FOR_EVER, of_paid, change))

    assert len(fetched.rows) == len(ALL)
    assert [row for row in fetched.rows if row.get("order_id") is None] == [{}]


# --- tickets of an order ---


@pytest.mark.parametrize("gone", [{"baskets": None}, {"baskets": []}, {"baskets": 0}], ids=str)
def test_paid_orders_that_come_without_tickets_are_asked_for_singly(
    settings_for: SettingsFor, gone: dict[str, Any]
) -> None:
    def without(reply: Reply) -> Reply:
        return reply | {"data": [one | gone if one["id"] % 50 == 1 else one for one in reply["data"]]}

    fetched = fetched_from(settings_for, lambda q, reply: without(reply) if "where" in q else reply)

    assert set(by_ticket(fetched.rows)) == ALL


def test_a_paid_order_that_has_no_tickets_even_by_itself_is_left_to_be_judged(settings_for: SettingsFor) -> None:
    orders = [order | {"baskets": []} if number == 201 else order for number, order in enumerate(ORDERS)]

    fetched = fetch_orders(settings_for(QticketsApi(orders, [])), WINDOW, NOW)

    assert [row["order_id"] for row in fetched.rows if row.get("ticket_id") is None] == ["1000201"]
    assert len(fetched.rows) == len(ALL)


# --- events ---


@pytest.fixture
def events(world: World, api_of_world: Callable[..., QticketsApi]) -> QticketsApi:
    return api_of_world(honour_per_page=False)


@pytest.mark.parametrize("left", [0, 3])
def test_a_list_of_events_that_shrinks_while_it_is_read_fails(
    events: QticketsApi, settings_for: SettingsFor, left: int
) -> None:
    def shrunk(reply: Reply) -> Reply:
        return {"data": reply["data"][:left], "paging": reply["paging"] | {"total": left}}

    with pytest.raises(SourceError, match="/events"):
        fetch_events(settings_for(Altered(events, at_first(FOR_EVER, lambda _: True, shrunk, 1))), WINDOW, NOW)


def test_a_list_of_events_that_shrinks_for_a_moment_is_whole(
    world: World, events: QticketsApi, settings_for: SettingsFor
) -> None:
    alter = at_first(1, lambda _: True, empty, 1)

    fetched = fetch_events(settings_for(Altered(events, alter)), WINDOW, NOW)

    assert fetched.facts == {"events": len(world.events)}


# --- what a fetch can do without ---


def refuses(status: int, *names: str, path_of: Callable[[Question], bool] = lambda _: True) -> Alter:
    return lambda question, reply: status if set(names) & set(question) and path_of(question) else reply


@pytest.mark.parametrize("status", [400, 503])
@pytest.mark.parametrize("name", ["select", "orderBy", "perPage"])
@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
def test_a_wish_that_is_refused_is_done_without(
    settings_for: SettingsFor, status: int, name: str, switches: dict[str, Any]
) -> None:
    fetched = fetched_from(settings_for, refuses(status, name), **switches)

    assert set(by_ticket(fetched.rows)) == ALL


@pytest.mark.parametrize("status", [400, 503])
def test_events_are_asked_for_without_a_wish_that_is_refused(
    world: World, events: QticketsApi, settings_for: SettingsFor, status: int
) -> None:
    fetched = fetch_events(settings_for(Altered(events, refuses(status, "select"))), WINDOW, NOW)

    assert fetched.facts == {"events": len(world.events)}


def test_a_filter_that_is_refused_is_done_without_and_said(settings_for: SettingsFor) -> None:
    fetched = fetched_from(settings_for, lambda question, reply: 503 if of_paid(question) else reply)

    assert set(by_ticket(fetched.rows)) == ALL
    assert fetched.warnings == ("QTickets refused the filter on payed_at: orders are read from the newest back",)


def test_a_server_that_refuses_everything_is_not_asked_for_ever(settings_for: SettingsFor) -> None:
    api = QticketsApi(ORDERS, [])
    api.faults.add("status", status=503, times=FOR_EVER)

    with pytest.raises(SourceError, match="503"):
        fetch_orders(settings_for(api), WINDOW, NOW)

    assert len(api.requests) <= 9


def test_a_wrong_token_is_asked_for_once(settings_for: SettingsFor) -> None:
    api = QticketsApi(ORDERS, [])

    with pytest.raises(SourceError, match="token"):
        fetch_orders(settings_for(api, qtickets_token="wrong"), WINDOW, NOW)

    assert len(api.requests) == 1


@pytest.mark.parametrize("lost", ["created_at", "baskets.price", "baskets.refunded_at", "utm"])
def test_a_field_that_is_lost_by_selecting_is_asked_for_without(settings_for: SettingsFor, lost: str) -> None:
    def alter(question: Question, reply: Reply) -> Reply:
        if "select" not in question:
            return reply
        name, _, inner = lost.partition(".")
        for order in reply["data"]:
            for holder in order["baskets"] if inner else [order]:
                holder.pop(inner or name)
        return reply

    fetched = fetched_from(settings_for, alter)

    assert set(by_ticket(fetched.rows)) == ALL
    column = {"created_at": "created_at", "utm": "utm_source"}.get(lost, lost.removeprefix("baskets."))
    assert column in fetched.columns


@pytest.mark.parametrize(
    ("field", "of"), [("refunded_at", "basket"), ("deleted_at", "basket"), ("deleted_at", "order")]
)
def test_tickets_that_do_not_say_whether_they_were_given_back_are_counted(
    settings_for: SettingsFor, field: str, of: str
) -> None:
    def without(question: Question, reply: Reply) -> Reply:
        if of_paid(question) and reply["data"]:
            first = reply["data"][0]
            del (first if of == "order" else first["baskets"][0])[field]
        return reply

    whole, fetched = fetched_from(settings_for, lambda _, reply: reply), fetched_from(settings_for, without)

    assert whole.warnings == ()
    assert len(fetched.warnings) == 1
    assert "did not tell whether" in fetched.warnings[0]
