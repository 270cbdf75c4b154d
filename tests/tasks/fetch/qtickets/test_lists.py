"""Pages shift, shrink, lie or lose fields while a list is read: a fetch has all of it, or fails, or says what it lacks."""

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
from tests.tasks.fetch.qtickets.documents import evenly, event, ids_of, tickets_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAYS = (date(2026, 6, 1), date(2026, 7, 1))
WINDOW = Window(first=DAYS[0], last=DAYS[1])
STEP = timedelta(minutes=100)
# An order each 100 minutes, each fifth not paid: seven pages of paid ones, two of the others.
ORDERS = evenly(420, NOW - 420 * STEP, STEP)
ALL = ids_of(ORDERS, *DAYS, NOW)
EVENTS = [event(number) for number in range(1, 45)]
WALKED = pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
FOR_EVER = 10_000
SettingsFor = Callable[..., Settings]
Change = Callable[[Reply], Any]
Which = Callable[[Question], bool]


def an_api(**switches: Any) -> QticketsApi:
    return QticketsApi(list(ORDERS), list(EVENTS), Switches(**switches))


def fetched(settings_for: SettingsFor, alter: Alter | None = None, **switches: Any) -> Fetched:
    return fetch_orders(settings_for(Between(an_api(**switches), alter=alter), qtickets_page_size=50), WINDOW, NOW)


def columns(question: Question) -> set[str]:
    return {condition["column"] for condition in question.get("where", [])}


def of_paid(question: Question) -> bool:
    return "payed_at" in columns(question)


def of_unpaid(question: Question) -> bool:
    return columns(question) == {"payed"}


def of_any(_question: Question) -> bool:
    return True


def asked_for(name: str) -> Which:
    return lambda question: name in question


def alters(change: Change, which: Which = of_paid, *, after: int = 0, times: int = FOR_EVER) -> Alter:
    """`change` the replies to such requests, but for the first `after`, `times` times."""
    seen = 0

    def alter(question: Question, reply: Reply) -> Any:
        nonlocal seen
        seen += which(question)
        return change(reply) if which(question) and after < seen <= after + times else reply

    return alter


def on_page(number: int, change: Change) -> Change:
    return lambda reply: change(reply) if reply["paging"]["currentPage"] == number else reply


def paging(**more: Any) -> Change:
    return lambda reply: reply | {"paging": reply["paging"] | more}


def data(change: Callable[[list[Any]], Any]) -> Change:
    return lambda reply: reply | {"data": change(reply["data"])}


def without(name: str, most: int = FOR_EVER) -> Change:
    """Replies of which the first orders lack a field of their own or, as `baskets.price`, of their tickets."""

    def change(reply: Reply) -> Reply:
        for order in reply["data"][:most]:
            for holder in order["baskets"] if "." in name else [order]:
                holder.pop(name.removeprefix("baskets."))
        return reply

    return change


def empty(reply: Reply) -> Reply:
    return {"data": [], "paging": reply["paging"] | {"total": 0}}


# --- what moves while it is read ---


@WALKED
@pytest.mark.parametrize("mode", ["insert", "remove"])
@pytest.mark.parametrize("after", [0, 1])
def test_pages_that_shift_lose_and_double_nothing(
    settings_for: SettingsFor, switches: dict[str, Any], mode: str, after: int
) -> None:
    api = an_api(**switches)
    fault = api.faults.add("drift", mode=mode, after=after)
    found = fetch_orders(settings_for(api, qtickets_page_size=50), WINDOW, NOW)
    assert fault.fired == 1
    got, left = tickets_of(found.rows), ids_of(api.orders, *DAYS, NOW)
    # The order that came or went may have done so after its page was read; no other may be touched.
    assert len(got ^ left) <= 1
    assert got <= left if mode == "insert" else left <= got
    # One that slips out between two pages moves its successors up to a page that has been read.
    assert switches or (mode, after) != ("remove", 1) or got == left


@pytest.mark.parametrize("fault", [{"kind": "wrong_total"}, {"kind": "drift", "mode": "remove"}], ids=str)
@pytest.mark.parametrize(("path", "fetch"), [("/orders", fetch_orders), ("/events", fetch_events)])
def test_a_list_that_never_holds_still_is_refused(
    settings_for: SettingsFor, path: str, fetch: Callable[..., Fetched], fault: dict[str, Any]
) -> None:
    api = an_api(honour_per_page=False)
    api.faults.add(**fault, path=path, times=FOR_EVER)
    with pytest.raises(SourceError, match="Nothing was loaded") as caught:
        fetch(settings_for(api), WINDOW, NOW)
    assert caught.value.transient
    assert len(api.requests) <= 40


FAILING: dict[str, Alter] = {
    "page 2 is the first again": alters(on_page(2, data(lambda _: ORDERS[:-51:-1])), of_any),
    "each page says that it is page 1": alters(paging(currentPage=1)),
    "a total of 10^7": alters(paging(total=10**7)),
    "no paging": alters(lambda reply: {"data": reply["data"]}),
}


@pytest.mark.parametrize("kind", FAILING)
def test_pages_that_do_not_make_a_whole_list_fail_the_fetch(settings_for: SettingsFor, kind: str) -> None:
    with pytest.raises(SourceError, match="QTickets") as caught:
        fetched(settings_for, FAILING[kind])
    assert caught.value.transient


# --- the walk ---


def test_a_few_orders_with_old_dates_do_not_end_a_walk(settings_for: SettingsFor) -> None:
    """An order restored or carried over with its old date must not hide all that are older than itself."""
    old = {"created_at": "2019-01-01T00:00:00+03:00", "payed_at": "2019-01-01T00:00:00+03:00"}
    newest_first = [order | old if n in (0, 49, 200) else order for n, order in enumerate(reversed(ORDERS))]
    api = QticketsApi(newest_first[::-1], [], Switches(honour_filters=False))
    found = fetch_orders(settings_for(api, qtickets_page_size=50), WINDOW, NOW)
    assert tickets_of(found.rows) == ids_of(newest_first, *DAYS, NOW)


# --- other words, other abilities ---

WHOLE: dict[str, Alter] = {
    "totals as text": alters(lambda reply: paging(total=str(reply["paging"]["total"]))(reply), of_any),
    "a list as an object": alters(data(lambda found: {str(2 * n): one for n, one in enumerate(found)}), of_any),
    "select is refused": alters(lambda _: 400, asked_for("select")),
    "dates are lost by selecting": alters(without("created_at"), asked_for("select")),
    "nothing for two moments": alters(empty, after=1, times=2),
}


@WALKED
@pytest.mark.parametrize("kind", WHOLE)
def test_what_can_be_read_round_costs_nothing(
    settings_for: SettingsFor, kind: str, switches: dict[str, Any]
) -> None:
    found = fetched(settings_for, WHOLE[kind], **switches)
    assert tickets_of(found.rows) == ALL
    assert found.columns == ORDER_COLUMNS
    assert switches or found.warnings == ()


UNPAID = sum(not order["payed"] for order in ORDERS)
SAID: dict[str, tuple[Alter, bool, str]] = {
    "no paid orders": (alters(empty), True, "filter on payed_at gave nothing beside"),
    "no filter": (alters(lambda _: 503), True, "QTickets refused the filter on payed_at"),
    "no unpaid orders": (alters(empty, of_unpaid), False, f"on payed gave nothing beside {UNPAID} unpaid orders"),
    "no refunds": (alters(without("baskets.refunded_at", 1)), False, "did not tell whether"),
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_lacking_is_said_and_no_order_lost(settings_for: SettingsFor, kind: str) -> None:
    alter, is_partial, words = SAID[kind]
    found = fetched(settings_for, alter)
    assert tickets_of(found.rows) == ALL
    assert found.partial == is_partial
    assert [text for text in (*found.warnings, *found.notes) if words in text]
