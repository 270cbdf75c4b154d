"""VK issues five tokens in all: one is requested, stored where only its owner reads it, and shared by all runs. When it
dies, is refused or cannot be had, the run goes on or ends in one line, and takes no second slot."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi
from tasks.errors import SettingsError
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import check_settings
from tasks.fetch.vk_ads.token import _lifetime
from tasks.settings import Settings
from tests.tasks.fetch.vk_ads.helpers import (
    ALWAYS,
    Fetch,
    calls,
    change_stored,
    edit,
    grants,
    path,
    refused,
    spent,
    stored,
)

TOKEN = path("oauth2/token")
NEW, REFRESH = "client_credentials", "refresh_token"
pytestmark = pytest.mark.usefixtures("four")


@pytest.fixture
def open_umask() -> Iterator[None]:
    """So that nothing but the code itself keeps others out."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_four_fetches_at_once_and_those_after_them_take_one_token(fetch: Fetch, api: VkAdsApi) -> None:
    """Each opens the lock's file itself, as processes do."""
    with ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda _: fetch(api), range(4)))

    assert {spent(one.rows) for one in [*fetched, fetch(api), fetch(api)]} == {800}
    assert grants(api) == [NEW]
    assert len(api.tokens.issued) == 1


@pytest.mark.parametrize(
    "found", [None, b"{", b"[]", b"\xff\xfe", b'{"client_id": "another", "access_token": "x"}']
)
def test_only_the_owner_reads_the_token_whatever_file_was_there(
    fetch: Fetch, api: VkAdsApi, token_file: Path, open_umask: None, found: bytes | None
) -> None:
    """A damaged file, or that of another application, is replaced, and the secret is in none."""
    if found is not None:
        token_file.parent.mkdir(mode=0o700)
        token_file.write_bytes(found)

    assert fetch(api).rows
    assert fetch(api).rows

    (token,) = api.tokens.issued
    assert stored(token_file) == {
        "access_token": token.access,
        "refresh_token": token.refresh,
        "client_id": VK_CLIENT_ID,
        "expires_at": pytest.approx(time.time() + 86_400, abs=60),
    }
    assert VK_CLIENT_SECRET not in token_file.read_text()
    modes = {
        file.name: stat.S_IMODE(file.stat().st_mode) for file in (token_file.parent, *token_file.parent.iterdir())
    }
    assert modes == {"secrets": 0o700, "vk_token.json": 0o600, "vk_token.lock": 0o600}
    assert grants(api) == [NEW]


@pytest.mark.parametrize(
    ("told", "lives"),
    [
        ("86400", 86_400), (86_400.5, 86_400), ("7200", 7_200), (10**12, 86_400), ("soon", 3_600), (None, 3_600),
        (-5, 3_600), (0, 3_600), ([], 3_600), (True, 3_600), ("NaN", 3_600), ("1e999", 3_600), (10**400, 3_600),
    ],
    ids=lambda value: str(value)[:9],
)  # fmt: skip
def test_the_lifetime_of_a_token_is_read_in_every_form(told: Any, lives: float) -> None:
    assert _lifetime(told) == lives


@pytest.mark.parametrize("token", [None, {}, "two words", "\u0442\u043e\u043a\u0435\u043d", "a\nb"])
def test_what_can_be_no_token_ends_the_fetch(fetch: Fetch, api: VkAdsApi, token: Any) -> None:
    edit(api, TOKEN, lambda reply: reply.update(access_token=token))

    assert "without one" in str(refused(fetch, api))


@pytest.mark.parametrize(
    ("expires_at", "renewed"),
    [
        (31 * 60, []),
        (29 * 60, [REFRESH]),
        (-3600, [REFRESH]),
        ("soon", [REFRESH]),
        (None, [REFRESH]),
        ([], [REFRESH]),
    ],
)
def test_a_token_is_refreshed_half_an_hour_before_its_end(
    fetch: Fetch, api: VkAdsApi, token_file: Path, expires_at: Any, renewed: list[str]
) -> None:
    fetch(api)
    end = time.time() + expires_at if isinstance(expires_at, int) else expires_at
    change_stored(token_file, expires_at=end)

    assert fetch(api).rows
    assert grants(api) == [NEW, *renewed]
    assert len(api.tokens.issued) == 1, "a refresh takes no slot"


def test_a_refresh_without_a_refresh_token_keeps_the_one_there_was(
    fetch: Fetch, api: VkAdsApi, token_file: Path
) -> None:
    fetch(api)
    refresh_token, ready = stored(token_file)["refresh_token"], api.tokens.issue().access
    change_stored(token_file, expires_at=0)
    body = json.dumps({"access_token": ready, "token_type": "Bearer", "expires_in": 86_400})
    api.faults.add("status", TOKEN, status=200, body=body)

    assert fetch(api).rows
    assert (stored(token_file)["access_token"], stored(token_file)["refresh_token"]) == (ready, refresh_token)


@pytest.mark.parametrize(("after", "rotates"), [(0, True), (1, False), (3, True), (5, False)])
def test_a_token_that_expires_within_a_run_costs_a_refresh_and_no_row(
    fetch: Fetch, api: VkAdsApi, token_file: Path, after: int, rotates: bool, traffic: Traffic
) -> None:
    api.switches.rotates_refresh_tokens = rotates
    api.tokens.expire_after(after)

    assert spent(fetch(api).rows) == 800
    assert grants(api) == [NEW, REFRESH]
    assert (traffic.calls, traffic.retries) == (len(api.requests), 1)
    (token,) = api.tokens.issued
    assert (stored(token_file)["access_token"], stored(token_file)["refresh_token"]) == (
        token.access,
        token.refresh,
    )
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
        change_stored(token_file, access_token=token.access)

    api.faults.mutate(renew, path=path("ad_groups"))

    assert fetch(api).rows
    assert grants(api) == []
    assert [r.status for r in api.requests if r.path == path("ad_groups")][:2] == [401, 200]


@pytest.mark.parametrize("trouble", ["deleted", "refresh token unknown", "no refresh token", "revoked and old"])
def test_where_a_refresh_is_refused_one_new_token_is_requested(
    fetch: Fetch, api: VkAdsApi, token_file: Path, trouble: str
) -> None:
    fetch(api)
    api.requests.clear()
    if trouble == "deleted":
        api.tokens.delete()
    elif trouble == "revoked and old":
        api.tokens.revoke()
        change_stored(token_file, expires_at=time.time())
    else:
        api.tokens.expire()
        change_stored(token_file, refresh_token="forgotten" if trouble == "refresh token unknown" else "")

    assert fetch(api).rows
    assert fetch(api).rows
    assert grants(api) == [*[REFRESH] * (trouble != "no refresh token"), NEW]


def test_a_revoked_token_ends_the_run_with_what_to_do_and_takes_no_other(
    fetch: Fetch, api: VkAdsApi, token_file: Path
) -> None:
    fetch(api)
    api.tokens.revoke()

    for _ in range(2):
        error = refused(fetch, api)
        assert f"has been revoked. Once access is granted again, remove {token_file}" in str(error)
        assert not error.transient
    assert grants(api) == [NEW]

    token_file.unlink()
    assert fetch(api).rows, "as the line says"
    api.tokens.blocked = True
    assert "blocked user" in str(refused(fetch, api))


@pytest.mark.parametrize("state", ["good", "expire", "revoke", "delete"])
def test_a_token_of_the_settings_is_used_as_it_is_and_never_replaced(
    fetch: Fetch, api: VkAdsApi, token_file: Path, state: str
) -> None:
    ready = api.tokens.issue().access
    given = {"vk_token": ready, "vk_client_id": None, "vk_client_secret": None}
    if state == "good":
        assert fetch(api, **given).rows
    else:
        getattr(api.tokens, state)()
        assert "VK_TOKEN" in str(refused(fetch, api, **given))
        assert calls(api) == {"user": 1}

    assert calls(api)["token"] == 0
    assert not token_file.parent.exists()


@pytest.mark.parametrize("had_one", [True, False])
def test_five_taken_tokens_are_one_line_and_none_is_deleted(
    fetch: Fetch, api: VkAdsApi, token_file: Path, had_one: bool
) -> None:
    for _ in range(5):
        api.tokens.issue()
    if had_one:
        change_stored(token_file, client_id=VK_CLIENT_ID, access_token="a", refresh_token="b", expires_at=0)

    error = refused(fetch, api)

    assert "all five are taken" in str(error)
    assert not error.transient
    assert grants(api) == [*[REFRESH] * had_one, NEW]
    assert len(api.tokens.issued) == 5


def test_a_refresh_that_is_forbidden_takes_no_other_token(fetch: Fetch, api: VkAdsApi, token_file: Path) -> None:
    fetch(api)
    change_stored(token_file, expires_at=0)
    api.faults.add("status", TOKEN, times=9, status=403, body='{"error": "token_limit_exceeded"}')

    assert "all five are taken" in str(refused(fetch, api))
    assert grants(api) == [NEW, REFRESH]


@pytest.mark.parametrize("setting", ["vk_client_secret", "vk_client_id"])
def test_a_wrong_application_or_secret_is_one_line(
    fetch: Fetch, api: VkAdsApi, token_file: Path, setting: str
) -> None:
    error = refused(fetch, api, **{setting: "wrong"})

    assert "Check VK_CLIENT_ID and VK_CLIENT_SECRET in secrets/.env.vk" in str(error)
    assert "wrong" not in str(error)
    assert (calls(api), token_file.exists()) == ({"token": 1}, False)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("timeout", {"seconds": 30}),
        ("truncated", {}),
        ("disconnect", {"partial": True}),
        ("status", {"status": 500}),
        ("status", {"status": 403, "body": f'{{"error": "x", "error_description": "{VK_CLIENT_SECRET}"}}'}),
        ("status", {"status": 200, "body": "{}"}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_reply_that_is_lost_never_takes_a_second_slot(
    fetch: Fetch, api: VkAdsApi, kind: str, options: dict[str, Any]
) -> None:
    """Five runs in which the network fails would otherwise lock everybody out."""
    api.faults.add(kind, TOKEN, times=ALWAYS, **options)

    error = refused(fetch, api, http_timeout=0.3 if kind == "timeout" else 5)

    assert calls(api) == {"token": 1}
    assert error.transient == (options.get("status") != 403)


@pytest.mark.parametrize(("kind", "options"), [("truncated", {}), ("status", {"status": 500})])
def test_a_refresh_whose_reply_is_lost_is_tried_again(
    fetch: Fetch, api: VkAdsApi, token_file: Path, kind: str, options: dict[str, Any]
) -> None:
    fetch(api)
    change_stored(token_file, expires_at=0)
    api.faults.add(kind, TOKEN, **options)

    assert fetch(api).rows
    assert grants(api) == [NEW, REFRESH, REFRESH]


def test_a_lock_that_another_process_holds_for_long_ends_the_fetch(
    fetch: Fetch, api: VkAdsApi, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.vk_ads.token._LOCK_WAIT", 0.2)
    token_file.parent.mkdir()
    with FileLock(token_file.with_suffix(".lock")):
        error = refused(fetch, api)

    assert "Another process" in str(error)
    assert error.transient
    assert calls(api) == {}
    assert fetch(api).rows


@pytest.mark.parametrize(
    "values",
    [
        {"vk_client_id": None},
        {"vk_client_secret": None},
        {"vk_token": "a b"},
        {"vk_account_id": None, "vk_api": "legacy", "vk_token": "a"},
        {"vk_token": None, "vk_api": "legacy", "vk_account_id": "1"},
    ],
)
def test_missing_or_impossible_settings_are_told_before_any_call(
    fetch: Fetch, settings_for: Callable[..., Settings], api: VkAdsApi, values: dict[str, str | None]
) -> None:
    for attempt in (lambda: check_settings(settings_for(api, **values)), lambda: fetch(api, **values)):
        with pytest.raises(SettingsError, match=rf"{next(iter(values)).upper()}.*secrets/\.env\.vk"):
            attempt()
    assert calls(api) == {}
