"""A redirect is followed within one origin; to another host the token never goes, and the line says what to set."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch import probes
from tasks.fetch.redirects import moved
from tasks.settings import Settings
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import Ask

STATUSES = [301, 302, 303, 307, 308]


class Redirecting:
    """Sends what is asked below `/old` to `to`; `{base}` is the application's own path. Answers the rest."""

    def __init__(self, to: str, status: int = 302) -> None:
        self.to, self.status = to, status
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope["root_path"]
        path = scope["path"][len(root) :]
        self.paths.append(f"{path}?{scope['query_string'].decode()}".rstrip("?"))
        target = self.to.format(base=root, origin=f"http://{dict(scope['headers'])[b'host'].decode()}").encode()
        is_old = path.startswith("/old")
        headers = [(b"location", target)] if is_old else []
        await send({"type": "http.response.start", "status": self.status if is_old else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"data": []}'})


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "to", ["{base}/new/orders?page=1", "{origin}{base}/new/orders?page=1", "../new/orders?page=1"]
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

    asked = ask(base_url_of(app) + "/old")

    assert len(app.paths) == 4
    assert str(asked.error).startswith(
        "Somewhere redirects within 127.0.0.1 without end, last to http://127.0.0.1:"
    )
    assert str(asked.error).endswith("/old/orders. Check SOME_BASE_URL.")


@pytest.mark.parametrize("status", STATUSES)
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
    assert asked.error is not None and not asked.error.transient
    assert asked.calls == 1


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (
            "https://login.example.com/auth?next=secret",
            "Somewhere answered with a redirect to https://login.example.com/auth, and the token did not go there. It "
            "may be a login page of this network; where Somewhere has moved, put its new address into SOME_BASE_URL.",
        ),
        ("//other.example.com", "answered with a redirect to http://other.example.com/, and the token"),
        ("http://user:secret@127.0.0.1:9/x", "answered with a redirect to http://127.0.0.1:9/x, and the token"),
        ("http://[::1", "Somewhere did not answer GET /orders: a redirect to no address. Check SOME_BASE_URL."),
        ("http://127.0.0.1:port/", "a redirect to no address"),
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
    assert "\n" not in str(asked.error)


MOVES = {
    "VK Ads": ("https://ads.vk.ru/api/v2/user.json", "vk_base_url", "https://ads.vk.ru", "ads.vk.ru", "ads"),
    "VK (legacy API)": (
        "https://api.vk.ru/method/ads.getCampaigns", "vk_legacy_base_url", "https://api.vk.ru/method", "api.vk.ru",
        "legacy",
    ),
    "Yandex Direct": (
        "https://api.direct.yandex.ru/json/v501/campaigns", "direct_base_url", "https://api.direct.yandex.ru",
        "api.direct.yandex.ru", "ads",
    ),
    "QTickets": ("https://qtickets.example/api/events?token=secret", "qtickets_base_url",
                 "https://qtickets.example/api, if the documentation of QTickets names that host; the token did not go there",
                 "qtickets.example", "ads"),
}  # fmt: skip


@pytest.mark.parametrize("case", MOVES)
@pytest.mark.parametrize("status", STATUSES)
def test_each_api_that_has_moved_says_which_setting_to_change(
    base_url_of: Callable[[ASGIApp], str], make_settings: Callable[..., Settings], case: str, status: int
) -> None:
    to, setting, fresh, host, vk_api = MOVES[case]
    app = Redirecting(to, status)
    base = base_url_of(app) + "/old"
    settings = make_settings(
        **{setting: base},
        vk_api=vk_api,
        vk_token="a-vk-token",
        vk_account_id="1",
        vk_rate=1000,
        direct_token="a-direct-token",
        direct_login="promoter",
    )
    probe = {"vk": probes.vk_ads, "qt": probes.qtickets, "di": probes.direct}[setting[:2]]

    with pytest.raises(SourceError) as caught:
        probe(settings)

    assert str(caught.value) == (
        f"{case} has moved: 127.0.0.1 answers with a redirect to {host}. Set {setting.upper()}={fresh}."
    )
    assert len(app.paths) == 1


@pytest.mark.parametrize(
    ("base", "to", "words"),
    [
        (
            "https://ads.vk.com/",
            "https://ads.vk.ru/?a=secret",
            "redirect to ads.vk.ru. Set VK_BASE_URL=https://ads.vk.ru.",
        ),
        (
            "http://ads.vk.com/",
            "https://ads.vk.com/users",
            "redirect to ads.vk.com. Set VK_BASE_URL=https://ads.vk.com.",
        ),
        ("https://ads.vk.com/", "http://ads.vk.ru/users", "to http://ads.vk.ru/users, which is not encrypted"),
        ("https://ads.vk.com/", "https://ads.vk.ru:8443/users/", "Set VK_BASE_URL=https://ads.vk.ru:8443."),
        ("https://ads.vk.com/", "https://evil.example/users", "if the documentation of VK Ads names that host"),
    ],
)
def test_the_new_address_is_named_only_where_it_can_be_known(base: str, to: str, words: str) -> None:
    request = httpx.Request("GET", f"{base}users?access_token=secret")
    reply = httpx.Response(301, headers={"Location": to}, request=request)

    line = str(moved("VK Ads", "VK_BASE_URL", httpx.URL(base), ("ads.vk.com", "ads.vk.ru"), reply))

    assert words in line
    assert "secret" not in line
