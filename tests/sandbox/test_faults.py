"""What was scheduled happens, to the requests it was scheduled for, and to no other."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest

from sandbox import Faults, QticketsApi


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_error_status_has_the_usual_body(get, api: QticketsApi, status: int):
    api.faults.add("status", status=status)
    answer = get("/orders")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert "retry-after" not in answer.headers
    assert get("/orders").status_code == 200


def test_an_error_status_can_name_a_wait_and_be_empty_or_html(get, api: QticketsApi):
    api.faults.add("status", status=429, retry_after=3, body="")
    answer = get("/orders")
    assert (answer.status_code, answer.headers["retry-after"], answer.content) == (429, "3", b"")
    api.faults.add("status", status=502, html=True)
    assert get("/orders").text.startswith("<!DOCTYPE html>")


def test_silence_outlasts_an_impatient_client_and_ends_for_a_patient_one(get, api: QticketsApi):
    api.faults.add("timeout", times=2, seconds=2)
    with pytest.raises(httpx.ReadTimeout):
        get("/orders", timeout=0.1)
    assert get("/orders").status_code == 200
    assert [request.status for request in api.requests] == [None, 200]


def test_the_connection_can_close_before_or_within_the_answer(get, api: QticketsApi):
    api.faults.add("disconnect")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        get("/orders")
    api.faults.add("disconnect", partial=True)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        get("/orders")
    assert get("/orders").status_code == 200


def test_truncated_json_is_well_formed_http(get, api: QticketsApi):
    whole = get("/orders").content
    api.faults.add("truncated", keep=0.9)
    answer = get("/orders")
    assert answer.status_code == 200
    assert answer.content == whole[: int(len(whole) * 0.9)]
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_bodies_that_only_look_like_a_page(get, api: QticketsApi):
    page = get("/orders").json()
    for kind in ("html", "no_data", "wrong_total", "error_as_page"):
        api.faults.add(kind)
    html, no_data, wrong_total, error = (get("/orders") for _ in range(4))
    assert {answer.status_code for answer in (html, no_data, wrong_total, error)} == {200}
    assert html.headers["content-type"].startswith("text/html")
    assert no_data.json() == {"paging": page["paging"]}
    assert wrong_total.json()["paging"]["total"] == page["paging"]["total"] + 1
    assert wrong_total.json()["data"] == page["data"]
    assert error.json() == {"error": "Unknown error", "status": 503, "code": "UNKNOWN_ERROR", "info": []}


def ids(answer: httpx.Response) -> list[int]:
    return [order["id"] for order in answer.json()["data"]]


PAID = {"where": [{"column": "payed", "value": 1}], "orderBy": {"id": "asc"}, "perPage": 20}


def test_drift_by_insertion_repeats_a_row_on_the_next_page(get, api: QticketsApi):
    first, second = get("/orders", PAID), get("/orders", {**PAID, "page": 2})
    api.faults.add("drift", after=0)
    shifted = get("/orders", {**PAID, "page": 2})
    assert ids(shifted) == [ids(first)[-1], *ids(second)[:-1]]
    assert shifted.json()["paging"]["total"] == second.json()["paging"]["total"] + 1
    newcomer = get("/orders", PAID).json()["data"][0]
    assert newcomer["payed"] is True
    assert newcomer["id"] < ids(first)[0]


def test_drift_by_removal_skips_a_row(get, api: QticketsApi):
    second, third = get("/orders", {**PAID, "page": 2}), get("/orders", {**PAID, "page": 3})
    api.faults.add("drift", mode="remove")
    shifted = get("/orders", {**PAID, "page": 2})
    assert ids(shifted) == [*ids(second)[1:], ids(third)[0]]
    assert shifted.json()["paging"]["total"] == second.json()["paging"]["total"] - 1


def test_drift_by_payment_lets_an_order_enter_the_set(get, api: QticketsApi):
    total = get("/orders", PAID).json()["paging"]["total"]
    api.faults.add("drift", mode="pay")
    assert get("/orders", PAID).json()["paging"]["total"] == total + 1


def test_any_change_can_happen_before_the_nth_request(get, api: QticketsApi):
    def double(documents: list[dict[str, Any]]) -> None:
        documents[0]["price"] = 777

    api.faults.mutate(double, after=1)
    assert get("/orders").json()["data"][0]["price"] != 777
    assert get("/orders").json()["data"][0]["price"] == 777


def test_faults_wait_their_turn_count_and_match_paths(get, api: QticketsApi):
    api.faults.add("status", after=1, times=2, status=500)
    api.faults.add("status", path="/orders/*", status=504)
    order_id = api.orders[0]["id"]
    assert [get("/orders").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert [get("/events").status_code, get(f"/orders/{order_id}").status_code] == [200, 504]
    assert api.faults.pending() == []


def test_an_unknown_kind_is_refused_at_once():
    with pytest.raises(ValueError, match="known are status"):
        Faults().add("explode")


def test_the_queue_is_thread_safe():
    faults = Faults()
    faults.add("status", times=500)
    taken: list[Any] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(faults.take("/orders") for _ in range(200))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fault is not None for fault in taken) == 500


def test_every_request_is_remembered_with_its_parameters_and_fault(client: httpx.Client, get, api: QticketsApi):
    api.faults.add("status", status=429)
    before = time.monotonic()
    get("/orders?page=2&per_page=9", {"where": [{"column": "payed", "value": 1}]})
    get("/events?select[]=id")
    client.post("/orders", json={})
    orders, events, write = api.requests
    assert (orders.method, orders.path, orders.status, orders.fault) == ("GET", "/orders", 429, "status")
    assert orders.params == {"page": "2", "per_page": "9", "where": [{"column": "payed", "value": 1}]}
    assert (events.path, events.params, events.status) == ("/events", {"select": {"0": "id"}}, 200)
    assert api.writes == [write]
    assert before <= orders.clock <= events.clock <= write.clock <= time.monotonic()
    assert orders.at.tzinfo is not None
