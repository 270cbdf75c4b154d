"""When a load must fail: by how much of the window's money is rejected or gone, not by a number of rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from tasks.errors import SourceError
from tasks.landing import Manifest, Request
from tasks.load.upsert import Changes
from tasks.refusals import refuse_if_much_is_wrong, refuse_to_wipe
from tasks.sources import SOURCES
from tasks.steps import _within
from tasks.window import Window
from tests.validation.ad_frames import ad_days, raw_vk
from tests.validation.frames import tickets
from validation.split import Split, WrongFrame

QTICKETS, VK = SOURCES["qtickets"], SOURCES["vk_ads"]
ORDERS, EVENTS = QTICKETS.resources
NOTHING = pl.DataFrame(schema=dict.fromkeys(ORDERS.schema.columns, pl.String))
WINDOW = Window(first=date(2026, 3, 1), last=date(2026, 3, 2))
MANIFEST = Manifest(
    source="qtickets", resource="orders", window=WINDOW, run_id="1", fetched_at=datetime(2026, 3, 3, tzinfo=UTC),
    folder="f", parts=(), rows=0, version=1,
)  # fmt: skip
Prices = list[str | None]


def part(valid: Prices, rejected: Prices, quantity: str = "1", at_fault: str | None = None) -> Split:
    """Tickets by their price, as text. `quantity`, `at_fault`: of the rejected ones; the latter the columns for
    which they are."""

    def rows(prices: Prices, number: str) -> pl.DataFrame:
        given = pl.DataFrame({"price": prices}, schema={"price": pl.String})
        return given.with_columns(pl.lit(number).alias("quantity"))

    why = (pl.lit("is wrong").alias("reason"), pl.lit(at_fault, pl.String).alias("column"))
    return Split(rows(valid, "1"), rows(rejected, quantity).with_columns(*why))


@pytest.mark.parametrize(
    ("judged", "money"),
    [
        (part(["100"] * 27, ["100"]), "100.00 of 2800.00"),
        (part(["100"] * 9, ["100"] * 3), "300.00 of 1200.00"),
        (part(["100"], ["900"]), "900.00 of 1000.00"),
        (part([], ["500", "500"]), "1000.00 of 1000.00"),
        (part(["100"] * 11, ["100", None, "x"]), "at least 100.00 of 1200.00"),
        (part(["0"] * 9, ["0"] * 2), "0.00 of 0.00"),
        (part(["1000"], ["0"] * 19), "0.00 of 1000.00"),
        (part(["100"] * 3, ["10"], quantity="3"), "30.00 of 330.00"),
        # Wrong in the money itself: it counts as much as others do on average, whatever the figure says.
        (part(["100"] * 13, ["-100"] * 4, "1", "price"), "at least 0.00 of 1300.00"),
        (part(["100"] * 13, ["9999999999999999.99"] * 4, "9" * 18, "quantity; price"), "at least 0.00 of 1300.00"),
        (part(["100"] * 27, ["1000000000000000"], "1", "price"), "at least 0.00 of 2700.00"),
    ],
)
def test_odd_rows_go_to_quarantine_and_the_message_says_what_they_carry(judged: Split, money: str) -> None:
    assert refuse_if_much_is_wrong(judged, ORDERS.money) == money


@pytest.mark.parametrize(
    "judged",
    [
        part(["100"] * 11, ["100"] * 17),
        part(["100"] * 8, ["100"] * 3),
        part(["100"] * 19, ["10000"]),
        part([], ["1", "1", "1"]),
        part(["100"] * 8, [None] * 3),
        part(["0"] * 8, ["0"] * 3),
        part([], ["x"] * 3),
        part(["1000"], ["0"] * 20),
        part(["100"] * 9, ["-100"] * 4, "1", "price"),
        part(["100"] * 9, ["9999999999999999.99"] * 4, "9" * 18, "quantity; price"),
        part(["100"] * 9, ["100"] * 4, "0", "quantity"),
    ],
)
def test_much_of_the_money_fails_the_load(judged: Split) -> None:
    wrong, all_rows = judged.rejected.height, judged.rejected.height + judged.valid.height
    with pytest.raises(WrongFrame, match=rf"{wrong} of {all_rows} rows are wrong .* because is wrong"):
        refuse_if_much_is_wrong(judged, ORDERS.money)


def test_of_rows_without_money_the_number_decides() -> None:
    assert refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 3), EVENTS.money) == ""
    with pytest.raises(WrongFrame, match="4 of 13 rows are wrong, most of them because is wrong"):
        refuse_if_much_is_wrong(part(["1"] * 9, ["1"] * 4), EVENTS.money)


def _ver(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(1, pl.UInt64).alias("_ver"))


def sold(prices: list[str], first: int = 0, order: int | None = None) -> pl.DataFrame:
    """Tickets, each of an order of its own or all of one."""
    made = [
        {"ticket_id": n, "order_id": order or 1000 + n, "amount": Decimal(price)}
        for n, price in enumerate(prices, first)
    ]
    return _ver(tickets(*made))


def judge(held: pl.DataFrame, gone: pl.DataFrame, came: pl.DataFrame | None = None) -> None:
    """`came`: what the load brought, beside what is held and not gone."""
    frame = held.clear() if came is None else came
    refuse_to_wipe(Changes(held, frame, frame, gone, gone, 0), QTICKETS.outputs[0], MANIFEST, NOTHING)


@pytest.mark.parametrize(
    ("prices", "gone"), [(["100"] * 4, 1), (["0"] * 19, 19), (["0"] * 40, 20), (["1"] + ["100"] * 3, 1), ([], 0)]
)
def test_a_little_may_vanish(prices: list[str], gone: int) -> None:
    judge(sold(prices), sold(prices).head(gone))


@pytest.mark.parametrize(
    ("prices", "gone"),
    [(["100"] * 3, 1), (["100"], 1), (["100"] * 10, 10), (["500"] + ["1"] * 99, 1), (["0"] * 39, 20)],
)
def test_much_that_vanishes_at_once_is_refused_whatever_the_number_of_rows(prices: list[str], gone: int) -> None:
    lost, whole = sum(map(Decimal, prices[:gone])), sum(map(Decimal, prices))

    with pytest.raises(SourceError) as refusal:
        judge(sold(prices), sold(prices).head(gone))

    assert str(refusal.value) == (
        f"qtickets no longer sends {gone} of the {len(prices)} rows that stg_qtickets_tickets holds for "
        f"2026-03-01..2026-03-02, {lost:.2f} of {whole:.2f} of the money, such as "
        f"{', '.join(f'order_id {1000 + n}' for n in range(min(gone, 3)))}. Nothing was removed. If it is true, delete "
        "them with `zakaz sql` and load again."
    )
    assert refusal.value.transient


def test_an_order_is_gone_by_its_money_and_not_by_the_ids_of_its_tickets() -> None:
    held = sold(["100"] * 3)
    judge(held, held.head(1), sold(["100"], first=100, order=1000))

    ten = sold(["100"] * 10, order=1)
    with pytest.raises(
        SourceError, match=r"9 of the 10 rows .* 900.00 of 1000.00 of the money, such as order_id 1"
    ):
        judge(ten, ten.tail(9), ten.head(1))


def ads(*rows: tuple[int, int, str], account: str = "a") -> pl.DataFrame:
    """Spend of 1 March: campaign, ad, roubles."""
    named = [
        {"ad_id": ad, "campaign_id": campaign, "spent": Decimal(spent), "account_id": account}
        for campaign, ad, spent in rows
    ]
    return _ver(ad_days(*named).with_columns(stat_date=pl.lit(date(2026, 3, 1))))


def judge_ads(
    held: pl.DataFrame, came: pl.DataFrame, kept: pl.DataFrame | None = None, sent: tuple[str, ...] = ()
) -> None:
    """`kept`: rows of the table for which the load does not answer. `sent`: ads that came, and nothing happened."""
    output = VK.outputs[0]
    gone = held.join(came, on=list(output.table.key), how="anti")
    whole, absent = (pl.concat([rows, kept if kept is not None else rows.clear()]) for rows in (held, gone))
    raw = raw_vk(*({"stat_date": "2026-03-01", "ad_id": one, "spent": "0"} for one in sent))
    refuse_to_wipe(Changes(whole, came, came, absent, gone, 0), output, MANIFEST, raw)


def test_which_ads_are_gone() -> None:
    """Not one that moved to another campaign, nor one whose day was restated to zero."""
    two = ads((7, 1, "100"), (7, 2, "100"))
    judge_ads(ads((7, 1, "100")), ads((8, 1, "100")))
    judge_ads(two, ads(), sent=("1", "2"))
    for held, came, options, lost in [
        (two, ads(), {"sent": ("1",)}, "1 of the 2 rows .* 100.00 of 200.00"),
        # Of two campaigns of the wizard, whose ads have no ids, the dear one is no longer in the report.
        (ads((7, 0, "900"), (8, 0, "100")), ads((8, 0, "100")), {}, "1 of the 2 rows .* 900.00 of 1000.00"),
        # Another account's spend does not hide that one lost all of its own.
        (
            ads((7, 1, "100")),
            ads(),
            {"kept": ads((9, 5, "900"), account="b")},
            "1 of the 1 rows .* 100.00 of 100.00",
        ),
    ]:
        with pytest.raises(SourceError, match=lost):
            judge_ads(held, came, **options)  # type: ignore[arg-type]


def test_rows_of_other_days_than_asked_for_are_dropped_and_those_of_no_day_are_judged() -> None:
    days = ["2026-02-28", "2026-03-01", " 2026-03-02", "2026-03-03", "2026-02-30", "--", None, "20260301"]
    asked, outside = _within(pl.DataFrame({"stat_date": days, "spent": ["1"] * 8}), VK.resources[0].day, WINDOW)

    assert outside == 2
    assert asked["stat_date"].to_list() == ["2026-03-01", " 2026-03-02", "2026-02-30", "--", None, "20260301"]


def test_another_question_account_version_or_form_is_another_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("qtickets", "orders", "a", WINDOW, "1")
    others = [
        replace(request, source="vk_ads"),
        replace(request, resource="events"),
        replace(request, account="b"),
        replace(request, window=Window(first=date(2026, 3, 1), last=date(2026, 3, 3))),
        replace(request, version="2"),
    ]
    keys = {request.key, *(other.key for other in others)}
    assert replace(request).key == request.key

    class WithMore(Manifest):
        """What a later version of this program would read."""

        proved: bool

    monkeypatch.setattr("tasks.landing.Manifest", WithMore)
    assert len(keys | {request.key}) == 7
