"""When a load must fail: by how much of the window's money is rejected or gone, not by a number of rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from flows.qtickets import SOURCE as QTICKETS
from flows.vk_ads import SOURCE as VK
from tasks import steps
from tasks.errors import SourceError
from tasks.landing import Manifest
from tasks.load.upsert import Changes
from tasks.window import Window
from tests.tasks.load.tickets import frame, ticket
from tests.validation.ad_frames import ad_days, raw_vk
from validation.split import Split, WrongFrame

ORDERS, EVENTS = QTICKETS.resources
NOTHING = pl.DataFrame(schema=dict.fromkeys(ORDERS.schema.columns, pl.String))
MANIFEST = Manifest(
    source="qtickets",
    resource="orders",
    window=Window(first=date(2026, 3, 1), last=date(2026, 3, 2)),
    fetched_at=datetime(2026, 3, 3, tzinfo=UTC),
    paths=(),
    rows=0,
    version=1,
)


def part(
    valid: list[str | None], rejected: list[str | None], quantity: str = "1", at_fault: str | None = None
) -> Split:
    """Tickets by their price, as text. `at_fault`: the columns for which the rejected ones are."""

    def rows(prices: list[str | None]) -> pl.DataFrame:
        given = pl.DataFrame({"price": prices}, schema={"price": pl.String})
        return given.with_columns(pl.lit(quantity).alias("quantity"))

    wrong = rows(rejected).with_columns(
        pl.lit("is wrong").alias("reason"), pl.lit(at_fault, pl.String).alias("column")
    )
    return Split(rows(valid), wrong)


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


@pytest.mark.parametrize(
    ("rejected", "quantity", "at_fault"),
    [
        (["-100"] * 4, "1", "price"),
        (["9999999999999999.99"] * 4, "999999999999999999", "quantity; price"),
        (["100"] * 4, "0", "quantity"),
    ],
    ids=["a price below zero", "more than a decimal holds", "no pieces"],
)
def test_a_row_that_is_wrong_in_its_money_counts_as_much_as_others_do_on_average(
    rejected: list[str | None], quantity: str, at_fault: str
) -> None:
    """Four of 13 rows are more than a quarter, whatever the wrong figures say; four of 17 are not."""
    with pytest.raises(WrongFrame, match=r"4 of 13 rows are wrong \(at least 0.00 of 900.00 of the money\)"):
        steps._refuse_if_much_is_wrong(_of(9, rejected, quantity, at_fault), ORDERS.money)

    said = steps._refuse_if_much_is_wrong(_of(13, rejected, quantity, at_fault), ORDERS.money)
    assert said == "at least 0.00 of 1300.00"


def test_one_price_beyond_all_reason_does_not_stop_the_source() -> None:
    said = steps._refuse_if_much_is_wrong(_of(27, ["1000000000000000"], "1", "price"), ORDERS.money)

    assert said == "at least 0.00 of 2700.00"


def _of(good: int, rejected: list[str | None], quantity: str, at_fault: str) -> Split:
    right = part(["100"] * good, []).valid
    return Split(right, part([], rejected, quantity, at_fault).rejected)


def test_of_rows_without_money_the_number_decides() -> None:
    assert steps._refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 3), EVENTS.money) == ""
    with pytest.raises(WrongFrame, match="4 of 13 rows are wrong, most of them because is wrong"):
        steps._refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 4), EVENTS.money)


def _ver(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(1, pl.UInt64).alias("_ver"))


def changes(held: list[str], gone: int, *, brought: int = 0) -> Changes:
    """Tickets held by what they cost, the first `gone` of which the source no longer has; `brought` of the gone
    orders come with other tickets."""
    rows = _ver(frame([ticket(n, amount=amount) for n, amount in enumerate(held)]))
    others = _ver(frame([ticket(100 + n, order_id=1000 + n) for n in range(brought)]))
    absent = rows.head(gone)
    return Changes(rows, others, others, absent, absent, 0)


@pytest.mark.parametrize(
    ("held", "gone"), [(["100"] * 4, 1), (["0"] * 19, 19), (["0"] * 40, 20), (["1"] + ["100"] * 3, 1), ([], 0)]
)
def test_a_little_may_vanish(held: list[str], gone: int) -> None:
    steps._refuse_to_wipe(changes(held, gone), QTICKETS.outputs[0], MANIFEST, NOTHING)


@pytest.mark.parametrize(
    ("held", "gone"),
    [(["100"] * 3, 1), (["100"], 1), (["100"] * 10, 10), (["500"] + ["1"] * 99, 1), (["0"] * 39, 20)],
)
def test_much_that_vanishes_at_once_is_refused_whatever_the_number_of_rows(held: list[str], gone: int) -> None:
    lost, whole = sum(map(Decimal, held[:gone])), sum(map(Decimal, held))

    with pytest.raises(SourceError) as refusal:
        steps._refuse_to_wipe(changes(held, gone), QTICKETS.outputs[0], MANIFEST, NOTHING)

    assert str(refusal.value) == (
        f"qtickets no longer sends {gone} of the {len(held)} rows that stg_qtickets_tickets holds for "
        f"2026-03-01..2026-03-02, {lost:.2f} of {whole:.2f} of the money, such as "
        f"{', '.join(f'order_id {1000 + n}' for n in range(min(gone, 3)))}. Nothing was removed. If it is true, delete "
        "them with `zakaz sql` and load again."
    )
    assert refusal.value.transient


def test_an_order_whose_tickets_got_other_ids_has_not_vanished() -> None:
    steps._refuse_to_wipe(changes(["100"] * 3, 1, brought=1), QTICKETS.outputs[0], MANIFEST, NOTHING)


def test_an_order_that_lost_most_of_its_lines_has_lost_their_money() -> None:
    """Ten lines of one order, of which one still comes: the order is there, nine tenths of its money are not."""
    rows = _ver(frame([ticket(n, order_id=1, amount="100") for n in range(10)]))
    gone = rows.tail(9)

    with pytest.raises(
        SourceError, match=r"9 of the 10 rows .* 900.00 of 1000.00 of the money, such as order_id 1"
    ):
        steps._refuse_to_wipe(
            Changes(rows, rows.head(1), rows.clear(), gone, gone, 0), QTICKETS.outputs[0], MANIFEST, NOTHING
        )


AD_DAYS = VK.outputs[0]


def ads(*rows: tuple[int, int, str], account: str = "a") -> pl.DataFrame:
    """Spend of 1 March: campaign, ad, roubles."""
    named = [
        {"ad_id": ad, "campaign_id": campaign, "spent": Decimal(spent), "account_id": account}
        for campaign, ad, spent in rows
    ]
    return _ver(ad_days(*named).with_columns(stat_date=pl.lit(date(2026, 3, 1))))


def raw_ads(*ids: str) -> pl.DataFrame:
    """What the API sent of 1 March: ads on which nothing happened."""
    rows: list[dict[str, str | None]] = [{"stat_date": "2026-03-01", "ad_id": one, "spent": "0"} for one in ids]
    return raw_vk(*rows)


def judge(
    held: pl.DataFrame, came: pl.DataFrame, kept: pl.DataFrame | None = None, sent: pl.DataFrame | None = None
) -> None:
    """`kept`: rows of the table for which the load does not answer."""
    key = list(AD_DAYS.table.key)
    gone = held.join(came, on=key, how="anti")
    whole, absent = (pl.concat([rows, kept if kept is not None else rows.clear()]) for rows in (held, gone))
    changes = Changes(whole, came, came, absent, gone, 0)
    steps._refuse_to_wipe(changes, AD_DAYS, MANIFEST, raw_ads() if sent is None else sent)


def test_an_ad_that_moved_to_another_campaign_has_not_vanished() -> None:
    judge(ads((7, 1, "100")), ads((8, 1, "100")))


def test_an_ad_whose_day_was_restated_to_zero_has_not_vanished() -> None:
    held = ads((7, 1, "100"), (7, 2, "100"))
    judge(held, ads(), sent=raw_ads("1", "2"))

    with pytest.raises(SourceError, match=r"1 of the 2 rows .* 100.00 of 200.00 of the money, such as ad_id 2"):
        judge(held, ads(), sent=raw_ads("1"))


def test_of_ads_without_an_id_the_campaign_tells_which_is_gone() -> None:
    """Two campaigns of the campaign wizard: the dear one is no longer in the report."""
    with pytest.raises(SourceError, match=r"1 of the 2 rows .* 900.00 of 1000.00"):
        judge(ads((7, 0, "900"), (8, 0, "100")), ads((8, 0, "100")))


def test_another_accounts_spend_does_not_hide_that_one_lost_all_of_its_own() -> None:
    with pytest.raises(SourceError, match=r"1 of the 1 rows .* 100.00 of 100.00"):
        judge(ads((7, 1, "100")), ads(), kept=ads((9, 5, "900"), account="b"))


def test_rows_of_other_days_than_asked_for_are_dropped_and_those_of_no_day_are_judged() -> None:
    days = ["2026-02-28", "2026-03-01", " 2026-03-02", "2026-03-03", "2026-02-30", "--", None, "20260301"]
    raw = pl.DataFrame({"stat_date": days, "spent": ["1"] * 8})

    asked, outside = steps._within(raw, VK.resources[0].day, MANIFEST.window)

    assert outside == 2
    assert asked["stat_date"].to_list() == ["2026-03-01", " 2026-03-02", "2026-02-30", "--", None, "20260301"]
