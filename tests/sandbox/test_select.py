"""``select`` leaves out what was not asked for, at any depth, and keeps the document's order of keys."""

from __future__ import annotations

from sandbox import QticketsApi


def test_selected_keys_come_in_the_documents_order(get):
    for order in get("/orders", {"select": ["payed_at", "id", "nonsense"]}).json()["data"]:
        assert list(order) == ["id", "payed_at"]


def test_dotted_paths_reach_into_objects_and_lists(get):
    body = {
        "select": ["id", "client.details.phone", "baskets.id", "baskets.price", "utm.utm_source"],
        "perPage": 500,
    }
    orders = get("/orders", body).json()["data"]
    for order in orders:
        assert list(order) == ["id", "client", "utm", "baskets"]
        assert list(order["client"]["details"]) == ["phone"]
        assert all(list(basket) == ["id", "price"] for basket in order["baskets"])
    assert any(order["utm"] == [] for order in orders)
    assert any(order["utm"] and list(order["utm"]) == ["utm_source"] for order in orders)


def test_a_whole_value_beats_its_parts(get):
    order = get("/orders", {"select": ["baskets", "baskets.id"]}).json()["data"][0]
    assert len(order["baskets"][0]) > 30


def test_select_keeps_the_scheme_and_payees_out_of_events(get):
    answer = get("/events", {"select": ["id", "name", "city.name", "shows.id", "shows.start_date"]})
    for event in answer.json()["data"]:
        assert list(event) == ["id", "name", "shows", "city"]
        assert list(event["city"]) == ["name"]
        assert all(list(show) == ["id", "start_date"] for show in event["shows"])
    assert len(answer.content) < 10_000


def test_select_works_on_one_document(get, api: QticketsApi):
    order_id = api.orders[0]["id"]
    assert get(f"/orders/{order_id}?select[]=id").json() == {"data": {"id": order_id}}
