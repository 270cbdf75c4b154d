"""Rules for finished rows: what enters the warehouse is whole, unique and free of contradictions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.validation.frames import raw_events, sales, tickets
from validation import qtickets as must
from validation.split import WrongFrame, split

SINCE = datetime(2025, 6, 5, tzinfo=UTC)
CONTRADICTION = "state and dates contradict each other"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "lost"}, "state is no state"),
        ({"price": Decimal("-0.01")}, "price is negative"),
        ({"amount": Decimal("-0.01")}, "amount is negative"),
        ({"quantity": 0}, "quantity is zero"),
        (
            {"state": "refunded", "refunded_at": SINCE, "refunded_amount": Decimal(-1)},
            "refunded_amount is negative",
        ),
        ({"paid_at": None}, CONTRADICTION),
        ({"state": "refunded"}, CONTRADICTION),
        ({"refunded_at": SINCE}, CONTRADICTION),
        ({"state": "cancelled", "refunded_at": SINCE}, CONTRADICTION),
        ({"refunded_amount": Decimal(1)}, "money was given back without a refund"),
        ({"event_id": None}, "event_id is missing"),
        ({"currency": None}, "currency is missing"),
        ({"utm_term": None}, "utm_term is missing"),
        ({"ordered_at": None}, "ordered_at is missing"),
    ],
    ids=str,
)
def test_a_ticket_that_breaks_a_rule_is_told_in_words(change: dict[str, Any], reason: str) -> None:
    parts = split(tickets({"ticket_id": 2}, change), must.tickets)

    assert parts.valid["ticket_id"].to_list() == [2]
    assert reason in parts.rejected["reason"].to_list()[0].split("; ")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"state": "refunded", "refunded_at": SINCE, "refunded_amount": Decimal("343.00")},
        {"state": "refunded", "refunded_at": SINCE, "refunded_amount": Decimal(0)},
        {"state": "cancelled"},
        {"state": "cancelled", "paid_at": None},
        {"state": "reserved", "paid_at": None},
        {"price": Decimal(0), "amount": Decimal(0)},
    ],
    ids=str,
)
def test_a_ticket_in_any_true_state_passes(change: dict[str, Any]) -> None:
    assert split(tickets(change), must.tickets).rejected.rows() == []


def test_a_ticket_id_that_stands_twice_lets_neither_through() -> None:
    """One of them is wrong, and the run stops before either is loaded."""
    parts = split(tickets({}, {"price": Decimal(1)}, {"ticket_id": 2}), must.tickets)

    assert parts.valid["ticket_id"].to_list() == [2]
    assert parts.rejected["reason"].to_list() == ["the key stands twice"] * 2


@pytest.mark.parametrize("column", ["amount", "state", "utm_term"])
def test_a_ticket_frame_without_a_column_is_wrong(column: str) -> None:
    with pytest.raises(WrongFrame, match=column):
        split(tickets({}).drop(column), must.tickets)


@pytest.mark.parametrize(
    "change",
    [
        pl.col("price").cast(pl.Float64),
        pl.col("amount").cast(pl.Decimal(18, 4)),
        pl.col("paid_at").dt.replace_time_zone(None),
        pl.col("paid_at").dt.convert_time_zone("Europe/Moscow"),
        pl.col("ticket_id").cast(pl.Int64),
    ],
    ids=["float money", "other scale", "naive time", "local time", "signed id"],
)
def test_a_ticket_frame_of_other_types_is_wrong(change: pl.Expr) -> None:
    with pytest.raises(WrongFrame, match="is not of type"):
        split(tickets({}).with_columns(change), must.tickets)


def test_a_column_too_many_is_a_wrong_frame_and_named() -> None:
    with pytest.raises(WrongFrame, match=r"^client_email is not expected$"):
        split(tickets({}).with_columns(pl.lit("x").alias("client_email")), must.tickets)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tickets_sold": 0}, "tickets_sold is zero"),
        ({"revenue": Decimal(-1)}, "revenue is negative"),
        ({"refunds_amount": Decimal("-0.01")}, "refunds_amount is negative"),
        ({"city": None}, "city is missing"),
    ],
    ids=str,
)
def test_a_day_of_sales_that_breaks_a_rule_is_told_in_words(change: dict[str, Any], reason: str) -> None:
    assert split(sales(change), must.sales).rejected["reason"].to_list() == [reason]


def test_a_day_event_and_currency_stand_once() -> None:
    same, other = sales({}, {"revenue": Decimal(5)}), sales({}, {"currency": "KZT"}, {"event_id": 2})

    assert split(same, must.sales).rejected.height == 2
    assert split(other, must.sales).rejected.height == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_id": None}, "event_id is missing"),
        ({"event_id": "x"}, "event_id is not a positive whole number"),
        (dict.fromkeys(("event_name", "city", "is_active")), "says nothing but its id"),
    ],
    ids=str,
)
def test_an_event_that_breaks_a_rule_is_told_in_words(change: dict[str, Any], reason: str) -> None:
    assert split(raw_events(change), must.raw_events).rejected["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("is_active", "yes"),
        ("currency", "руб"),
        ("show_id", "x"),
        ("show_start_at", "soon"),
        ("show_deleted_at", "5"),
        ("event_deleted_at", "2025-06-05"),
    ],
)
def test_an_odd_description_of_an_event_costs_no_event(column: str, value: str) -> None:
    part = split(raw_events({column: value}), must.raw_events)

    assert part.rejected.height == 0
    assert part.valid[column].to_list() == [None]
    assert part.odd == {column: 1}


@pytest.mark.parametrize("change", [{}, {"city": None}, {"venue": None}, {"timezone": None}, {"is_active": None}])
def test_an_event_may_lack_what_no_figure_rests_on(change: dict[str, Any]) -> None:
    assert split(raw_events(change), must.raw_events).rejected.height == 0
