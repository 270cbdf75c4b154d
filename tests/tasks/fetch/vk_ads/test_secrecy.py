"""No token, refresh token or secret of VK is in any row, log line, error, traceback or cache key."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.vk import VK_CLIENT_ID, VK_CLIENT_SECRET, VK_LEGACY_TOKEN, VkAdsApi, VkLegacyApi
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.vk_ads import account
from tasks.settings import Settings
from tests.tasks.fetch.vk_ads.helpers import Fetch, change_kept, kept

TOKEN = "/api/v2/oauth2/token.json"
FAILURES: list[tuple[str, str, dict[str, Any]]] = [
    ("status", TOKEN, {"status": 500}),
    ("status", TOKEN, {"status": 403, "body": f'{{"error": "x", "error_description": "{VK_CLIENT_SECRET}"}}'}),
    ("truncated", TOKEN, {"keep": 0.9}),
    ("disconnect", TOKEN, {"partial": True}),
    ("status", "/api/v2/banners.json", {"status": 400, "body": f'{{"error": {{"code": "{VK_CLIENT_SECRET}"}}}}'}),
    ("status", "/api/v2/user.json", {"status": 401, "body": '{"code": "revoked_token"}'}),
    ("status", "/api/v2/user.json", {"status": 401, "body": '{"code": "expired_token"}'}),
    ("truncated", "/api/v2/statistics/*", {}),
    ("timeout", "/api/v2/user.json", {"seconds": 30}),
]


def is_told(text: str) -> bool:
    """All secrets of the sandbox hold the mark."""
    return MARK in text


@pytest.fixture(autouse=True)
def _all_logs(caplog: pytest.LogCaptureFixture) -> None:
    assert is_told(VK_CLIENT_SECRET)
    assert is_told(VK_LEGACY_TOKEN)
    caplog.set_level(logging.DEBUG)


def test_a_whole_fetch_tells_nothing(
    fetch: Fetch,
    api: VkAdsApi,
    settings_for: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
    token_file: Any,
) -> None:
    settings = settings_for(api)
    api.tokens.expire_after(3)

    fetched = fetch(api)
    change_kept(token_file, expires_at=0)
    fetch(api)

    assert is_told(kept(token_file)["access_token"])
    assert "statistics" in caplog.text, "the log is caught"
    told = repr(fetched) + caplog.text + repr(settings) + account(settings)
    assert not is_told(told)
    assert VK_CLIENT_ID not in repr(fetched) + caplog.text


@pytest.mark.parametrize("setting", ["vk_token", "vk_client_secret"])
def test_neither_settings_nor_the_name_of_an_account_tell_a_secret(
    settings_for: Callable[..., Settings], api: VkAdsApi, setting: str
) -> None:
    settings = settings_for(api, **{setting: f"a-secret-{MARK}"})

    assert not is_told(repr(settings) + account(settings))


@pytest.mark.parametrize(("kind", "path", "options"), FAILURES, ids=str)
def test_a_failed_fetch_tells_nothing(
    fetch: Fetch, api: VkAdsApi, caplog: pytest.LogCaptureFixture, kind: str, path: str, options: dict[str, Any]
) -> None:
    api.faults.add(kind, path, times=99, **options)

    with pytest.raises(SourceError) as caught:
        fetch(api, http_timeout=0.2, http_attempts=2)

    error = caught.value
    assert not is_told("".join(traceback.format_exception(error)) + repr(error) + caplog.text)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("error_as_page", {"code": 5, "message": f"User authorization failed: {VK_LEGACY_TOKEN}"}),
        ("error_as_page", {"code": 6}),
        ("status", {"status": 414, "html": True}),
        ("truncated", {}),
        ("disconnect", {"partial": True}),
    ],
    ids=str,
)
def test_a_failed_fetch_from_the_legacy_api_tells_nothing(
    fetch_legacy: Fetch, legacy: VkLegacyApi, caplog: pytest.LogCaptureFixture, kind: str, options: dict[str, Any]
) -> None:
    legacy.faults.add(kind, "/ads.getStatistics", times=99, **options)

    with pytest.raises(SourceError) as caught:
        fetch_legacy(legacy, http_attempts=2)

    error = caught.value
    assert not is_told("".join(traceback.format_exception(error)) + repr(error) + caplog.text)


def test_a_whole_fetch_from_the_legacy_api_tells_nothing(
    fetch_legacy: Fetch, legacy: VkLegacyApi, caplog: pytest.LogCaptureFixture
) -> None:
    fetched = fetch_legacy(legacy)

    assert "ads.getStatistics" in caplog.text, "the log is caught"
    assert not is_told(repr(fetched) + caplog.text)
