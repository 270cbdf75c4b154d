"""What goes wrong on the way from today's API costs retries or ends the run in one line, never a row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import World
from sandbox.vk import VkAdsApi
from tasks.errors import SourceError
from tasks.fetch.traffic import Traffic
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, by_ad_day
from tests.tasks.fetch.vk_ads.truth import rows_of

PATHS = ["user.json", "banners.json", "ad_plans.json", "statistics/banners/day.json"]
PASSING: list[tuple[str, dict[str, Any]]] = [
    *(("status", {"status": status}) for status in (500, 502, 503, 504)),
    ("status", {"status": 502, "html": True}),
    ("html", {}),
    ("truncated", {"keep": 0.5}),
    ("truncated", {"keep": 0.99}),
    ("disconnect", {}),
    ("disconnect", {"partial": True}),
    ("timeout", {"seconds": 30}),
]
REFUSED = {
    400: "report it",
    403: "the scope read_ads",
    404: "VK_BASE_URL",
    405: "documentation",
    413: "documentation",
}


def path(name: str) -> str:
    return f"/api/v2/{name}"


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(("kind", "options"), PASSING, ids=str)
def test_a_passing_failure_costs_a_retry_and_no_row(
    fetch: Fetch, api: VkAdsApi, world: World, kind: str, options: dict[str, Any], name: str, traffic: Traffic
) -> None:
    api.switches.list_cap = 250
    api.faults.add(kind, path(name), **options)

    fetched = fetch(api, http_timeout=3 if kind == "timeout" else 5)

    assert by_ad_day(fetched.rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)
    assert (traffic.retries, traffic.calls) == (1, len(api.requests))


@pytest.mark.parametrize(("kind", "options"), PASSING, ids=str)
def test_a_lasting_failure_is_an_error_after_few_tries(
    fetch: Fetch, api: VkAdsApi, kind: str, options: dict[str, Any]
) -> None:
    api.faults.add(kind, path(PATHS[-1]), times=99, **options)

    with pytest.raises(SourceError) as caught:
        fetch(api, http_timeout=3 if kind == "timeout" else 5, http_attempts=4)

    assert caught.value.transient
    assert asked(api)["day"] == (3 if kind in ("html", "truncated") or options.get("status") == 503 else 4)


@pytest.mark.parametrize(("status", "hint"), REFUSED.items())
@pytest.mark.parametrize("name", ["ad_groups.json", "statistics/banners/day.json"])
def test_a_refusal_is_asked_once_and_says_what_to_do(
    fetch: Fetch, api: VkAdsApi, name: str, status: int, hint: str
) -> None:
    secret = "ivanova@example.invalid"
    body = json.dumps({"error": {"code": "ERR_SOMETHING", "message": secret}})
    api.faults.add("status", path(name), times=99, status=status, body=body)

    with pytest.raises(SourceError, match=hint) as caught:
        fetch(api)

    text = str(caught.value)
    assert f"HTTP {status}" in text
    assert "\n" not in text
    assert secret not in text
    assert not caught.value.transient
    assert [request.status for request in api.requests].count(status) == 1 + (status == 400), "400 of a large page"


def test_a_field_that_vk_no_longer_knows_is_told_by_its_code(fetch: Fetch, api: VkAdsApi) -> None:
    body = json.dumps({"error": {"code": "unknown_resource_field", "message": "Unknown resource fields: utm."}})
    api.faults.add("status", path("ad_groups.json"), times=9, status=400, body=body)

    with pytest.raises(SourceError, match=r"\(unknown_resource_field\)"):
        fetch(api)


@pytest.mark.parametrize("body", ["{}", "[]", "null", '{"items": null}', '{"error": {"code": "ERR_INTERNAL"}}'])
def test_statistics_that_are_none_end_the_fetch(fetch: Fetch, api: VkAdsApi, body: str) -> None:
    api.faults.add("status", path(PATHS[-1]), times=9, status=200, body=body)

    with pytest.raises(SourceError, match="statistics") as caught:
        fetch(api)
    assert caught.value.transient


@pytest.mark.parametrize("body", ["{}", "[]", '{"id": null}', '{"error": "x"}'])
def test_an_account_that_is_not_told_is_asked_for_in_the_settings(fetch: Fetch, api: VkAdsApi, body: str) -> None:
    api.faults.add("status", path("user.json"), times=9, status=200, body=body)

    with pytest.raises(SourceError, match="Set VK_ACCOUNT_ID"):
        fetch(api)
