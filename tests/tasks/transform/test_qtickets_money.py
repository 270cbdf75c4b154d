"""What a ticket line cost, to the kopeck: price times quantity, or the price where that is what was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.transform.lines import made, one, table

KOPECKS = st.integers(0, 99_999_99)
LINES = st.lists(st.tuples(KOPECKS, st.integers(1, 9)), min_size=1, max_size=5)
CANCELLED = {"ticket_deleted_at": "2026-03-11T09:00:00+03:00"}
REFUNDED = {"refunded_at": "2026-03-11T09:00:00+03:00"}


def text(kopecks: int) -> str:
    """As PHP prints it: no zeros at the end, no point where the amount is whole."""
    return f"{kopecks // 100}.{kopecks % 100:02}".rstrip("0").rstrip(".") if kopecks % 100 else str(kopecks // 100)


def lines(*sold: tuple[int, int], order: str = "1", total: int | None, per_line: bool) -> list[dict[str, Any]]:
    """Raw lines of one order; `sold`: kopecks a ticket and quantity."""
    return [
        {
            "order_id": order,
            "order_price": None if total is None else text(total),
            "price": text(kopecks * quantity if per_line else kopecks),
            "quantity": str(quantity),
        }
        for kopecks, quantity in sold
    ]


def amounts(rows: list[dict[str, Any]]) -> list[int]:
    return [int(ticket["amount"] * 100) for ticket in made(*rows)]


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
    each = {"order_price": "1470.30", "price": "490.10", "quantity": "3"}
    all_three = {"order_price": "1470.30", "price": "1470.30", "quantity": "3", "order_id": "2"}

    assert [ticket["amount"] for ticket in made(each, all_three)] == [Decimal("1470.30")] * 2


def test_an_order_without_a_price_of_its_own_is_price_times_quantity() -> None:
    assert amounts(lines((490_00, 3), total=None, per_line=False)) == [1470_00]


def test_a_price_that_fits_neither_reading_is_price_times_quantity() -> None:
    assert amounts(lines((490_00, 3), total=7_00, per_line=False)) == [1470_00]


def test_a_cancelled_line_may_count_in_the_price_of_its_order_or_not() -> None:
    for total in (1470_00, 980_00):
        rows = lines((490_00, 2), (490_00, 1), total=total, per_line=True)
        rows[1] |= CANCELLED

        assert amounts(rows) == [980_00, 490_00]


def test_where_a_refund_lowered_the_price_the_price_before_discounts_decides() -> None:
    refunded = REFUNDED | {"refunded_amount": "1400", "order_original_price": "1600"}
    per_line = lines((1400_00, 2), total=0, per_line=False)
    per_line[0] |= refunded | {"original_price": "1600"}
    per_unit = lines((700_00, 2), order="2", total=0, per_line=False)
    per_unit[0] |= refunded | {"original_price": "800"}

    assert amounts([*per_line, *per_unit]) == [1400_00, 1400_00]


def test_what_else_is_in_the_load_does_not_change_what_an_order_cost() -> None:
    proof = [row for n in "123" for row in lines((490_00, 3), order=n, total=1470_00, per_line=True)]
    unclear = lines((700_00, 2), order="9", total=7_00, per_line=False)

    assert amounts(unclear) == amounts([*proof, *unclear])[3:] == [1400_00]


def test_one_odd_order_does_not_change_how_the_others_are_read() -> None:
    odd = lines((100_00, 2), order="1", total=200_00, per_line=True)
    clear = [row for n in "234" for row in lines((490_00, 3), order=n, total=1470_00, per_line=False)]
    unclear = lines((700_00, 2), order="5", total=7_00, per_line=False)

    assert amounts([*odd, *clear, *unclear]) == [200_00, 1470_00, 1470_00, 1470_00, 1400_00]


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
    rows = [{"price": price, "quantity": "3", "order_id": str(n)} for n, price in enumerate(prices)]

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
