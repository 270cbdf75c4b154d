"""When a load must fail: by how much of the window's money is rejected or gone, not by a number of rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from flows import steps
from flows.qtickets import SOURCE as QTICKETS
from flows.vk_ads import SOURCE as VK
from tasks.errors import SourceError
from tasks.landing import Manifest
from tasks.load.upsert import Changes
from tasks.window import Window
from tests.tasks.load.tickets import frame, ticket
from validation.split import Split, WrongFrame

ORDERS, EVENTS = QTICKETS.resources
MANIFEST = Manifest(
    source="qtickets",
    resource="orders",
    window=Window(first=date(2026, 3, 1), last=date(2026, 3, 2)),
    fetched_at=datetime(2026, 3, 3, tzinfo=UTC),
    paths=(),
    rows=0,
    version=1,
)


def part(valid: list[str | None], rejected: list[str | None], quantity: str = "1") -> Split:
    """Tickets by their price, as text."""

    def rows(prices: list[str | None]) -> pl.DataFrame:
        given = pl.DataFrame({"price": prices}, schema={"price": pl.String})
        return given.with_columns(pl.lit(quantity).alias("quantity"))

    return Split(rows(valid), rows(rejected).with_columns(pl.lit("is wrong").alias("reason")))


@pytest.mark.parametrize(
    ("valid", "rejected", "money"),
    [
        (["100"] * 27, ["100"], "100.00 of 2800.00"),
        (["100"] * 9, ["100"] * 3, "300.00 of 1200.00"),
        (["100"], ["900"], "900.00 of 1000.00"),
        ([], ["500", "500"], "1000.00 of 1000.00"),
        (["100"] * 11, ["100", None, "x"], "at least 100.00 of 1200.00"),
        (["0"] * 9, ["0"] * 2, "0.00 of 0.00"),
        (["1000"], ["0"] * 19, "0.00 of 1000.00"),
    ],
    ids=["one of many", "a quarter", "one of two", "two at all", "two unreadable", "free tickets", "worth nothing"],
)
def test_odd_rows_go_to_quarantine_and_the_message_says_what_they_carry(
    valid: list[str | None], rejected: list[str | None], money: str
) -> None:
    assert steps._refuse_if_much_is_wrong(part(valid, rejected), ORDERS.money) == money


@pytest.mark.parametrize(
    ("valid", "rejected"),
    [
        (["100"] * 11, ["100"] * 17),
        (["100"] * 8, ["100"] * 3),
        (["100"] * 19, ["10000"]),
        ([], ["1", "1", "1"]),
        (["100"] * 8, [None] * 3),
        (["0"] * 8, ["0"] * 3),
        ([], ["x"] * 3),
        (["1000"], ["0"] * 20),
    ],
    ids=["17 of 28", "more than a quarter", "one dear", "all", "unreadable", "free", "none readable", "most rows"],
)
def test_much_of_the_money_fails_the_load(valid: list[str | None], rejected: list[str | None]) -> None:
    wrong, all_rows = len(rejected), len(valid) + len(rejected)

    with pytest.raises(WrongFrame, match=rf"{wrong} of {all_rows} rows are wrong .* because is wrong"):
        steps._refuse_if_much_is_wrong(part(valid, rejected), ORDERS.money)


def test_the_money_of_a_line_is_its_price_times_its_quantity() -> None:
    assert steps._refuse_if_much_is_wrong(part(["100"], ["10"], quantity="3"), ORDERS.money) == "30.00 of 330.00"


def test_of_rows_without_money_the_number_decides() -> None:
    assert steps._refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 3), EVENTS.money) == ""
    with pytest.raises(WrongFrame, match="4 of 13 rows are wrong, most of them because is wrong"):
        steps._refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 4), EVENTS.money)


def changes(held: list[str], gone: int, *, brought: int = 0) -> Changes:
    """Tickets held by what they cost, the first `gone` of which the source no longer has; `brought` of the gone
    orders come with other tickets."""
    rows = frame([ticket(n, amount=amount) for n, amount in enumerate(held)]).with_columns(
        pl.lit(1, pl.UInt64).alias("_ver")
    )
    others = frame([ticket(100 + n, order_id=1000 + n) for n in range(brought)])
    others = others.with_columns(pl.lit(2, pl.UInt64).alias("_ver"))
    absent = rows.head(gone)
    return Changes(rows, others, others, absent, absent, 0)


@pytest.mark.parametrize(
    ("held", "gone"), [(["100"] * 4, 1), (["0"] * 19, 19), (["0"] * 40, 20), (["1"] + ["100"] * 3, 1), ([], 0)]
)
def test_a_little_may_vanish(held: list[str], gone: int) -> None:
    steps._refuse_to_wipe(changes(held, gone), QTICKETS.outputs[0], MANIFEST)


@pytest.mark.parametrize(
    ("held", "gone"),
    [(["100"] * 3, 1), (["100"], 1), (["100"] * 10, 10), (["500"] + ["1"] * 99, 1), (["0"] * 39, 20)],
)
def test_much_that_vanishes_at_once_is_refused_whatever_the_number_of_rows(held: list[str], gone: int) -> None:
    lost, whole = sum(map(Decimal, held[:gone])), sum(map(Decimal, held))

    with pytest.raises(SourceError) as refusal:
        steps._refuse_to_wipe(changes(held, gone), QTICKETS.outputs[0], MANIFEST)

    assert str(refusal.value) == (
        f"qtickets no longer sends {gone} of the {len(held)} rows that stg_qtickets_tickets holds for "
        f"2026-03-01..2026-03-02, {lost:.2f} of {whole:.2f} of the money. Nothing was removed. If it is true, delete "
        "them with `zakaz sql` and load again."
    )
    assert refusal.value.transient


def test_an_order_whose_tickets_got_other_ids_has_not_vanished() -> None:
    steps._refuse_to_wipe(changes(["100"] * 3, 1, brought=1), QTICKETS.outputs[0], MANIFEST)


def test_rows_of_other_days_than_asked_for_are_dropped_and_those_of_no_day_are_judged() -> None:
    days = ["2026-02-28", "2026-03-01", " 2026-03-02", "2026-03-03", "2026-02-30", "--", None, "20260301"]
    raw = pl.DataFrame({"stat_date": days, "spent": ["1"] * 8})

    asked, outside = steps._within(raw, VK.resources[0].day, MANIFEST.window)

    assert outside == 2
    assert asked["stat_date"].to_list() == ["2026-03-01", " 2026-03-02", "2026-02-30", "--", None, "20260301"]
