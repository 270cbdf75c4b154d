"""A page of real orders and one of real events, from the wire to the fact: worked out by hand from the JSON, the
tickets in `expected_tickets.csv`.

What could point at a person or a ticket is replaced in the files; types, times, prices and tags are as captured.
"""

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox import QticketsApi
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
    parts = split(raw(fetch_orders(settings_for(captured()), ALL, NOW)), must.raw_orders)
    facts = tickets(parts.valid).rows(named=True)
    assert parts.rejected.rows() == []
    _, *expected = csv.reader((FOLDER / "expected_tickets.csv").read_text().splitlines())
    assert sorted(map(as_expected, facts)) == sorted(expected)
    assert sum(ticket["amount"] for ticket in facts if ticket["state"] == "paid") == 3277
    kept = {(t["refunded_at"], t["refunded_amount"], t["currency"], t["event_id"], t["show_id"]) for t in facts}
    assert kept == {(None, Decimal(0), "RUB", 142056, 869068)}


def test_every_real_event(settings_for: Callable[..., Settings]) -> None:
    parts = split(raw(fetch_events(settings_for(captured()), ALL, NOW)), must.raw_events)
    made = events(parts.valid, cities()).sort("event_name")
    assert parts.rejected.rows() == []
    assert made.select("event_id", "city", "timezone", "is_active", "first_show_at").rows() == [
        (142056, "томск", "Asia/Krasnoyarsk", 0, datetime(2021, 6, 16, 17, tzinfo=UTC)),
        (758134, "прокопьевск", "Asia/Novosibirsk", 0, datetime(2021, 6, 16, 17, tzinfo=UTC)),
        (543255, "прокопьевск", "Asia/Novosibirsk", 1, datetime(2021, 7, 1, 17, tzinfo=UTC)),
        (587685, "барнаул", "Asia/Novokuznetsk", 1, datetime(2021, 9, 11, 3, tzinfo=UTC)),
    ]
    assert made["last_show_at"].to_list() == made["first_show_at"].to_list()
