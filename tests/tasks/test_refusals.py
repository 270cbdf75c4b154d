"""When a load must fail: by how much of the window's money is rejected or gone, not by a number of rows. And which days are loaded
for what was asked: never one to come, today's spend only on request, and windows lie side by side without a gap."""

import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st

from tasks import steps
from tasks.errors import SourceError, UsageError
from tasks.landing import Manifest
from tasks.load.upsert import Changes
from tasks.refusals import refuse_if_much_is_wrong, refuse_stranger, refuse_to_wipe
from tasks.settings import Settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.sources.qtickets import SOURCE as QTICKETS
from tasks.sources.source import Source
from tasks.sources.vk_ads import SOURCE as VK
from tasks.sources.windows import backfill_window, requested_window, split_by_months
from tasks.window import Window, moscow_today
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import frame, ticket
from tests.validation.frames import ad_days, raw_vk
from validation.split import Split, WrongFrame

(ORDERS, _), (TICKETS, *_), (AD_DAYS, *_) = QTICKETS.resources, QTICKETS.outputs, VK.outputs
NOTHING = pl.DataFrame(schema=dict.fromkeys(ORDERS.schema.columns, pl.String))
MARCH = Window(first=date(2026, 3, 1), last=date(2026, 3, 2))
MANIFEST = Manifest(
    source="qtickets", account="main", resource="orders", window=MARCH, run_id="run-1",
    fetched_at=datetime(2026, 3, 3, tzinfo=UTC), folder="", parts=(), rows=0, version=1,
)  # fmt: skip
Prices = list[str | None]


def part(valid: Prices, rejected: Prices, quantity: str = "1", at_fault: str | None = None) -> Split:
    """Tickets by their price, as text. `quantity` and `at_fault`, the columns that are wrong: of the rejected ones."""

    def rows(prices: Prices, pieces: str) -> pl.DataFrame:
        given = pl.DataFrame({"price": prices}, schema={"price": pl.String})
        return given.with_columns(pl.lit(pieces).alias("quantity"))

    reasons = pl.lit("is wrong").alias("reason"), pl.lit(at_fault, pl.String).alias("column")
    return Split(rows(valid, "1"), rows(rejected, quantity).with_columns(*reasons))


def test_odd_rows_go_to_quarantine_and_the_message_says_what_they_carry() -> None:
    for split, money in (
        (part(["100"] * 9, ["100"] * 3), "300.00 of 1200.00"), (part([], ["500", "500"]), "1000.00 of 1000.00"),
        (part(["100"] * 11, ["100", None, "x"]), "at least 100.00 of 1200.00"),
        (part(["1000"], ["0"] * 19), "0.00 of 1000.00"), (part(["100"] * 9, ["10"], quantity="3"), "30.00 of 930.00"),
        # One price beyond all reason does not stop the source; it counts as others do on average.
        (part(["100"] * 27, ["1000000000000000"], at_fault="price"), "at least 0.00 of 2700.00"),
    ):  # fmt: skip
        assert refuse_if_much_is_wrong(split, ORDERS.money) == f"{money} of the money"


def test_much_of_the_money_fails_the_load() -> None:
    for split in (
        part(["100"] * 8, ["100"] * 3), part(["100"] * 19, ["10000"]), part([], ["x"] * 3), part(["1000"], ["0"] * 20),
        # Four of 13 rows are more than a quarter, whatever the wrong figures say.
        part(["100"] * 9, ["-100"] * 4, at_fault="price"),
        part(["100"] * 9, ["9999999999999999.99"] * 4, quantity="9" * 18, at_fault="quantity; price"),
    ):  # fmt: skip
        wrong, all_rows = split.rejected.height, split.rejected.height + split.valid.height
        with pytest.raises(WrongFrame, match=rf"{wrong} of {all_rows} rows wrong, .* because is wrong"):
            refuse_if_much_is_wrong(split, ORDERS.money)


def test_of_rows_without_money_the_number_decides() -> None:
    """As of events: three rows and more than a quarter."""
    for valid, rejected, fails in ((9, 3, False), (8, 3, True), (1, 1, False), (0, 3, True)):
        with pytest.raises(WrongFrame) if fails else nullcontext():
            assert refuse_if_much_is_wrong(part(["0"] * valid, ["0"] * rejected), None) == ""


def versioned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(1, pl.UInt64).alias("_ver"))


def vanish(held: list[str], gone: int, *, brought: int = 0) -> None:
    """Tickets held by what they cost, the first `gone` of which the source no longer has; `brought` of the gone
    orders come with other tickets."""
    rows = versioned(frame([ticket(n, amount=amount) for n, amount in enumerate(held)]))
    others = versioned(frame([ticket(100 + n, order_id=1000 + n) for n in range(brought)]))
    absent = rows.head(gone)
    refuse_to_wipe(Changes(rows, others, others, absent, absent, 0), TICKETS, MANIFEST, NOTHING)


@pytest.mark.parametrize(("held", "gone"), [(["100"] * 3, 1), (["500"] + ["1"] * 99, 1), (["0"] * 39, 20)])
def test_much_that_vanishes_at_once_is_refused_whatever_the_number_of_rows(held: list[str], gone: int) -> None:
    """A little may."""
    for few in ((["100"] * 4, 1), (["0"] * 40, 20), ([], 0)):
        vanish(*few)
    lost, whole = sum(map(Decimal, held[:gone])), sum(map(Decimal, held))
    words = f"{gone} of the {len(held)} rows .* {lost:.2f} of {whole:.2f} of the money, such as order_id 1000"
    with pytest.raises(SourceError, match=words) as refusal:
        vanish(held, gone)
    assert refusal.value.transient


def test_an_order_whose_tickets_got_other_ids_has_not_vanished_and_one_that_lost_its_lines_has() -> None:
    vanish(["100"] * 3, 1, brought=1)
    rows = versioned(frame([ticket(n, order_id=1, amount="100") for n in range(10)]))
    gone = rows.tail(9)
    lost = r"9 of the 10 rows .* 900.00 of 1000.00 of the money, such as order_id 1"
    with pytest.raises(SourceError, match=lost):
        refuse_to_wipe(Changes(rows, rows.head(1), rows.clear(), gone, gone, 0), TICKETS, MANIFEST, NOTHING)


def ads(*rows: tuple[int, int, str]) -> pl.DataFrame:
    """Spend of 1 March: campaign, ad, roubles."""
    named = [{"campaign_id": one, "ad_id": two, "spent": Decimal(spent)} for one, two, spent in rows]
    return versioned(ad_days(*named).with_columns(stat_date=pl.lit(date(2026, 3, 1))))


def raw_ads(*ids: str) -> pl.DataFrame:
    """What the API sent of 1 March: ads on which nothing happened."""
    rows: list[dict[str, str | None]] = [{"stat_date": "2026-03-01", "ad_id": one, "spent": "0"} for one in ids]
    return raw_vk(*rows)


TWO = ads((7, 1, "100"), (7, 2, "100"))
FIVE = ads(*((7, number, "100") for number in range(1, 6)))


ONE = ads((7, 1, "100"))
WIZARD = ads((7, 0, "900"), (8, 0, "1"))


@pytest.mark.parametrize(
    ("held", "came", "sent", "kept", "lost"),
    [
        # Moved to another campaign; restated to zero, both ads or one of them.
        (ONE, ads((8, 1, "100")), "", ads(), None), (TWO, ads(), "12", ads(), None),
        (TWO, ads(), "1", ads(), "1 of the 2 rows .* 100.00 of 200.00 of the money, such as ad_id 2"),
        # All of a few at once.
        (FIVE, ads(), "12345", ads(), "or sends as zeros, 5 of the 5 rows .* 500.00 of 500.00"),
        (FIVE, FIVE.head(1), "2345", ads(), None),
        # Ads without an id: the campaign tells which of them is gone.
        (WIZARD, WIZARD.tail(1), "", ads(), "1 of the 2 .* 900.00 of 901.00"),
        # Spend that stays, of an ad that is no longer listed, does not hide that all else is gone.
        (ONE, ads(), "", ads((9, 5, "900")), "1 of the 1 .* 100.00 of 100.00"),
    ],
)  # fmt: skip
def test_an_ad_that_moved_or_was_restated_to_zero_has_not_vanished(
    held: pl.DataFrame, came: pl.DataFrame, sent: str, kept: pl.DataFrame, lost: str | None
) -> None:
    gone = held.join(came, on=list(AD_DAYS.table.key), how="anti")
    changes = Changes(pl.concat([held, kept]), came, came, pl.concat([gone, kept]), gone, 0)
    with pytest.raises(SourceError, match=lost) if lost else nullcontext():
        refuse_to_wipe(changes, AD_DAYS, MANIFEST, raw_ads(*sent))


def meet(
    client: Client, source: Source, name: str, *marks: str, version: int = 1, at: str = "https://a.ru"
) -> None:
    """A load of this account, by which the source's own ids came."""
    settings = Settings(_env_file=None, qtickets_base_url=at, vk_base_url=at)
    parts = [MANIFEST, MANIFEST.model_copy(update={"marks": marks})]
    with patch("tasks.refusals.next_version", lambda _client: version):
        refuse_stranger(client, Account(source, name, settings), parts)


def remembered(client: Client) -> list[tuple[object, ...]]:
    return values(client, "SELECT source, account, marks, _ver FROM meta_accounts ORDER BY source, account")


def test_credentials_of_another_account_under_an_old_name_are_refused(client: Client) -> None:
    """One event in common is enough: all others may be gone. Of an account that has nothing yet, nothing is known."""
    meet(client, QTICKETS, "main")
    meet(client, QTICKETS, "main", "7", "8")
    meet(client, QTICKETS, "main", "8", "9", version=2)
    meet(client, QTICKETS, "main", "9", "8", version=3)
    meet(client, QTICKETS, "main", version=3)
    meet(client, VK, "main", "1")
    for source, marks in ((QTICKETS, ("7", "10")), (VK, ("2",))):
        told = r"another account than the one .* has as main\. .*\.new-name"
        with pytest.raises(SourceError, match=told):
            meet(client, source, "main", *marks, version=4)
    known = [("qtickets", "main", ["8", "9"], 2), ("vk_ads", "main", ["1"], 1)]
    assert remembered(client) == known, "not written anew where nothing changed"


def test_one_account_under_two_names_is_refused_where_the_source_tells_its_own_id(client: Client) -> None:
    """Numbers of events are no such id, nor is that of a stand-in at another address."""
    for source in (QTICKETS, VK):
        meet(client, source, "main", "7")
    meet(client, QTICKETS, "spb", "7")
    meet(client, VK, "sandbox", "7", at="http://127.0.0.1:1")
    with pytest.raises(SourceError, match=r"spb: .* has as main already, .* into secrets/\.env\.vk, alone"):
        meet(client, VK, "spb", "7")
    known = [
        (source, name)
        for source, *names in (("qtickets", "main", "spb"), ("vk_ads", "main", "sandbox"))
        for name in names
    ]
    assert [row[:2] for row in remembered(client)] == known


def test_rows_of_other_days_than_asked_for_are_dropped_and_those_of_no_day_are_judged() -> None:
    days = ["2026-02-28", "2026-03-01", " 2026-03-02", "2026-03-03", "2026-02-30", "--", None, "20260301"]
    kept, outside = steps._within(pl.DataFrame({"stat_date": days}), VK.resources[0].day, MANIFEST.window)
    assert outside == 2
    assert kept["stat_date"].to_list() == ["2026-03-01", " 2026-03-02", "2026-02-30", "--", None, "20260301"]


TODAY = date(2026, 11, 24)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
DIRECT = SOURCES["direct"]


def asked(source: Source, days: int | None = None, first: date | None = None, last: date | None = None) -> Window:
    return requested_window(source, days, first, last, today=TODAY)


def days(first: date, last: date) -> Window:
    return Window(first=first, last=last)


def test_a_window_that_makes_no_sense_is_refused() -> None:
    for first, last, words in (
        (YESTERDAY, TOMORROW, "The window ends on 2026-11-25, which is after today (2026-11-24 in Moscow)."),
        (TOMORROW, None, "The window begins on 2026-11-25, which is after today"),
        (YESTERDAY, date(2026, 11, 22), "ends on 2026-11-22, before it begins on 2026-11-23."),
        (date.min, None, "nothing before 2000-01-01"),
    ):
        for window in (asked, lambda *given: backfill_window(VK, *given[2:], today=TODAY)):
            with pytest.raises(UsageError, match=re.escape(words)):
                window(VK, None, first, last)


def test_days_back_end_with_the_newest_complete_day_and_each_source_has_its_own_number() -> None:
    assert asked(QTICKETS, 2) == asked(QTICKETS) == asked(QTICKETS, first=YESTERDAY) == days(YESTERDAY, TODAY)
    assert asked(VK, 2) == asked(DIRECT, 2) == days(date(2026, 11, 22), YESTERDAY)
    assert (asked(VK).days, asked(DIRECT).days) == (14, 7)
    for number in (0, 1101):
        with pytest.raises(UsageError, match=f"at least 1 and at most 1100, not {number}"):
            asked(QTICKETS, number)


def test_todays_spend_is_loaded_where_asked_for_and_never_by_a_backfill(caplog: pytest.LogCaptureFixture) -> None:
    assert asked(DIRECT, None, YESTERDAY, TODAY) == days(YESTERDAY, TODAY)
    assert backfill_window(QTICKETS, YESTERDAY, TODAY, today=TODAY) == days(YESTERDAY, TODAY), "sales are as good"
    assert caplog.messages == ["Yandex Direct: 2026-11-24 is not over yet, so its figures are not final"]
    first = date(2026, 10, 30)
    for last in (None, TODAY):
        whole = backfill_window(DIRECT, first, last, today=TODAY)
        assert whole == days(first, YESTERDAY)
    assert list(split_by_months(whole, 1)) == [days(first, date(2026, 10, 31)), days(date(2026, 11, 1), YESTERDAY)]
    with pytest.raises(UsageError, match="goes up to 2026-11-23, since 2026-11-24 is not over yet"):
        backfill_window(DIRECT, TODAY, TODAY, today=TODAY)


@given(*[st.dates(date(2020, 1, 1), date(2026, 1, 8))] * 2, st.sampled_from([1, 3, 12]))
def test_windows_of_a_backfill_cover_every_day_once_wherever_it_begins(one, other, months) -> None:  # type: ignore[no-untyped-def]
    whole = Window(first=min(one, other), last=max(one, other))
    windows = list(split_by_months(whole, months))
    days = [window.first + timedelta(days=n) for window in windows for n in range(window.days)]
    assert days == [whole.first + timedelta(days=n) for n in range(whole.days)]
    assert all(w.first.day == 1 and (w.first.month - 1) % months == 0 for w in windows[1:])


DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(DAYS, st.integers(0, 400))
def test_a_window_is_whole_moscow_days_and_the_next_begins_where_it_ends(first: date, length: int) -> None:
    """Moscow has kept three hours ahead of UTC since October 2014: its midnight is 21:00 UTC of the day before."""
    last = first + timedelta(days=length)
    window = Window(first=first, last=last)
    assert window.start == datetime.combine(first, datetime.min.time(), UTC) - timedelta(hours=3)
    assert window.end - window.start == window.days * timedelta(days=1) == timedelta(days=length + 1)
    assert Window(first=last + timedelta(days=1), last=last + timedelta(days=3)).start == window.end
    assert Window.trailing(length + 1, last) == window
    assert Window.model_validate_json(window.model_dump_json()) == window


@given(st.integers(1_420_070_400, 2_200_000_000), OFFSETS)
def test_an_instant_lies_in_its_moscow_day_whatever_its_offset(seconds: int, offset: timezone) -> None:
    moment = datetime.fromtimestamp(seconds, offset)
    day = moscow_today(moment)
    assert day == (datetime.fromtimestamp(seconds, UTC) + timedelta(hours=3)).date()
    window = Window(first=day, last=day)
    assert window.start <= moment < window.end
