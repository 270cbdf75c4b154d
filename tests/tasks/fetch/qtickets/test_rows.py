"""From a QTickets record to raw rows: what is let through, what is masked, and what one odd value may cost. And a page of real
orders and one of real events, from the wire to the fact: worked out by hand from the JSON, the tickets in `expected_tickets.csv`.

What could point at a person or a ticket is replaced in the files; types, times, prices and tags are as captured."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import QticketsApi
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.fetch.qtickets.rows import ORDER_COLUMNS, ORDER_SELECT, event_rows, mark_of, order_rows
from tasks.landing import Fetched
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.qtickets import events, tickets
from tasks.window import Window
from tests.tasks.fetch.qtickets.documents import order as document
from tests.tasks.fetch.qtickets.documents import raw
from validation import qtickets as must
from validation.split import Split, split


def order(**more: Any) -> dict[str, Any]:
    return {"id": 1, "payed": True, "utm": [], "baskets": [{"id": 10, "price": 490}], **more}


def test_an_event_is_known_again_by_its_number_and_the_instant_it_was_made_however_they_are_written() -> None:
    """The number alone may be another organizer's. A reply that leaves one of the two out makes no stranger."""
    written = ((7, "2025-05-12T15:39:40+03:00"), ("7", "2025-05-12 15:39:40"), (7.0, "2025-05-12T12:39:40Z"))
    assert {mark_of({"id": one, "created_at": at}) for one, at in written} == {"7 2025-05-12T12:39:40"}
    assert [mark_of(one) for one in ({"id": 7}, {"created_at": "2025-05-12 15:39:40"})] == [None, None]


def test_nothing_personal_is_ever_selected_and_all_that_is_validated_is_fetched() -> None:
    """The names of what gives away a person or opens a door, as the API calls it."""
    personal = "client email phone name card barcode url uniqid comment custom fields".split()
    assert [path for path in ORDER_SELECT if any(word in path for word in personal)] == []
    assert set(ORDER_COLUMNS) == set(must.raw_orders.columns) == set(order_rows(document(7, NOW, NOW))[0])


def test_no_ticket_of_a_paid_order_is_lost_whatever_holds_it() -> None:
    many: list[tuple[Any, list[str | None]]] = [
        ([{"id": 10}, {"id": 11}], ["10", "11"]),
        ({"id": 70, "price": 490}, ["70"]),
    ]
    # PHP's list from which an element was removed.
    many += [({"0": {"id": 10}, "2": {"id": 12}}, ["10", "12"]), (["x"], [None]), ([], [None])]
    for baskets, ids in many:
        rows = order_rows(order(event_id=7, baskets=baskets))
        assert [row.get("ticket_id") for row in rows] == ids
        assert {(row["order_id"], row["event_id"]) for row in rows} == {("1", "7")}


def test_an_order_without_tickets_is_left_to_validation_unless_it_is_plainly_unpaid() -> None:
    assert [len(order_rows(order(payed=odd, baskets=[]))) for odd in (True, None, "yes")] == [1] * 3
    assert [order_rows(order(payed=no, baskets=[])) for no in (False, 0, "0", "false", 0.0)] == [[]] * 5


@pytest.mark.parametrize("value", [["ivan@mail.ru"], "+79161234567", "ул. Ленина, 5"], ids=str)
def test_every_field_that_is_no_free_text_has_a_kind(value: Any) -> None:
    names = ("id", "payed", "payed_at", "created_at", "deleted_at", "event_id", "price", "original_price", "currency_id",
             "show_id", "quantity", "refunded_at", "refunded_amount", "is_active", "start_date")  # fmt: skip
    odd = dict.fromkeys(names, value)
    rows = order_rows(odd | {"baskets": [odd]}) + event_rows(odd | {"shows": [odd]})
    kept = {text for row in rows for name, text in row.items() if name not in ("price_is_for", "shows_known")}
    assert kept == {"a list" if isinstance(value, list) else f"text of {len(value)} characters"}


# --- from the wire to the ticket ---

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))
PAID_AT = datetime(2026, 11, 20, 9, 21, 31, tzinfo=UTC)


def sold(number: int = 7, of_order: dict[str, Any] | None = None, **of_basket: Any) -> dict[str, Any]:
    """An order of one ticket for 490, paid on 20 November at 12:21:31 in Moscow."""
    made = document(number, PAID_AT, PAID_AT, **of_order or {})
    made["baskets"][0] |= of_basket
    return made


def validated(fetched: Fetched) -> tuple[Split, list[dict[str, Any]]]:
    parts = split(raw(fetched), must.raw_orders)
    return parts, tickets(parts.valid).sort("ticket_id").rows(named=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["id", "payed", "payed_at", "created_at", "event_id", "price", "baskets", "utm", "deleted_at"]),
)
def test_whatever_an_order_holds_it_is_stored_and_judged(value: Any, name: str) -> None:
    rows = order_rows(sold(7) | {name: value}) + order_rows({"id": 1, "payed": True, "baskets": [{name: value}]})
    parts, found = validated(Fetched(rows, ORDER_COLUMNS))
    assert parts.valid.height + parts.rejected.height == len(rows)
    assert len(found) == parts.valid.height


@pytest.mark.parametrize(("own", "each"), [(49_000, 490), (490, 49_000)], ids=["orders", "tickets"])
def test_prices_in_different_units_are_refused(settings_for: Callable[..., Settings], own: int, each: int) -> None:
    """One of the two is in kopecks, and nobody can tell which."""
    orders = [*(sold(number, {"price": own}, price=each) for number in (1, 2, 3)), sold(4)]
    with pytest.raises(SourceError, match="gives 3 of 4 orders a price that is a hundred times") as caught:
        fetch_orders(settings_for(QticketsApi(orders, [])), DAY, NOW)
    assert not caught.value.transient


FOLDER = Path(__file__).parents[3] / "data" / "qtickets"
THEN = datetime(2021, 7, 1, tzinfo=UTC)
ALL = Window(first=date(2021, 5, 1), last=date(2021, 6, 30))
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def captured() -> QticketsApi:
    return QticketsApi(orders=_page("orders"), events=_page("events"))


def _page(name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((FOLDER / f"qtickets_{name}.json").read_text())["data"]
    return records


def as_expected(ticket: dict[str, Any]) -> list[str]:
    """The row of `expected_tickets.csv`, with the day of payment in Moscow, three hours ahead of UTC."""
    paid, numbers = ticket["paid_at"], (ticket["order_id"], ticket["ticket_id"])
    day = "" if paid is None else f"{(paid.astimezone(UTC) + timedelta(hours=3)).date()}"
    tags = [ticket[tag] for tag in TAGS]
    return [*map(str, numbers), ticket["state"], day, f"{ticket['amount']:.0f}", *tags]


def test_state_day_price_and_tags_of_every_real_ticket(settings_for: Callable[..., Settings]) -> None:
    parts = split(raw(fetch_orders(settings_for(captured()), ALL, THEN)), must.raw_orders)
    facts = tickets(parts.valid).rows(named=True)
    assert parts.rejected.rows() == []
    _, *expected = csv.reader((FOLDER / "expected_tickets.csv").read_text().splitlines())
    assert sorted(map(as_expected, facts)) == sorted(expected)
    assert sum(ticket["amount"] for ticket in facts if ticket["state"] == "paid") == 3277
    kept = {(t["refunded_at"], t["refunded_amount"], t["currency"], t["event_id"], t["show_id"]) for t in facts}
    assert kept == {(None, Decimal(0), "RUB", 142056, 869068)}


def test_every_real_event(settings_for: Callable[..., Settings]) -> None:
    parts = split(raw(fetch_events(settings_for(captured()), ALL, THEN)), must.raw_events)
    made = events(parts.valid, cities()).sort("event_name")
    assert parts.rejected.rows() == []
    assert made.select("event_id", "city", "timezone", "is_active", "first_show_at").rows() == [
        (142056, "томск", "Asia/Krasnoyarsk", 0, datetime(2021, 6, 16, 17, tzinfo=UTC)),
        (758134, "прокопьевск", "Asia/Novosibirsk", 0, datetime(2021, 6, 16, 17, tzinfo=UTC)),
        (543255, "прокопьевск", "Asia/Novosibirsk", 1, datetime(2021, 7, 1, 17, tzinfo=UTC)),
        (587685, "барнаул", "Asia/Novokuznetsk", 1, datetime(2021, 9, 11, 3, tzinfo=UTC)),
    ]
    assert made["last_show_at"].to_list() == made["first_show_at"].to_list()
