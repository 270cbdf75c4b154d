"""Every status says truly who refused: the API in its own words, or something in front of it."""

from __future__ import annotations

import asyncio
import http
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.types import ASGIApp

from tasks.errors import SourceError
from tasks.fetch import probes
from tasks.fetch.http import Api, ApiClient, as_json
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import HINT, Ask, Asked

PAGE = b"<html><head><title>403 Forbidden</title></head><body>nginx</body></html>"
OWN = b'{"error": "secret-words-of-the-body"}'
OTHER = b'{"message": "secret-words-of-the-body"}'
TAIL = "Nothing was loaded; the next run tries again."
GUARD = (
    "That is not Somewhere speaking but a proxy, a firewall or a guard in front of it, and says nothing of the token. "
    "If it lasts, ask who runs this machine's network, then Somewhere's support whether they block it."
)
IN_BETWEEN = [400, 401, 402, 403, 405, 406, 409, 410, 411, 412, 415, 418, 422, 423, 444, 460, 499]
BODIES = {"a page instead of data": PAGE, "an empty body": b"", "a body that is not the API's own": OTHER}


@pytest.mark.parametrize("status", IN_BETWEEN)
@pytest.mark.parametrize("kind", BODIES)
def test_a_refusal_in_front_of_the_api_is_no_verdict_on_the_token(ask: Ask, status: int, kind: str) -> None:
    asked = ask(Raw(BODIES[kind], status=status))

    assert str(asked.error) == (
        f"Somewhere did not answer GET /orders in 3 tries: HTTP {status} and {kind}. {TAIL} {GUARD}"
    )
    assert asked.error is not None and asked.error.transient
    assert asked.calls == 3


@pytest.mark.parametrize("status", sorted({*IN_BETWEEN, 404, 407, 413, 414, 431, 451}))
def test_a_refusal_in_the_api_s_own_words_is_asked_once(ask: Ask, status: int) -> None:
    asked = ask(Raw(OWN, status=status))

    hint = HINT if status == 403 else "See the API's documentation."
    assert str(asked.error) == f"Somewhere refused GET /orders with HTTP {status}. {hint}"
    assert asked.error is not None and not asked.error.transient
    assert asked.calls == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "Nothing is at that address: check SOME_BASE_URL."),
        (407, "A proxy wants a name and a password: set HTTPS_PROXY=http://name:password@host:port."),
        (413, "The request is longer than a server in between allows."),
        (414, "The address is longer than a server in between allows."),
        (431, "The headers are longer than a server in between allows: check the token."),
        (451, "Blocked for legal reasons, often by country or provider: run it from another network."),
        (501, "A server in between does not know such a request."),
        (505, "A server in between speaks another HTTP: check HTTPS_PROXY and SOME_BASE_URL."),
        (511, "This network asks for a login first: open any page in a browser on it."),
    ],
)
def test_what_no_retry_mends_is_asked_once_and_has_a_hint_of_its_own(ask: Ask, status: int, words: str) -> None:
    asked = ask(Raw(PAGE, status=status))

    assert str(asked.error) == f"GET /orders of Somewhere gave HTTP {status} and a page instead of data. {words}"
    assert asked.calls == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 504, 507, 508, *range(520, 531), 598, 599])
def test_a_passing_status_is_tried_as_often_as_allowed(ask: Ask, status: int) -> None:
    asked = ask(Raw(PAGE, status=status), http_attempts=4)

    assert str(asked.error) == f"Somewhere did not answer GET /orders in 4 tries: HTTP {status}. {TAIL}"
    assert asked.calls == 4


@pytest.mark.parametrize("status", [201, 202, 203, 205, 206, 226, 421, 503])
def test_what_may_not_pass_is_tried_three_times(ask: Ask, status: int) -> None:
    asked = ask(Raw(PAGE, status=status))

    assert str(asked.error).startswith(f"Somewhere did not answer GET /orders in 3 tries: HTTP {status}")
    assert asked.error is not None and asked.error.transient
    assert asked.calls == 3


@pytest.mark.parametrize("status", [s.value for s in http.HTTPStatus if s.value > 200] + [419, 440, 509, 524, 561])
@pytest.mark.parametrize("body", [PAGE, OWN, b"\xff\xfe\x00"], ids=["page", "own", "bytes"])
def test_every_status_is_one_line_without_the_body(ask: Ask, status: int, body: bytes) -> None:
    asked = ask(Raw(b"" if status in (204, 205, 304) else body, status=status), http_attempts=1)

    assert isinstance(asked.error, SourceError)
    line = str(asked.error)
    assert f"HTTP {status}" in line
    assert "\n" not in line
    assert "secret-words" not in line and "nginx" not in line


# --- whose words they are, per API ---

Product = Callable[[Settings], Any]
DAY = Window(first=date(2026, 11, 20), last=date(2026, 11, 20))
PRODUCTS: dict[str, tuple[Product, tuple[str, ...]]] = {
    "QTickets": (probes.qtickets, ("qtickets_base_url",)),
    "QTickets, orders": (
        lambda s: fetch_orders(s, DAY, datetime(2026, 11, 21, tzinfo=UTC)),
        ("qtickets_base_url",),
    ),
    "QTickets, events": (
        lambda s: fetch_events(s, DAY, datetime(2026, 11, 21, tzinfo=UTC)),
        ("qtickets_base_url",),
    ),
    "VK Ads": (probes.vk_ads, ("vk_base_url",)),
    "VK (legacy API)": (probes.vk_ads, ("vk_legacy_base_url",)),
    "Yandex Direct": (probes.direct, ("direct_base_url",)),
}
QUICK = {"vk_rate": 1000, "direct_rate": 1000}


def product_says(name: str, url: str, make_settings: Callable[..., Settings]) -> SourceError:
    run, addresses = PRODUCTS[name]
    more = {
        "vk_api": "legacy" if "legacy" in name else "ads",
        "vk_token": "a-vk-token",
        "vk_account_id": "1",
        "direct_token": "a-direct-token",
        "direct_login": "promoter",
    }
    with pytest.raises(SourceError) as caught:
        run(make_settings(**QUICK, **more, **dict.fromkeys(addresses, url)))
    return caught.value


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b"",
        b"Access denied",
        b'{"message": "Forbidden"}',
        b'{"error": "Forbidden"}',
        b'{"timestamp": 1, "status": 403, "error": "Forbidden", "path": "/orders"}',
        b'{"code": 403, "message": "Forbidden"}',
        b'{"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}}',
        b'["no"]',
        b'"no"',
    ],
)
def test_a_gateway_is_never_taken_for_the_api(
    base_url_of: Callable[[ASGIApp], str],
    make_settings: Callable[..., Settings],
    name: str,
    status: int,
    body: bytes,
) -> None:
    error = product_says(name, base_url_of(Raw(body, status=status)), make_settings)

    assert f"in 3 tries: HTTP {status} and a" in str(error)
    assert "says nothing of the token" in str(error)
    assert "not valid" not in str(error)
    assert error.transient


@pytest.mark.parametrize(
    ("name", "status", "body", "words"),
    [
        ("QTickets", 403, {"error": "Wrong authorization", "status": 403}, "put the right QTICKETS_TOKEN"),
        ("QTickets", 403, {"error": "Wrong authorization"}, "put the right QTICKETS_TOKEN"),
        (
            "QTickets",
            404,
            {"error": 'Resource "Order" not found', "status": 404, "code": "RESOURCE_NOT_FOUND", "info": {}},
            "Check QTICKETS_BASE_URL",
        ),
        (
            "VK Ads",
            401,
            {"code": "invalid_token", "message": "Unknown access token"},
            "VK_TOKEN, in secrets/.env.vk",
        ),
        ("VK Ads", 401, {"code": "revoked_token", "message": "…"}, "has been revoked"),
        ("VK Ads", 403, {"error": {"code": "ERR_ACCESS_DENIED", "message": "…"}}, "read_ads"),
        ("VK (legacy API)", 200, {"error": {"error_code": 5, "error_msg": "…"}}, "put a new VK_TOKEN"),
        ("Yandex Direct", 403, {"error": {"error_code": "53", "error_string": "…"}}, "put a new DIRECT_TOKEN"),
    ],
)
def test_the_api_s_own_refusal_is_still_told_as_such_and_asked_once(
    base_url_of: Callable[[ASGIApp], str],
    make_settings: Callable[..., Settings],
    name: str,
    status: int,
    body: dict[str, Any],
    words: str,
) -> None:
    app = Raw(json.dumps(body).encode(), status=status)

    error = product_says(name, base_url_of(app), make_settings)

    assert words in str(error)
    assert "in front of" not in str(error)
    assert not error.transient
    assert app.requests == 1


ODD = {
    "half a surrogate": rb'{"error": {"error_code": 5, "error_string": "\ud83c", "code": "\ud83c"}, "code": "\ud83c_"}',
    "a code of 10,000 digits": b'{"error": {"error_code": ' + b"9" * 10_000 + b'}, "remaining": {"1": '
    + b"9" * 10_000 + b"}}",
    "a code that is none": b'{"error": {"error_code": "soon"}, "remaining": {"soon": NaN}}',
    "a code that is infinite": b'{"error": {"error_code": Infinity}, "remaining": {"60": Infinity}}',
    "100,000 lists": b"[" * 100_000,
    "100,000 objects": b'{"error":' * 100_000,
    "a bad byte": b'{"error": {"error_code": 5, "error_string": "\xff"}, "code": "\xff_"}',
    "null": b"null",
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
@pytest.mark.parametrize("kind", ODD)
def test_no_odd_body_of_a_refusal_is_more_than_one_line(
    base_url_of: Callable[[ASGIApp], str], make_settings: Callable[..., Settings], name: str, status: int, kind: str
) -> None:
    url = base_url_of(Raw(ODD[kind], status=status))

    def quick(**values: Any) -> Settings:
        return make_settings(**values, http_attempts=1)

    line = str(product_says(name, url, quick))

    assert name.split(",", maxsplit=1)[0] in line
    assert "\n" not in line
    line.encode()


@pytest.mark.parametrize("charset", ["base64", "hex", "rot13", "idna", "no-such", "utf-7", ""])
def test_no_charset_of_a_refusal_is_a_traceback(
    base_url_of: Callable[[ASGIApp], str], make_settings: Callable[..., Settings], charset: str
) -> None:
    app = Raw(b'{"error": {"code": "ERR_X"}}', {"Content-Type": f"application/json; charset={charset}"}, status=400)

    assert "(ERR_X): HTTP 400" in str(product_says("VK Ads", base_url_of(app), make_settings))


def test_json_of_a_post_goes_through_the_same_reading(
    base_url_of: Callable[[ASGIApp], str], make_settings: Callable[..., Settings]
) -> None:
    async def post(app: Raw) -> Asked:
        async with ApiClient(Api("Somewhere", base_url_of(app), {}, 1000, {}), make_settings()) as client:
            return Asked(await client.send("POST", "x", as_json, data={"a": "b"}), None, 0, 0)

    assert asyncio.run(post(Raw(rb'{"a": "\ud83c"}'))).reply == {"a": "�"}
