"""Raw ticket lines to tickets: what a line cost, its state, its times and tags. Raw events with their shows to events. Whatever an
order's lines look like, the order counts as far as it can be read."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import ORDER_COLUMNS, order_rows
from tasks.transform.qtickets import events, show_dates, shows, tickets
from tasks.transform.totals import order_totals
from tests.validation.frames import RAW_ORDER, of_main, raw_events, raw_orders
from tests.validation.frames import tickets as good_tickets
from validation import qtickets as must
from validation import totals as told
from validation.split import split

PAID_AT, GONE_AT, BACK_AT = "2026-03-10T12:00:00+03:00", "2026-03-11T09:00:00+03:00", "2026-03-12T18:30:00+03:00"
LINE = RAW_ORDER | {"payed_at": PAID_AT, "created_at": "2026-03-10T11:58:00+03:00", "price": "490"}
Order = dict[str, Any]
# What the line cost, kopecks a ticket and quantity.
LINES = st.lists(st.tuples(st.integers(0, 99_999_99), st.integers(1, 9)), min_size=1, max_size=5)


def one(**change: str | None) -> dict[str, Any]:
    (ticket,) = tickets(raw_orders(LINE | change)).rows(named=True)
    return ticket


# --- state: payed, has payed_at, has refunded_at -> state, and state where order or ticket were deleted ---
STATES = [
    ("false", 0, 0, "reserved", "cancelled"), ("true", 1, 0, "paid", "cancelled"),
    # Whatever else happened, both the sale and the refund did; a refund takes the flag away and leaves the date.
    ("true", 1, 1, "refunded", "refunded"), ("false", 1, 1, "refunded", "refunded"),
    # A date of payment without the flag is no payment, and money cannot be given back that never came.
    ("false", 1, 0, "reserved", "cancelled"), ("false", 0, 1, "reserved", "cancelled"),
]  # fmt: skip


@pytest.mark.parametrize("gone", [{}, {"order_deleted_at": GONE_AT}, {"ticket_deleted_at": GONE_AT}])
def test_state_dates_and_money_given_back(gone: dict[str, str | None]) -> None:
    for payed, is_paid, is_back, alive, deleted in STATES:
        back = {"refunded_at": BACK_AT, "refunded_amount": "441"} if is_back else {}
        ticket = one(payed=payed, payed_at=PAID_AT if is_paid else None, **back, **gone)
        state = deleted if gone else alive
        paid_at = datetime(2026, 3, 10, 9, tzinfo=UTC) if is_paid else None
        given_back = (datetime(2026, 3, 12, 15, 30, tzinfo=UTC), 441) if state == "refunded" else (None, 0)
        assert (ticket["state"], ticket["paid_at"]) == (state, paid_at)
        assert (ticket["refunded_at"], ticket["refunded_amount"]) == given_back


def text(kopecks: int) -> str:
    """As PHP prints it: no zeros at the end, no point where the amount is whole."""
    return f"{kopecks / 100:.2f}".rstrip("0").rstrip(".")


def order(*baskets: Order, number: int = 1, **more: Any) -> Order:
    head = {"id": number, "event_id": 7, "payed": True, "payed_at": PAID_AT, "created_at": PAID_AT}
    numbered = [{"id": number * 10 + place, "quantity": 1} | basket for place, basket in enumerate(baskets)]
    return head | {"currency_id": "RUB", "deleted_at": None, "baskets": numbered, **more}


def raw(*orders: Order) -> pl.DataFrame:
    rows = [dict.fromkeys(ORDER_COLUMNS) | row for one_order in orders for row in order_rows(one_order)]
    return pl.DataFrame(rows, schema=dict.fromkeys(ORDER_COLUMNS, pl.String))


def amounts(*orders: Order) -> list[int]:
    return [int(amount * 100) for amount in tickets(split(raw(*orders), must.raw_orders).valid)["amount"]]


@settings(max_examples=60)
@given(LINES, st.booleans())
def test_a_price_of_a_ticket_counts_for_each_sold_and_one_of_a_line_once(
    sold: list[tuple[int, int]], per_line: bool
) -> None:
    """The order's own price tells which of the two it is."""
    baskets = [{"price": text(k * q if per_line else k), "quantity": q} for k, q in sold]
    assert amounts(order(*baskets, price=text(sum(k * q for k, q in sold)))) == [k * q for k, q in sold]


REFUNDED = {"refunded_at": GONE_AT, "refunded_amount": "1400", "quantity": 2}


def test_what_a_line_cost_by_hand() -> None:
    cancelled = ({"price": "980", "quantity": 2}, {"price": "490", "deleted_at": GONE_AT})
    for given_, kopecks in (
        (order({"price": "490.10", "quantity": 3}, price="1470.30"), [1470_30]),
        (order({"price": "1470.30", "quantity": 3}, price="1470.30"), [1470_30]),
        # Fits neither reading; 1200 may be a discount on the order, which proves nothing.
        (order({"price": "490", "quantity": 3}, price="1200"), [1470_00]),
        # A refund lowered the price to nothing: the price before discounts decides.
        (order({"price": "1400", "original_price": "1600"} | REFUNDED, price=0, original_price=1600), [1400_00]),
        (order({"price": "700", "original_price": "800"} | REFUNDED, price=0, original_price=1600), [1400_00]),
        (order({"price": "998.9999999999999", "quantity": "2.0"}, price="999.0000000000001"), [999_00]),
        # A cancelled line counts in the price of its order, or does not.
        *((order(*cancelled, price=price), [980_00, 490_00]) for price in (1470, 980)),
    ):
        assert amounts(given_) == kopecks, given_


@pytest.mark.parametrize("wrong", [{"id": None}, {"refunded_at": "soon"}, {"price": None}], ids=str)
def test_a_rejected_line_neither_doubles_nor_halves_its_sibling(wrong: Order) -> None:
    """Two tickets for 2000 in all and one for 1000; then two for 2000 each."""
    for whole, kopecks in ((3000, 2000_00), (5000, 4000_00)):
        assert amounts(order({"price": 2000, "quantity": 2}, {"price": 1000} | wrong, price=whole)) == [kopecks]


OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.integers(1_420_070_400, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(INSTANTS, OFFSETS, st.integers(0, 10**12 - 1), st.integers(0, 99))
def test_an_instant_is_the_same_in_every_offset_and_no_kopeck_is_lost(
    moment: Any, offset: Any, whole: int, part: int
) -> None:
    """Also where a float would have no room for it."""
    written, exact = moment.astimezone(offset).isoformat(), Decimal(f"{whole}.{part:02}")
    at = dict.fromkeys(("payed_at", "created_at", "refunded_at"), written)
    ticket = one(**at, price=f"{exact}0", refunded_amount=f"{exact}")
    assert [ticket[name] for name in ("paid_at", "ordered_at", "refunded_at")] == [moment] * 3
    assert [ticket[name] for name in ("price", "amount", "refunded_amount")] == [exact] * 3


def test_each_line_gives_one_ticket_in_the_same_order_of_the_form_that_the_warehouse_expects() -> None:
    reserved = LINE | {"payed": "false", "payed_at": None}
    made = of_main(tickets(raw_orders(*(LINE | {"ticket_id": n} for n in ("5", "3", "9")), reserved)))
    assert made["ticket_id"].to_list()[:3] == [5, 3, 9]
    assert dict(made.schema) == dict(of_main(tickets(raw_orders())).schema) == dict(good_tickets({}).schema)
    assert split(made, must.tickets).rejected.height == 0
    bare = one(ticket_id="0012000001", show_id=None, created_at=None, utm_source=" vk\n", utm_medium=None)
    assert (bare["ticket_id"], bare["show_id"], bare["utm_source"], bare["utm_medium"]) == (12000001, 0, "vk", "")
    assert bare["ordered_at"] == bare["paid_at"], "an order without its time counts from its payment"


CITIES = pl.DataFrame({"city": ["томск", "москва"], "alias": ["томск", "msk"]})


def made(*changes: dict[str, str | None]) -> list[dict[str, Any]]:
    """Events made of these rows: an event's own, which names no show, and those of its shows."""
    frame = events(raw_events(*changes), CITIES)
    assert split(of_main(frame), must.events).rejected.height == 0
    return frame.rows(named=True)


def show(number: int, start: str | None, deleted: str | None = None, event: str = "24000") -> dict[str, str | None]:
    return {"event_id": event, "show_id": str(number), "show_start_at": start, "show_deleted_at": deleted}


def test_the_dates_of_an_event_are_those_of_its_shows_but_for_deleted_ones() -> None:
    named = {"event_name": " Щелкунчик ", "city": "ТОМСК"}
    begins = ("2026-03-10T19:00:00+03:00", "2026-03-08T02:30:00+07:00")
    gone = [show(3, "2026-03-01T19:00:00+03:00", GONE_AT), show(4, "2026-03-20T19:00:00+03:00", GONE_AT)]
    shown = [named | one for one in ({}, *(show(n, at) for n, at in enumerate(begins, 1)), *gone)]
    event, other = made(*shown, {"event_id": "2"}, show(5, "2026-03-01T19:00:00+03:00", GONE_AT, event="2"))
    dates = {
        "first_show_at": datetime(2026, 3, 7, 19, 30, tzinfo=UTC),
        "last_show_at": datetime(2026, 3, 10, 16, tzinfo=UTC),
    }
    assert event.items() >= (dates | {"event_name": "Щелкунчик", "city": "томск", "is_active": 1}).items()
    assert (other["event_id"], other["first_show_at"], other["last_show_at"]) == (2, None, None)


def test_shows_by_hand_with_the_day_on_which_they_are_where_they_are() -> None:
    """Tomsk is seven hours ahead of UTC. A show whose start is not told leaves no row, so that its last one stays."""
    off, begins = {"show_is_active": "0"}, {"sale_starts_at": "2026-01-01T10:00:00+03:00"}
    rows = raw_events(
        {}, show(1, "2026-03-13T20:30:00+03:00") | begins, show(2, "2026-03-13T19:59:00+03:00") | off,
        show(3, "2026-03-13T12:00:00+03:00", GONE_AT),
        show(4, "2026-03-13T12:00:00+03:00") | {"event_deleted_at": GONE_AT, "show_is_active": None}, show(5, None),
        show(6, None, GONE_AT), show(7, "2026-03-13T12:00:00+03:00") | {"timezone": "Mars", "show_is_active": None},
        show(1, "2026-05-01T12:00:00+03:00", event="25000"),
    )  # fmt: skip
    made, dates = of_main(shows(rows)), of_main(show_dates(rows))
    assert [
        split(frame, rule).rejected.height for frame, rule in ((made, must.shows), (dates, must.show_dates))
    ] == [0, 0]
    gone = datetime(2026, 3, 11, 6, tzinfo=UTC)
    assert made.select("show_id", "show_date", "is_active", "deleted_at").rows() == [
        (1, date(2026, 3, 14), 1, None), (2, date(2026, 3, 13), 0, None), (3, date(2026, 3, 13), 0, gone),
        (4, date(2026, 3, 13), 0, gone), (6, None, 0, gone), (7, None, 1, None),
    ]  # fmt: skip
    assert made.row(0, named=True) == {
        "account": "main", "show_id": 1, "event_id": 24000, "show_at": datetime(2026, 3, 13, 17, 30, tzinfo=UTC),
        "show_date": date(2026, 3, 14), "sale_starts_at": datetime(2026, 1, 1, 7, tzinfo=UTC), "sale_ends_at": None,
        "is_active": 1, "deleted_at": None,
    }  # fmt: skip
    assert dates["show_id"].to_list() == [1, 2, 3, 4]


def test_an_event_is_on_while_it_is_neither_hidden_nor_deleted() -> None:
    flags = [("1", None), ("true", None), ("0", None), (None, None), ("1", GONE_AT)]
    changes = [{"event_id": str(n), "is_active": on, "event_deleted_at": at} for n, (on, at) in enumerate(flags, 1)]
    assert [event["is_active"] for event in made(*changes)] == [1, 1, 0, 0, 0]


PAID = RAW_ORDER | {"payed": "true", "payed_at": "2026-03-10T12:00:00+03:00", "quantity": "2", "price": "50"}
BACK = PAID | {"ticket_id": "2", "refunded_at": "2026-03-12T18:30:00+03:00", "refunded_amount": "80"}
GONE = PAID | {"ticket_id": "3", "ticket_deleted_at": "2026-03-11T09:00:00+03:00"}
TEXTS = ["", "many", "-1", "9" * 20, "9" * 15, "1e5", "true", "2026-02-30T00:00:00Z", "9999-12-31T00:00:00Z"]
ODD = st.none() | st.sampled_from(TEXTS)


def test_an_orders_price_is_a_sum_of_its_lines_or_odd() -> None:
    """Three lines of 100, one given back but for 20, one cancelled: all, without either, without what was given back."""
    fits = [(price, 0, 0) for price in ("300", "200", "120", "100", "220")]
    for price, odd, unpriced in (*fits, ("301", 1, 0), ("0", 1, 0), ("a hundred", 0, 1)):
        (row,) = order_totals(raw_orders(*(one | {"order_price": price} for one in (PAID, BACK, GONE)))).to_dicts()
        assert (row["orders"], row["orders_odd"], row["orders_unpriced"], row["tickets"]) == (1, odd, unpriced, 4)
        assert (row["lines"], row["lines_refunded"], row["lines_cancelled"]) == (200, 100, 100)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(PAID, ODD)), max_size=3))
def test_no_text_in_any_column_breaks_the_totals(changes: list[dict[str, Any]]) -> None:
    totals = of_main(order_totals(raw_orders(PAID, *(PAID | change for change in changes))))
    assert split(totals.select(told.order_totals.columns.keys()), told.order_totals).rejected.is_empty()
    assert totals["orders"].sum() >= 1
    assert totals["event_date"].dt.year().max() == 2026
