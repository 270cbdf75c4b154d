"""A page of real orders and one of real events, from the wire to the fact: worked out by hand from the JSON.

What could point at a person or a ticket is replaced in the files; types, times, prices and tags are as captured.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sandbox import QticketsApi, Switches
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.landing import Fetched
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.qtickets import events, tickets
from tasks.window import Window
from validation import qtickets as must
from validation.split import split

FOLDER = Path(__file__).parents[3] / "data" / "qtickets"
NOW = datetime(2021, 7, 1, tzinfo=UTC)
ALL = Window(first=date(2021, 5, 1), last=date(2021, 6, 30))
NO_TAGS = ("", "", "", "", "")
INSTA = ("insta", "lenta_free1", "roditeli", "", "")
# Order: state, Moscow day of payment, tags, and the price of each of its tickets.
ORDERS: dict[int, tuple[str, date | None, tuple[str, ...], dict[int, int]]] = {
    1042787: ("paid", date(2021, 6, 10), NO_TAGS, {12185837: 490, 12674733: 490, 12791887: 0}),
    1054621: ("paid", date(2021, 6, 4), ("vk", "posty", "organizovannaya", "", ""), {12300527: 0}),
    1114810: ("paid", date(2021, 6, 11), ("vk", "tomsk", "afisha_family", "", ""), {12333553: 490, 12261728: 390}),
    1125938: ("cancelled", None, INSTA, {12196513: 490, 12375590: 0}),
    1132325: (
        "cancelled",
        None,
        ("yandex", "cpc", "62384016", "10766679619", "афиша выставки"),
        {12026346: 413, 12358141: 343},
    ),
    1135827: ("cancelled", None, INSTA, {12326567: 490, 12060770: 0}),
    1188696: ("paid", date(2021, 5, 26), NO_TAGS, {12277395: 0}),
    1197564: ("paid", date(2021, 5, 29), ("insta", "opisanie", "profil", "", ""), {12030413: 294, 12421833: 234}),
    1202386: ("paid", date(2021, 6, 10), NO_TAGS, dict.fromkeys((12816799, 12872512, 12048285, 12858312), 0)),
    1214181: (
        "paid",
        date(2021, 5, 31),
        NO_TAGS,
        dict.fromkeys((12804107, 12045424, 12542637, 12027680, 12197124, 12408349), 0),
    ),
    1217658: (
        "paid",
        date(2021, 6, 5),
        NO_TAGS,
        dict.fromkeys((12351552, 12199313, 12169852, 12289351, 12664626, 12297245), 0),
    ),
    1469699: (
        "paid",
        date(2021, 6, 6),
        ("yandex", "cpc", "62384026", "10766679831", "детская одежда"),
        {12217752: 273, 12496291: 273, 12151137: 343},
    ),
}
# Moscow day: tickets sold, free ones too, and roubles.
DAYS = {
    date(2021, 5, 26): (1, 0),
    date(2021, 5, 29): (2, 528),
    date(2021, 5, 31): (6, 0),
    date(2021, 6, 4): (1, 0),
    date(2021, 6, 5): (6, 0),
    date(2021, 6, 6): (3, 889),
    date(2021, 6, 10): (7, 980),
    date(2021, 6, 11): (2, 880),
}
SERVERS: dict[str, dict[str, Any]] = {
    "as asked": {},
    "whole documents": {"honour_select": False},
    "no filter": {"honour_filters": False},
    "ids as strings, flags as ints": {"id_as_strings": True, "flags_as_ints": True},
}


def captured(**switches: Any) -> QticketsApi:
    return QticketsApi(orders=_page("orders"), events=_page("events"), switches=Switches(**switches))


def _page(name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((FOLDER / f"qtickets_{name}.json").read_text())["data"]
    return records


def raw(fetched: Fetched) -> pl.DataFrame:
    return pl.DataFrame(fetched.rows, schema=dict.fromkeys(fetched.columns, pl.String), orient="row")


@pytest.fixture(params=SERVERS)
def facts(request: pytest.FixtureRequest, settings_for: Callable[..., Settings]) -> list[dict[str, Any]]:
    parts = split(raw(fetch_orders(settings_for(captured(**SERVERS[request.param])), ALL, NOW)), must.raw_orders)
    assert parts.rejected.rows() == []
    return tickets(parts.valid).rows(named=True)


def day_of(ticket: dict[str, Any]) -> date | None:
    """Moscow was three hours ahead of UTC."""
    paid = ticket["paid_at"]
    return None if paid is None else datetime.fromtimestamp(paid.timestamp() + 3 * 3600, UTC).date()


def test_state_day_price_and_tags_of_every_real_ticket(facts: list[dict[str, Any]]) -> None:
    tags = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
    got = {
        ticket["ticket_id"]: (
            ticket["order_id"],
            ticket["state"],
            day_of(ticket),
            ticket["amount"],
            tuple(ticket[tag] for tag in tags),
        )
        for ticket in facts
    }

    assert got == {
        number: (order, state, day, Decimal(price), written)
        for order, (state, day, written, prices) in ORDERS.items()
        for number, price in prices.items()
    }


def test_sales_of_every_real_day(facts: list[dict[str, Any]]) -> None:
    days: dict[date | None, tuple[int, Decimal]] = {}
    for ticket in facts:
        if ticket["state"] in ("paid", "refunded"):
            sold, revenue = days.get(day_of(ticket), (0, Decimal(0)))
            days[day_of(ticket)] = (sold + ticket["quantity"], revenue + ticket["amount"])

    assert days == DAYS
    assert sum(revenue for _, revenue in days.values()) == 3277


def test_nothing_was_given_back_and_all_is_one_event_in_roubles(facts: list[dict[str, Any]]) -> None:
    kept = {(t["refunded_at"], t["refunded_amount"], t["currency"], t["event_id"], t["show_id"]) for t in facts}

    assert kept == {(None, Decimal(0), "RUB", 142056, 869068)}


@pytest.mark.parametrize("server", SERVERS)
def test_two_real_days_hold_their_own_orders_alone(settings_for: Callable[..., Settings], server: str) -> None:
    """10 and 11 June: three paid orders, and one made at 03:09 on the 11th that nobody paid."""
    window = Window(first=date(2021, 6, 10), last=date(2021, 6, 11))

    fetched = fetch_orders(settings_for(captured(**SERVERS[server])), window, NOW)

    assert {row["order_id"] for row in fetched.rows} == {"1042787", "1114810", "1125938", "1202386"}


@pytest.mark.parametrize("server", SERVERS)
def test_every_real_event(settings_for: Callable[..., Settings], server: str) -> None:
    parts = split(raw(fetch_events(settings_for(captured(**SERVERS[server])), ALL, NOW)), must.raw_events)

    assert parts.rejected.rows() == []
    made = events(parts.valid, cities()).sort("event_name").select("event_id", "city", "timezone", "is_active")
    shows = events(parts.valid, cities()).sort("event_name").select("first_show_at", "last_show_at")
    assert made.rows() == [
        (142056, "томск", "Asia/Krasnoyarsk", 0),
        (758134, "прокопьевск", "Asia/Novosibirsk", 0),
        (543255, "прокопьевск", "Asia/Novosibirsk", 1),
        (587685, "барнаул", "Asia/Novokuznetsk", 1),
    ]
    at = [
        datetime(2021, 6, 16, 17, tzinfo=UTC),
        datetime(2021, 6, 16, 17, tzinfo=UTC),
        datetime(2021, 7, 1, 17, tzinfo=UTC),
        datetime(2021, 9, 11, 3, tzinfo=UTC),
    ]
    assert shows.rows() == [(moment, moment) for moment in at]
