"""A redirect is followed within one origin; to another host the token never goes, and the line says what to set."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch.redirects import moved
from tests.tasks.fetch.applications import Ask, Raw


class Redirecting:
    """Redirects what is below `/old` to `to`; `{base}` is the application's own path. Answers the rest."""

    def __init__(self, to: str, status: int = 302) -> None:
        self.to, self.status = to, status
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope["root_path"]
        path = scope["path"][len(root) :]
        self.paths.append(f"{path}?{scope['query_string'].decode()}".rstrip("?"))
        origin = f"http://{dict(scope['headers'])[b'host'].decode()}"
        is_old = path.startswith("/old")
        headers = [(b"location", self.to.format(base=root, origin=origin).encode())] if is_old else []
        await send({"type": "http.response.start", "status": self.status if is_old else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"data": []}'})


@pytest.mark.parametrize(
    ("status", "to"),
    [
        *((status, "{base}/new/orders?page=1") for status in (301, 303, 307, 308)),
        (302, "{origin}{base}/new/orders?page=1"),
        (302, "../new/orders?page=1"),
    ],
)
def test_a_redirect_within_one_origin_is_followed(
    ask: Ask, base_url_of: Callable[[ASGIApp], str], status: int, to: str
) -> None:
    app = Redirecting(to, status)

    asked = ask(base_url_of(app) + "/old")

    assert asked.reply == {"data": []}
    assert app.paths == ["/old/orders", "/new/orders?page=1"]
    assert asked.calls == 2


def test_a_circle_ends_after_three_redirects(ask: Ask, base_url_of: Callable[[ASGIApp], str]) -> None:
    app = Redirecting("{base}/old/orders?token=another-secret")

    line = str(ask(base_url_of(app) + "/old").error)

    assert len(app.paths) == 4
    assert line.startswith("Somewhere redirects within 127.0.0.1 without end, last to http://127.0.0.1:")
    assert line.endswith("/old/orders. Check SOME_BASE_URL.")


@pytest.mark.parametrize("status", [302, 308])
def test_the_token_never_goes_to_another_host(ask: Ask, base_url_of: Callable[[ASGIApp], str], status: int) -> None:
    """`localhost` is the same server under another name; it would see the request."""
    elsewhere = Raw(b'{"data": []}')
    there = base_url_of(elsewhere).replace("127.0.0.1", "localhost")
    app = Redirecting(f"{there}/orders?token=another-secret", status)

    asked = ask(base_url_of(app) + "/old")

    assert elsewhere.requests == 0
    assert str(asked.error) == (
        f"Somewhere has moved: 127.0.0.1 answers with a redirect to localhost. Set SOME_BASE_URL={there}, if the "
        "documentation of Somewhere names that host; the token did not go there."
    )
    assert asked.error is not None and (asked.error.transient, asked.calls) == (False, 1)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (
            "https://login.example.com/auth?next=secret",
            "Somewhere answered with a redirect to https://login.example.com/auth, and the token did not go there. It "
            "may be a login page of this network; where Somewhere has moved, put its new address into SOME_BASE_URL.",
        ),
        ("http://user:secret@127.0.0.1:9/x", "answered with a redirect to http://127.0.0.1:9/x, and the token"),
        ("mailto:someone", "a redirect to no address"),
        ("", "Somewhere redirects within 127.0.0.1 without end"),
    ],
)
def test_any_other_redirect_is_one_line_that_hides_the_query(
    ask: Ask, base_url_of: Callable[[ASGIApp], str], to: str, words: str
) -> None:
    asked = ask(base_url_of(Redirecting(to)) + "/old")

    assert isinstance(asked.error, SourceError)
    assert words in str(asked.error)
    assert "secret" not in str(asked.error)


@pytest.mark.parametrize(
    ("base", "to", "words"),
    [
        ("https://ads.vk.com/", "https://ads.vk.ru/?a=secret", "Set VK_BASE_URL=https://ads.vk.ru."),
        ("http://ads.vk.com/", "https://ads.vk.com/users", "Set VK_BASE_URL=https://ads.vk.com."),
        ("https://ads.vk.com/", "http://ads.vk.ru/users", "to http://ads.vk.ru/users, which is not encrypted"),
        ("https://ads.vk.com/", "https://evil.example/users", "if the documentation of VK Ads names that host"),
    ],
)
def test_the_new_address_is_named_only_where_it_can_be_known(base: str, to: str, words: str) -> None:
    request = httpx.Request("GET", f"{base}users?access_token=secret")
    reply = httpx.Response(301, headers={"Location": to}, request=request)

    line = str(moved("VK Ads", "VK_BASE_URL", httpx.URL(base), ("ads.vk.com", "ads.vk.ru"), reply))

    assert words in line
    assert "secret" not in line
