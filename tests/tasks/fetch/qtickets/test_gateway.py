"""A gateway that lets no GET with a body through costs three tries and nothing else: the filter goes into the query."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.settings import Settings
from tests.tasks.fetch.qtickets.documents import tickets_of
from tests.tasks.fetch.qtickets.test_lists import ALL, EVENTS, NOW, WINDOW, an_api

PAGE = b"<html><body>403 Forbidden</body></html>"
SettingsFor = Callable[..., Settings]


class Gateway:
    """Before an API: refuses every GET with a body, or every request where `all_of_them`, from the `after`th on."""

    def __init__(
        self, api: ASGIApp, status: int, body: bytes, *, after: int = 0, all_of_them: bool = False
    ) -> None:
        self._api, self._answer = api, (body, status)
        self._after, self._all = after, all_of_them
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_body = int(dict(scope["headers"]).get(b"content-length", b"0")) > 0
        self.seen.append("body" if has_body else "query")
        refuses = (has_body or self._all) and len(self.seen) > self._after
        await (Response(*self._answer) if refuses else self._api)(scope, receive, send)


@pytest.mark.parametrize(
    ("status", "body", "tries"),
    [
        *((status, PAGE, 3) for status in (200, 400, 403, 405, 411)),
        *((status, PAGE, 1) for status in (413, 501)),
        (403, b'{"message": "Forbidden"}', 3),
        (405, b'{"error": "no", "status": 405, "code": "NOT_ALLOWED"}', 1),
    ],
)
def test_orders_are_all_there_and_the_body_is_not_tried_again(
    settings_for: SettingsFor, status: int, body: bytes, tries: int
) -> None:
    gateway = Gateway(an_api(), status, body)

    fetched = fetch_orders(settings_for(gateway, qtickets_page_size=50), WINDOW, NOW)

    events = fetch_events(settings_for(Gateway(an_api(), status, body)), WINDOW, NOW)
    assert (tickets_of(fetched.rows), events.facts["events"]) == (ALL, len(EVENTS))
    assert (fetched.warnings, fetched.partial) == ((), False)
    assert gateway.seen == ["body"] * tries + ["query"] * (len(gateway.seen) - tries)
    assert len(gateway.seen) > tries + 4, "many pages, and unpaid orders too"


def test_where_bodies_are_refused_from_some_page_on_the_rest_goes_in_the_query(settings_for: SettingsFor) -> None:
    """Four pages are read at once, and each of them may find it out."""
    gateway = Gateway(an_api(), 403, PAGE, after=2)

    fetched = fetch_orders(settings_for(gateway, qtickets_page_size=50), WINDOW, NOW)

    assert tickets_of(fetched.rows) == ALL
    assert (gateway.seen[0], gateway.seen[-1]) == ("body", "query")
    assert gateway.seen.count("body") <= 2 + 4 * 3


@pytest.mark.parametrize(("form", "forms"), [("auto", ["body", "query"]), ("body", ["body"]), ("query", ["query"])])
def test_a_gateway_that_refuses_everything_is_reported_once_each_form_was_tried(
    settings_for: SettingsFor, form: str, forms: list[str]
) -> None:
    gateway = Gateway(an_api(), 403, PAGE, all_of_them=True)

    with pytest.raises(SourceError, match="in 3 tries: HTTP 403 and a page instead of data") as caught:
        fetch_orders(settings_for(gateway, qtickets_filter=form), WINDOW, NOW)

    assert "QTICKETS_TOKEN" not in str(caught.value)
    assert caught.value.transient
    assert gateway.seen == [one for one in forms for _ in range(3)]
