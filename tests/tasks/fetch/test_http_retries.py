"""What the HTTP client tries again, how often, and what it takes for an answer."""

from __future__ import annotations

import gzip
import socket
from typing import Any

import pytest

from sandbox import QticketsApi
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import HINT, Ask

ORDERS = [
    {"id": number, "payed": False, "payed_at": None, "deleted_at": None, "baskets": []} for number in (1, 2, 3)
]
PASSING = [
    ("status", {"status": 429}),
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 503}),
    ("status", {"status": 504}),
    ("status", {"status": 500, "html": True}),
    ("timeout", {"seconds": 30}),
    ("disconnect", {}),
    ("disconnect", {"partial": True}),
    ("truncated", {}),
    ("truncated", {"keep": 0.0}),
    ("html", {}),
]


@pytest.fixture
def api() -> QticketsApi:
    return QticketsApi([dict(order) for order in ORDERS], [])


def sandbox(api: QticketsApi, kind: str = "", **more: object) -> dict[str, Any]:
    return {"token": api.token, "http_timeout": 3 if kind == "timeout" else 5, **more}


@pytest.mark.parametrize(("kind", "options"), PASSING)
def test_a_passing_failure_costs_a_retry_and_nothing_else(
    ask: Ask, api: QticketsApi, kind: str, options: dict[str, Any]
) -> None:
    api.faults.add(kind, **options)

    asked = ask(api, **sandbox(api, kind))

    assert [record["id"] for record in asked.reply["data"]] == [1, 2, 3]
    assert (asked.calls, asked.retries, len(api.requests)) == (2, 1, 2)


@pytest.mark.parametrize(("kind", "options"), PASSING)
def test_a_lasting_failure_ends_after_a_bounded_number_of_tries(
    ask: Ask, api: QticketsApi, kind: str, options: dict[str, Any]
) -> None:
    api.faults.add(kind, times=99, **options)

    asked = ask(api, **sandbox(api, kind, http_attempts=4))

    at_most = 3 if options.get("status") == 503 or kind in ("html", "truncated") else 4
    assert asked.error is not None
    assert asked.error.transient, "a later run may succeed"
    assert len(api.requests) == at_most


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422])
def test_a_refusal_is_asked_exactly_once(ask: Ask, api: QticketsApi, status: int) -> None:
    api.faults.add("status", times=99, status=status)

    asked = ask(api, **sandbox(api))

    assert asked.error is not None
    assert not asked.error.transient
    assert (len(api.requests), asked.retries) == (1, 0)


def test_a_wrong_token_is_asked_once_and_says_what_to_do(ask: Ask, api: QticketsApi) -> None:
    asked = ask(api, token="another")

    assert len(api.requests) == 1
    assert str(asked.error) == f"Somewhere refused GET /orders with HTTP 403. {HINT}"


def test_an_unknown_path_is_asked_once(ask: Ask, api: QticketsApi) -> None:
    asked = ask(api, "orders/filter/by", **sandbox(api))

    assert len(api.requests) == 1
    assert "HTTP 404" in str(asked.error)


def test_a_redirect_is_not_followed_with_the_token(ask: Ask, api: QticketsApi) -> None:
    api.faults.add("status", status=302)

    asked = ask(api, **sandbox(api))

    assert asked.error is not None
    assert len(api.requests) == 1


def test_503_among_other_failures_still_counts_as_few_tries(ask: Ask, api: QticketsApi) -> None:
    api.faults.add("status", status=502, times=2)
    api.faults.add("status", status=503, times=99)

    ask(api, **sandbox(api, http_attempts=6))

    assert len(api.requests) == 3


def test_an_address_where_nobody_listens_fails_in_words(ask: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = ask(f"http://127.0.0.1:{taken.getsockname()[1]}/api", http_attempts=3)

    assert asked.calls == 3
    assert asked.error is not None
    assert asked.error.transient
    assert "127.0.0.1 cannot be reached (connection refused)" in str(asked.error)


def test_a_damaged_compressed_body_is_tried_again_and_then_an_error(ask: Ask) -> None:
    whole = gzip.compress(b'{"data": []}')
    app = Raw(whole[:12] + b"\x00\x00\x00" + whole[15:], {"Content-Encoding": "gzip"})

    asked = ask(app)

    assert app.requests == 3
    assert asked.error is not None
    assert asked.error.transient


def test_numbers_with_a_fraction_stay_the_text_they_came_as(ask: Ask) -> None:
    app = Raw(b'{"a": 490.10, "b": 0.1, "c": 833, "d": 12345678901234.56, "e": [1.0]}')

    assert ask(app).reply == {"a": "490.10", "b": "0.1", "c": 833, "d": "12345678901234.56", "e": ["1.0"]}
