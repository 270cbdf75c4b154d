"""``where`` and ``orderBy``: every operator, both forms of a request, every form of a date, the silent traps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import QticketsApi, World

MOSCOW = timezone(timedelta(hours=3))
EDGE = datetime(2026, 11, 10, tzinfo=MOSCOW)
ALL = {"perPage": 500}


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()["data"]]


def where(column: str, *rest: Any) -> dict[str, Any]:
    """``where(column, operator, value)``, ``where(column, operator)`` or ``where(column, value=...)``."""
    return {"where": [{"column": column, **dict(zip(("operator", "value"), rest, strict=False))}], **ALL}


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (">=", lambda at: at is not None and at >= EDGE),
        (">", lambda at: at is not None and at > EDGE),
        ("<", lambda at: at is not None and at < EDGE),
        ("<=", lambda at: at is not None and at <= EDGE),
        ("!=", lambda at: at is not None and at != EDGE),
        ("=", lambda at: at == EDGE),
    ],
)
def test_comparisons_leave_nulls_out(get, small_world: World, operator: str, expected):
    wanted = [order.id for order in small_world.orders if expected(order.payed_at)]
    answer = get("/orders", where("payed_at", operator, EDGE.isoformat()))
    assert answer.json()["paging"]["total"] == len(wanted)
    assert ids(answer) == wanted[:500]


def test_null_and_not_null_take_no_value(get, small_world: World):
    unpaid = [order.id for order in small_world.orders if order.payed_at is None]
    assert ids(get("/orders", where("payed_at", "null"))) == unpaid
    paid = get("/orders", where("payed_at", "not null")).json()["paging"]["total"]
    assert paid == len(small_world.orders) - len(unpaid)


@pytest.mark.parametrize("value", [1, True, "1"])
def test_the_default_operator_is_equality_and_flags_are_numbers(get, small_world: World, value):
    body = {"where": [{"column": "payed", "value": value}], **ALL}
    wanted = [order.id for order in small_world.orders if order.payed_at]
    assert get("/orders", body).json()["paging"]["total"] == len(wanted)


def test_conditions_are_joined_with_and(get, small_world: World):
    event = small_world.orders[0].event_id
    body = {"where": [{"column": "event_id", "value": event}, {"column": "payed", "value": 1}], **ALL}
    assert ids(get("/orders", body)) == [
        order.id for order in small_world.orders if order.event_id == event and order.payed_at
    ]


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-10",
        "2026-11-10 00:00:00",
        "2026-11-10T00:00:00+03:00",
        "2026-11-09T21:00:00Z",
        "2026-11-10T02:00:00+05:00",
    ],
)
def test_every_form_of_a_date_means_the_same_instant(get, value: str):
    expected = ids(get("/orders", where("created_at", ">=", EDGE.isoformat())))
    assert expected
    assert ids(get("/orders", where("created_at", ">=", value))) == expected


def test_a_date_boundary_is_exact_to_the_second(get, small_world: World):
    order = next(order for order in small_world.orders if order.payed_at)
    assert order.payed_at is not None
    at = order.payed_at.astimezone(UTC)
    assert order.id in ids(get("/orders", where("payed_at", ">=", at.isoformat())))
    assert order.id not in ids(get("/orders", where("payed_at", ">=", (at + timedelta(seconds=1)).isoformat())))
    assert order.id not in ids(get("/orders", where("payed_at", "<", at.isoformat())))


def test_brackets_in_the_query_do_what_the_body_does(get):
    query = urlencode(
        {
            "where[0][column]": "payed_at", "where[0][operator]": ">=",
            "where[0][value]": "2026-11-10T00:00:00+03:00",
            "where[1][column]": "payed_at", "where[1][operator]": "<", "where[1][value]": "2026-11-12",
            "orderBy[id]": "desc", "select[0]": "id", "select[1]": "payed_at", "perPage": 20, "page": 1,
        }
    )  # fmt: skip
    body = {
        "where": [
            {"column": "payed_at", "operator": ">=", "value": "2026-11-10T00:00:00+03:00"},
            {"column": "payed_at", "operator": "<", "value": "2026-11-12"},
        ],
        "orderBy": {"id": "desc"}, "select": ["id", "payed_at"], "perPage": 20,
    }  # fmt: skip
    answer = get(f"/orders?{query}").json()
    assert answer["data"]
    assert answer == get("/orders", body).json()


def test_an_unescaped_plus_in_the_query_is_no_date(get):
    query = "where[0][column]=payed_at&where[0][operator]=%3E%3D&where[0][value]=2026-11-10T00:00:00+03:00"
    assert get(f"/orders?{query}").status_code == 503


@pytest.mark.parametrize(
    "query",
    [
        'where=[{"column":"deleted_at","operator":"null"}]',
        'filter={"where":[{"column":"payed","value":1}]}',
        "payed=1",
        "status=paid&since=2026-11-20&organization=5",
        'select=["id"]',
    ],
)
def test_what_the_server_does_not_know_it_ignores_with_200(get, query: str):
    assert get(f"/orders?{query}").json() == get("/orders").json()


def test_a_body_that_is_not_declared_as_json_is_not_read(get):
    text = '{"where":[{"column":"payed","value":1}],"perPage":3}'
    assert get("/orders", content=text).json() == get("/orders").json()
    declared = get("/orders", content=text, headers={"Content-Type": "application/json"}).json()
    assert len(declared["data"]) == 3


@pytest.mark.parametrize(
    "condition",
    [
        {"column": "payed_at", "operator": ">=", "value": "yesterday"},
        {"column": "payed_at", "operator": ">=", "value": "2026-13-40"},
        {"column": "payed_at", "operator": ">="},
        {"column": "payed", "value": "true"},
        {"column": "no_such_column", "value": 1},
        {"column": "baskets", "operator": "not null"},
        {"column": "payed", "operator": "like", "value": 1},
        {"operator": "null"},
        "payed=1",
    ],
)
def test_senseless_conditions_are_an_unhandled_fault(get, condition):
    answer = get("/orders", {"where": [condition]})
    assert (answer.status_code, answer.json()["code"]) == (503, "UNKNOWN_ERROR")


def test_order_by_sorts_and_pages_follow(get, small_world: World):
    newest = sorted((order.id for order in small_world.orders), reverse=True)
    assert ids(get("/orders", {"orderBy": {"id": "desc"}, "page": 2})) == newest[50:100]
    times = [order["updated_at"] for order in get("/orders", {"orderBy": {"updated_at": "asc"}}).json()["data"]]
    assert times == sorted(times)
    assert get("/orders", {"orderBy": {"id": "sideways"}}).status_code == 503


def test_events_are_filtered_by_their_own_columns(get, small_world: World):
    alive = get("/events", {"where": [{"column": "deleted_at", "operator": "null"}], **ALL}).json()
    assert {event["deleted_at"] for event in alive["data"]} == {None}
    assert len(alive["data"]) == sum(event.deleted_at is None for event in small_world.events)
    active = get("/events", {"where": [{"column": "is_active", "value": 1}], **ALL}).json()
    assert len(active["data"]) == sum(event.is_active for event in small_world.events)


def test_filters_see_changed_documents(get, api: QticketsApi):
    body = where("price", "=", 123456)
    assert ids(get("/orders", body)) == []
    with api.change():
        api.orders[5]["price"] = 123456
    assert ids(get("/orders", body)) == [api.orders[5]["id"]]


def test_a_page_of_a_hundred_thousand_orders_is_quick(get, api: QticketsApi):
    import time

    first = dict(api.orders[0])
    with api.change():
        api.orders[:] = [{**first, "id": number} for number in range(100_000)]
    body = {
        "where": [{"column": "payed_at", "operator": ">=", "value": "2026-01-01"}, {"column": "payed", "value": 1}]
    }
    get("/orders", body)
    started = time.perf_counter()
    for page in range(1, 11):
        get("/orders", {**body, "page": page})
    assert (time.perf_counter() - started) / 10 < 0.1
