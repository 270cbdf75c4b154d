"""No error, traceback or log line of the HTTP client holds a token or any part of a reply's body."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from sandbox import QticketsApi
from tasks.errors import SourceError
from tests.tasks.fetch.asking import Ask

PERSON = "ivanova.maria@example.invalid"
BODY = json.dumps({"error": f"{PERSON} may not", "status": 500, "code": "UNKNOWN_ERROR", "info": [PERSON]})
FAILURES: list[tuple[str, dict[str, Any]]] = [
    *(("status", {"status": status, "body": BODY}) for status in (400, 403, 404, 429, 500, 503)),
    ("status", {"status": 302, "body": BODY}),
    ("truncated", {"keep": 0.9}),
    ("disconnect", {"partial": True}),
    ("timeout", {"seconds": 30}),
    ("html", {}),
]


@pytest.mark.parametrize(("kind", "options"), FAILURES)
def test_neither_the_token_nor_the_body_shows_in_errors_and_logs(
    ask: Ask, caplog: pytest.LogCaptureFixture, kind: str, options: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "sandbox-token-5f1c"
    api = QticketsApi([{"id": 1, "client": {"email": PERSON}, "baskets": []}], [], token=token)
    api.faults.add(kind, times=99, **options)

    error = ask(api, token=token, http_timeout=0.3 if kind == "timeout" else 5, http_attempts=2).error

    assert isinstance(error, SourceError)
    told = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert token not in told
    assert PERSON not in told
    assert "zakaz.fetch" in caplog.text or options.get("status") in (400, 403, 404, 302)


def test_a_call_that_succeeds_logs_no_token(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "sandbox-token-5f1c"
    api = QticketsApi([], [], token=token)

    assert ask(api, token=token).reply["data"] == []
    assert token not in caplog.text
