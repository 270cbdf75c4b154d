"""All events come, past, hidden and deleted ones too, with every show, however the pages are cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from math import ceil
from typing import Any

import pytest

from sandbox import QticketsApi, World
from tasks.errors import SettingsError, SourceError
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.fetch.traffic import Traffic
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.truth import MOSCOW

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = Window(first=date(2026, 7, 1), last=date(2026, 7, 1))
ApiOf = Callable[..., QticketsApi]
SettingsFor = Callable[..., Settings]


def expected(world: World) -> list[tuple[str | None, ...]]:
    rows: list[tuple[str | None, ...]] = []
    for event in world.events:
        gone = event.deleted_at and f"{event.deleted_at.astimezone(MOSCOW):%Y-%m-%dT%H:%M:%S}+03:00"
        head = (str(event.id), event.name, str(int(event.is_active)), event.currency, event.venue, gone)
        place = (event.city.name, event.city.timezone)
        rows.append((*head, *place, None, None))
        for show in event.shows:
            start = f"{show.starts_at.astimezone(MOSCOW):%Y-%m-%dT%H:%M:%S}+03:00"
            rows.append((*head, *place, str(show.id), start))
    return rows


@pytest.mark.parametrize(
    ("switches", "settings"),
    [
        ({}, {}),
        ({"honour_body": False}, {}),
        ({"honour_query": False}, {}),
        ({"honour_body": False, "honour_query": False}, {}),
        ({"honour_select": False}, {}),
        ({"honour_nested_select": False}, {}),
        ({"honour_order_by": False}, {}),
        ({"honour_per_page": False}, {}),
        ({"max_per_page": 7}, {}),
        ({}, {"qtickets_filter": "query"}),
        ({}, {"qtickets_select": False}),
    ],
    ids=str,
)
def test_every_event_and_show_comes_once(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, switches: dict[str, Any], settings: dict[str, Any]
) -> None:
    fetched = fetch_events(settings_for(api_of_world(**switches), **settings), WINDOW, NOW)

    names = ("event_id", "event_name", "is_active", "currency", "venue", "event_deleted_at", "city", "timezone")
    got = [tuple(row.get(name) for name in (*names, "show_id", "show_start_at")) for row in fetched.rows]
    assert sorted(got, key=str) == sorted(expected(world), key=str)
    assert fetched.facts == {"events": len(world.events)}


def test_the_world_of_the_tests_has_deleted_hidden_and_past_events(world: World) -> None:
    """Or else the tests above would prove less than they say."""
    assert any(event.deleted_at for event in world.events)
    assert any(not event.is_active for event in world.events)
    assert any(event.shows[-1].finishes_at < NOW for event in world.events)


def test_events_cost_one_call_a_page(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, traffic: Traffic
) -> None:
    fetch_events(settings_for(api_of_world(honour_per_page=False)), WINDOW, NOW)

    assert traffic.calls == ceil(len(world.events) / 10)


@pytest.mark.parametrize("mode", ["insert", "remove"])
def test_events_that_come_or_go_during_the_read_double_and_lose_nothing(
    api_of_world: ApiOf, settings_for: SettingsFor, mode: str
) -> None:
    api = api_of_world(own=True, honour_per_page=False)
    api.faults.add("drift", "/events", mode=mode, after=2)

    fetched = fetch_events(settings_for(api), WINDOW, NOW)

    heads = [row["event_id"] for row in fetched.rows if row.get("show_id") is None]
    assert sorted(heads) == sorted(str(event["id"]) for event in api.events)


def test_a_total_of_events_that_never_fits_fails(api_of_world: ApiOf, settings_for: SettingsFor) -> None:
    api = api_of_world()
    api.faults.add("wrong_total", "/events", times=999)

    with pytest.raises(SourceError, match="/events has"):
        fetch_events(settings_for(api), WINDOW, NOW)


@pytest.mark.parametrize(
    ("shows", "lost"),
    [
        ([{"id": 1}, {"id": 2, "start_date": "2026-07-01T19:00:00+03:00"}], 1),
        ([{"id": 1, "start_date": None}, {"id": 2, "deleted_at": "2026-06-01T19:00:00+03:00"}], 0),
    ],
)
def test_shows_whose_start_was_left_out_are_counted(
    api_of_world: ApiOf, settings_for: SettingsFor, shows: list[dict[str, Any]], lost: int
) -> None:
    def with_shows(body: bytes) -> bytes:
        page = json.loads(body)
        page["data"][0]["shows"] = shows
        return json.dumps(page).encode()

    api = api_of_world()
    api.faults.add("edit", "/events", call=with_shows)

    counted = [text for text in fetch_events(settings_for(api), WINDOW, NOW).warnings if "shows start" in text]

    assert (
        counted
        == [f"QTickets did not tell when {lost} shows start, so the first and last of their events may be wrong"][
            :lost
        ]
    )


@pytest.mark.parametrize("token", [None, "", "   "])
@pytest.mark.parametrize("fetch", [fetch_events, fetch_orders])
def test_without_a_token_nothing_is_asked(
    api_of_world: ApiOf, settings_for: SettingsFor, fetch: Callable[..., Any], token: str | None
) -> None:
    api = api_of_world()

    with pytest.raises(SettingsError, match="QTICKETS_TOKEN is missing"):
        fetch(settings_for(api, qtickets_token=token), WINDOW, NOW)

    assert api.requests == []


@pytest.mark.parametrize("fetch", [fetch_events, fetch_orders])
def test_a_wrong_token_is_tried_once_and_named(
    api_of_world: ApiOf, settings_for: SettingsFor, fetch: Callable[..., Any]
) -> None:
    api = api_of_world()

    with pytest.raises(SourceError, match="put the right QTICKETS_TOKEN into") as caught:
        fetch(settings_for(api, qtickets_token="an-old-token"), WINDOW, NOW)

    assert not caught.value.transient
    assert len(api.requests) == 1
