"""What a failure means: how often it is tried, who refused, and no word of a body or a token in errors. A redirect is followed
within one origin; to another host the token never goes. How much, for how long and how fast: limits of a reply, pauses, the
deadline. Any bytes become plain values with text that can be stored, or an error of a few words."""

import asyncio
import contextlib
import gzip
import json
import logging
import re
import socket
import ssl
import threading
import traceback
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from sandbox import QticketsApi, Switches, World
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi
from tasks.errors import SettingsError, SourceError
from tasks.fetch import bodies, direct, http, kinds, paging, probes, qtickets, vk_ads
from tasks.fetch import pace as module
from tasks.fetch.decode import TooLarge, Undecodable, json_of, text_of_bytes, without_surrogates
from tasks.fetch.http import Api, ApiClient, TryAgain, as_json, retry_after
from tasks.fetch.redirects import to_follow
from tasks.fetch.vk_ads.token import api_of as vk
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import UNTIL, Ask, Raw, Serve

PERSON = "ivanova.maria@example.invalid"
FAILURES: list[tuple[str, dict[str, Any], int]] = [
    ("status", {"status": 500, "body": json.dumps({"error": PERSON})}, 4),
    ("status", {"status": 503, "html": True}, 3),
    ("timeout", {"seconds": 30}, 4),
    ("disconnect", {"partial": True}, 4),
    ("truncated", {"keep": 0.9}, 3),
]


@pytest.mark.parametrize(("kind", "options", "tries"), FAILURES)
def test_a_passing_failure_costs_a_retry_and_a_lasting_one_few(  # type: ignore[no-untyped-def]
    ask: Ask, caplog, kind: str, options: dict[str, Any], tries: int
) -> None:
    caplog.set_level(logging.DEBUG)
    order: dict[str, Any] = {"id": 1, "payed": False, "payed_at": None, "baskets": [], "client": PERSON}
    api = QticketsApi([order], [], token="a-secret-token")
    api.faults.add(kind, **options)
    passing = ask(api, http_timeout=1 if kind == "timeout" else 5)
    api.faults.add(kind, times=99, **options)
    lasting = ask(api, http_timeout=0.2 if kind == "timeout" else 5, http_attempts=4)
    assert [record["id"] for record in passing.reply["data"]] == [1]
    assert (passing.calls, passing.retries) == (2, 1)
    assert isinstance(lasting.error, SourceError) and lasting.error.transient
    assert (lasting.calls, len(api.requests)) == (tries, tries + 2)
    shown = "".join(traceback.format_exception(lasting.error)) + caplog.text
    assert "try 1" in shown and "a-secret-token" not in shown and PERSON not in shown


# --- whose words they are, per API ---

ErrorOf = Callable[..., SourceError]


def error_from(name: str, error_of: ErrorOf, app: ASGIApp) -> SourceError:
    """Of the smoke test of an API that the application stands in for."""
    probe = {"Q": probes.qtickets, "V": probes.vk_ads, "Y": probes.direct}[name[0]]
    return error_of(probe, app, vk_api="legacy" if "legacy" in name else "ads")


@pytest.mark.parametrize("name", ["QTickets", "VK Ads", "Yandex Direct"])
@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>403 Forbidden</title></head><body>secret-words</body></html>",
        b'{"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}}',
    ],
)
def test_a_gateway_is_never_taken_for_the_api(error_of: ErrorOf, name: str, body: bytes) -> None:
    error = error_from(name, error_of, Raw(body, status=403))
    assert error.transient and "says nothing of the token" in str(error) and "secret-words" not in str(error)


@pytest.mark.parametrize(
    ("name", "status", "body", "words"),
    [
        ("QTickets", 403, {"error": "Wrong authorization", "status": 403}, "put the right QTICKETS_TOKEN"),
        ("VK Ads", 401, {"code": "invalid_token", "message": "x"}, "VK_TOKEN, in secrets/.env.vk"),
        ("VK Ads", 400, {"error": {"code": "ERR_WRONG_PARAMETER", "message": "x"}}, "report it"),
        ("VK Ads", 403, {"error": {"code": "ERR_ACCESS_DENIED", "message": "x"}}, "read_ads"),
        ("VK (legacy API)", 200, {"error": {"error_code": 5, "error_msg": "x"}}, "put a new VK_TOKEN"),
        ("Yandex Direct", 403, {"error": {"error_code": "53", "error_string": "x"}}, "put a new DIRECT_TOKEN"),
    ],
)
def test_an_api_s_own_refusal_is_told(error_of: ErrorOf, name: str, status: int, body: Any, words: str) -> None:
    app = Raw(json.dumps(body).encode(), status=status)
    error = error_from(name, error_of, app)
    assert words in str(error)
    assert (error.transient, app.requests) == (False, 1)


def test_certificates_are_verified(make_settings: Callable[..., Settings]) -> None:
    client = ApiClient(Api("Somewhere", "https://x.invalid", {}, 9, {}), make_settings())
    context: ssl.SSLContext = client._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("token", ["жетон", "a\nb"])
def test_a_token_that_cannot_be_sent_is_not_shown(ask: Ask, token: str) -> None:
    with pytest.raises(SettingsError, match="holds characters that cannot be sent") as caught:
        ask(Raw(b"{}"), token=token)
    assert token not in str(caught.value)


def redirecting(to: str, times: int = 99, status: int = 302) -> QticketsApi:
    api = QticketsApi([], [], token="a-secret-token")
    api.faults.add("status", times=times, status=status, body=b"", headers={"Location": to})
    return api


def test_a_redirect_within_one_origin_is_followed(ask: Ask) -> None:
    api = redirecting("./orders?page=1", times=1)
    asked = ask(api)
    assert asked.reply["data"] == []
    assert [(request.path, request.query) for request in api.requests] == [("/orders", ""), ("/orders", "page=1")]
    assert asked.calls == 2


def test_the_token_never_goes_to_another_host(ask: Ask, base_url_of: Callable[[ASGIApp], str]) -> None:
    """`localhost` is the same server under another name; it would see the request."""
    elsewhere = Raw(b'{"data": []}')
    there = base_url_of(elsewhere).replace("127.0.0.1", "localhost")
    asked = ask(redirecting(f"{there}/orders?token=another-secret", status=308))
    assert elsewhere.requests == 0
    assert str(asked.error) == (
        f"Somewhere has moved: 127.0.0.1 answers with a redirect to localhost. Set SOME_BASE_URL={there}, if the "
        "documentation of Somewhere names that host; the token did not go there."
    )
    assert asked.error is not None and (asked.error.transient, asked.calls) == (False, 1)


def test_any_other_redirect_is_one_line_that_hides_the_query(ask: Ask) -> None:
    for to, calls, words in (
        ("https://login.example/auth?next=secret", 1, "a login page of this network; where Somewhere has moved"),
        ("http://user:secret@127.0.0.1:9/x", 1, "answered with a redirect to http://127.0.0.1:9/x, and the token"),
        ("orders?token=secret", 4, "Somewhere redirects within 127.0.0.1 without end, last to http://"),
    ):
        api = redirecting(to)
        line = str(ask(api).error)
        assert words in line and "secret" not in line and len(api.requests) == calls


def test_another_scheme_port_or_user_is_another_origin() -> None:
    request, post = (httpx.Request(method, "https://ads.vk.com/x") for method in ("GET", "POST"))
    assert to_follow(httpx.Response(302, headers={"Location": "/y"}, request=post)) is None, "nor is it asked twice"
    for to in ("http://ads.vk.com/x", "https://ads.vk.com:444/x", "https://a:b@ads.vk.com/x"):
        assert to_follow(httpx.Response(307, headers={"Location": to}, request=request)) is None


WINDOW = Window(first=UNTIL.date() - timedelta(days=30), last=UNTIL.date() - timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "fetch", "words"),
    [
        ("QTickets", qtickets.fetch_orders, " records of /orders on "),
        ("QTickets, walked", qtickets.fetch_orders, "4 records of /orders on 4 pages"),
        ("VK Ads", vk_ads.fetch_ad_days, " banners on 4 pages"),
        ("Yandex Direct", direct.fetch_ad_days, "on 4 pages"),
    ],
)
def test_pages_without_end_end_in_one_line(  # type: ignore[no-untyped-def]
    error_of, world: World, monkeypatch, name: str, fetch: Callable[..., object], words: str
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    monkeypatch.setattr("tasks.fetch.direct.reports._MOST_ROWS", 1)
    apis = {
        "QTickets": QticketsApi.of(world),
        "QTickets, walked": QticketsApi.of(world, Switches(honour_filters=False)),
        "VK Ads": VkAdsApi.of(world),
        "Yandex Direct": DirectApi.of(world, DirectSwitches(auto_online_days=400)),
    }
    given = {"vk_client_id": VK_CLIENT_ID, "vk_client_secret": VK_CLIENT_SECRET, "vk_token": None}
    given |= {"direct_login": DIRECT_LOGIN, "direct_token": DIRECT_TOKEN, "vk_account_id": None}
    given |= dict.fromkeys(("qtickets_page_size", "vk_page_size"), 1)
    error: SourceError = error_of(lambda settings: fetch(settings, WINDOW, UNTIL), apis[name], **given)
    who = name.partition(",")[0]
    assert re.match(f"{who} sent, or says that it has, .*{words}.*; one load reads at most ", str(error))
    assert error.transient, "as of any total that is odd: it may be a fault of the moment"
    assert len(apis[name].requests) <= 12


MB = 2**20
TOO_LARGE = (
    "Somewhere answered GET /orders with more than 16 MB, which is no plausible reply. Nothing was loaded. "
    "Load a narrower window."
)
PIECE = b" " * 65_536
CHUNKED = b"Transfer-Encoding: chunked\r\n"
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(("status", "words"), [(200, TOO_LARGE), (302, "HTTP 302"), (500, "HTTP 500")])
def test_a_body_without_end_is_left_at_the_limit(ask: Ask, serve_raw: Serve, status: int, words: str) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 %d X\r\n%s\r\n" % (status, CHUNKED))
        while sent < 100 * MB:
            connection.sendall(b"10000\r\n" + PIECE + b"\r\n")
            sent += len(PIECE)

    asked = ask(f"http://127.0.0.1:{serve_raw(flood)}", http_attempts=1)
    assert words in str(asked.error)
    assert asked.calls == 1
    assert sent < 50 * MB, "what is in the buffers of two sockets and no more"


def bomb(size: int) -> bytes:
    """gzip of so many MB of nothing, without the checksum: one packed MB again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size - 1)


def test_a_packed_body_is_unpacked_to_the_limit_only(ask: Ask) -> None:
    app = Raw(bomb(1600), GZIP)
    tracemalloc.start()
    asked = ask(app)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (str(asked.error), asked.calls) == (TOO_LARGE, 1)
    assert (len(app.body) < 2 * MB, peak < 60 * MB) == (True, True)


def test_a_reply_as_long_as_the_limit_is_read_whole_and_unpacked_only_once(ask: Ask) -> None:
    """Each layer more would be a thousand times the size."""
    packed = gzip.compress(b'{"data": []}'.ljust(bodies.MOST), 1)
    assert ask(Raw(packed, GZIP)).reply == {"data": []}
    twice = ask(Raw(gzip.compress(packed), {"Content-Encoding": "gzip, gzip"}))
    assert "in 3 tries: HTTP 200 with something that is not JSON." in str(twice.error)


def test_a_slow_reply_ends_with_the_deadline(ask: Ask, serve_raw: Serve) -> None:
    """Each byte comes within the time-out."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n%s\r\n" % CHUNKED)
        for _ in range(500):
            threading.Event().wait(0.02)
            connection.sendall(b"1\r\n \r\n")

    asked = ask(f"http://127.0.0.1:{serve_raw(drip)}", http_timeout=30, http_deadline=0.5)
    assert str(asked.error) == (
        "Somewhere did not answer GET /orders in the 0.5 s allowed. Nothing was loaded; the next run tries again."
    )
    assert asked.error is not None and (asked.error.transient, asked.calls) == (True, 1)


def test_retry_after_is_a_number_a_date_or_nothing() -> None:
    readable = {"1": 1, "00.30": 0.3, "Wed, 21 Oct 2015 07:28:00 GMT": 0}
    odd = ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "soon", "-5", "nan", "5, 5", ""]
    for text, seconds in (readable | dict.fromkeys(odd)).items():
        assert retry_after(httpx.Response(429, headers={"Retry-After": text})) == seconds, text
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    until_then = retry_after(httpx.Response(503, headers={"Retry-After": ahead}))
    assert until_then is not None and 3540 < until_then <= 3600


def test_retry_after_is_waited_for_unless_it_is_beyond_the_deadline(ask: Ask) -> None:
    api = QticketsApi([], [], token="a-secret-token")
    api.faults.add("status", status=429, retry_after=0.3)
    assert ask(api).error is None
    first, second = api.requests
    assert second.clock - first.clock >= 0.3
    with patch.object(http, "wait_random_exponential", lambda **_: lambda _: 0.3):
        api.faults.add("status", status=429, retry_after=0)
        assert ask(api).error is None
    first, second = api.requests[-2:]
    assert second.clock - first.clock >= 0.3, "at once is no pause"
    api.faults.add("status", status=429, retry_after=3600)
    asked = ask(api, http_deadline=5)
    assert asked.calls == 1
    assert "in the 5 s allowed: HTTP 429, and asks to wait 3600 s." in str(asked.error)


def test_no_request_starts_before_its_turn(settings_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts of one address of QTickets share the turns. At a standing clock each request, whatever its thread and a
    retried one too, waits a turn longer than the one before: a server that is in trouble is not asked faster."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    api = QticketsApi([], [])
    api.faults.add("status", status=500, times=3, after=5)
    settings = settings_for(api, http_backoff=0, qtickets_rate=8)

    async def load() -> None:
        async with ApiClient(qtickets.api_of(settings), settings) as client:
            await asyncio.gather(*(client.get("orders") for _ in range(5)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asyncio.run(load()), range(4)))
    assert sorted(waited) == [turn / 8 for turn in range(23)]
    assert len(api.requests) == 23
    other = settings_for(api)
    alone = [ApiClient(api_of(other), other)._pace for api_of in (qtickets.api_of, vk, vk)]
    assert len({ApiClient(qtickets.api_of(settings), settings)._pace, *alone}) == 4, "of another address or source"


MENDED: dict[str, tuple[bytes, Any]] = {
    "half a surrogate": (rb'{"a": "\ud83c_01_10"}', {"a": "�_01_10"}),
    "a whole pair and a half, also in a key": (rb'{"\uDF89": ["\ud83c\udf89\ud83c"]}', {"�": ["🎉�"]}),
    "a backslash before what looks like one": (rb'["\\ud83c"]', [r"\ud83c"]),
    "a bad byte": (b'["osen\xff"]', ["osen�"]),
    "NUL, escaped and raw": (b'["a\\u0000b", "c\x00d"]', ["a�b", "c�d"]),
    "a raw line feed": (b'["a\nb"]', ["a\nb"]),
    "NaN": (b"[NaN, -1E+999]", ["NaN", "-1E+999"]),
    "fractions": (b"[499.50000000000011, 0.10, 490.0]", ["499.50000000000011", "0.10", "490.0"]),
    "long numbers": (b"[18446744073709551617, " + b"9" * 10_000 + b"]", [18446744073709551617, "9" * 10_000]),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b" \n", "an empty body"),
    "a page behind a byte order mark": (b"\xef\xbb\xbf<html>busy</html>", "a page instead of data"),
    "a cut object": (b'{"data": [', "something that is not JSON"),
    "100,000 lists": (b"[" * 100_000, "JSON that is nested too deep"),
    "101 lists": (b"[" * 101 + b"]" * 101, "JSON that is nested too deep"),
}


@pytest.mark.parametrize(("body", "value"), MENDED.values(), ids=MENDED)
def test_an_odd_text_or_number_costs_itself_and_no_more(body: bytes, value: Any) -> None:
    assert json_of(body) == value


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_tried_again(body: bytes, words: str) -> None:
    with pytest.raises(TryAgain, match=f"^HTTP 200 with {words}$") as caught:
        as_json(httpx.Response(200, content=body))
    assert caught.value.few


def test_json_of_more_values_than_any_reply_has_is_refused_before_it_takes_memory() -> None:
    body = b"[" + b"[]," * 5_000_000 + b"1]"
    tracemalloc.start()
    with pytest.raises(TooLarge, match="more than 1000000 values"):
        json_of(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * MB


@given(st.binary() | st.text().map(lambda text: json.dumps([text]).encode()))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    text_of_bytes(content).encode()
    with contextlib.suppress(Undecodable):
        json.dumps(json_of(content), ensure_ascii=False, allow_nan=False).encode()


def test_text_outside_json_is_mended_too() -> None:
    reports = (b"\xef\xbb\xbfDate\tCost", b"a\xffb\x00c\xd0", "Дата".encode("utf-16"))
    assert [text_of_bytes(report) for report in reports] == ["Date\tCost", "a�b�c�", "Дата"]
    assert [without_surrogates(text) for text in ("a\ud83cb", "\ud83c\udf89")] == ["a�b", "🎉"]


# --- the kind of a field ---

NUMBERS = ["-1.50", "4.995e2", "1 200,00", "12,50 руб", "--", "", "NaN", "9" * 60]
INSTANTS = ["2026-11-20T12:21:31+03:00", "0000-00-00 00:00:00", "01.06.2025 12:23", "1748770000", "2026-03-01", ""]


@pytest.mark.parametrize(
    ("kind", "texts"), [(kinds.number, NUMBERS), (kinds.instant, INSTANTS)], ids=["number", "instant"]
)
def test_a_number_or_date_stays_whether_it_is_right_or_not(kind: kinds.Kind, texts: list[str]) -> None:
    assert [kind(text) for text in texts] == texts


@pytest.mark.parametrize("kind", [kinds.number, kinds.instant, kinds.flag, kinds.code])
def test_of_anything_else_only_its_type_is_stored(kind: kinds.Kind) -> None:
    values = [{"email": "a@b.example"}, "7 a@b.example", "+79161234567", "4276 1600 5550 1374", "٤٩", 10**70, None]
    stored = [kind(value) for value in values]
    sizes = [len(str(value)) for value in values[1:-1]]
    assert stored == ["an object", *(f"text of {size} characters" for size in sizes), None]
