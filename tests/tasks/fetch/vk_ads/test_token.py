"""VK issues five tokens in all: one is requested, stored where only its owner reads it, and shared by all runs. When it
dies, is refused or cannot be had, the run goes on or ends in one line, and takes no second slot."""

import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, local
from typing import Any
from unittest.mock import patch

import pytest

from sandbox import World
from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET
from tasks.fetch.vk_ads.token import StoredToken
from tests.tasks.fetch.applications import VkAccount, path, spent

TOKEN = path("oauth2/token")
NEW, REFRESH = "client_credentials", "refresh_token"
pytestmark = pytest.mark.usefixtures("four")


def stored(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def change_stored(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(stored(file) | changes))


def test_four_fetches_at_once_and_those_after_them_take_one_token(vk: VkAccount) -> None:
    """All four find no token before one of them renews it. Each opens the lock's file itself, as processes do."""
    together, met, load = Barrier(4), local(), StoredToken._load

    def load_together(token: StoredToken) -> Any:
        found = load(token)
        if not hasattr(met, "once"):
            met.once = True
            together.wait(60)
        return found

    with patch.object(StoredToken, "_load", load_together), ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda _: vk.fetch(), range(4)))
    assert {spent(one.rows) for one in [*fetched, vk.fetch()]} == {800}
    assert vk.grants() == [NEW]


@pytest.mark.parametrize("found", [None, b"{", b'{"client_id": "another", "access_token": "x"}'])
def test_only_the_owner_reads_the_token_whatever_file_was_there(
    vk: VkAccount, token_file: Path, found: Any
) -> None:
    """A damaged file, or that of another application, is replaced, and the secret is in none."""
    if found is not None:
        token_file.parent.mkdir(mode=0o700)
        token_file.write_bytes(found)
    assert vk.fetch().rows and vk.fetch().rows
    (token,) = vk.api.tokens.issued
    assert stored(token_file) == {
        "access_token": token.access, "refresh_token": token.refresh, "client_id": VK_CLIENT_ID,
        "agency_client": "", "expires_at": pytest.approx(time.time() + 86_400, abs=60),
    }  # fmt: skip
    files = (token_file.parent, *token_file.parent.iterdir())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
    assert modes == {"secrets": 0o700, "vk_token.json": 0o600, "vk_token.lock": 0o600}


@pytest.mark.parametrize(("minutes", "renewed"), [(31, []), (29, [REFRESH]), (None, [REFRESH])])
def test_a_token_is_refreshed_half_an_hour_before_its_end(
    vk: VkAccount, token_file: Path, minutes: int | None, renewed: list[str]
) -> None:
    vk.api.switches.rotates_refresh_tokens = True
    vk.fetch()
    change_stored(token_file, expires_at=minutes and time.time() + minutes * 60)
    assert vk.fetch().rows
    assert vk.grants() == [NEW, *renewed]
    (token,) = vk.api.tokens.issued
    kept = stored(token_file)
    assert (kept["access_token"], kept["refresh_token"]) == (token.access, token.refresh), (
        "the new one, in one slot"
    )


def test_a_token_that_another_process_renewed_is_taken_over_without_a_refresh(
    vk: VkAccount, token_file: Path
) -> None:
    """The request is under way with the old token when it dies."""
    vk.fetch()
    vk.api.requests.clear()

    def renew(_: object) -> None:
        issued = vk.api.tokens.issued[0]
        token = vk.api.tokens.renew(issued.refresh, issued.client_id, rotate=False)
        change_stored(token_file, access_token=token.access)

    vk.api.faults.mutate(renew, path=path("ad_groups"))
    assert vk.fetch().rows and vk.grants() == []
    assert [r.status for r in vk.api.requests if r.path == path("ad_groups")][:2] == [401, 200]


def test_a_revoked_token_ends_the_run_with_what_to_do_and_takes_no_other(vk: VkAccount, token_file: Path) -> None:
    vk.fetch()
    vk.api.tokens.revoke()
    error = vk.refused()
    assert f"has been revoked. Once access is granted again, remove {token_file}" in str(error)
    assert (error.transient, vk.grants()) == (False, [NEW])
    token_file.unlink()
    assert vk.fetch().rows, "as the line says"


@pytest.mark.parametrize("by", ["username", "account_id"])
def test_each_client_of_an_agency_is_read_with_a_token_of_its_own(vk: VkAccount, world: World, by: str) -> None:
    """A token that is stored for one is never used for another."""
    agency = vk.api.add("agency", world.emptied())
    clients = [vk.api.add(name, world, agency=agency) for name in ("kzn", "spb")]
    pair = {"vk_client_id": agency.tokens.client_id, "vk_client_secret": agency.tokens.client_secret}
    for client in (*clients, clients[1]):
        rows = vk.fetch(**pair, vk_agency_client=str(getattr(client.cabinet, by))).rows
        assert {row["account_id"] for row in rows} == {str(client.cabinet.account_id)}
    assert vk.grants() == ["agency_client_credentials"] * 2
    error = vk.refused(**pair, vk_agency_client="stranger")
    assert "that VK_AGENCY_CLIENT is one of its clients" in str(error)


def test_a_token_of_the_settings_is_used_as_it_is_and_never_replaced(vk: VkAccount, token_file: Path) -> None:
    given = {"vk_token": vk.api.tokens.issue().access, "vk_client_id": None, "vk_client_secret": None}
    assert vk.fetch(**given).rows
    vk.api.tokens.expire()
    assert "VK_TOKEN" in str(vk.refused(**given))
    assert vk.grants() == []
    assert not token_file.parent.exists()


def test_five_taken_tokens_are_one_line_and_none_is_deleted(vk: VkAccount, token_file: Path) -> None:
    """Nor is another requested where the refresh is forbidden."""
    vk.fetch()
    for _ in range(4):
        vk.api.tokens.issue()
    change_stored(token_file, refresh_token="forgotten", expires_at=0)
    error = vk.refused()
    assert ("all five are taken" in str(error), error.transient) == (True, False)
    assert (vk.grants(), len(vk.api.tokens.issued)) == ([NEW, REFRESH, NEW], 5)
    vk.fail("status", TOKEN, status=403, body='{"error": "token_limit_exceeded"}')
    assert "all five are taken" in str(vk.refused())
    assert vk.grants()[3:] == [REFRESH]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("timeout", {"seconds": 30}), ("status", {"status": 200, "body": '{"access_token": "two words"}'}),
        ("status", {"status": 403, "body": f'{{"error": "x", "error_description": "{VK_CLIENT_SECRET}"}}'}),
    ],
)  # fmt: skip
def test_a_reply_that_is_lost_never_takes_a_second_slot(vk: VkAccount, kind: str, options: dict[str, Any]) -> None:
    """Five runs in which the network fails would otherwise lock everybody out."""
    vk.fail(kind, TOKEN, **options)
    error = vk.refused(http_timeout=0.3 if kind == "timeout" else 5)
    assert [request.path for request in vk.api.requests] == [TOKEN]
    assert error.transient == (options.get("status") != 403)
