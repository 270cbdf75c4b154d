"""What a status or a body means: how often it is tried, who refused, and no word of the body or the token in errors."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp

from sandbox import QticketsApi
from tasks.errors import SourceError
from tasks.fetch import probes
from tasks.fetch.troubles import Tries, of_status
from tests.tasks.fetch.applications import HINT, Ask, Raw

PERSON = "ivanova.maria@example.invalid"
PAGE = b"<html><head><title>403 Forbidden</title></head><body>secret-words</body></html>"
OWN = b'{"error": "secret-words"}'
TAIL = "Nothing was loaded; the next run tries again."
PASSING: list[tuple[str, dict[str, Any], int]] = [
    *(("status", {"status": status}, 4) for status in (429, 500, 502, 504)),
    ("status", {"status": 503}, 3),
    ("status", {"status": 500, "html": True}, 4),
    ("timeout", {"seconds": 30}, 4),
    ("disconnect", {}, 4),
    ("disconnect", {"partial": True}, 4),
    ("truncated", {"keep": 0.9}, 3),
    ("html", {}, 3),
]


@pytest.fixture
def api() -> QticketsApi:
    order = {"id": 1, "payed": False, "payed_at": None, "deleted_at": None, "baskets": [], "client": PERSON}
    return QticketsApi([order], [], token="a-secret-token")


@pytest.mark.parametrize(("kind", "options", "tries"), PASSING)
def test_a_passing_failure_costs_a_retry_and_a_lasting_one_a_bounded_number(
    ask: Ask, api: QticketsApi, caplog: pytest.LogCaptureFixture, kind: str, options: dict[str, Any], tries: int
) -> None:
    caplog.set_level(logging.DEBUG)
    if kind == "status" and "html" not in options:
        options = options | {"body": json.dumps({"error": PERSON, "code": "UNKNOWN_ERROR"})}
    api.faults.add(kind, **options)

    passing = ask(api, http_timeout=1 if kind == "timeout" else 5)
    api.faults.add(kind, times=99, **options)
    lasting = ask(api, http_timeout=0.2 if kind == "timeout" else 5, http_attempts=4)

    assert [record["id"] for record in passing.reply["data"]] == [1]
    assert (passing.calls, passing.retries) == (2, 1)
    assert isinstance(lasting.error, SourceError) and lasting.error.transient
    assert (lasting.calls, len(api.requests)) == (tries, tries + 2)
    shown = "".join(traceback.format_exception(lasting.error)) + caplog.text
    assert "try 1" in shown
    assert not [secret for secret in ("a-secret-token", PERSON) if secret in shown]


def test_503_among_other_failures_counts_as_few_tries(ask: Ask, api: QticketsApi) -> None:
    api.faults.add("status", status=502, times=2)
    api.faults.add("status", status=503, times=99)

    assert ask(api, http_attempts=6).calls == 3


# Statuses of a server in between and of the API itself, and how often each is tried.
TRIES: dict[tuple[bool, Tries], tuple[int, ...]] = {
    (False, Tries.ONCE): (404, 407, 413, 414, 431, 451, 501, 505, 511),
    (False, Tries.FEW): (201, 206, 400, 401, 402, 403, 405, 409, 411, 418, 421, 422, 460, 499, 503, 600),
    (False, Tries.ALL): (408, 425, 429, 500, 502, 504, 507, 520, 530, 599),
    (True, Tries.ONCE): (400, 401, 402, 403, 404, 405, 410, 411, 413, 422, 451),
    (True, Tries.FEW): (421, 503),
    (True, Tries.ALL): (408, 425, 429, 500, 502, 504),
}


@pytest.mark.parametrize(("is_own", "tries"), TRIES)
def test_how_often_a_status_is_tried(is_own: bool, tries: Tries) -> None:
    assert {of_status(status, is_own).tries for status in TRIES[is_own, tries]} == {tries}


@pytest.mark.parametrize(
    ("status", "body", "calls", "line"),
    [
        (403, OWN, 1, f"Somewhere refused GET /orders with HTTP 403. {HINT}"),
        (410, OWN, 1, "Somewhere refused GET /orders with HTTP 410. See the API's documentation."),
        (404, PAGE, 1, "GET /orders of Somewhere gave HTTP 404 and a page instead of data. Nothing is at that address: "
         "check SOME_BASE_URL."),
        (407, b"", 1, "GET /orders of Somewhere gave HTTP 407 and an empty body. A proxy wants a name and a password: set "
         "HTTPS_PROXY=http://name:password@host:port."),
        (403, b'{"message": "secret-words"}', 3, "Somewhere did not answer GET /orders in 3 tries: HTTP 403 and a body that "
         f"is not the API's own. {TAIL} That is not Somewhere speaking but a proxy, a firewall or a guard in front of it, "
         "and says nothing of the token. If it lasts, ask who runs this machine's network, then Somewhere's support "
         "whether they block it."),
        (500, PAGE, 6, f"Somewhere did not answer GET /orders in 6 tries: HTTP 500. {TAIL}"),
        (204, b"", 3, f"Somewhere did not answer GET /orders in 3 tries: HTTP 204. {TAIL}"),
        (561, b"\xff\xfe\x00", 6, f"Somewhere did not answer GET /orders in 6 tries: HTTP 561. {TAIL}"),
    ],
)  # fmt: skip
def test_the_line_says_who_refused_and_what_to_do(
    ask: Ask, status: int, body: bytes, calls: int, line: str
) -> None:
    asked = ask(Raw(body, status=status))

    assert (str(asked.error), asked.calls) == (line, calls)
    assert asked.error is not None and asked.error.transient == (calls > 1)


# --- whose words they are, per API ---

ErrorOf = Callable[..., SourceError]
NAMES = ["QTickets", "VK Ads", "VK (legacy API)", "Yandex Direct"]


def error_from(name: str, error_of: ErrorOf, app: ASGIApp) -> SourceError:
    """The error of the smoke test of an API that the application stands in for."""
    probe = {"Q": probes.qtickets, "V": probes.vk_ads, "Y": probes.direct}[name[0]]
    return error_of(probe, app, vk_api="legacy" if "legacy" in name else "ads")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b'{"timestamp": 1, "status": 403, "error": "Forbidden", "path": "/orders"}',
        b'{"code": 403, "message": "Forbidden"}',
        b'{"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}}',
        b'["no"]',
    ],
)
def test_a_gateway_is_never_taken_for_the_api(error_of: ErrorOf, name: str, body: bytes) -> None:
    error = error_from(name, error_of, Raw(body, status=403))

    assert "says nothing of the token" in str(error)
    assert "not valid" not in str(error)
    assert error.transient


@pytest.mark.parametrize(
    ("name", "status", "body", "words"),
    [
        ("QTickets", 403, {"error": "Wrong authorization", "status": 403}, "put the right QTICKETS_TOKEN"),
        ("QTickets", 404, {"error": "x", "status": 404, "code": "RESOURCE_NOT_FOUND"}, "Check QTICKETS_BASE_URL"),
        ("VK Ads", 401, {"code": "invalid_token", "message": "x"}, "VK_TOKEN, in secrets/.env.vk"),
        ("VK Ads", 401, {"code": "revoked_token", "message": "x"}, "has been revoked"),
        ("VK Ads", 403, {"error": {"code": "ERR_ACCESS_DENIED", "message": "x"}}, "read_ads"),
        ("VK (legacy API)", 200, {"error": {"error_code": 5, "error_msg": "x"}}, "put a new VK_TOKEN"),
        ("Yandex Direct", 403, {"error": {"error_code": "53", "error_string": "x"}}, "put a new DIRECT_TOKEN"),
    ],
)
def test_the_api_s_own_refusal_is_reported_as_such(
    error_of: ErrorOf, name: str, status: int, body: dict[str, Any], words: str
) -> None:
    app = Raw(json.dumps(body).encode(), status=status)

    error = error_from(name, error_of, app)

    assert words in str(error)
    assert (error.transient, app.requests) == (False, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body",
    [
        rb'{"error": {"error_code": 5, "error_string": "\ud83c", "code": "\ud83c"}, "code": "\ud83c"}',
        b'{"error": {"error_code": ' + b"9" * 10_000 + b'}, "remaining": {"1": NaN, "60": Infinity}}',
        b'{"error": {"error_code": "soon", "error_string": "\xff"}, "code": "\xff_"}',
        b'{"error":' * 100_000,
    ],
    ids=["lone surrogates", "figures", "words", "100,000 objects"],
)
def test_no_odd_body_of_a_refusal_is_a_traceback(error_of: ErrorOf, name: str, body: bytes) -> None:
    """Nor is a charset that is none: httpx would decode with it."""
    app = Raw(body, {"Content-Type": "application/json; charset=base64"}, status=429 if b"NaN" in body else 400)

    str(error_from(name, error_of, app)).encode()
