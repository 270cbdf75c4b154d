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
from threading import Barrier, local
from typing import Any

import pytest
from filelock import FileLock

from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET
from tasks.errors import SettingsError
from tasks.fetch.traffic import Traffic
from tasks.fetch.vk_ads import check_settings
from tasks.fetch.vk_ads.token import StoredToken, _lifetime
from tasks.settings import Settings
from tests.tasks.fetch.vk_ads.helpers import (
    Account,
    change_stored,
    path,
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


def test_four_fetches_at_once_and_those_after_them_take_one_token(
    vk: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four find no token before one of them renews it. Each opens the lock's file itself, as processes do."""
    together, met, load = Barrier(4), local(), StoredToken._load

    def load_together(token: StoredToken) -> Any:
        found = load(token)
        if not hasattr(met, "once"):
            met.once = True
            together.wait(60)
        return found

    with monkeypatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setattr(StoredToken, "_load", load_together)
        fetched = list(pool.map(lambda _: vk.fetch(), range(4)))

    assert {spent(one.rows) for one in [*fetched, vk.fetch()]} == {800}
    assert vk.grants() == [NEW]
    assert len(vk.api.tokens.issued) == 1


@pytest.mark.parametrize(
    "found", [None, b"{", b"[]", b"\xff\xfe", b'{"client_id": "another", "access_token": "x"}']
)
def test_only_the_owner_reads_the_token_whatever_file_was_there(
    vk: Account, token_file: Path, open_umask: None, found: bytes | None
) -> None:
    """A damaged file, or that of another application, is replaced, and the secret is in none."""
    if found is not None:
        token_file.parent.mkdir(mode=0o700)
        token_file.write_bytes(found)

    assert vk.fetch().rows
    assert vk.fetch().rows

    (token,) = vk.api.tokens.issued
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
    assert vk.grants() == [NEW]


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
def test_what_can_be_no_token_ends_the_fetch(vk: Account, token: Any) -> None:
    vk.edit(TOKEN, lambda reply: reply.update(access_token=token))

    assert "without one" in str(vk.refused())


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
    vk: Account, token_file: Path, expires_at: Any, renewed: list[str]
) -> None:
    vk.fetch()
    end = time.time() + expires_at if isinstance(expires_at, int) else expires_at
    change_stored(token_file, expires_at=end)

    assert vk.fetch().rows
    assert vk.grants() == [NEW, *renewed]
    assert len(vk.api.tokens.issued) == 1, "a refresh takes no slot"


def test_a_refresh_without_a_refresh_token_keeps_the_one_there_was(vk: Account, token_file: Path) -> None:
    vk.fetch()
    refresh_token, ready = stored(token_file)["refresh_token"], vk.api.tokens.issue().access
    change_stored(token_file, expires_at=0)
    body = json.dumps({"access_token": ready, "token_type": "Bearer", "expires_in": 86_400})
    vk.api.faults.add("status", TOKEN, status=200, body=body)

    assert vk.fetch().rows
    assert (stored(token_file)["access_token"], stored(token_file)["refresh_token"]) == (ready, refresh_token)


@pytest.mark.parametrize(("after", "rotates"), [(0, True), (1, False), (3, True), (5, False)])
def test_a_token_that_expires_within_a_run_costs_a_refresh_and_no_row(
    vk: Account, token_file: Path, after: int, rotates: bool, traffic: Traffic
) -> None:
    vk.api.switches.rotates_refresh_tokens = rotates
    vk.api.tokens.expire_after(after)

    assert spent(vk.fetch().rows) == 800
    assert vk.grants() == [NEW, REFRESH]
    assert (traffic.calls, traffic.retries) == (len(vk.api.requests), 1)
    (token,) = vk.api.tokens.issued
    assert (stored(token_file)["access_token"], stored(token_file)["refresh_token"]) == (
        token.access,
        token.refresh,
    )
    assert vk.fetch().rows
    assert len(vk.grants()) == 2


def test_a_token_that_another_process_renewed_is_taken_over_without_a_refresh(
    vk: Account, token_file: Path
) -> None:
    """The request is under way with the old token when it dies."""
    vk.fetch()
    vk.api.requests.clear()

    def renew(_: object) -> None:
        token = vk.api.tokens.renew(
            vk.api.tokens.issued[0].refresh, vk.api.tokens.issued[0].client_id, rotate=False
        )
        change_stored(token_file, access_token=token.access)

    vk.api.faults.mutate(renew, path=path("ad_groups"))

    assert vk.fetch().rows
    assert vk.grants() == []
    assert [r.status for r in vk.api.requests if r.path == path("ad_groups")][:2] == [401, 200]


@pytest.mark.parametrize("trouble", ["deleted", "refresh token unknown", "no refresh token", "revoked and old"])
def test_where_a_refresh_is_refused_one_new_token_is_requested(vk: Account, token_file: Path, trouble: str) -> None:
    vk.fetch()
    vk.api.requests.clear()
    if trouble == "deleted":
        vk.api.tokens.delete()
    elif trouble == "revoked and old":
        vk.api.tokens.revoke()
        change_stored(token_file, expires_at=time.time())
    else:
        vk.api.tokens.expire()
        change_stored(token_file, refresh_token="forgotten" if trouble == "refresh token unknown" else "")

    assert vk.fetch().rows
    assert vk.fetch().rows
    assert vk.grants() == [*[REFRESH] * (trouble != "no refresh token"), NEW]


def test_a_revoked_token_ends_the_run_with_what_to_do_and_takes_no_other(vk: Account, token_file: Path) -> None:
    vk.fetch()
    vk.api.tokens.revoke()

    for _ in range(2):
        error = vk.refused()
        assert f"has been revoked. Once access is granted again, remove {token_file}" in str(error)
        assert not error.transient
    assert vk.grants() == [NEW]

    token_file.unlink()
    assert vk.fetch().rows, "as the line says"
    vk.api.tokens.blocked = True
    assert "blocked user" in str(vk.refused())


@pytest.mark.parametrize("state", ["good", "expire", "revoke", "delete"])
def test_a_token_of_the_settings_is_used_as_it_is_and_never_replaced(
    vk: Account, token_file: Path, state: str
) -> None:
    ready = vk.api.tokens.issue().access
    given = {"vk_token": ready, "vk_client_id": None, "vk_client_secret": None}
    if state == "good":
        assert vk.fetch(**given).rows
    else:
        getattr(vk.api.tokens, state)()
        assert "VK_TOKEN" in str(vk.refused(**given))
        assert vk.calls() == {"user": 1}

    assert vk.calls()["token"] == 0
    assert not token_file.parent.exists()


@pytest.mark.parametrize("had_one", [True, False])
def test_five_taken_tokens_are_one_line_and_none_is_deleted(vk: Account, token_file: Path, had_one: bool) -> None:
    for _ in range(5):
        vk.api.tokens.issue()
    if had_one:
        change_stored(token_file, client_id=VK_CLIENT_ID, access_token="a", refresh_token="b", expires_at=0)

    error = vk.refused()

    assert "all five are taken" in str(error)
    assert not error.transient
    assert vk.grants() == [*[REFRESH] * had_one, NEW]
    assert len(vk.api.tokens.issued) == 5


def test_a_refresh_that_is_forbidden_takes_no_other_token(vk: Account, token_file: Path) -> None:
    vk.fetch()
    change_stored(token_file, expires_at=0)
    vk.api.faults.add("status", TOKEN, times=9, status=403, body='{"error": "token_limit_exceeded"}')

    assert "all five are taken" in str(vk.refused())
    assert vk.grants() == [NEW, REFRESH]


@pytest.mark.parametrize("setting", ["vk_client_secret", "vk_client_id"])
def test_a_wrong_application_or_secret_is_one_line(vk: Account, token_file: Path, setting: str) -> None:
    error = vk.refused(**{setting: "wrong"})

    assert "Check VK_CLIENT_ID and VK_CLIENT_SECRET in secrets/.env.vk" in str(error)
    assert "wrong" not in str(error)
    assert (vk.calls(), token_file.exists()) == ({"token": 1}, False)


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
def test_a_reply_that_is_lost_never_takes_a_second_slot(vk: Account, kind: str, options: dict[str, Any]) -> None:
    """Five runs in which the network fails would otherwise lock everybody out."""
    vk.fail(kind, TOKEN, **options)

    error = vk.refused(http_timeout=0.3 if kind == "timeout" else 5)

    assert vk.calls() == {"token": 1}
    assert error.transient == (options.get("status") != 403)


@pytest.mark.parametrize(("kind", "options"), [("truncated", {}), ("status", {"status": 500})])
def test_a_refresh_whose_reply_is_lost_is_tried_again(
    vk: Account, token_file: Path, kind: str, options: dict[str, Any]
) -> None:
    vk.fetch()
    change_stored(token_file, expires_at=0)
    vk.api.faults.add(kind, TOKEN, **options)

    assert vk.fetch().rows
    assert vk.grants() == [NEW, REFRESH, REFRESH]


def test_a_lock_that_another_process_holds_for_long_ends_the_fetch(
    vk: Account, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.vk_ads.token._LOCK_WAIT", 0.2)
    token_file.parent.mkdir()
    with FileLock(token_file.with_suffix(".lock")):
        error = vk.refused()

    assert "Another process" in str(error)
    assert error.transient
    assert vk.calls() == {}
    assert vk.fetch().rows


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
    vk: Account, settings_for: Callable[..., Settings], values: dict[str, Any]
) -> None:
    for attempt in (lambda: check_settings(settings_for(vk.api, **values)), lambda: vk.fetch(**values)):
        with pytest.raises(SettingsError, match=rf"{next(iter(values)).upper()}.*secrets/\.env\.vk"):
            attempt()
    assert vk.calls() == {}
