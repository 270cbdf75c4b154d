"""Servers that read a question in ways that no switch has: days shifted, fields lost, pages stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi, World
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_orders
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Bent, Question
from tests.tasks.fetch.qtickets.many_orders import evenly, order
from tests.tasks.fetch.qtickets.truth import bounds, by_ticket, expected_rows, ids_of_documents

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
STEP = timedelta(minutes=25)
ApiOf = Callable[..., QticketsApi]
SettingsFor = Callable[..., Settings]


def shifted(hours: int) -> Callable[[Question], None]:
    """The dates of a filter mean another hour to the server than to the client."""

    def bend(question: Question) -> None:
        for condition in question.get("where", []):
            if condition["column"] == "payed_at":
                moment = datetime.fromisoformat(condition["value"]) + timedelta(hours=hours)
                condition["value"] = moment.isoformat()

    return bend


@pytest.mark.parametrize("hours", [3, -3], ids=["offset dropped by a server on UTC", "offset added twice"])
@pytest.mark.parametrize("days", [(date(2026, 6, 14), date(2026, 6, 14)), (date(2026, 6, 22), date(2026, 7, 1))])
def test_a_server_that_mistakes_the_offset_loses_neither_the_first_nor_the_last_hours(
    settings_for: SettingsFor, days: tuple[date, date], hours: int
) -> None:
    orders = evenly(2400, NOW - 2400 * STEP, STEP)
    settings = settings_for(Bent(QticketsApi(orders, []), shifted(hours)), qtickets_filter="body")

    fetched = fetch_orders(settings, Window(first=days[0], last=days[1]), NOW)

    assert {row["ticket_id"] for row in fetched.rows} == ids_of_documents(orders, *days, NOW)


def test_a_shift_that_no_order_before_the_window_betrays_loses_nothing_either(settings_for: SettingsFor) -> None:
    """The first order ever lies in the window, and the last in its last hour."""
    day = date(2026, 6, 14)
    start, end = bounds(day, day)
    sold = [order(n, moment, moment) for n, moment in enumerate((start, start + STEP, end - STEP, end + STEP), 1)]
    settings = settings_for(Bent(QticketsApi(sold, []), shifted(-3)), qtickets_filter="body")

    fetched = fetch_orders(settings, Window(first=day, last=day), NOW)

    assert [row["order_id"] for row in fetched.rows] == ["3", "2", "1"]


def test_a_server_that_loses_dotted_fields_is_asked_for_whole_orders(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor
) -> None:
    def bend(question: Question) -> None:
        if "select" in question:
            question["select"] = [name for name in question["select"] if "." not in name]

    day = date(2026, 6, 14)

    fetched = fetch_orders(settings_for(Bent(api_of_world(), bend)), Window(first=day, last=day), NOW)

    assert by_ticket(fetched.rows) == expected_rows(world, day, day, NOW)


@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
@pytest.mark.parametrize("orders", [2000, 1999])
def test_a_server_that_always_gives_the_first_page_fails_the_fetch(
    api_of_world: ApiOf, settings_for: SettingsFor, switches: dict[str, Any], orders: int
) -> None:
    """Also where the list fills its pages exactly, so that no page looks short."""
    api = api_of_world(**switches)
    api.orders = (api.orders * 2)[:orders]

    def bend(question: Question) -> None:
        question["page"] = 1

    settings = settings_for(Bent(api, bend), qtickets_filter="body")

    with pytest.raises(SourceError, match="with page 1"):
        fetch_orders(settings, Window(first=date(2026, 5, 1), last=date(2026, 6, 30)), NOW)


def test_a_column_that_the_api_no_longer_has_is_missing_and_not_empty(
    api_of_world: ApiOf, settings_for: SettingsFor
) -> None:
    """Tags that are all null would move every sale to `other`, and nobody would know."""
    api = api_of_world()
    api.orders = [{key: value for key, value in order.items() if key != "utm"} for order in api.orders]

    fetched = fetch_orders(settings_for(api), Window(first=date(2026, 6, 14), last=date(2026, 6, 14)), NOW)

    assert not {name for name in fetched.columns if name.startswith("utm")}


def test_orders_whose_dates_cannot_be_read_are_kept_to_be_judged(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor
) -> None:
    api = api_of_world(own=True, honour_filters=False)
    day = date(2026, 6, 30)
    odd = [order for order in api.orders[-60:] if order["payed"]][:2]
    odd[0]["payed_at"], odd[1]["payed_at"] = "0000-00-00 00:00:00", "30.06.2026"

    fetched = fetch_orders(settings_for(api), Window(first=day, last=day), NOW)

    odd_ids = {str(basket["id"]) for order in odd for basket in order["baskets"]}
    ids = {row["ticket_id"] for row in fetched.rows}
    assert odd_ids <= ids
    assert ids - odd_ids == set(expected_rows(world, day, day, NOW)) - odd_ids
