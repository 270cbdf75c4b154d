"""Refusals, word for word as captured, and how writes are treated."""

from __future__ import annotations

import httpx
import pytest

from sandbox import SANDBOX_TOKEN, QticketsApi, Running


@pytest.mark.parametrize("header", [None, "Bearer wrong", SANDBOX_TOKEN, "Bearer"])
def test_a_wrong_token_is_403_not_401(running: Running[QticketsApi], header: str | None):
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(f"{running.base_url}/orders", headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"error": "Wrong authorization", "status": 403}


@pytest.mark.parametrize(
    ("path", "resource", "number"),
    [
        ("/orders/4360", "Order", 4360),
        ("/events/1", "Event", 1),
        ("/clients/2", "Client", 2),
        ("/discounts/colors", "Discount", 0),
        ("/shows/3/seats", "Show", 3),
    ],
)
def test_an_unknown_id_is_a_json_404(get, path: str, resource: str, number: int):
    answer = get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "error": f'Resource "{resource}" not found',
        "status": 404,
        "code": "RESOURCE_NOT_FOUND",
        "info": {"id": number, "resource": resource},
    }


@pytest.mark.parametrize("path", ["/sales", "/barcodes", "/events/5/seats", "/orders/5/refunds", "/"])
def test_an_unknown_route_is_an_html_404(get, path: str):
    answer = get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert answer.text.startswith("<!DOCTYPE html>")


def test_filtering_by_post_is_no_query(client: httpx.Client):
    answer = client.post("/orders", json={"where": [{"column": "payed", "value": 1}]})
    assert answer.status_code == 503
    assert answer.json() == {"error": "Unknown error", "status": 503, "code": "UNKNOWN_ERROR", "info": []}
    assert client.post("/orders/filter", json={}).headers["content-type"].startswith("text/html")


def test_post_with_data_creates_an_order_for_everyone_to_see(client: httpx.Client, api: QticketsApi, get):
    before = get("/orders").json()["paging"]["total"]
    event = api.events[0]
    data = {"event_id": event["id"], "baskets": [{"show_id": event["shows"][0]["id"], "seat_id": "x-1;1"}]}
    created = client.post("/orders", json={"data": data}).json()["data"]
    assert get("/orders").json()["paging"]["total"] == before + 1
    served = get(f"/orders/{created['id']}").json()["data"]
    assert (served["event_id"], served["payed"], len(served["baskets"])) == (event["id"], False, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/orders/5/baskets"),
        ("POST", "/orders/5/restore"),
        ("PUT", "/baskets/5"),
        ("POST", "/clients"),
        ("POST", "/events"),
        ("PUT", "/events/5"),
        ("PUT", "/promo-codes/5"),
        ("POST", "/shows/5/barcodes"),
        ("POST", "/shows/5/barcode/870000000001"),
        ("PUT", "/orders"),
        ("DELETE", "/orders/5"),
    ],
)
def test_writes_are_refused_loudly_and_recorded(client: httpx.Client, api: QticketsApi, method: str, path: str):
    answer = client.request(method, path, json={})
    assert answer.status_code == 405
    assert method in answer.json()["error"]
    assert [(request.method, request.path, request.status) for request in api.writes] == [(method, path, 405)]


def test_head_tells_whether_an_event_exists(client: httpx.Client, api: QticketsApi):
    assert client.head(f"/events/{api.events[0]['id']}").status_code == 200
    assert client.head("/events/1").status_code == 404
    assert api.writes == []


def test_a_body_that_is_no_json_is_an_unhandled_fault(get):
    assert get("/orders", content="{", headers={"Content-Type": "application/json"}).status_code == 503


def test_headers_are_the_captured_ones(get):
    headers = get("/orders").headers
    assert headers["server"] == "nginx/1.14.1"
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-cache, private"
    assert headers["content-encoding"] == "gzip"
    assert not any("limit" in name for name in headers)
