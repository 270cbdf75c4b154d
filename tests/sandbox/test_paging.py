"""Pages: envelope, default sizes, order, and what lies past the end."""

from __future__ import annotations

import pytest

from sandbox import QticketsApi, World


@pytest.mark.parametrize(
    ("path", "size"),
    [("/events", 10), ("/orders", 50), ("/clients", 100), ("/discounts", 100), ("/promo-codes", 500)],
)
def test_default_page_sizes_and_envelope(get, path: str, size: int):
    answer = get(path).json()
    assert list(answer) == ["data", "paging"]
    assert list(answer["paging"]) == ["perPage", "currentPage", "total"]
    assert (answer["paging"]["perPage"], answer["paging"]["currentPage"]) == (size, 1)
    assert len(answer["data"]) == min(size, answer["paging"]["total"])


def test_total_counts_records_and_pages_cover_all_of_them_by_id(get, small_world: World):
    pages = [get("/orders", {"page": number}).json() for number in range(1, 20)]
    ids = [order["id"] for page in pages for order in page["data"]]
    assert {page["paging"]["total"] for page in pages} == {len(small_world.orders)}
    assert ids == [order.id for order in small_world.orders]


def test_past_the_end_data_is_empty_and_total_stays(get, small_world: World):
    answer = get("/orders", {"page": 1000}).json()
    assert answer == {"data": [], "paging": {"perPage": 50, "currentPage": 1000, "total": len(small_world.orders)}}


def test_page_works_in_the_query_too(get):
    assert get("/orders?page=2").json() == get("/orders", {"page": 2}).json()
    assert get("/orders?page=2").json()["data"] != get("/orders").json()["data"]


def test_per_page_is_camel_case_and_snake_case_means_nothing(get):
    assert len(get("/orders?perPage=7").json()["data"]) == 7
    assert len(get("/orders", {"perPage": 7}).json()["data"]) == 7
    assert len(get("/orders?per_page=7").json()["data"]) == 50
    assert len(get("/orders", {"per_page": 7}).json()["data"]) == 50


def test_a_page_is_never_larger_than_the_maximum_and_says_so(get, api: QticketsApi):
    assert get("/orders", {"perPage": 5000}).json()["paging"]["perPage"] == 500
    api.switches.max_per_page = 100
    answer = get("/orders", {"perPage": 5000}).json()
    assert (len(answer["data"]), answer["paging"]["perPage"]) == (100, 100)


def test_deleted_inactive_and_unpaid_come_by_default(get):
    orders = get("/orders", {"perPage": 500}).json()["data"]
    assert any(order["deleted_at"] for order in orders)
    assert any(not order["payed"] for order in orders)
    events = [event for page in range(1, 9) for event in get("/events", {"page": page}).json()["data"]]
    assert any(event["deleted_at"] for event in events)
    assert any(not event["is_active"] for event in events)


def test_promo_codes_come_unsorted(get):
    ids = [promo["id"] for promo in get("/promo-codes").json()["data"]]
    assert ids != sorted(ids)


def test_details_have_data_without_paging(get, small_world: World):
    order, event = small_world.orders[3], small_world.events[3]
    answer = get(f"/orders/{order.id}").json()
    assert list(answer) == ["data"]
    assert answer["data"]["id"] == order.id
    assert get(f"/events/{event.id}").json()["data"]["name"] == event.name


@pytest.mark.parametrize("page", [0, -1, "x"])
def test_a_senseless_page_is_an_unhandled_fault(get, page):
    assert get("/orders", {"page": page}).status_code == 503
