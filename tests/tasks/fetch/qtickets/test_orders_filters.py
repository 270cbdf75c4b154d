"""However much of a question QTickets obeys, the same orders of a window come back, and what failed is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox import QticketsApi, World
from tasks.fetch.qtickets import fetch_orders
from tasks.fetch.traffic import Traffic
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.truth import ORDER_COLUMNS, by_ticket, expected_rows

ApiOf = Callable[..., QticketsApi]
SettingsFor = Callable[..., Settings]

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
RECENT = (date(2026, 6, 29), date(2026, 7, 1))
OLD = (date(2026, 5, 25), date(2026, 5, 31))
DAY = (date(2026, 6, 14), date(2026, 6, 14))
IGNORED = "ignored the filter on payed_at"
# What of a filter works -> what the warning must say, if anything.
FILTERS: dict[str, tuple[dict[str, Any], str]] = {
    "honoured": ({}, ""),
    "in the body only": ({"honour_query": False}, ""),
    "in the query only": ({"honour_body": False}, ""),
    "nowhere": ({"honour_filters": False}, IGNORED),
    "nowhere, as no parameters but the page are read": ({"honour_body": False, "honour_query": False}, IGNORED),
    "not on payed_at": ({"ignored_columns": {"payed_at"}}, IGNORED),
    "not on payed": ({"ignored_columns": {"payed"}}, "ignored the filter on payed:"),
    "not the lower bound": ({"ignored_operators": {">="}}, IGNORED),
    "not the upper bound": ({"ignored_operators": {"<"}}, "obeyed only a part of the filter"),
}
# How an answer may look besides.
SHAPES: dict[str, dict[str, Any]] = {
    "as asked": {},
    "oldest first, ids as strings": {"honour_order_by": False, "id_as_strings": True},
    "whole documents, flags as ints": {"honour_select": False, "flags_as_ints": True, "honour_per_page": False},
    "whole objects for dotted paths, pages cut": {"honour_nested_select": False, "max_per_page": 37},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("filters", FILTERS)
def test_the_orders_of_the_window_come_whole_and_alone(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, filters: str, shape: str, traffic: Traffic
) -> None:
    # Each shape meets each window with some filters, which is enough and a third of the time.
    first, last = (RECENT, OLD, DAY)[(list(FILTERS).index(filters) + list(SHAPES).index(shape)) % 3]
    switches, warning = FILTERS[filters]
    api = api_of_world(**switches, **SHAPES[shape])

    fetched = fetch_orders(settings_for(api), Window(first=first, last=last), NOW)

    ints = SHAPES[shape].get("flags_as_ints", False)
    assert by_ticket(fetched.rows) == expected_rows(world, first, last, NOW, flags_as_ints=ints)
    assert set(fetched.columns) == ORDER_COLUMNS
    assert traffic.calls == len(api.requests)
    assert {request.method for request in api.requests} == {"GET"}
    if warning and not (warning.startswith("obeyed") and last == NOW.date()):
        # What costs calls and no figure is a note: a backfill need not read the days again.
        said = fetched.warnings if warning is IGNORED else fetched.notes
        assert [text for text in said if warning in text]
    else:
        assert fetched.warnings == fetched.notes == ()


@pytest.mark.parametrize(
    "settings",
    [
        {"qtickets_filter": "body"},
        {"qtickets_filter": "query"},
        {"qtickets_date_format": "sql"},
        {"qtickets_select": False},
        {"qtickets_page_size": 1000},
        {"qtickets_page_size": 7},
    ],
    ids=str,
)
@pytest.mark.parametrize("filters", ["honoured", "in the body only", "in the query only", "nowhere"])
def test_no_setting_changes_what_comes_back(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, filters: str, settings: dict[str, Any]
) -> None:
    api = api_of_world(**FILTERS[filters][0])

    fetched = fetch_orders(settings_for(api, **settings), Window(first=DAY[0], last=DAY[1]), NOW)

    assert by_ticket(fetched.rows) == expected_rows(world, *DAY, NOW)


@pytest.mark.parametrize("filters", ["honoured", "nowhere"])
@pytest.mark.parametrize("hour", [0, 3, 9, 20, 21])
def test_nothing_booked_after_the_instant_of_the_load_comes_in(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, filters: str, hour: int
) -> None:
    """`as_of` cuts the last day; 21:00 UTC is the Moscow midnight, after which the window ends anyhow."""
    day, as_of = date(2026, 6, 20), datetime(2026, 6, 20, hour, tzinfo=UTC)
    api = api_of_world(**FILTERS[filters][0])

    fetched = fetch_orders(settings_for(api), Window(first=day, last=day), as_of)

    assert by_ticket(fetched.rows) == expected_rows(world, day, day, as_of)


def test_single_days_add_up_to_the_month(world: World, api_of_world: ApiOf, settings_for: SettingsFor) -> None:
    """No order falls between two windows, and none into both."""
    settings = settings_for(api_of_world())
    days = [date(2026, 6, day) for day in range(1, 31)]

    rows = [row for day in days for row in fetch_orders(settings, Window(first=day, last=day), NOW).rows]

    assert by_ticket(rows) == expected_rows(world, days[0], days[-1], NOW)
