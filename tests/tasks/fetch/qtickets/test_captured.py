"""A page of real orders and one of real events, from the wire to the fact: worked out by hand from the JSON, the
tickets in `expected_tickets.csv`.

What could point at a person or a ticket is replaced in the files; types, times, prices and tags are as captured.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import QticketsApi, Switches
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.reference import cities
from tasks.settings import Settings
from tasks.transform.qtickets import events, tickets
from tasks.window import Window
from tests.tasks.fetch.qtickets.documents import raw
from validation import qtickets as must
from validation.split import split

FOLDER = Path(__file__).parents[3] / "data" / "qtickets"
NOW = datetime(2021, 7, 1, tzinfo=UTC)
ALL = Window(first=date(2021, 5, 1), last=date(2021, 6, 30))
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
SERVERS: dict[str, dict[str, Any]] = {
    "as asked": {},
    "whole documents, no filter": {"honour_select": False, "honour_filters": False},
    "ids as strings, flags as ints": {"id_as_strings": True, "flags_as_ints": True},
}


def captured(**switches: Any) -> QticketsApi:
    return QticketsApi(orders=_page("orders"), events=_page("events"), switches=Switches(**switches))


def _page(name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((FOLDER / f"qtickets_{name}.json").read_text())["data"]
    return records


def day_of(ticket: dict[str, Any]) -> str:
    """Moscow was three hours ahead of UTC."""
    paid = ticket["paid_at"]
    return "" if paid is None else f"{datetime.fromtimestamp(paid.timestamp() + 3 * 3600, UTC).date()}"


@pytest.mark.parametrize("server", SERVERS)
def test_state_day_price_and_tags_of_every_real_ticket(settings_for: Callable[..., Settings], server: str) -> None:
    parts = split(raw(fetch_orders(settings_for(captured(**SERVERS[server])), ALL, NOW)), must.raw_orders)
    facts = tickets(parts.valid).rows(named=True)

    assert parts.rejected.rows() == []
    got = [
        [
            str(t["order_id"]),
            str(t["ticket_id"]),
            t["state"],
            day_of(t),
            f"{t['amount']:.0f}",
            *(t[tag] for tag in TAGS),
        ]
        for t in facts
    ]
    _, *expected = csv.reader((FOLDER / "expected_tickets.csv").read_text().splitlines())
    assert sorted(got) == sorted(expected)
    assert sum(ticket["amount"] for ticket in facts if ticket["state"] == "paid") == 3277
    kept = {(t["refunded_at"], t["refunded_amount"], t["currency"], t["event_id"], t["show_id"]) for t in facts}
    assert kept == {(None, Decimal(0), "RUB", 142056, 869068)}


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
