"""Every rule for a raw ticket line, with the words in which a person will read that it was broken."""

from __future__ import annotations

import pytest

from tests.validation.frames import RAW_ORDER, raw_orders
from validation import qtickets as must
from validation.split import split

MISSING = "is missing"
NO_NUMBER = "is not a positive whole number"
NO_DATE = "is not a date and time with an offset"
NO_MONEY = "is not an amount of money"
NO_COUNT = "is not a number from 1 to 9999"
PAID_WHEN = "paid, but payed_at is missing"
NO_AMOUNT = "refunded, but refunded_amount is missing or wrong"
BACK_AT = "2025-06-05T10:00:00+03:00"
BROKEN: list[tuple[dict[str, str | None], str]] = [
    *(({name: None}, f"{name} {MISSING}") for name in ("ticket_id", "order_id", "event_id", "payed")),
    *(({name: None}, f"{name} {MISSING}") for name in ("currency", "price", "quantity")),
    *(
        ({name: text}, f"{name} {NO_NUMBER}")
        for name in ("ticket_id", "order_id", "event_id")
        for text in ("", "0", "00", "-1", "1.5", "1e-3", "abc", "1_0", "1٣", "9" * 19, "9" * 90, "NaN", "0x1f")
    ),
    *(({"quantity": text}, f"quantity {NO_COUNT}") for text in ("0", "-1", "1.5", "", "10000", "5000000000", "٣")),
    *(({"payed": text}, "payed is neither true nor false") for text in ("", "yes", "2", "null", "0.5", "[]")),
    *(
        ({name: text}, f"{name} {NO_DATE}")
        for name in ("payed_at", "order_deleted_at", "ticket_deleted_at", "refunded_at")
        for text in (
            "2025-06-01",
            "2025-02-30T12:23:40+03:00",
            "2025-06-01T25:23:40+03:00",
            "2025-W22-7T12:23:40+03:00",
            "01.06.2025 12:23",
            "1748770000",
            "1899-06-01T12:23:40+03:00",
            "2199-06-01T12:23:40+03:00",
            "2025-06-01T12:23:40 MSK",
        )
    ),
    *(
        ({"price": text}, f"price {NO_MONEY}")
        for text in ("", "abc", "1,5", "1 000", "490.005", "499.5001", "٤٩", "9" * 20, "Infinity", "9" * 90)
    ),
    ({"price": "-1"}, "price is negative"),
    ({"price": "-0.01"}, "price is negative"),
    ({"price": "1000000000000"}, "price is a trillion or more"),
    *(({"currency": text}, "currency is not a currency code") for text in ("", "РУБ", "RUBL", "643", "XXX")),
    ({"payed_at": None}, PAID_WHEN),
    ({"payed": "1", "payed_at": None}, PAID_WHEN),
    ({"payed": "false", "payed_at": None, "created_at": None}, "neither created_at nor payed_at is known"),
    ({"refunded_at": BACK_AT}, NO_AMOUNT),
]
# As it came, as it is read.
MENDED: list[tuple[str, str, str | None]] = [
    *(
        (name, text, "1")
        for name in ("ticket_id", "order_id", "event_id", "show_id")
        for text in ("1.0", " 1", "1\n")
    ),
    ("ticket_id", "12000043.0", "12000043"),
    ("ticket_id", "1.2000043e7", "12000043"),
    ("quantity", "1.0", "1"),
    ("quantity", "4.000", "4"),
    ("payed", "1.0", "1"),
    ("payed", "True", "true"),
    *(
        (name, "499.5000000000001", "499.50")
        for name in ("price", "order_price", "original_price", "refunded_amount")
    ),
    ("price", "499.49999999999994", "499.50"),
    ("price", "4.995e2", "499.50"),
    ("price", " 499.50 ", "499.50"),
    ("price", "490.", "490.00"),
    ("price", ".5", "0.50"),
    *(
        (name, text, "2025-06-01T12:23:40+03:00")
        for name in ("payed_at", "created_at", "order_deleted_at", "ticket_deleted_at")
        for text in (
            "2025-06-01 12:23:40+03:00",
            "2025-06-01 12:23:40+03",
            "2025-06-01T12:23:40+0300",
            "2025-06-01T12:23:40 +03:00",
            " 2025-06-01T12:23:40+03:00\n",
            "2025-06-01 12:23:40",
            "2025-06-01T12:23:40",
        )
    ),
    ("payed_at", "2025-06-01T12:23", "2025-06-01T12:23:00+03:00"),
    ("payed_at", "2025-06-01T09:23:40.123Z", "2025-06-01T09:23:40.123000+00:00"),
    *(
        (name, text, None)
        for name in ("order_deleted_at", "ticket_deleted_at", "refunded_at")
        for text in ("", "0000-00-00 00:00:00", "-0001-11-30T00:00:00+02:30")
    ),
    *(("currency", text, "RUB") for text in ("rub", " RUB", "Rub ", "RUR")),
    ("currency", "kzt", "KZT"),
]
# Values that are wrong in columns on which no figure of a ticket that was not given back rests.
LEFT_OUT = [
    *(("show_id", text) for text in ("", "0", "-1", "abc", "9" * 19)),
    *(("created_at", text) for text in ("2025-06-01", "01.06.2025 12:23", "soon", "1899-06-01T12:23:40+03:00")),
    *(
        (name, text)
        for name in ("original_price", "order_price", "order_original_price", "refunded_amount")
        for text in ("", "abc", "1,5", "490.005", "٤٩", "9" * 19)
    ),
    ("refunded_amount", "-441"),
    ("price_is_for", "ticket"),
]
FINE: list[dict[str, str | None]] = [
    {},
    {"show_id": None},
    {"payed": "1"},
    {"payed": "0", "payed_at": None},
    {"payed": "false", "payed_at": None},
    {"payed": "false"},
    {"order_deleted_at": "2025-06-02T12:36:53+03:00", "ticket_deleted_at": "2025-06-02T12:36:53+03:00"},
    {"refunded_amount": "0"},
    {"refunded_at": "2025-06-05T10:00:00+03:00", "refunded_amount": "441"},
    {"order_price": None},
    {"order_price": "-5"},
    {"price": "0"},
    {"price": "0.5"},
    {"price": "343.50"},
    {"price": "343.500000"},
    {"price": "999999999999.99", "quantity": "9999"},
    {"quantity": "4"},
    {"quantity": "04"},
    {"created_at": None},
    {"price_is_for": None},
    {"price_is_for": "line"},
    {"created_at": "2025-06-01T09:21:14Z"},
    {"created_at": "2025-06-01T16:21:14+07:00"},
    {"created_at": "2025-06-01T12:21:14.123456+03:00"},
    {"currency": "KZT"},
    {"utm_source": None, "utm_medium": None},
    {"utm_content": "' OR 1=1 --\n🎫"},
    {"ticket_id": "9" * 18},
]


@pytest.mark.parametrize(("change", "reason"), BROKEN, ids=lambda value: repr(value)[:60])
def test_a_broken_rule_is_told_in_words(change: dict[str, str | None], reason: str) -> None:
    parts = split(raw_orders({"ticket_id": "77"}, change), must.raw_orders)

    assert parts.valid["ticket_id"].to_list() == ["77"]
    (row,) = parts.rejected.rows(named=True)
    assert reason in row["reason"].split("; ")
    assert {name: row[name] for name in RAW_ORDER} == RAW_ORDER | change


@pytest.mark.parametrize("change", FINE, ids=str)
def test_what_the_api_may_send_passes(change: dict[str, str | None]) -> None:
    assert split(raw_orders(change), must.raw_orders).rejected.rows() == []


@pytest.mark.parametrize(("name", "written", "read"), MENDED, ids=repr)
def test_an_odd_but_plain_value_costs_no_row(name: str, written: str, read: str | None) -> None:
    parts = split(raw_orders({name: written}), must.raw_orders)

    assert parts.rejected.rows() == []
    assert parts.valid.rows(named=True) == [RAW_ORDER | {name: read}]


@pytest.mark.parametrize(("name", "written"), LEFT_OUT, ids=repr)
def test_a_wrong_value_on_which_no_figure_rests_is_left_out_and_counted(name: str, written: str) -> None:
    parts = split(raw_orders({name: written}), must.raw_orders)

    assert parts.rejected.rows() == []
    assert parts.valid.rows(named=True) == [RAW_ORDER | {name: None}]
    assert parts.odd == {name: 1}


@pytest.mark.parametrize("written", ["2025-06-01 12:23:40", "2025-06-01T12:23:40"])
def test_a_time_that_is_taken_for_moscows_is_counted(written: str) -> None:
    assert split(raw_orders({"payed_at": written}, {"ticket_id": "5"}), must.raw_orders).odd == {"payed_at": 1}


@pytest.mark.parametrize("written", [None, "", "abc", "-441"])
def test_a_ticket_given_back_needs_the_amount(written: str | None) -> None:
    change = {"refunded_at": BACK_AT, "refunded_amount": written}

    assert split(raw_orders(change), must.raw_orders).rejected["reason"].to_list() == [NO_AMOUNT]


def test_one_broken_rule_gives_one_reason_with_its_column_and_value() -> None:
    (row,) = split(raw_orders({"price": "-1"}), must.raw_orders).rejected.rows(named=True)

    assert (row["reason"], row["column"], row["value"]) == ("price is negative", "price", "-1")


def test_several_broken_rules_stand_in_one_row() -> None:
    change = {"price": "-1", "quantity": "0", "payed_at": None, "currency": None}

    (row,) = split(raw_orders(change), must.raw_orders).rejected.rows(named=True)

    assert set(row["reason"].split("; ")) == {
        "price is negative",
        f"quantity {NO_COUNT}",
        f"currency {MISSING}",
        "paid, but payed_at is missing",
    }
    assert set(row["column"].split("; ")) == {"price", "quantity", "currency"}
    assert row["value"] in ("-1", "0"), "a value to look at, though one of the reasons has none"


def test_the_second_row_of_a_ticket_is_rejected_and_the_first_stays() -> None:
    parts = split(raw_orders({"price": "1"}, {"ticket_id": "5"}, {"price": "2"}, {"price": "3"}), must.raw_orders)

    assert parts.valid["price"].to_list() == ["1", "343"]
    assert parts.rejected["price"].to_list() == ["2", "3"]
    assert parts.rejected["reason"].to_list() == ["ticket_id stands twice in this load"] * 2


def test_rows_without_a_ticket_are_not_doubles_of_each_other() -> None:
    parts = split(raw_orders({"ticket_id": None}, {"ticket_id": None}), must.raw_orders)

    assert parts.rejected["reason"].to_list() == ["ticket_id is missing"] * 2


def test_all_currencies_of_the_world_are_known() -> None:
    """A new one must not be quarantined for good."""
    for code in ("RUB", "KZT", "BYN", "UZS", "AMD", "GEL", "KGS", "TJS", "AZN", "USD", "EUR", "ILS", "AED", "CNY"):
        assert split(raw_orders({"currency": code}), must.raw_orders).rejected.height == 0, code
