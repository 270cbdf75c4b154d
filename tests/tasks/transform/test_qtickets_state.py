"""The state of a ticket, which the API does not tell: every combination of flags and dates, by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.tasks.transform.lines import one

PAID_AT = "2026-03-10T12:00:00+03:00"
GONE_AT = "2026-03-11T09:00:00+03:00"
BACK_AT = "2026-03-12T18:30:00+03:00"

# payed, payed_at?, refunded_at?, order deleted?, ticket deleted? -> state, paid_at?, counted as given back?
TABLE = [
    # Nothing happened yet, or never will: an order that is not paid.
    ("false", 0, 0, 0, 0, "reserved", 0, 0),
    ("false", 0, 0, 1, 0, "cancelled", 0, 0),
    ("false", 0, 0, 0, 1, "cancelled", 0, 0),
    ("false", 0, 0, 1, 1, "cancelled", 0, 0),
    # Paid.
    ("true", 1, 0, 0, 0, "paid", 1, 0),
    ("true", 1, 0, 1, 0, "cancelled", 1, 0),
    ("true", 1, 0, 0, 1, "cancelled", 1, 0),
    ("true", 1, 0, 1, 1, "cancelled", 1, 0),
    # Paid and given back: whatever else happened, both the sale and the refund did.
    ("true", 1, 1, 0, 0, "refunded", 1, 1),
    ("true", 1, 1, 1, 0, "refunded", 1, 1),
    ("true", 1, 1, 0, 1, "refunded", 1, 1),
    ("true", 1, 1, 1, 1, "refunded", 1, 1),
    # A refund takes the flag away but leaves the date: the money had come.
    ("false", 1, 1, 0, 0, "refunded", 1, 1),
    ("false", 1, 1, 1, 0, "refunded", 1, 1),
    ("false", 1, 1, 0, 1, "refunded", 1, 1),
    ("false", 1, 1, 1, 1, "refunded", 1, 1),
    # A date of payment without the flag is no payment.
    ("false", 1, 0, 0, 0, "reserved", 1, 0),
    ("false", 1, 0, 1, 0, "cancelled", 1, 0),
    ("false", 1, 0, 0, 1, "cancelled", 1, 0),
    ("false", 1, 0, 1, 1, "cancelled", 1, 0),
    # Money cannot be given back that never came.
    ("false", 0, 1, 0, 0, "reserved", 0, 0),
    ("false", 0, 1, 1, 0, "cancelled", 0, 0),
    ("false", 0, 1, 0, 1, "cancelled", 0, 0),
    ("false", 0, 1, 1, 1, "cancelled", 0, 0),
    # Set aside by validation before, and no sale if it were not.
    ("true", 0, 0, 0, 0, "reserved", 0, 0),
    ("true", 0, 1, 0, 0, "reserved", 0, 0),
    ("true", 0, 0, 1, 0, "cancelled", 0, 0),
    ("true", 0, 0, 0, 1, "cancelled", 0, 0),
    ("true", 0, 0, 1, 1, "cancelled", 0, 0),
    ("true", 0, 1, 1, 0, "cancelled", 0, 0),
    ("true", 0, 1, 0, 1, "cancelled", 0, 0),
    ("true", 0, 1, 1, 1, "cancelled", 0, 0),
]


def test_the_table_holds_every_combination_once() -> None:
    assert len({row[:5] for row in TABLE}) == len(TABLE) == 2**5


@pytest.mark.parametrize("as_int", [False, True], ids=["flags as words", "flags as numbers"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(map(str, row[:5])))
def test_state_dates_and_money_given_back(row: tuple[str, int, int, int, int, str, int, int], as_int: bool) -> None:
    payed, paid_at, refunded_at, order_gone, ticket_gone, state, is_paid, is_back = row

    ticket = one(
        payed={"true": "1", "false": "0"}[payed] if as_int else payed,
        payed_at=PAID_AT if paid_at else None,
        refunded_at=BACK_AT if refunded_at else None,
        refunded_amount="441" if refunded_at else None,
        order_deleted_at=GONE_AT if order_gone else None,
        ticket_deleted_at=GONE_AT if ticket_gone else None,
    )

    assert ticket["state"] == state
    assert ticket["paid_at"] == (datetime(2026, 3, 10, 9, tzinfo=UTC) if is_paid else None)
    assert ticket["refunded_at"] == (datetime(2026, 3, 12, 15, 30, tzinfo=UTC) if is_back else None)
    assert ticket["refunded_amount"] == (Decimal("441.00") if is_back else Decimal(0))


@pytest.mark.parametrize("payed", ["true", "false"])
def test_a_zero_given_back_without_a_date_is_no_refund(payed: str) -> None:
    """The API writes it on every ticket that was merely cancelled."""
    ticket = one(
        payed=payed,
        payed_at=PAID_AT if payed == "true" else None,
        ticket_deleted_at=GONE_AT,
        refunded_amount="0",
    )

    assert (ticket["state"], ticket["refunded_amount"]) == ("cancelled", Decimal(0))


def test_a_refund_in_full_less_a_deduction_and_of_nothing_is_a_refund() -> None:
    amounts = [one(refunded_at=BACK_AT, refunded_amount=text) for text in ("490", "441", "0")]

    assert [ticket["state"] for ticket in amounts] == ["refunded"] * 3
    assert [ticket["refunded_amount"] for ticket in amounts] == [Decimal(490), Decimal(441), Decimal(0)]


def test_a_free_ticket_is_sold_like_any_other() -> None:
    ticket = one(price="0")

    assert (ticket["state"], ticket["amount"], ticket["quantity"]) == ("paid", Decimal(0), 1)
