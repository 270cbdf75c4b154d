"""A redirect is followed within one origin; to another host the token never goes, and the line says what to set."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import ASGIApp

from sandbox import QticketsApi
from tasks.fetch.redirects import to_follow
from tests.tasks.fetch.applications import Ask, Raw


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


@pytest.mark.parametrize(
    ("to", "calls", "words"),
    [
        (
            "https://login.example.com/auth?next=secret",
            1,
            "a login page of this network; where Somewhere has moved",
        ),
        ("http://user:secret@127.0.0.1:9/x", 1, "answered with a redirect to http://127.0.0.1:9/x, and the token"),
        ("orders?token=secret", 4, "Somewhere redirects within 127.0.0.1 without end, last to http://"),
    ],
)
def test_any_other_redirect_is_one_line_that_hides_the_query(ask: Ask, to: str, calls: int, words: str) -> None:
    api = redirecting(to)

    line = str(ask(api).error)

    assert words in line
    assert "secret" not in line
    assert len(api.requests) == calls


@pytest.mark.parametrize("to", ["http://ads.vk.com/x", "https://ads.vk.com:444/x", "https://a:b@ads.vk.com/x"])
def test_another_scheme_port_or_user_is_another_origin(to: str) -> None:
    request = httpx.Request("GET", "https://ads.vk.com/x")

    assert to_follow(httpx.Response(307, headers={"Location": to}, request=request)) is None
