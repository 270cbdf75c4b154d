"""A refusal that no retry cures is not retried, and is one line that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.direct import DIRECT_TOKEN
from sandbox.direct.errors import error_body
from tasks.errors import SettingsError
from tasks.fetch.direct import check_settings
from tasks.settings import Settings
from tests.tasks.fetch.direct.helpers import Account

SECRETS_FILE = "secrets/.env.direct"
TO_DO = {
    53: f"put a new DIRECT_TOKEN into {SECRETS_FILE}.",
    54: f"check DIRECT_LOGIN in {SECRETS_FILE}.",
    58: "apply for it in Direct's settings, API.",
    513: f"check DIRECT_LOGIN in {SECRETS_FILE}.",
    3000: "apply for it in Direct's settings, API.",
    3001: "apply for it in Direct's settings, API.",
    8800: f"check DIRECT_LOGIN in {SECRETS_FILE}.",
}


@pytest.mark.parametrize(
    ("code", "service", "status", "text"),
    [
        *((code, "campaigns", 200, code % 2 == 0) for code in TO_DO),
        *((code, "reports", 400, True) for code in TO_DO),
        *((53, "reports", status, False) for status in (200, 201, 202, 401, 429, 500, 502, 503)),
    ],
)
def test_a_lasting_refusal_says_what_to_do_whatever_its_status(
    direct: Account, code: int, service: str, status: int, text: bool
) -> None:
    body = error_body(code, f"Invalid OAuth token {DIRECT_TOKEN}", request_id="6414567394545914101", text=text)
    direct.fail("status", service, status=status, body=body)

    error = direct.refused()

    assert str(error).startswith(f"Yandex Direct refused the request with code {code} (")
    assert str(error).endswith(TO_DO[code])
    assert not error.transient
    assert direct.calls().count(service) == 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"direct_token": "another-token"}, 53),
        *(({"direct_login": "somebody-else"}, code) for code in (54, 513, 8800)),
    ],
)
def test_a_wrong_token_or_login_is_refused_at_the_first_call(
    direct: Account, settings: dict[str, str], code: int
) -> None:
    direct.api.switches.wrong_login_code = code

    error = str(direct.refused(**settings))

    assert error.endswith(TO_DO[code])
    assert not any(value in error for value in settings.values())
    assert direct.calls() == ["campaigns"]


def test_used_up_points_of_a_report_come_back_in_hours(direct: Account) -> None:
    """What else needs points only describes the report."""
    body = error_body(152, "Not enough points")
    direct.fail("status", "reports", status=400, body=body)

    error = direct.refused()

    assert "points are used up (code 152)" in str(error)
    assert error.transient
    assert direct.calls().count("reports") == 1


@pytest.mark.parametrize("code", [4000, 9999, "", "soon", None, "²", "9" * 5000, 1.5, [], {}])
def test_an_unknown_or_unreadable_code_is_told_with_the_request_for_support(direct: Account, code: object) -> None:
    error = {"error_code": code, "error_string": "Odd", "error_detail": DIRECT_TOKEN, "request_id": "1264458033037"}
    body = json.dumps({"error": error})
    direct.fail("status", "reports", status=400, body=body)

    text = str(direct.refused())

    assert "(Odd)" in text
    assert "the request id 1264458033037" in text
    assert direct.calls().count("reports") == 1


@pytest.mark.parametrize("person", ["a@b.example", "+7 (916) 555-01-37", "Зинаида"])
def test_only_the_english_name_and_the_number_of_an_error_are_shown(direct: Account, person: str) -> None:
    for name, said in (("Invalid request", "with code 9999 (Invalid request)."), (person, "with code 9999.")):
        body = json.dumps({"error": {"error_code": 9999, "error_string": name, "request_id": person}})
        direct.api.faults.add("status", "/json/v501/reports", times=1, status=400, body=body)
        text = str(direct.refused())
        assert said in text
        assert "Tell Direct's support the time of the request." in text
        assert person not in text


@pytest.mark.parametrize(
    "values", [{"direct_token": None}, {"direct_login": None}, {"direct_login": " "}, {"direct_token": "a b"}]
)
def test_missing_settings_are_told_before_any_call(
    direct: Account, make_settings: Callable[..., Settings], values: dict[str, Any]
) -> None:
    name = next(iter(values)).upper()
    with pytest.raises(SettingsError, match=f"{name}.*{SECRETS_FILE}"):
        check_settings(make_settings(**{"direct_login": "a", "direct_token": "b"} | values))
    with pytest.raises(SettingsError, match=name):
        direct.fetch(**values)
    assert direct.calls() == []
