"""When a token dies in the midst of a run, is refused or cannot be had: the run goes on or ends in one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox import World
from sandbox.vk import VkAdsApi
from tasks.fetch.traffic import Traffic
from tests.tasks.fetch.vk_ads.conftest import FORTNIGHT
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, by_ad_day, change_kept, grants, kept, refused
from tests.tasks.fetch.vk_ads.truth import rows_of

TOKEN = "/api/v2/oauth2/token.json"


@pytest.mark.parametrize("rotates", [True, False])
@pytest.mark.parametrize("after", range(7))
def test_a_token_that_expires_within_a_run_costs_a_refresh_and_no_row(
    fetch: Fetch, api: VkAdsApi, world: World, token_file: Path, after: int, rotates: bool, traffic: Traffic
) -> None:
    api.switches.rotates_refresh_tokens = rotates
    api.tokens.expire_after(after)

    fetched = fetch(api)

    assert by_ad_day(fetched.rows) == rows_of(world, FORTNIGHT.first, FORTNIGHT.last, zeros=True)
    assert grants(api) == ["client_credentials", "refresh_token"]
    assert (traffic.calls, traffic.retries) == (len(api.requests), 1)
    (token,) = api.tokens.issued
    assert (kept(token_file)["access_token"], kept(token_file)["refresh_token"]) == (token.access, token.refresh)
    assert fetch(api).rows
    assert len(grants(api)) == 2


def test_a_token_that_another_process_renewed_is_taken_over_without_a_refresh(
    fetch: Fetch, api: VkAdsApi, token_file: Path
) -> None:
    """The request is under way with the old token when it dies."""
    fetch(api)
    api.requests.clear()

    def renew(_: object) -> None:
        token = api.tokens.renew(api.tokens.issued[0].refresh, api.tokens.issued[0].client_id, rotate=False)
        change_kept(token_file, access_token=token.access)

    api.faults.mutate(renew, path="/api/v2/ad_groups.json")

    assert fetch(api).rows
    assert grants(api) == []
    assert [r.status for r in api.requests if r.path.endswith("/ad_groups.json")][:2] == [401, 200]


@pytest.mark.parametrize("trouble", ["deleted", "refresh token unknown", "no refresh token", "revoked and old"])
def test_where_a_refresh_is_refused_one_new_token_is_asked_for(
    fetch: Fetch, api: VkAdsApi, token_file: Path, trouble: str
) -> None:
    fetch(api)
    api.requests.clear()
    if trouble == "deleted":
        api.tokens.delete()
    elif trouble == "revoked and old":
        api.tokens.revoke()
        change_kept(token_file, expires_at=time.time())
    else:
        api.tokens.expire()
        change_kept(token_file, refresh_token="forgotten" if trouble == "refresh token unknown" else "")

    assert fetch(api).rows
    assert fetch(api).rows
    assert grants(api) == [*["refresh_token"] * (trouble != "no refresh token"), "client_credentials"]


def test_a_revoked_token_ends_the_run_with_what_to_do_and_takes_no_other(
    fetch: Fetch, api: VkAdsApi, token_file: Path
) -> None:
    fetch(api)
    api.tokens.revoke()

    for _ in range(3):
        error = refused(fetch, api)
        assert "has been revoked" in str(error)
        assert str(token_file) in str(error)
        assert not error.transient
    assert grants(api) == ["client_credentials"]

    token_file.unlink()
    assert fetch(api).rows, "as the line says"


def test_a_blocked_user_is_told_as_one(fetch: Fetch, api: VkAdsApi) -> None:
    api.tokens.blocked = True

    assert "blocked user" in str(refused(fetch, api))
    assert len(api.tokens.issued) == 1


@pytest.mark.parametrize("state", ["expired", "revoked", "unknown"])
def test_a_ready_token_that_is_refused_is_one_line_and_no_other_is_asked_for(
    fetch: Fetch, api: VkAdsApi, state: str
) -> None:
    ready = api.tokens.issue().access
    {"expired": api.tokens.expire, "revoked": api.tokens.revoke, "unknown": api.tokens.delete}[state]()

    error = refused(fetch, api, vk_token=ready)

    assert "VK_TOKEN" in str(error)
    assert ready not in str(error)
    assert asked(api) == {"user": 1}


@pytest.mark.parametrize("had_one", [True, False])
def test_five_taken_tokens_are_one_line_and_none_is_deleted(
    fetch: Fetch, api: VkAdsApi, token_file: Path, had_one: bool
) -> None:
    for _ in range(5):
        api.tokens.issue()
    if had_one:
        change_kept(token_file, client_id="sandboxVkClient", access_token="a", refresh_token="b", expires_at=0)

    error = refused(fetch, api)

    assert "all five are taken" in str(error)
    assert "VK_TOKEN" in str(error)
    assert not error.transient
    assert grants(api) == [*["refresh_token"] * had_one, "client_credentials"]
    assert len(api.tokens.issued) == 5


def test_a_refresh_that_is_forbidden_takes_no_other_token(fetch: Fetch, api: VkAdsApi, token_file: Path) -> None:
    fetch(api)
    change_kept(token_file, expires_at=0)
    api.faults.add("status", TOKEN, times=9, status=403, body='{"error": "token_limit_exceeded"}')

    assert "all five are taken" in str(refused(fetch, api))
    assert grants(api) == ["client_credentials", "refresh_token"]


@pytest.mark.parametrize("values", [{"vk_client_secret": "wrong"}, {"vk_client_id": "wrong"}], ids=str)
def test_a_wrong_application_or_secret_is_asked_once_and_told(
    fetch: Fetch, api: VkAdsApi, token_file: Path, values: dict[str, str]
) -> None:
    error = refused(fetch, api, **values)

    assert "Check VK_CLIENT_ID and VK_CLIENT_SECRET in secrets/.env.vk" in str(error)
    assert "wrong" not in str(error)
    assert (asked(api), token_file.exists()) == ({"token": 1}, False)


def test_tokens_that_live_for_minutes_take_no_more_slots(fetch: Fetch, api: VkAdsApi) -> None:
    api.tokens.lifetime = 60

    assert fetch(api).rows
    assert grants(api).count("client_credentials") == 1
    assert len(api.tokens.issued) == 1
