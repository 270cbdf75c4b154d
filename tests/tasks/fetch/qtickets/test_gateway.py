"""A gateway that lets no GET with a body through costs three tries and nothing else: the filter goes into the query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import QticketsApi, World
from tasks.errors import SourceError
from tasks.fetch.probes import qtickets as probe
from tasks.fetch.qtickets import fetch_events, fetch_orders
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.truth import by_ticket, expected_rows

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WEEK = Window(first=date(2026, 6, 8), last=date(2026, 6, 14))
ApiOf = Callable[..., QticketsApi]
SettingsFor = Callable[..., Settings]
PAGE = b"<html><body>403 Forbidden</body></html>"


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
        if (has_body or self._all) and len(self.seen) > self._after:
            await Response(*self._answer, media_type="text/html" if self._answer[0] else None)(scope, receive, send)
        else:
            await self._api(scope, receive, send)


# The answer, and how often a GET with a body is tried: what is no passing failure is tried once.
REFUSALS = {
    "403, a page": (403, PAGE, 3),
    "403, nothing": (403, b"", 3),
    "403, JSON of a gateway": (403, b'{"message": "Forbidden"}', 3),
    "401, a page": (401, PAGE, 3),
    "400, a page": (400, PAGE, 3),
    "405, a page": (405, PAGE, 3),
    "411, a page": (411, PAGE, 3),
    "413, a page": (413, PAGE, 1),
    "418, a page": (418, PAGE, 3),
    "501, a page": (501, PAGE, 1),
    "200, a page": (200, PAGE, 3),
    "405, in the API's own words": (405, b'{"error": "no", "status": 405, "code": "NOT_ALLOWED"}', 1),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_orders_are_all_there_and_the_body_is_not_tried_again(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor, case: str
) -> None:
    status, body, tries = REFUSALS[case]
    gateway = Gateway(api_of_world(), status, body)

    fetched = fetch_orders(settings_for(gateway, qtickets_page_size=20), WEEK, NOW)

    assert by_ticket(fetched.rows) == expected_rows(world, WEEK.first, WEEK.last, NOW)
    assert (fetched.warnings, fetched.partial) == ((), False)
    assert gateway.seen[:tries] == ["body"] * tries
    assert set(gateway.seen[tries:]) == {"query"}
    assert len(gateway.seen) > tries + 4, "many pages, and unpaid orders too"


def test_where_bodies_are_refused_from_some_page_on_the_rest_is_asked_in_the_query(
    world: World, api_of_world: ApiOf, settings_for: SettingsFor
) -> None:
    """Four pages are read at once, and each of them may find it out."""
    gateway = Gateway(api_of_world(), 403, PAGE, after=2)

    fetched = fetch_orders(settings_for(gateway, qtickets_page_size=20), WEEK, NOW)

    assert by_ticket(fetched.rows) == expected_rows(world, WEEK.first, WEEK.last, NOW)
    assert gateway.seen[:2] == ["body", "body"]
    assert gateway.seen[-1] == "query"
    assert gateway.seen.count("body") <= 2 + 4 * 3


def test_events_and_the_smoke_test_pass_as_well(api_of_world: ApiOf, settings_for: SettingsFor) -> None:
    api = api_of_world()
    gateway = Gateway(api, 403, PAGE)
    settings = settings_for(gateway)

    assert fetch_events(settings, WEEK, NOW).facts["events"] == len(api.events)
    assert probe(settings) == f"{len(api.events)} events"


@pytest.mark.parametrize("form", ["auto", "body", "query"])
def test_a_gateway_that_refuses_everything_is_told_once_each_form_was_tried(
    api_of_world: ApiOf, settings_for: SettingsFor, form: str
) -> None:
    gateway = Gateway(api_of_world(), 403, PAGE, all_of_them=True)

    with pytest.raises(SourceError) as caught:
        fetch_orders(settings_for(gateway, qtickets_filter=form), WEEK, NOW)

    assert "QTickets did not answer GET /orders in 3 tries: HTTP 403 and a page instead of data." in str(
        caught.value
    )
    assert "QTICKETS_TOKEN" not in str(caught.value)
    assert caught.value.transient
    forms = {"auto": ["body", "query"], "body": ["body"], "query": ["query"]}[form]
    assert gateway.seen == [one for one in forms for _ in range(3)]


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_what_is_no_matter_of_the_form_is_not_asked_in_another(
    api_of_world: ApiOf, settings_for: SettingsFor, status: int
) -> None:
    api = api_of_world()
    error = b'{"error": "Wrong authorization", "status": 403}' if status == 403 else None
    api.faults.add("status", times=99, status=status, body=error)

    with pytest.raises(SourceError):
        fetch_orders(settings_for(api), WEEK, NOW)

    assert all("where" not in request.query and request.body for request in api.requests)
