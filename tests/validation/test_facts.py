"""Rules for finished rows: what enters the warehouse is whole, unique and free of contradictions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.validation.frames import FACT, ad_days, tickets
from validation import ads, qtickets
from validation.split import WrongFrame, split

SINCE = datetime(2025, 6, 5, tzinfo=UTC)
CONTRADICTION = "state and dates contradict each other"
NEGATIVE = Decimal("-0.01")
NAMED_BY_THE_SOURCE = ("campaign_id", "ad_group_id", "campaign_name", "currency")
TAGS = [name for name in FACT if name.startswith(("utm_", "link_"))]
TICKETS, ADS = (tickets, qtickets.tickets), (ad_days, ads.facts)


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (TICKETS, {"state": "lost"}, "state is no state"),
        (TICKETS, {"price": NEGATIVE}, "price is negative"),
        (TICKETS, {"quantity": 0}, "quantity is zero"),
        (TICKETS, {"paid_at": None}, CONTRADICTION),
        (TICKETS, {"state": "refunded"}, CONTRADICTION),
        (TICKETS, {"refunded_at": SINCE}, CONTRADICTION),
        (TICKETS, {"refunded_amount": Decimal(1)}, "money was given back without a refund"),
        (TICKETS, {"currency": None}, "currency is missing"),
        (ADS, {"spent": NEGATIVE}, "spent is negative"),
        *((ADS, {name: None}, f"{name} is missing") for name in FACT if name not in (*TAGS, *NAMED_BY_THE_SOURCE)),
    ],
)
def test_a_row_that_breaks_a_rule_is_rejected_in_words(kind: Any, change: dict[str, Any], reason: str) -> None:
    frame, schema = kind
    (told,) = split(frame(change), schema).rejected["reason"].to_list()
    assert reason in told.split("; ")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (TICKETS, {"state": "refunded", "refunded_at": SINCE, "refunded_amount": Decimal("343.00")}),
        (TICKETS, {"state": "refunded", "refunded_at": SINCE, "refunded_amount": Decimal(0)}),
        (TICKETS, {"state": "cancelled", "paid_at": None}),
        (TICKETS, {"state": "reserved", "paid_at": None}),
        # A link that is not known has no tags, a group that is not known no names.
        (ADS, dict.fromkeys([*TAGS, *NAMED_BY_THE_SOURCE])),
    ],
)
def test_a_row_in_any_true_state_passes(kind: Any, change: dict[str, Any]) -> None:
    frame, schema = kind
    assert split(frame(change), schema).rejected.rows() == []


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (TICKETS, {"ticket_id": 2}),
        (ADS, {"stat_date": date(2026, 1, 20), "account_id": "b", "campaign_id": 2, "ad_group_id": 2, "ad_id": 2}),
    ],
)
def test_a_key_that_stands_twice_lets_neither_row_through_and_each_part_counts(
    kind: Any, key: dict[str, Any]
) -> None:
    """One of the two is wrong, and the run stops before either is loaded."""
    frame, schema = kind
    assert split(frame({}, *({name: value} for name, value in key.items())), schema).rejected.height == 0
    assert split(frame({}, {}, key), schema).rejected["reason"].to_list() == ["the key stands twice"] * 2


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (TICKETS, pl.col("price").cast(pl.Float64)),
        (TICKETS, pl.col("amount").cast(pl.Decimal(18, 4))),
        (TICKETS, pl.col("paid_at").dt.replace_time_zone(None)),
        (ADS, pl.col("spent").cast(pl.Float64)),
    ],
)
def test_a_frame_of_other_types_is_wrong(kind: Any, change: pl.Expr) -> None:
    frame, schema = kind
    with pytest.raises(WrongFrame, match="is not of type"):
        split(frame({}).with_columns(change), schema)
