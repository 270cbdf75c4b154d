"""A request for a token whose answer gets lost, or that waits for another process, costs no second slot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sandbox.vk import VkAdsApi
from tests.tasks.fetch.vk_ads.helpers import Fetch, asked, change_kept, grants, refused

TOKEN = "/api/v2/oauth2/token.json"
LOST: list[tuple[str, dict[str, Any]]] = [
    ("timeout", {"seconds": 3}),
    ("truncated", {}),
    ("disconnect", {"partial": True}),
    ("html", {}),
    ("status", {"status": 500}),
    ("status", {"status": 429, "body": ""}),
    ("status", {"status": 200, "body": "{}"}),
]


@pytest.mark.parametrize(("kind", "options"), LOST, ids=str)
def test_an_answer_that_got_lost_never_takes_a_second_slot(
    fetch: Fetch, api: VkAdsApi, kind: str, options: dict[str, Any]
) -> None:
    """Five runs in which the network fails would otherwise lock everybody out."""
    api.faults.add(kind, TOKEN, times=99, **options)

    error = refused(fetch, api, http_timeout=1.5 if kind == "timeout" else 5)

    assert error.transient
    assert asked(api) == {"token": 1}
    time.sleep(2 if kind == "timeout" else 0)
    assert len(api.tokens.issued) <= 1


@pytest.mark.parametrize(("kind", "options"), LOST[1:-1], ids=str)
def test_a_refresh_whose_answer_got_lost_is_tried_again(
    fetch: Fetch, api: VkAdsApi, token_file: Path, kind: str, options: dict[str, Any]
) -> None:
    fetch(api)
    change_kept(token_file, expires_at=0)
    api.faults.add(kind, TOKEN, **options)

    assert fetch(api).rows
    assert grants(api) == ["client_credentials", "refresh_token", "refresh_token"]


def test_a_lock_that_another_process_holds_for_long_is_told(
    fetch: Fetch, api: VkAdsApi, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.fetch.vk_ads.token._LOCK_WAIT", 0.2)
    token_file.parent.mkdir()
    with FileLock(token_file.with_suffix(".lock")):
        error = refused(fetch, api)

    assert "Another process" in str(error)
    assert error.transient
    assert asked(api) == {}
    assert fetch(api).rows
