"""What goes wrong before there is a reply is told as what it is: name, network, certificate, proxy, settings."""

from __future__ import annotations

import datetime
import errno
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.errors import SettingsError, SourceError
from tasks.fetch.http import Api, ApiClient
from tasks.fetch.troubles import Tries, of_exception
from tasks.settings import Settings
from tests.tasks.fetch.applications import Act, Raw, Serve, sends
from tests.tasks.fetch.asking import Ask

TAIL = "Nothing was loaded; the next run tries again."


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def certificate(folder: Path, name: str, days: int) -> tuple[ssl.SSLContext, Path]:
    """A server with a certificate of its own for `name`, good for `days` from three days ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(since + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, pem


# --- the connection ---


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (sends(b""), "127.0.0.1 broke off the connection"),
        (resets, "127.0.0.1 broke off the connection"),
        (sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "127.0.0.1 sent what is not HTTP"),
        (sends(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"), "HTTP 999 and an empty body"),
        (sends(b"HTTP/1.1 1000 What\r\n\r\n"), "127.0.0.1 sent what is not HTTP"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "127.0.0.1 sent what is not HTTP"),
        (sends(b"\x16\x03\x01\x00\x05hello" * 9), "127.0.0.1 sent what is not HTTP"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "127.0.0.1 broke off the connection"),
        (
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
            "127.0.0.1 broke off the connection",
        ),
        (sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"), "127.0.0.1 sent what is not HTTP"),
    ],
)
def test_a_broken_connection_is_tried_again(ask: Ask, serve_raw: Serve, act: Act, words: str) -> None:
    asked = ask(f"http://127.0.0.1:{serve_raw(act)}", http_attempts=2)

    assert str(asked.error) == f"Somewhere did not answer GET /orders in 2 tries: {words}. {TAIL}"
    assert asked.error is not None and asked.error.transient


def test_an_unknown_host_is_told_as_one(ask: Ask) -> None:
    asked = ask("https://nowhere.invalid/api", http_attempts=2, http_timeout=30)

    assert "2 tries: nowhere.invalid cannot be reached (unknown host: " in str(asked.error)


def test_silence_says_how_long_it_was_waited_for(ask: Ask, serve_raw: Serve) -> None:
    asked = ask(
        f"http://127.0.0.1:{serve_raw(lambda connection: connection.recv(65536) and connection.recv(1))}",
        http_attempts=1,
        http_timeout=0.2,
    )

    assert f"in 1 try: no answer within 0.2 s. {TAIL}" in str(asked.error)


@pytest.mark.parametrize(
    ("name", "days", "is_known", "words"),
    [
        ("localhost", 30, False, "self-signed certificate"),
        ("localhost", 2, True, "certificate has expired"),
        ("elsewhere.example", 30, True, "Hostname mismatch, certificate is not valid for 'localhost'."),
    ],
)
def test_a_refused_certificate_is_told_and_asked_once(
    ask: Ask,
    serve_raw: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    days: int,
    is_known: bool,
    words: str,
) -> None:
    context, pem = certificate(tmp_path, name, days)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    asked = ask(f"https://localhost:{serve_raw(sends(b''), context)}")

    assert str(asked.error) == (
        f"Somewhere did not answer GET /orders: the certificate of localhost is refused ({words}). Check this "
        "machine's clock, its list of certificates (SSL_CERT_FILE), and whether a proxy opens the traffic."
    )
    assert asked.error is not None and not asked.error.transient
    assert asked.calls == 1


def test_https_to_a_port_that_speaks_http_is_told_and_asked_once(ask: Ask, serve_raw: Serve) -> None:
    asked = ask(f"https://127.0.0.1:{serve_raw(sends(b'HTTP/1.1 400 Bad Request' + bytes(99)))}")

    assert "127.0.0.1 and this machine agree on no TLS (" in str(asked.error)
    assert "Check the scheme and port in SOME_BASE_URL" in str(asked.error)
    assert asked.calls == 1


def test_a_certificate_that_the_server_wants_of_us_is_no_traceback(
    ask: Ask, serve_raw: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so with the first read only, and no longer in words of httpx."""
    context, pem = certificate(tmp_path, "localhost", 30)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    asked = ask(f"https://localhost:{serve_raw(sends(b''), context)}", http_attempts=2)

    assert isinstance(asked.error, SourceError)
    assert "localhost" in str(asked.error)


# --- proxies ---


@pytest.mark.parametrize(
    ("answer", "words", "calls"),
    [
        (b"HTTP/1.1 403 Blocked secret\r\n\r\n", "does not connect to qtickets.invalid (HTTP 403)", 3),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not connect to qtickets.invalid (HTTP 502)", 3),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "let nothing through (HTTP 407). A proxy wants a name",
            1,
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n",
            "does not connect to qtickets.invalid (HTTP 301)",
            3,
        ),
        (b"garbage\r\n\r\n", "qtickets.invalid sent what is not HTTP", 6),
    ],
)
def test_a_proxy_that_refuses_is_told_as_the_proxy(
    ask: Ask, serve_raw: Serve, monkeypatch: pytest.MonkeyPatch, answer: bytes, words: str, calls: int
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve_raw(sends(answer))}")

    asked = ask("https://qtickets.invalid/api")

    assert words in str(asked.error)
    assert "secret" not in str(asked.error)
    assert asked.calls == calls


def test_a_proxy_that_is_not_there_is_told_as_the_proxy(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")

        asked = ask("https://qtickets.invalid/api", http_attempts=1)

    assert "the proxy (HTTPS_PROXY) before qtickets.invalid cannot be reached (connection refused)" in str(
        asked.error
    )


# --- settings ---


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "qtickets.ru", "ftp://qtickets.ru", "https://", "https:///api", "qtickets.ru:443/api",
        "https://qtickets.ru:port/api", "https://qtickets.ru:99999/api", "https://[::1/api", "https://a..b/api",
        "https://" + "a" * 64 + ".ru", "https://qtickets.ru/api?token=x", "https://qtickets.ru/api#x",
        "https://qti\nckets.ru", "https://\ud83c.ru", "//qtickets.ru",
    ],
)  # fmt: skip
def test_an_address_that_is_none_names_its_setting(
    ask: Ask, make_settings: Callable[..., Settings], url: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        ask(url)

    assert str(caught.value) == (
        "SOME_BASE_URL is no address of an API. It looks like https://host/path; the sample is in configs/."
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "gopher://proxy:70", "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy"),
        ("HTTPS_PROXY", "http://proxy:port", "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy"),
        ("ALL_PROXY", "socks5://proxy:1080", "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address of a proxy"),
        ("SSL_CERT_FILE", "/nowhere/there.pem", "SSL_CERT_FILE or SSL_CERT_DIR names no certificates"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE or SSL_CERT_DIR names no certificates"),
    ],
)
def test_a_wrong_environment_names_its_variable(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=words):
        ask("https://qtickets.invalid/api")


@pytest.mark.parametrize("token", ["жетон", "a\nb", "a\x00b", "\ud83c"])
def test_a_header_that_cannot_be_sent_is_one_line(ask: Ask, token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ask(Raw(b"{}"), token=token)

    assert token not in str(caught.value)
    assert "\n" not in str(caught.value)


# --- what no server of a test can bring about ---

REQUEST = httpx.Request("GET", "https://qtickets.ru/api")


def caused(outer: type[httpx.HTTPError], cause: BaseException) -> Exception:
    error = outer("words of httpx")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "tries", "words"),
    [
        (httpx.ConnectTimeout(""), Tries.ALL, "no connection to qtickets.ru within 10 s"),
        (httpx.WriteTimeout(""), Tries.ALL, "qtickets.ru did not take the request within 60 s"),
        (httpx.PoolTimeout(""), Tries.ALL, "no free connection within 60 s: earlier requests hang"),
        (httpx.WriteError(""), Tries.ALL, "qtickets.ru broke off the connection"),
        (httpx.CloseError(""), Tries.ALL, "qtickets.ru broke off the connection"),
        (httpx.ConnectError(""), Tries.ALL, "qtickets.ru cannot be reached (no reason given)"),
        (
            OSError(errno.EMFILE, "x"),
            Tries.ALL,
            "qtickets.ru cannot be reached (too many open files on this machine)",
        ),
        (
            caused(httpx.ConnectError, OSError(errno.ENETUNREACH, "x")),
            Tries.ALL,
            "qtickets.ru cannot be reached (no network, or no way to that address)",
        ),
        (
            caused(httpx.ConnectError, ExceptionGroup("all failed", [OSError(errno.EHOSTUNREACH, "x")])),
            Tries.ALL,
            "qtickets.ru cannot be reached (no way to that address)",
        ),
        (
            caused(httpx.ConnectError, socket.gaierror(socket.EAI_NONAME, "x")),
            Tries.ALL,
            "qtickets.ru cannot be reached (unknown host: no such name)",
        ),
        (
            caused(httpx.ConnectError, socket.gaierror(socket.EAI_AGAIN, "x")),
            Tries.ALL,
            "qtickets.ru cannot be reached (unknown host: the name server does not answer)",
        ),
        (httpx.TooManyRedirects("", request=REQUEST), Tries.ONCE, "the HTTP client failed (TooManyRedirects)"),
        (httpx.CookieConflict("secret"), Tries.ONCE, "the HTTP client failed (CookieConflict)"),
        (
            ssl.SSLError(1, "[SSL] {odd}"),
            Tries.ONCE,
            "qtickets.ru and this machine agree on no TLS (no reason given)",
        ),
    ],
)
def test_every_exception_of_the_client_has_words_of_its_own(error: Exception, tries: Tries, words: str) -> None:
    trouble = of_exception(error, httpx.URL("https://qtickets.ru/api"), httpx.Timeout(60, connect=10))

    assert (trouble.tries, trouble.words) == (tries, words)


def test_no_exception_of_httpx_is_without_words() -> None:
    of_httpx = (one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, httpx.HTTPError))

    for kind in {*of_httpx, httpx.InvalidURL, httpx.CookieConflict}:
        arguments: dict[str, Any] = {"request": REQUEST, "response": httpx.Response(500)}
        error = kind("x", **(arguments if kind is httpx.HTTPStatusError else {}))
        trouble = of_exception(error, httpx.URL("https://qtickets.ru/api"), httpx.Timeout(60))
        assert trouble.of_settings or trouble.words


def test_a_file_that_a_login_needs_is_named(
    make_settings: Callable[..., Settings], base_url_of: Callable[..., str], ask: Ask
) -> None:
    """Its OSError is no failure of the network."""

    class Auth(httpx.Auth):
        async def async_auth_flow(self, request: httpx.Request) -> Any:
            raise PermissionError(errno.EACCES, "Permission denied", "/secrets/token.json")
            yield request

    import asyncio

    async def once() -> None:
        api = Api("Somewhere", base_url_of(Raw(b"{}")), {}, 1000, {}, auth=Auth())
        async with ApiClient(api, make_settings()) as client:
            await client.get("x")

    with pytest.raises(
        SourceError, match=r"^Somewhere: /secrets/token.json cannot be used \(Permission denied\)\.$"
    ):
        asyncio.run(once())
