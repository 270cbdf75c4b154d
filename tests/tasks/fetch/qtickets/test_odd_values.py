"""Odd values in one order, from the wire to the ticket: a figure, a row set aside, or a load that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import QticketsApi
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_orders
from tasks.fetch.qtickets.rows import ORDER_COLUMNS, event_rows, order_rows
from tasks.landing import Fetched, Landing
from tasks.settings import Settings
from tasks.transform.qtickets import tickets
from tasks.window import Window
from tests.tasks.fetch.qtickets.many_orders import order
from validation import qtickets as must
from validation.split import Split, split

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))
PAID_AT = datetime(2026, 11, 20, 9, 21, 31, tzinfo=UTC)
Document = dict[str, Any]
SettingsFor = Callable[..., Settings]


def sold(number: int = 7, of_order: Document | None = None, **of_basket: Any) -> Document:
    """An order of one ticket for 490, paid on 20 November at 12:21:31 in Moscow."""
    document = order(number, PAID_AT, PAID_AT, utm={"utm_source": "vk"})
    document["baskets"][0] |= of_basket
    return document | (of_order or {})


class Loaded:
    """What a load makes of these orders, by way of the wire and the landing area."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.fetched: Fetched = fetch_orders(settings, DAY, NOW)
        landing = Landing(str(folder))
        self.split: Split = split(
            landing.read(landing.write("qtickets", "orders", DAY, NOW, self.fetched)), must.raw_orders
        )
        self.tickets = tickets(self.split.valid).sort("ticket_id").rows(named=True)


@pytest.fixture
def load(settings_for: SettingsFor, tmp_path: Path) -> Callable[..., Loaded]:
    def loaded(*orders: Document, **switches: Any) -> Loaded:
        api = QticketsApi(list(orders), [])
        for name, value in switches.items():
            setattr(api.switches, name, value)
        return Loaded(settings_for(api), tmp_path)

    return loaded


# Of the ticket and of its order -> roubles.
MONEY: dict[str, tuple[Document, Document, str]] = {
    "a float's tail": ({"price": 499.5000000000001, "original_price": 590.0000000000001}, {}, "499.50"),
    "a float's tail below": ({"price": 499.49999999999994}, {"price": 499.49999999999994}, "499.50"),
    "text": ({"price": "499.50"}, {"price": "499.50"}, "499.50"),
    "an exponent": ({"price": "4.995e2"}, {"price": "4.995e2"}, "499.50"),
    "a float without a fraction": ({"price": 490.0, "quantity": "1.0"}, {"price": 490.0}, "490.00"),
    "blanks": ({"price": " 490 "}, {}, "490.00"),
    "a tail in columns without figures": (
        {"original_price": "abc"},
        {"price": "?", "original_price": []},
        "490.00",
    ),
    "a show that is no number": ({"show_id": "soon"}, {}, "490.00"),
    "nothing given back, in a wrong form": ({"refunded_amount": "none"}, {}, "490.00"),
    "no time of the order": ({}, {"created_at": None}, "490.00"),
    "a wrong time of the order": ({}, {"created_at": "yesterday"}, "490.00"),
    "flags as floats": ({}, {"payed": 1.0}, "490.00"),
    "flags as words": ({}, {"payed": "TRUE"}, "490.00"),
    "ids as floats": ({"id": 12000043.0}, {"id": 1000043.0, "event_id": 24000.0}, "490.00"),
    "no dates, as MySQL writes them": ({"deleted_at": "0000-00-00 00:00:00", "refunded_at": ""}, {}, "490.00"),
    "a currency in small letters": ({}, {"currency_id": "rub "}, "490.00"),
    "nesting where text belongs": ({"show_id": [[[[{}]]]]}, {"utm": {"utm_source": {"a": [[]]}}}, "490.00"),
}


@pytest.mark.parametrize("kind", MONEY)
def test_an_odd_but_plain_value_costs_no_ticket(load: Callable[..., Loaded], kind: str) -> None:
    of_basket, of_order, roubles = MONEY[kind]

    loaded = load(sold(of_order=of_order, **of_basket))

    assert loaded.split.rejected.rows() == []
    (ticket,) = loaded.tickets
    assert (str(ticket["amount"]), ticket["state"], ticket["paid_at"]) == (roubles, "paid", PAID_AT)
    assert ticket["currency"] == "RUB"


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T12:21:31+03:00",
        "2026-11-20 12:21:31+03:00",
        "2026-11-20T12:21:31.000000+0300",
        "2026-11-20T09:21:31Z",
        "2026-11-20 12:21:31",
        "2026-11-20T12:21:31",
    ],
)
@pytest.mark.parametrize("filters", [True, False])
def test_a_time_in_another_form_is_the_same_time(load: Callable[..., Loaded], written: str, filters: bool) -> None:
    """Also for the fetch, which decides by it what lies in the window."""
    loaded = load(sold(of_order={"payed_at": written, "created_at": written}), honour_filters=filters)

    assert [ticket["paid_at"] for ticket in loaded.tickets] == [PAID_AT]


@pytest.mark.parametrize(
    ("written", "inside"),
    [
        ("2026-11-20 00:00:00", 1),
        ("2026-11-20 23:59:59", 1),
        ("2026-11-19 23:59:59", 0),
        ("2026-11-21 00:00:00", 0),
    ],
)
def test_a_time_without_an_offset_belongs_to_its_moscow_day(
    load: Callable[..., Loaded], written: str, inside: int
) -> None:
    assert len(load(sold(of_order={"payed_at": written}), honour_filters=False).tickets) == inside


def test_half_a_surrogate_is_replaced_and_the_load_goes_on(load: Callable[..., Loaded]) -> None:
    half = {"utm": {"utm_source": "vk", "utm_content": "\ud83c_01_10", "utm_term": "\udfab"}}

    loaded = load(sold(of_order=half | {"currency_id": "RUB"}), sold(8, {"event_id": "\ud83c"}))

    assert [(t["utm_source"], t["utm_content"], t["amount"]) for t in loaded.tickets] == [
        ("vk", "\ufffd_01_10", Decimal(490))
    ]
    assert loaded.split.rejected["event_id"].to_list() == ["text of 1 character"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["id", "payed", "payed_at", "created_at", "event_id", "price", "baskets", "utm", "deleted_at"]),
)
def test_whatever_an_order_holds_it_lands_and_is_judged(tmp_path: Path, value: Any, name: str) -> None:
    rows = order_rows(sold(of_order={name: value})) + order_rows(
        {"id": 1, "payed": True, "baskets": [{name: value}]}
    )

    landing = Landing(str(tmp_path))
    raw = landing.read(landing.write("qtickets", "orders", DAY, NOW, Fetched(rows, ORDER_COLUMNS)))

    parts = split(raw, must.raw_orders)
    assert parts.valid.height + parts.rejected.height == len(rows)
    assert tickets(parts.valid).height == parts.valid.height


def test_very_long_text_is_cut(load: Callable[..., Loaded]) -> None:
    (ticket,) = load(sold(of_order={"utm": {"utm_content": "x" * 2_000_000, "utm_term": "я" * 5000}})).tickets

    assert (ticket["utm_content"], ticket["utm_term"]) == ("x" * 1000, "я" * 1000)


@pytest.mark.parametrize(
    "baskets", [{"id": 70, "price": 490, "quantity": 1}, {"3": {"id": 70}, "9": 5}, [7], ["x"]]
)
def test_no_ticket_of_an_order_is_lost_whatever_holds_it(baskets: Any) -> None:
    """One alone, a list with gaps, and what is no ticket but stands in its place."""
    rows = order_rows({"id": 7, "payed": True, "baskets": baskets})

    lines = 2 if isinstance(baskets, dict) and "9" in baskets else 1
    assert len(rows) == lines
    assert {row["order_id"] for row in rows} == {"7"}


@pytest.mark.parametrize("payed", [None, "yes", [], {}])
def test_an_order_without_tickets_is_judged_unless_it_is_plainly_unpaid(payed: Any) -> None:
    assert len(order_rows({"id": 7, "payed": payed, "baskets": []})) == 1
    assert [order_rows({"id": 7, "payed": no, "baskets": []}) for no in (False, 0, "0", "false", 0.0)] == [[]] * 5


def test_an_event_whose_city_is_a_name_has_it() -> None:
    assert event_rows({"id": 7, "city": "Томск"})[0]["city"] == "Томск"


def test_an_order_in_another_currency_than_its_neighbours_keeps_its_own(load: Callable[..., Loaded]) -> None:
    loaded = load(sold(7), sold(8, {"currency_id": "KZT"}), sold(9, {"currency_id": None}))

    assert [(ticket["order_id"], ticket["currency"]) for ticket in loaded.tickets] == [(7, "RUB"), (8, "KZT")]
    assert loaded.split.rejected["reason"].to_list() == ["currency is missing"]


def test_an_unpaid_order_with_a_date_of_zeros_belongs_to_the_day_it_was_made_on(
    load: Callable[..., Loaded],
) -> None:
    unpaid = {"payed": False, "payed_at": "0000-00-00 00:00:00"}
    before = unpaid | {"created_at": "2026-11-17T12:00:00+03:00"}

    loaded = load(sold(8, unpaid), sold(7, before), honour_filters=False)

    assert [(ticket["order_id"], ticket["state"]) for ticket in loaded.tickets] == [(8, "reserved")]


# --- the unit of money ---


@pytest.mark.parametrize(("own", "each"), [(49_000, 490), (490, 49_000)], ids=["orders", "tickets"])
def test_prices_of_orders_and_of_tickets_in_different_units_are_refused(
    load: Callable[..., Loaded], own: int, each: int
) -> None:
    """One of the two is in kopecks, and nobody can tell which."""
    orders = [sold(number, {"price": own}, price=each) for number in (1, 2, 3)]

    with pytest.raises(SourceError, match="gives 3 of 4 orders a price that is a hundred times") as caught:
        load(*orders, sold(4))

    assert not caught.value.transient


def test_a_few_orders_that_do_not_add_up_are_a_note_and_their_tickets_count(load: Callable[..., Loaded]) -> None:
    loaded = load(sold(1, {"price": 500}), sold(2, {"price": 49_000}), sold(3), sold(4))

    assert loaded.fetched.notes == (
        "the price of 2 of 4 orders is not the sum of their tickets; the tickets count",
    )
    assert loaded.fetched.warnings == ()
    assert [ticket["amount"] for ticket in loaded.tickets] == [Decimal(490)] * 4


def test_orders_with_something_cancelled_given_back_or_unreadable_prove_nothing(
    load: Callable[..., Loaded],
) -> None:
    back = {"refunded_at": "2026-11-21T10:00:00+03:00", "refunded_amount": 490}
    gone = {"deleted_at": "2026-11-21T10:00:00+03:00"}

    loaded = load(
        sold(1, {"price": 0}, **back),
        sold(2, {"price": 0}, **gone),
        sold(3, {"price": 0, **gone}),
        sold(4, price="?"),
    )

    assert loaded.fetched.notes == ()


def test_free_tickets_fit_a_free_order(load: Callable[..., Loaded]) -> None:
    assert load(*(sold(number, {"price": 0}, price=0) for number in (1, 2, 3))).fetched.notes == ()


# --- beyond the question ---


def test_orders_outside_the_days_asked_for_are_left_out_and_counted(load: Callable[..., Loaded]) -> None:
    """An upper bound that is ignored costs calls and no figure."""
    late = {"payed_at": "2026-11-21T12:00:00+03:00"}

    loaded = load(sold(1), sold(2, late), sold(3, late), ignored_operators={"<"})

    assert [ticket["order_id"] for ticket in loaded.tickets] == [1]
    assert loaded.fetched.notes == (
        "QTickets obeyed only a part of the filter: 2 of 3 orders were outside the days asked for and left out",
    )
    assert loaded.fetched.warnings == ()


def test_every_column_that_is_judged_is_fetched_and_no_other() -> None:
    assert set(ORDER_COLUMNS) == set(must.raw_orders.columns) == set(order_rows(sold())[0])
