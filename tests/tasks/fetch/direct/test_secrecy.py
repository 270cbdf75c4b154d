"""The token of Direct is in no row, log line, error, traceback or cache key."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.direct import DIRECT_TOKEN, DirectApi
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.direct import account
from tasks.settings import Settings
from tests.tasks.fetch.direct.helpers import Fetch

FAILURES: list[tuple[str, str, dict[str, Any]]] = [
    ("status", "reports", {"status": 500}),
    ("status", "reports", {"status": 400}),
    ("status", "reports", {"status": 404, "html": True}),
    ("error_as_page", "campaigns", {"code": 53, "detail": f"Invalid OAuth token {DIRECT_TOKEN}"}),
    ("truncated", "reports", {}),
    ("disconnect", "reports", {"partial": True}),
]
WITHOUT: list[tuple[str, str, dict[str, Any]]] = [
    ("error_as_page", "ads", {"code": 152}),
    ("error_as_page", "adgroups", {"code": 8000, "detail": DIRECT_TOKEN}),
    ("html", "campaigns", {}),
    ("timeout", "ads", {"seconds": 30}),
]


def is_told(text: str) -> bool:
    return DIRECT_TOKEN in text or MARK in text


def test_a_whole_fetch_tells_nothing(
    fetch: Fetch, api: DirectApi, make_settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.switches.auto_online_days = 0
    settings = make_settings(direct_login=api.login, direct_token=DIRECT_TOKEN)

    fetched = fetch(api)

    assert "reports" in caplog.text, "the log is caught"
    assert not is_told(repr(fetched) + caplog.text + repr(settings) + account(settings))


@pytest.mark.parametrize(("kind", "service", "options"), FAILURES, ids=str)
def test_a_failed_fetch_tells_nothing(
    fetch: Fetch, api: DirectApi, caplog: pytest.LogCaptureFixture, kind: str, service: str, options: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.faults.add(kind, f"/json/v501/{service}", times=99, **options)

    with pytest.raises(SourceError) as caught:
        fetch(api, http_timeout=0.2, http_attempts=2)

    error = caught.value
    assert not is_told("".join(traceback.format_exception(error)) + repr(error) + caplog.text)


@pytest.mark.parametrize(("kind", "service", "options"), WITHOUT, ids=str)
def test_what_a_load_went_on_without_tells_nothing(
    fetch: Fetch, api: DirectApi, caplog: pytest.LogCaptureFixture, kind: str, service: str, options: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.faults.add(kind, f"/json/v501/{service}", times=99, **options)

    fetched = fetch(api, http_timeout=0.2, http_attempts=2)

    assert fetched.warnings
    assert not is_told(repr(fetched) + caplog.text)
