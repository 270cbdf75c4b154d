"""What goes wrong before there is a reply has words of its own: name, network, certificate, proxy, settings."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tasks.errors import SettingsError
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.troubles import Tries, of_exception
from tasks.settings import Settings
from tests.tasks.fetch.applications import Act, Ask, Raw, Serve, sends

BROKEN_OFF, NO_HTTP = "127.0.0.1 broke off the connection", "127.0.0.1 sent what is not HTTP"


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (sends(b""), BROKEN_OFF),
        (resets, BROKEN_OFF),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), BROKEN_OFF),
        (sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"), BROKEN_OFF),
        (sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), NO_HTTP),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), NO_HTTP),
        (sends(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"), "HTTP 999 and an empty body"),
        (lambda port: port.recv(65536) and port.recv(1), "no answer within 0.5 s"),
    ],
)
def test_a_broken_or_silent_connection_is_tried_again(ask: Ask, serve_raw: Serve, act: Act, words: str) -> None:
    silence = 0.5 if "answer" in words else 5

    asked = ask(f"http://127.0.0.1:{serve_raw(act)}", http_attempts=2, http_timeout=silence)

    assert str(asked.error) == (
        f"Somewhere did not answer GET /orders in 2 tries: {words}. Nothing was loaded; the next run tries again."
    )
    assert asked.error is not None and asked.error.transient


def test_certificates_are_verified(make_settings: Callable[..., Settings]) -> None:
    client = ApiClient(Api("Somewhere", "https://x.invalid", {}, 9, {}), make_settings())

    context: ssl.SSLContext = client._client._transport._pool._ssl_context  # type: ignore[attr-defined]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_proxy_where_nobody_listens_is_named(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        line = str(ask("https://qtickets.invalid/api", http_attempts=1).error)

    assert "the proxy (HTTPS_PROXY) before qtickets.invalid cannot be reached (connection refused)" in line


@pytest.mark.parametrize(
    "url", ["qtickets.ru", "ftp://qtickets.ru", "https://qtickets.ru/api?token=x", "https://\ud83c.ru"]
)
def test_an_address_that_is_none_names_its_setting(make_settings: Callable[..., Settings], url: str) -> None:
    with pytest.raises(SettingsError, match="SOME_BASE_URL is no address of an API"):
        ApiClient(Api("Somewhere", url, {}, 9, {}, setting="SOME_BASE_URL"), make_settings())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "gopher://proxy:70", "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy"),
        ("ALL_PROXY", "socks5://proxy:1080", "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE or SSL_CERT_DIR names no certificates"),
    ],
)
def test_a_wrong_environment_names_its_variable(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=words):
        ask("https://qtickets.invalid/api")


@pytest.mark.parametrize("token", ["жетон", "a\nb", "\ud83c"])
def test_a_token_that_cannot_be_sent_is_not_shown(ask: Ask, token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ask(Raw(b"{}"), token=token)

    assert token not in str(caught.value)


# --- exceptions that no server of a test raises ---

REQUEST = httpx.Request("GET", "https://qtickets.ru/api")


def caused(cause: BaseException) -> Exception:
    error = httpx.ConnectError("words of httpx")
    error.__cause__ = cause
    return error


EXPIRED = ssl.SSLCertVerificationError(1, "secret")
EXPIRED.verify_message = "certificate has {expired}"
ALL, FEW, ONCE = Tries.ALL, Tries.FEW, Tries.ONCE
UNREACHED, PROXY = "qtickets.ru cannot be reached", "the proxy (HTTPS_PROXY)"


@pytest.mark.parametrize(
    ("error", "tries", "words"),
    [
        (httpx.DecodingError("secret"), FEW, "a damaged compressed body"),
        (httpx.ConnectTimeout(""), ALL, "no connection to qtickets.ru within 10 s"),
        (httpx.ConnectError(""), ALL, f"{UNREACHED} (no reason given)"),
        (
            caused(ExceptionGroup("x", [OSError(errno.EHOSTUNREACH, "x")])),
            ALL,
            f"{UNREACHED} (no way to that address)",
        ),
        (caused(socket.gaierror(socket.EAI_NONAME, "x")), ALL, f"{UNREACHED} (unknown host: no such name)"),
        (
            caused(socket.gaierror(socket.EAI_AGAIN, "x")),
            ALL,
            f"{UNREACHED} (unknown host: the name server does not answer)",
        ),
        (httpx.ProxyError("403 secret"), FEW, f"{PROXY} does not connect to qtickets.ru (HTTP 403)"),
        (httpx.ProxyError("407 secret"), ONCE, f"{PROXY} let nothing through (HTTP 407)"),
        (httpx.CookieConflict("secret"), ONCE, "the HTTP client failed (CookieConflict)"),
        (caused(EXPIRED), ONCE, "the certificate of qtickets.ru is refused (certificate has (expired))"),
        (ssl.SSLError(1, "[SSL] {odd}"), ONCE, "qtickets.ru and this machine agree on no TLS (no reason given)"),
    ],
)
def test_the_cause_decides_words_and_tries(error: Exception, tries: Tries, words: str) -> None:
    trouble = of_exception(error, httpx.URL("https://qtickets.ru/api"), httpx.Timeout(60, connect=10))

    assert (trouble.tries, trouble.words) == (tries, words)


def test_no_exception_of_httpx_is_without_words() -> None:
    of_httpx = (one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, httpx.HTTPError))

    for kind in {*of_httpx, httpx.InvalidURL, httpx.CookieConflict}:
        arguments: dict[str, Any] = {"request": REQUEST, "response": httpx.Response(500)}
        error = kind("x", **(arguments if kind is httpx.HTTPStatusError else {}))
        trouble = of_exception(error, httpx.URL("https://qtickets.ru/api"), httpx.Timeout(60))
        assert trouble.of_settings or trouble.words
