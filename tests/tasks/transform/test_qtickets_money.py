"""What a ticket line cost, to the kopeck: price times quantity, or the price where that is what was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import ORDER_COLUMNS, order_rows
from tasks.transform.qtickets import tickets
from tests.tasks.transform.lines import LINE, made, one, table
from validation import qtickets as must
from validation.split import split

KOPECKS = st.integers(0, 99_999_99)
LINES = st.lists(st.tuples(KOPECKS, st.integers(1, 9)), min_size=1, max_size=5)
CANCELLED = {"deleted_at": "2026-03-11T09:00:00+03:00"}
REFUNDED = {"refunded_at": "2026-03-11T09:00:00+03:00", "refunded_amount": "1400"}
Order = dict[str, Any]


def text(kopecks: int) -> str:
    """As PHP prints it: no zeros at the end, no point where the amount is whole."""
    return f"{kopecks // 100}.{kopecks % 100:02}".rstrip("0").rstrip(".") if kopecks % 100 else str(kopecks // 100)


def order(*baskets: Order, number: int = 1, **more: Any) -> Order:
    head = {
        "id": number,
        "event_id": 7,
        "payed": True,
        "payed_at": LINE["payed_at"],
        "created_at": LINE["created_at"],
    }
    numbered = [{"id": number * 10 + place, "quantity": 1} | basket for place, basket in enumerate(baskets)]
    return head | {"currency_id": "RUB", "deleted_at": None, "baskets": numbered, **more}


def lines(*sold: tuple[int, int], number: int = 1, total: int | None, per_line: bool) -> Order:
    """An order; `sold`: kopecks a ticket and quantity."""
    baskets = [
        {"price": text(kopecks * quantity if per_line else kopecks), "quantity": quantity}
        for kopecks, quantity in sold
    ]
    return order(*baskets, number=number, price=None if total is None else text(total))


def raw(*orders: Order) -> pl.DataFrame:
    rows = [dict.fromkeys(ORDER_COLUMNS) | row for one_order in orders for row in order_rows(one_order)]
    return pl.DataFrame(rows, schema=dict.fromkeys(ORDER_COLUMNS, pl.String))


def amounts(*orders: Order) -> list[int]:
    """Kopecks of the lines that pass, in their order."""
    return [int(amount * 100) for amount in tickets(split(raw(*orders), must.raw_orders).valid)["amount"]]


@settings(max_examples=80, deadline=None)
@given(LINES)
def test_a_price_for_one_ticket_counts_as_often_as_tickets_were_sold(sold: list[tuple[int, int]]) -> None:
    total = sum(kopecks * quantity for kopecks, quantity in sold)

    assert amounts(lines(*sold, total=total, per_line=False)) == [k * q for k, q in sold]


@settings(max_examples=80, deadline=None)
@given(LINES)
def test_a_price_for_the_whole_line_counts_once(sold: list[tuple[int, int]]) -> None:
    total = sum(kopecks * quantity for kopecks, quantity in sold)

    assert amounts(lines(*sold, total=total, per_line=True)) == [k * q for k, q in sold]


def test_by_hand_three_tickets_of_490_10_in_either_reading() -> None:
    each = order({"price": "490.10", "quantity": 3}, price="1470.30")
    all_three = order({"price": "1470.30", "quantity": 3}, price="1470.30", number=2)

    assert amounts(each, all_three) == [1470_30, 1470_30]


def test_an_order_without_a_price_of_its_own_is_price_times_quantity() -> None:
    assert amounts(lines((490_00, 3), total=None, per_line=False)) == [1470_00]


@pytest.mark.parametrize("total", [7_00, 1200_00])
def test_a_price_that_fits_neither_reading_is_price_times_quantity(total: int) -> None:
    """1200.00 may be a discount on the order, which proves nothing."""
    assert amounts(lines((490_00, 3), total=total, per_line=False)) == [1470_00]


def test_a_cancelled_line_may_count_in_the_price_of_its_order_or_not() -> None:
    for total in (1470_00, 980_00):
        sold = lines((490_00, 2), (490_00, 1), total=total, per_line=True)
        sold["baskets"][1] |= CANCELLED

        assert amounts(sold) == [980_00, 490_00]


def test_where_a_refund_lowered_the_price_the_price_before_discounts_decides() -> None:
    per_line = order({"price": "1400", "original_price": "1600", "quantity": 2} | REFUNDED)
    per_unit = order({"price": "700", "original_price": "800", "quantity": 2} | REFUNDED, number=2)
    whole = {"price": 0, "original_price": 1600}

    assert amounts(per_line | whole, per_unit | whole) == [1400_00, 1400_00]


def test_what_else_is_in_the_load_does_not_change_what_an_order_cost() -> None:
    proof = [lines((490_00, 3), number=n, total=1470_00, per_line=True) for n in (1, 2, 3)]
    unclear = lines((700_00, 2), number=9, total=7_00, per_line=False)

    assert amounts(unclear) == amounts(*proof, unclear)[3:] == [1400_00]


def test_one_odd_order_does_not_change_how_the_others_are_read() -> None:
    odd = lines((100_00, 2), number=1, total=200_00, per_line=True)
    clear = [lines((490_00, 3), number=n, total=1470_00, per_line=False) for n in (2, 3, 4)]
    unclear = lines((700_00, 2), number=5, total=7_00, per_line=False)

    assert amounts(odd, *clear, unclear) == [200_00, 1470_00, 1470_00, 1470_00, 1400_00]


REJECTED: dict[str, Order] = {
    "no id": {"id": None},
    "no date": {"refunded_at": "soon"},
    "a quantity beyond reason, its price being of the whole line": {"quantity": 10_000},
    "no object of a price": {"price": []},
    "an unknown price": {"price": None},
    "an unknown quantity": {"quantity": "many"},
}


@pytest.mark.parametrize("what", REJECTED)
def test_a_rejected_line_does_not_change_what_its_sibling_costs(what: str) -> None:
    """Two tickets for 2000 in all and one for 1000: the sibling of whatever is rejected stays at 2000, not 4000."""
    sold = order({"price": 2000, "quantity": 2}, {"price": 1000} | REJECTED[what], price=3000)

    assert amounts(sold) == [2000_00]


@pytest.mark.parametrize("what", REJECTED)
def test_a_rejected_line_does_not_halve_its_sibling_either(what: str) -> None:
    """Two tickets for 2000 each and one for 1000."""
    sold = order({"price": 2000, "quantity": 2}, {"price": 1000} | REJECTED[what], price=5000)

    assert amounts(sold) == [4000_00]


def test_a_line_that_is_tried_again_alone_costs_what_it_cost() -> None:
    whole = raw(order({"price": 2000, "quantity": 2}, {"price": 1000}, price=3000))

    assert [tickets(whole.slice(place, 1))["amount"][0] for place in (0, 1)] == [Decimal(2000), Decimal(1000)]


def test_a_floats_tail_in_the_prices_decides_nothing() -> None:
    sold = order({"price": "998.9999999999999", "quantity": "2.0"}, price="999.0000000000001")

    assert amounts(sold) == [999_00]


@settings(deadline=None)
@given(st.integers(0, 10**14 - 1), st.integers(0, 99), st.sampled_from(["", "0", "000"]))
def test_no_kopeck_changes_on_the_way_from_text(whole: int, kopecks: int, zeros: str) -> None:
    """Also where a float would have no room for it."""
    written = f"{whole % 10**12}.{kopecks:02}{zeros}"

    ticket = one(price=written, refunded_at="2026-03-11T09:00:00+03:00", refunded_amount=written)

    exact = Decimal(f"{whole % 10**12}.{kopecks:02}")
    assert (ticket["price"], ticket["amount"], ticket["refunded_amount"]) == (exact, exact, exact)


def test_amounts_that_floats_get_wrong_are_right() -> None:
    prices = ["0.1", "0.29", "1.1", "4.35", "1234567890.11", "99999999999.99"]
    rows = [{"price": price, "quantity": "3"} for price in prices]

    assert [str(ticket["amount"]) for ticket in made(*rows)] == [
        "0.30",
        "0.87",
        "3.30",
        "13.05",
        "3703703670.33",
        "299999999999.97",
    ]


@pytest.mark.parametrize("column", ["price", "amount", "refunded_amount"])
def test_money_is_decimal_with_two_places(column: str) -> None:
    assert table({}).schema[column] == pl.Decimal(18, 2)
