"""Errors of the legacy API come inside HTTP 200: the moment's are tried again, the others are one line."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import World
from sandbox.vk import VK_LEGACY_TOKEN, Cabinet, VkLegacyApi
from tasks.errors import SettingsError, SourceError
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import check_settings
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, Pauses, by_ad_day
from tests.tasks.fetch.vk_ads.truth import rows_of

STATISTICS = "/ads.getStatistics"
TO_DO = {
    5: "put a new VK_TOKEN into secrets/.env.vk",
    1117: "put a new VK_TOKEN into secrets/.env.vk",
    7: "lacks the right `ads`",
    14: "captcha",
    15: "check VK_ACCOUNT_ID",
    100: "check VK_ACCOUNT_ID",
    600: "check VK_ACCOUNT_ID",
    29: "run again in some hours",
    601: "run again tomorrow",
    113: "list of errors",
    602: "list of errors",
}
PASSING: list[tuple[str, dict[str, Any]]] = [
    *(("status", {"status": status, "html": True}) for status in (500, 502, 503, 504)),
    ("html", {}),
    ("truncated", {}),
    ("no_data", {}),
    ("disconnect", {"partial": True}),
    ("timeout", {"seconds": 30}),
    *(("status", {"status": 200, "body": body}) for body in ("", "[]", '{"response": null}', '{"response": {}}')),
]


def shown(rows: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    return {key: figures for key, figures in by_ad_day(rows).items() if figures[0] != "0"}


def refused(fetch_legacy: Fetch, legacy: VkLegacyApi, **settings: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch_legacy(legacy, **settings)
    assert "\n" not in str(caught.value)
    assert VK_LEGACY_TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("code", "pause"), [(1, None), (10, None), (6, 1.0), (9, 2.0), (603, 2.0)])
def test_an_error_of_the_moment_is_tried_again_after_a_pause(
    fetch_legacy: Fetch,
    legacy: VkLegacyApi,
    world: World,
    pauses: Pauses,
    code: int,
    pause: float | None,
    traffic: Traffic,
) -> None:
    legacy.faults.add("error_as_page", STATISTICS, times=2, code=code)

    fetched = fetch_legacy(legacy)

    assert shown(fetched.rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert (traffic.retries, traffic.calls) == (2, len(legacy.requests))
    assert pauses == ([pause] * 2 if pause else [])


@pytest.mark.parametrize("code", [1, 6, 9, 10, 603])
def test_an_error_of_the_moment_that_stays_ends_the_fetch(
    fetch_legacy: Fetch, legacy: VkLegacyApi, pauses: Pauses, code: int
) -> None:
    legacy.faults.add("error_as_page", STATISTICS, times=99, code=code)

    assert refused(fetch_legacy, legacy, http_attempts=4).transient
    assert sum(request.path == STATISTICS for request in legacy.requests) == 4


@pytest.mark.parametrize(("code", "hint"), TO_DO.items())
@pytest.mark.parametrize("method", ["/ads.getAds", STATISTICS])
def test_any_other_error_is_asked_once_and_says_what_to_do(
    fetch_legacy: Fetch, legacy: VkLegacyApi, code: int, hint: str, method: str
) -> None:
    legacy.faults.add("error_as_page", method, times=99, code=code, message="ivanova@example.invalid")

    error = refused(fetch_legacy, legacy)

    assert f"code {code}" in str(error)
    assert hint in str(error)
    assert "ivanova" not in str(error)
    assert error.transient == (code in (29, 601))
    assert sum(request.path == method for request in legacy.requests) == 1


@pytest.mark.parametrize("state", ["expired", "other_ip", "revoked"])
def test_a_token_that_is_no_longer_good_is_told(fetch_legacy: Fetch, legacy: VkLegacyApi, state: Any) -> None:
    legacy.authorization = state

    assert "code 5" in str(refused(fetch_legacy, legacy))
    assert len(legacy.requests) == 1


def test_a_wrong_account_is_told(fetch_legacy: Fetch, legacy: VkLegacyApi) -> None:
    assert "check VK_ACCOUNT_ID" in str(refused(fetch_legacy, legacy, vk_account_id="5"))


def test_the_users_own_limit_of_a_second_is_lived_with(
    fetch_legacy: Fetch, cabinet: Cabinet, world: World, pauses: Pauses, traffic: Traffic
) -> None:
    """Of the server's time nothing passes but the pauses."""
    legacy = VkLegacyApi(cabinet, clock=lambda: sum(pauses))
    legacy.throttle.limits = {1: 3}

    fetched = fetch_legacy(legacy)

    assert (traffic.retries, pauses) == (1, [1.0])
    assert shown(fetched.rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)


def test_a_used_up_quota_ends_the_fetch(fetch_legacy: Fetch, legacy: VkLegacyApi) -> None:
    legacy.quota.limits = {3600: 1}

    error = refused(fetch_legacy, legacy)

    assert "code 601" in str(error)
    assert error.transient
    assert len(legacy.requests) == 2


@pytest.mark.parametrize("unknown_ids_fail", [True, False])
def test_an_ad_that_vanishes_on_the_way_never_makes_a_short_load(
    fetch_legacy: Fetch, legacy: VkLegacyApi, cabinet: Cabinet, world: World, unknown_ids_fail: bool
) -> None:
    """The answer names nobody's fault, so the batch is refused as a whole; or all the others are there."""
    legacy.switches.unknown_ids_fail = unknown_ids_fail
    gone = next(ad for ad, days in cabinet.days.items() if FORTNIGHT.last in days)
    legacy.faults.mutate(lambda _: cabinet.vanish(gone), path=STATISTICS)

    if unknown_ids_fail:
        assert "code 100" in str(refused(fetch_legacy, legacy))
    else:
        truth = rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
        left = {key: figures for key, figures in truth.items() if key[1] != str(gone)}
        assert shown(fetch_legacy(legacy).rows) == left


@pytest.mark.parametrize(("kind", "options"), PASSING, ids=str)
def test_a_passing_failure_costs_a_retry_and_no_row(
    fetch_legacy: Fetch, legacy: VkLegacyApi, world: World, kind: str, options: dict[str, Any], traffic: Traffic
) -> None:
    legacy.faults.add(kind, STATISTICS, **options)

    fetched = fetch_legacy(legacy, http_timeout=3 if kind == "timeout" else 5)

    assert shown(fetched.rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=False)
    assert traffic.retries == 1


@pytest.mark.parametrize("setting", ["vk_token", "vk_account_id"])
def test_missing_settings_are_told_before_anything_is_asked(
    fetch_legacy: Fetch, legacy: VkLegacyApi, make_settings: Any, setting: str
) -> None:
    known = {"vk_api": "legacy", "vk_token": "a", "vk_account_id": "1"}
    with pytest.raises(SettingsError, match=setting.upper()):
        check_settings(make_settings(**known | {setting: None}))
    with pytest.raises(SettingsError, match=setting.upper()):
        fetch_legacy(legacy, **{setting: None})
    assert legacy.requests == []
