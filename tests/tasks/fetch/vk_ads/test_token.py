"""VK gives five tokens in all: one is asked for, kept where only its owner reads it, and shared by all runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi
from tasks.errors import SettingsError
from tasks.fetch.vk_ads import account, check_settings
from tasks.settings import Settings
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, change_kept, grants, kept

_IN_A_PROCESS = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tasks.fetch.vk_ads import fetch_ad_days
from tasks.settings import Settings
from tasks.window import Window
url, client, secret, file = sys.argv[1:]
given = dict(vk_base_url=url, vk_client_id=client, vk_client_secret=secret, vk_token_file=Path(file), vk_rate=99)
settings = Settings(_env_file=None, **given)
day = date(2026, 1, 19)
print(len(fetch_ad_days(settings, Window(first=day, last=day), datetime.now(UTC)).rows))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """So that nothing but the code itself keeps others out."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_ten_fetches_take_one_token(fetch: Fetch, api: VkAdsApi) -> None:
    for _ in range(10):
        assert fetch(api).rows

    assert grants(api) == ["client_credentials"]
    assert len(api.tokens.issued) == 1


def test_four_threads_at_once_take_one_token(fetch: Fetch, api: VkAdsApi) -> None:
    with ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda _: fetch(api), range(4)))

    assert all(one.rows == fetched[0].rows for one in fetched)
    assert grants(api) == ["client_credentials"]


def test_two_processes_at_once_take_one_token(
    settings_for: Callable[..., Settings], api: VkAdsApi, token_file: Path
) -> None:
    settings = settings_for(api)
    arguments = (settings.vk_base_url, VK_CLIENT_ID, VK_CLIENT_SECRET, str(token_file))
    command = [sys.executable, "-c", _IN_A_PROCESS, *arguments]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    told = [process.communicate(timeout=180)[0] for process in running]

    assert [process.returncode for process in running] == [0, 0]
    assert told[0] == told[1] != "0\n"
    assert grants(api) == ["client_credentials"]


def test_only_its_owner_can_read_the_token(fetch: Fetch, api: VkAdsApi, token_file: Path, open_umask: None) -> None:
    fetch(api)

    assert mode(token_file.parent) == 0o700
    assert {path.name: mode(path) for path in token_file.parent.iterdir()} == {
        "vk_token.json": 0o600,
        "vk_token.lock": 0o600,
    }


def test_a_file_that_others_could_read_is_replaced_by_one_they_cannot(
    fetch: Fetch, api: VkAdsApi, token_file: Path, open_umask: None
) -> None:
    change_kept(token_file, client_id="someone")
    assert mode(token_file) == 0o666

    fetch(api)

    assert mode(token_file) == 0o600


def test_what_is_kept_is_the_token_and_not_the_secret(fetch: Fetch, api: VkAdsApi, token_file: Path) -> None:
    fetch(api)

    (token,) = api.tokens.issued
    assert kept(token_file) == {
        "access_token": token.access,
        "refresh_token": token.refresh,
        "client_id": VK_CLIENT_ID,
        "expires_at": pytest.approx(time.time() + 86_400, abs=60),
    }
    assert VK_CLIENT_SECRET not in token_file.read_text()


@pytest.mark.parametrize("as_int", [True, False])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_token_is_understood_in_every_form_of_its_answer(
    fetch: Fetch, api: VkAdsApi, token_file: Path, as_int: bool, as_text: bool
) -> None:
    api.switches.tells_tokens_left = True
    api.switches.expires_in_as_int, api.switches.scope_as_text = as_int, as_text

    fetch(api)

    assert kept(token_file)["expires_at"] == pytest.approx(time.time() + 86_400, abs=60)


@pytest.mark.parametrize(("minutes", "renewed"), [(31, []), (29, ["refresh_token"]), (-60, ["refresh_token"])])
def test_a_token_is_refreshed_half_an_hour_before_its_end(
    fetch: Fetch, api: VkAdsApi, token_file: Path, minutes: int, renewed: list[str]
) -> None:
    fetch(api)
    change_kept(token_file, expires_at=time.time() + minutes * 60)

    fetch(api)

    assert grants(api) == ["client_credentials", *renewed]
    assert len(api.tokens.issued) == 1, "a refresh takes no slot"


def test_the_token_of_another_application_is_left_alone(fetch: Fetch, api: VkAdsApi, token_file: Path) -> None:
    change_kept(token_file, client_id="another", access_token="not-ours", expires_at=time.time() + 86_400)

    assert fetch(api).rows
    assert grants(api) == ["client_credentials"]
    assert {request.status for request in api.requests} == {200, 400}, "it is not even tried; 400: a large page"


def test_a_refresh_that_tells_no_refresh_token_leaves_the_one_there_was(
    fetch: Fetch, api: VkAdsApi, token_file: Path
) -> None:
    fetch(api)
    refresh_token, ready = kept(token_file)["refresh_token"], api.tokens.issue().access
    change_kept(token_file, expires_at=0)
    body = json.dumps({"access_token": ready, "token_type": "Bearer", "expires_in": 86_400})
    api.faults.add("status", "/api/v2/oauth2/token.json", status=200, body=body)

    assert fetch(api).rows
    assert (kept(token_file)["access_token"], kept(token_file)["refresh_token"]) == (ready, refresh_token)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"access_token": "x"}'])
def test_a_damaged_file_costs_a_token_and_no_run(
    fetch: Fetch, api: VkAdsApi, token_file: Path, content: bytes
) -> None:
    token_file.parent.mkdir()
    token_file.write_bytes(content)

    assert fetch(api).rows
    assert fetch(api).rows
    assert grants(api) == ["client_credentials"]


def test_a_ready_token_is_used_as_it_is_and_nothing_is_kept(fetch: Fetch, api: VkAdsApi, token_file: Path) -> None:
    ready = api.tokens.issue().access

    assert fetch(api, vk_token=ready, vk_client_id=None, vk_client_secret=None).rows
    assert asked(api)["token"] == 0
    assert not token_file.parent.exists()


@pytest.mark.parametrize(
    "values", [{"vk_client_id": None}, {"vk_client_secret": None}, {"vk_token": "a b"}], ids=str
)
def test_missing_or_impossible_settings_are_told_before_anything_is_asked(
    fetch: Fetch, settings_for: Callable[..., Settings], api: VkAdsApi, values: dict[str, str | None]
) -> None:
    name = next(iter(values)).upper()
    for attempt in (lambda: check_settings(settings_for(api, **values)), lambda: fetch(api, **values)):
        with pytest.raises(SettingsError, match=rf"{name}.*secrets/\.env\.vk"):
            attempt()
    assert asked(api) == {}


def test_accounts_of_two_applications_are_told_apart(settings_for: Callable[..., Settings], api: VkAdsApi) -> None:
    assert account(settings_for(api)) != account(settings_for(api, vk_client_id="another"))
