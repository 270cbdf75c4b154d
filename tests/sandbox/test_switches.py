"""Each switch changes what it names and nothing else, also while the server runs."""

from __future__ import annotations

from typing import Any

from sandbox import QticketsApi

PAID = {"where": [{"column": "payed", "value": 1}], "perPage": 500}
BRACKETS = "/orders?where[0][column]=payed&where[0][value]=1&perPage=500"


def total(answer: Any) -> int:
    return int(answer.json()["paging"]["total"])


def by_id(answer: Any) -> dict[int, dict[str, Any]]:
    return {int(order["id"]): order for order in answer.json()["data"]}


def test_the_body_can_be_dropped_on_the_way(get, api: QticketsApi):
    everything, paid = total(get("/orders")), total(get("/orders", PAID))
    assert paid < everything
    api.switches.honour_body = False
    assert total(get("/orders", PAID)) == everything
    assert total(get(BRACKETS)) == paid


def test_brackets_can_be_unknown_while_plain_paging_works(get, api: QticketsApi):
    everything = total(get("/orders"))
    api.switches.honour_query = False
    answer = get(f"{BRACKETS}&page=2&perPage=3").json()
    assert answer["paging"] == {"perPage": 3, "currentPage": 2, "total": everything}


def test_filters_can_be_ignored_altogether(get, api: QticketsApi):
    everything = total(get("/orders"))
    api.switches.honour_filters = False
    assert total(get("/orders", PAID)) == total(get(BRACKETS)) == everything


def test_single_columns_and_operators_can_be_ignored(get, api: QticketsApi):
    body = {
        "where": [{"column": "payed", "value": 1}, {"column": "id", "operator": ">", "value": api.orders[99]["id"]}]
    }
    both, paid, everything = total(get("/orders", body)), total(get("/orders", PAID)), len(api.orders)
    api.switches.ignored_columns = {"payed"}
    assert total(get("/orders", body)) == everything - 100
    api.switches.ignored_columns = set()
    api.switches.ignored_operators = {">"}
    assert total(get("/orders", body)) == paid
    api.switches.ignored_operators = set()
    assert total(get("/orders", body)) == both


def test_order_by_can_be_ignored(get, api: QticketsApi):
    api.switches.honour_order_by = False
    assert get("/orders", {"orderBy": {"id": "desc"}}).json() == get("/orders").json()


def test_select_can_be_ignored_or_be_shallow(get, api: QticketsApi):
    body = {"select": ["id", "baskets.id"]}
    api.switches.honour_nested_select = False
    order = get("/orders", body).json()["data"][0]
    assert list(order) == ["id", "baskets"]
    assert "client_email" in order["baskets"][0]
    api.switches.honour_select = False
    assert get("/orders", body).json() == get("/orders").json()


def test_per_page_can_be_ignored(get, api: QticketsApi):
    api.switches.honour_per_page = False
    assert get("/orders", {"perPage": 3}).json()["paging"]["perPage"] == 50


def test_prices_can_be_per_line_with_the_same_order_price(get, api: QticketsApi):
    with api.change():
        api.orders[0]["baskets"][:] = [{**api.orders[0]["baskets"][0], "price": 841.5, "quantity": 3}]
        api.orders[0]["price"] = 2524.5
    api.switches.price_per_line = True
    order = get("/orders").json()["data"][0]
    assert (order["price"], order["baskets"][0]["price"], order["baskets"][0]["quantity"]) == (2524.5, 2524.5, 3)


def refund_first_line(api: QticketsApi, *, whole: bool) -> dict[str, Any]:
    order = next(order for order in api.orders if order["payed"] and order["price"] and len(order["baskets"]) == 2)
    with api.change():
        for basket in order["baskets"][: 2 if whole else 1]:
            basket.update(price=100, quantity=1, refunded_at="2026-11-20T10:00:00+03:00", refunded_amount=90)
        order["price"] = 1000
    return order


def test_a_refund_leaves_price_and_deletion_alone_unless_switched(get, api: QticketsApi):
    order_id = refund_first_line(api, whole=False)["id"]
    plain = get(f"/orders/{order_id}").json()["data"]
    assert (plain["price"], plain["deleted_at"], plain["baskets"][0]["deleted_at"]) == (1000, None, None)
    api.switches.price_reduced_after_refund = True
    api.switches.deleted_after_refund = True
    changed = get(f"/orders/{order_id}").json()["data"]
    assert (changed["price"], changed["deleted_at"]) == (900, None)
    assert changed["baskets"][0]["deleted_at"] == "2026-11-20T10:00:00+03:00"


def test_filters_see_the_deletion_of_a_fully_refunded_order(get, api: QticketsApi):
    order_id = refund_first_line(api, whole=True)["id"]
    alive = {"where": [{"column": "deleted_at", "operator": "null"}], "perPage": 500}
    assert order_id in by_id(get("/orders", alive))
    api.switches.deleted_after_refund = True
    assert order_id not in by_id(get("/orders", alive))


def test_ids_can_be_strings_and_flags_ints(get, api: QticketsApi):
    api.switches.id_as_strings = True
    api.switches.flags_as_ints = True
    order = get("/orders", PAID).json()["data"][0]
    assert isinstance(order["id"], str)
    assert isinstance(order["baskets"][0]["id"], str)
    assert (order["payed"], order["reserved"], order["reserve_extended"]) in {(1, 0, 0), (1, 0, 1)}
    assert isinstance(get(f"/orders/{order['id']}", {"select": ["id"]}).json()["data"]["id"], str)
    assert isinstance(get("/events").json()["data"][0]["id"], int)
