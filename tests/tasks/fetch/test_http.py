"""What a failure means: how often it is tried, who refused, and no word of a body or a token in errors. A redirect is followed
within one origin; to another host the token never goes, and the line says what to set."""

import json
import logging
import re
import ssl
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from sandbox import QticketsApi, Switches, World
from sandbox.direct import DIRECT_LOGIN, DIRECT_TOKEN, DirectApi, DirectSwitches
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi
from tasks.errors import SettingsError, SourceError
from tasks.fetch import direct, paging, probes, qtickets, vk_ads
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.redirects import to_follow
from tasks.fetch.troubles import Tries, of_exception
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.applications import UNTIL, Ask, Raw

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
    passing = ask(api, http_timeout=0.5 if kind == "timeout" else 5)
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


# --- before there is a reply ---


def test_certificates_are_verified(make_settings: Callable[..., Settings]) -> None:
    client = ApiClient(Api("Somewhere", "https://x.invalid", {}, 9, {}), make_settings())
    context: ssl.SSLContext = client._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("token", ["жетон", "a\nb"])
def test_a_token_that_cannot_be_sent_is_not_shown(ask: Ask, token: str) -> None:
    with pytest.raises(SettingsError, match="holds characters that cannot be sent") as caught:
        ask(Raw(b"{}"), token=token)
    assert token not in str(caught.value)


EXPIRED = ssl.SSLCertVerificationError(1, "secret")
EXPIRED.verify_message = "certificate has {expired}"
UNVERIFIED = httpx.ConnectError("words of httpx")
UNVERIFIED.__cause__ = EXPIRED


def test_the_cause_decides_words_and_tries() -> None:
    for error, tries, words in (
        (httpx.ConnectTimeout("secret"), Tries.ALL, "no connection to qtickets.ru within 10 s"),
        (httpx.ProxyError("407 secret"), Tries.ONCE, "the proxy (HTTPS_PROXY) let nothing through (HTTP 407)"),
        (UNVERIFIED, Tries.ONCE, "the certificate of qtickets.ru is refused (certificate has (expired))"),
    ):
        trouble = of_exception(error, httpx.URL("https://qtickets.ru/api"), httpx.Timeout(60, connect=10))
        assert (trouble.tries, trouble.words) == (tries, words)


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
        (
            "https://login.example.com/auth?next=secret",
            1,
            "a login page of this network; where Somewhere has moved",
        ),
        ("http://user:secret@127.0.0.1:9/x", 1, "answered with a redirect to http://127.0.0.1:9/x, and the token"),
        ("orders?token=secret", 4, "Somewhere redirects within 127.0.0.1 without end, last to http://"),
    ):
        api = redirecting(to)
        line = str(ask(api).error)
        assert words in line and "secret" not in line and len(api.requests) == calls


def test_another_scheme_port_or_user_is_another_origin() -> None:
    request = httpx.Request("GET", "https://ads.vk.com/x")
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
