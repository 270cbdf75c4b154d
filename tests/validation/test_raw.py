"""Every rule for a raw row and for a finished one, with the words in which a person will read that it was broken; and what
passes.

Raw rows of a kind are judged together, since a split costs the same for one row and for hundreds."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.validation import frames
from tests.validation.frames import FACT, ad_days, raw_orders, tickets
from validation import ads, qtickets
from validation.split import Split, WrongFrame, split

Change = dict[str, str | None]
# The frame, its rules, the key, and a text that no rule is about.
KINDS = {
    "order": (raw_orders, qtickets.raw_orders, "ticket_id", "utm_term"),
    "event": (frames.raw_events, qtickets.raw_events, "event_id", "timezone"),
    "vk": (frames.raw_vk, ads.raw_vk, "ad_id", "campaign_name"),
    "direct": (frames.raw_direct, ads.raw_direct, "ad_id", "campaign_name"),
}
ADS = ("vk", "direct")
MONEY = {"order": "price", "vk": "spent", "direct": "cost"}
BACK: Change = {"refunded_at": "2025-06-05T10:00:00+03:00"}
NO_REFUND = (None, "abc", "-441")
ORDER_IDS = ("ticket_id", "order_id", "event_id")
NO_ID = ("", "0", "-1", "1.5", "abc", "1_0", "1٣", "9" * 19, "NaN")
NO_COUNT = ("0", "-1", "1.5", "", "10000", "٣")
NO_TIME = ("2025-06-01", "2025-02-30T12:23:40+03:00", "1748770000", "1899-06-01T12:23:40+03:00")
NO_FIGURE = ("-1", "1 000", "", "٣", "9" * 19, "NaN", "1_000")
NO_MONEY = ("", "abc", "12,30", "1 000", "490.005", "٤٩", "9" * 20, "NaN", "1_0.00")
Case = tuple[str, Change, str]


def each(kinds: Iterable[str], names: Iterable[str], texts: Iterable[str | None], why: str) -> list[Case]:
    return [(kind, {name: text}, f"{name} {why}") for kind in kinds for name in names for text in texts]


BROKEN: list[Case] = [
    *each(["order"], (*ORDER_IDS, "payed", "currency", "price", "quantity"), [None], "is missing"),
    *each(["order"], ORDER_IDS, NO_ID, "is not a positive whole number"),
    *each(["order"], ["quantity"], NO_COUNT, "is not a number from 1 to 9999"),
    *each(["order"], ["payed"], ("", "yes", "2"), "is neither true nor false"),
    *each(
        ["order"],
        ("payed_at", "ticket_deleted_at", "refunded_at"),
        NO_TIME,
        "is not a date and time with an offset",
    ),
    *each(["order"], ["price"], ["1000000000000"], "is a trillion or more"),
    *each(["order"], ["currency"], ("", "РУБ", "XXX"), "is not a currency code"),
    ("order", {"payed_at": None}, "paid, but payed_at is missing"),
    ("order", {"payed": "0", "payed_at": None, "created_at": None}, "neither created_at nor payed_at is known"),
    *(
        ("order", BACK | {"refunded_amount": text}, "refunded, but refunded_amount is missing or wrong")
        for text in NO_REFUND
    ),
    *each(["event"], ["event_id"], [None], "is missing"),
    *each(["event"], ["event_id"], ["x"], "is not a positive whole number"),
    ("event", dict.fromkeys(("event_name", "city", "is_active")), "says nothing but its id"),
    *each(ADS, ("stat_date", "account_id"), [None], "is missing"),
    *each(ADS, ["stat_date"], ("--", "2026-02-30", "19.01.2026", ""), "is not a date"),
    *each(ADS, ("campaign_id", "ad_group_id"), ["x1"], "is not an id"),
    *each(ADS, ["ad_id"], ("-5", "1.5", "9" * 20, ""), "is not an id"),
    *each(ADS, ["impressions"], NO_FIGURE, "is not a number"),
    *each(ADS, ["clicks"], ["x"], "is not a number"),
    # Left out they would count as nothing, and spend would fall to zero unseen.
    *each(["vk"], ("impressions", "clicks", "spent"), [None], "is missing"),
    *each(["direct"], ["cost"], [None], "is missing"),
    *(case for kind, name in MONEY.items() for case in each([kind], [name], NO_MONEY, "is not an amount of money")),
    *(case for kind, name in MONEY.items() for case in each([kind], [name], ["-0.01"], "is negative")),
]
FINE: list[tuple[str, Change]] = [
    *(("order", change) for change in (
        {}, {"show_id": None, "created_at": None, "price_is_for": None}, {"payed": "0", "payed_at": None}, {"price": "0"},
        BACK | {"refunded_amount": "441"}, {"price": "999999999999.99", "quantity": "9999"},
        {"created_at": "2025-06-01T16:21:14.123456+07:00"}, {"ticket_id": "9" * 18},
        # A new currency must not be quarantined for good.
        *({"currency": code} for code in "KZT BYN UZS AMD GEL KGS TJS AZN USD EUR ILS AED CNY".split()),
    )),
    *(("event", change) for change in ({"city": None}, {"venue": None}, {"timezone": None}, {"is_active": None})),
    *((kind, change) for kind in ADS for change in (
        {"ad_group_id": "--", "ad_id": "--"}, {"ad_group_id": None, "campaign_id": None},
        {"ad_group_id": "0", "ad_id": str(2**63)}, {"conversions": "--", "clicks": "--"},
        {"campaign_name": "", "link": None, "conversions": None},
        *({MONEY[kind]: text} for text in ("0.00", "4.5", "1662.3300", "1" * 16, "--")),
    )),
]  # fmt: skip
# As it came, as it is read.
MENDED: list[tuple[tuple[str, ...], str, str | None]] = [
    (("ticket_id", "order_id", "event_id", "show_id"), "1.0", "1"), (("ticket_id",), " 2\n", "2"),
    (("quantity",), "4.000", "4"), (("currency",), " RUR ", "RUB"),
    (("price", "order_price", "original_price", "refunded_amount"), "499.5000000000001", "499.50"),
    *((("payed_at", "created_at", "order_deleted_at", "ticket_deleted_at"), text, "2025-06-01T12:23:40+03:00")
      for text in ("2025-06-01 12:23:40+03", " 2025-06-01T12:23:40 +0300\n", "2025-06-01 12:23:40")),
    *((("ticket_deleted_at", "refunded_at"), text, None) for text in ("", "-0001-11-30T00:00:00+02:30")),
]  # fmt: skip
# Values that are wrong in columns on which no figure rests.
LEFT_OUT = [
    *(
        ("order", name, "abc")
        for name in ("show_id", "created_at", "refunded_amount", "original_price", "order_price")
    ),
    *((kind, name, text) for kind in ADS for name, text in (("currency", "руб"), ("conversions", "много"))),
    ("event", "show_start_at", "soon"),
]


def judged(kind: str, changes: list[Change]) -> tuple[Split, dict[int, list[str]]]:
    """The split of one row a change, each with an id of its own, and the reasons by the number of the change."""
    frame, schema, key, mark = KINDS[kind]
    rows = [{key: str(1000 + n)} | change | {mark: str(n)} for n, change in enumerate(changes)]
    parts = split(frame(*rows), schema)
    told = parts.rejected.select(mark, "reason").iter_rows()
    return parts, {int(number): reason.split("; ") for number, reason in told}


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_rule_is_named_and_what_an_api_may_send_passes(kind: str) -> None:
    cases = [(change, reason) for its, change, reason in BROKEN if its == kind]
    fine = [change for its, change in FINE if its == kind]
    parts, reasons = judged(kind, [*(change for change, _ in cases), *fine])
    assert parts.valid.height == len(fine) > 3
    for number, (change, reason) in enumerate(cases):
        assert reason in reasons[number], change


def test_an_odd_but_plain_value_costs_no_row() -> None:
    cases = [(name, written, read) for names, written, read in MENDED for name in names]
    parts, _ = judged("order", [{name: written} for name, written, _ in cases])
    assert parts.rejected.rows() == []
    for number, ((name, written, read), row) in enumerate(zip(cases, parts.valid.rows(named=True), strict=True)):
        own = {"ticket_id": str(1000 + number), "utm_term": str(number)}
        assert row == frames.RAW_ORDER | own | {name: read}, written


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_value_on_which_no_figure_rests_is_left_out_and_counted(kind: str) -> None:
    cases = [(name, written) for its, name, written in LEFT_OUT if its == kind]
    parts, _ = judged(kind, [{name: written} for name, written in cases])
    assert (parts.rejected.rows(), parts.odd) == ([], Counter(name for name, _ in cases))
    assert {row[name] for (name, _), row in zip(cases, parts.valid.rows(named=True), strict=True)} == {None}


def test_the_second_row_of_a_ticket_is_rejected_and_the_first_stays() -> None:
    none = {"ticket_id": None}
    parts = split(raw_orders({"price": "1"}, {"ticket_id": "5"}, {"price": "2"}, none, none), qtickets.raw_orders)
    assert parts.valid["price"].to_list() == ["1", "343"]
    told = ["ticket_id stands twice in this load", *["ticket_id is missing"] * 2]
    assert parts.rejected["reason"].to_list() == told


@pytest.mark.parametrize(
    ("kind", "raw"), [("order", frames.RAW_ORDER), ("direct", frames.RAW_DIRECT), ("vk", frames.RAW_VK)]
)
def test_a_column_that_is_gone_is_a_wrong_frame_and_named(kind: str, raw: Change) -> None:
    """But for those that a source may leave out: they are null."""
    frame, schema, *_ = KINDS[kind]
    extra = [name for name in raw if not schema.columns[name].required]
    parts = split(frame({}).drop(extra), schema)
    assert (parts.valid.height, {parts.valid[name].item() for name in extra} - {None}) == (1, set())
    for column in raw.keys() - extra:
        with pytest.raises(WrongFrame, match=f"^the source no longer sends {column}$"):
            split(frame({}).drop(column), schema)


SINCE = datetime(2025, 6, 5, tzinfo=UTC)
CONTRADICTION = "state and dates contradict each other"
NEGATIVE = Decimal("-0.01")
NAMED_BY_THE_SOURCE = ("campaign_id", "ad_group_id", "campaign_name", "currency")
TAGS = [name for name in FACT if name.startswith(("utm_", "link_"))]
SOLD, SPENT = (tickets, qtickets.tickets), (ad_days, ads.facts)


BREAKING: list[tuple[Any, dict[str, Any], str]] = [
    (SOLD, {"state": "lost"}, "state is no state"), (SOLD, {"price": NEGATIVE}, "price is negative"),
    (SOLD, {"quantity": 0}, "quantity is zero"), (SOLD, {"currency": None}, "currency is missing"),
    *((SOLD, change, CONTRADICTION) for change in ({"paid_at": None}, {"state": "refunded"}, {"refunded_at": SINCE})),
    (SOLD, {"refunded_amount": Decimal(1)}, "money was given back without a refund"),
    (SPENT, {"spent": NEGATIVE}, "spent is negative"),
    *((SPENT, {name: None}, f"{name} is missing") for name in FACT if name not in (*TAGS, *NAMED_BY_THE_SOURCE)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "reason"), BREAKING)
def test_a_row_that_breaks_a_rule_is_rejected_in_words(kind: Any, change: dict[str, Any], reason: str) -> None:
    frame, schema = kind
    (told,) = split(frame(change), schema).rejected["reason"].to_list()
    assert reason in told.split("; ")


def test_a_row_in_any_true_state_passes() -> None:
    back = {"state": "refunded", "refunded_at": SINCE}
    states = [back | {"refunded_amount": Decimal(money)} for money in (343, 0)]
    states += [{"state": state, "paid_at": None} for state in ("cancelled", "reserved")]
    for state in states:
        assert split(tickets(state), qtickets.tickets).rejected.rows() == []
    # A link that is not known has no tags, a group that is not known no names.
    assert split(ad_days(dict.fromkeys([*TAGS, *NAMED_BY_THE_SOURCE])), ads.facts).rejected.rows() == []


AD_KEY = {"stat_date": date(2026, 1, 20), "account_id": "b", "campaign_id": 2, "ad_group_id": 2, "ad_id": 2}


@pytest.mark.parametrize(("kind", "key"), [(SOLD, {"ticket_id": 2}), (SPENT, AD_KEY)])
def test_a_key_that_stands_twice_lets_neither_row_through_and_each_part_counts(kind: Any, key: Any) -> None:
    """One of the two is wrong, and the run stops before either is loaded."""
    frame, schema = kind
    assert split(frame({}, *({name: value} for name, value in key.items())), schema).rejected.height == 0
    assert split(frame({}, {}, key), schema).rejected["reason"].to_list() == ["the key stands twice"] * 2


def test_a_frame_of_other_types_is_wrong() -> None:
    for (frame, schema), change in (
        (SOLD, pl.col("price").cast(pl.Float64)), (SOLD, pl.col("amount").cast(pl.Decimal(18, 4))),
        (SOLD, pl.col("paid_at").dt.replace_time_zone(None)), (SPENT, pl.col("spent").cast(pl.Float64)),
    ):  # fmt: skip
        with pytest.raises(WrongFrame, match="is not of type"):
            split(frame({}).with_columns(change), schema)
