"""A refusal that no retry mends is asked for once and is one line that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sandbox.direct import DIRECT_TOKEN, DirectApi
from sandbox.direct.errors import error_body
from tasks.errors import SettingsError, SourceError
from tasks.fetch.direct import check_settings
from tasks.settings import Settings
from tests.tasks.fetch.direct.helpers import Fetch, asked

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
# Service, HTTP status, whether the code is text. Nobody knows which status goes with which code on reports.
PLACES = [
    ("campaigns", 200, False),
    ("campaigns", 200, True),
    ("reports", 400, True),
    ("reports", 500, False),
]
RARE_PLACES = [
    ("campaigns", 401, True),
    *(("reports", status, status % 2 == 0) for status in (200, 201, 202, 401, 403, 404, 429, 502, 503, 504)),
]


def refusal(fetch: Fetch, **settings: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch(**settings)
    assert "\n" not in str(caught.value)
    assert DIRECT_TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("code", "service", "status", "text"),
    [*((code, *place) for code in TO_DO for place in PLACES), *((53, *place) for place in RARE_PLACES)],
)
def test_a_lasting_refusal_says_what_to_do_whatever_its_status(
    fetch: Fetch, api: DirectApi, code: int, service: str, status: int, text: bool
) -> None:
    body = error_body(code, "detail", request_id="6414567394545914101", text=text)
    api.faults.add("status", f"/json/v501/{service}", times=99, status=status, body=body)

    error = refusal(fetch, app=api)

    assert str(error).startswith(f"Yandex Direct refused the request with code {code} (")
    assert str(error).endswith(TO_DO[code])
    assert not error.transient
    assert asked(api)[-2:] == [*["campaigns"] * (service == "reports"), service][-2:]
    assert asked(api).count(service) == 1


@pytest.mark.parametrize("token", ["another-token", "sandbox-direct-token"])
def test_a_wrong_token_is_told_as_one(fetch: Fetch, api: DirectApi, token: str) -> None:
    error = refusal(fetch, app=api, direct_token=token)

    assert "code 53" in str(error)
    assert token not in str(error)
    assert asked(api) == ["campaigns"]


def test_a_token_that_dies_within_a_run_ends_it_without_rows(fetch: Fetch, api: DirectApi) -> None:
    api.faults.add("error_as_page", "/json/v501/adgroups", times=99, code=53)

    assert TO_DO[53] in str(refusal(fetch, app=api))


@pytest.mark.parametrize("code", [54, 513, 8800])
def test_a_wrong_login_is_told_as_one(fetch: Fetch, api: DirectApi, code: int) -> None:
    api.switches.wrong_login_code = code

    error = refusal(fetch, app=api, direct_login="somebody-else")

    assert str(error).endswith(TO_DO[code])
    assert asked(api) == ["campaigns"]


def test_used_up_points_are_a_matter_of_hours(fetch: Fetch, api: DirectApi) -> None:
    """Of the report; what needs points only describes it."""
    body = error_body(152, "Not enough points")
    api.faults.add("status", "/json/v501/reports", times=99, status=400, body=body)

    error = refusal(fetch, app=api)

    assert "points are used up (code 152)" in str(error)
    assert "run again in an hour" in str(error)
    assert error.transient
    assert asked(api).count("reports") == 1


@pytest.mark.parametrize("code", [4000, 4001, 8000, 9999])
def test_a_code_that_nobody_foresaw_is_told_with_the_request_for_support(
    fetch: Fetch, api: DirectApi, code: int
) -> None:
    body = error_body(code, "the whole of what was sent", request_id="1264458033037596430", text=True)
    api.faults.add("status", "/json/v501/reports", times=99, status=400, body=body)

    error = refusal(fetch, app=api)

    assert f"code {code}" in str(error)
    assert "1264458033037596430" in str(error)
    assert "the whole of what was sent" not in str(error)
    assert asked(api).count("reports") == 1


@pytest.mark.parametrize("person", ["a@b.example", "+7 (916) 555-01-37", "Зинаида"])
def test_of_an_error_only_its_english_name_and_its_number_are_shown(
    fetch: Fetch, api: DirectApi, person: str
) -> None:
    named = {"error_code": 9999, "error_string": "Invalid request", "request_id": person}
    for error, said in (
        (named, "with code 9999 (Invalid request)."),
        (named | {"error_string": person}, "with code 9999."),
    ):
        body = json.dumps({"error": error})
        api.faults.add("status", "/json/v501/reports", times=1, status=400, body=body)
        text = str(refusal(fetch, app=api))
        assert said in text
        assert "Tell Direct's support the time of the request." in text
        assert person not in text


@pytest.mark.parametrize("code", ["", "soon", None, "²", "--5", "9" * 5000, 1.5, [], {}])
def test_an_error_without_a_readable_code_is_an_error_all_the_same(
    fetch: Fetch, api: DirectApi, code: object
) -> None:
    body = json.dumps({"error": {"error_code": code, "error_string": "x", "request_id": "7"}})
    api.faults.add("status", "/json/v501/reports", times=99, status=200, body=body)

    assert "request id 7" in str(refusal(fetch, app=api))


def test_a_full_queue_has_no_meaning_outside_the_reports(fetch: Fetch, api: DirectApi) -> None:
    api.faults.add("error_as_page", "/json/v501/campaigns", times=99, code=9000)

    (warning,) = fetch(api).warnings
    assert "no campaigns.get (Yandex Direct refused the request with code 9000" in warning


def test_missing_settings_are_told_before_anything_is_asked(
    fetch: Fetch, api: DirectApi, make_settings: Callable[..., Settings]
) -> None:
    for values in ({"direct_token": None}, {"direct_login": None}, {"direct_login": " "}, {"direct_token": "a b"}):
        name = next(iter(values)).upper()
        with pytest.raises(SettingsError, match=f"{name}.*{SECRETS_FILE}"):
            check_settings(make_settings(**{"direct_login": "a", "direct_token": "b"} | values))
        with pytest.raises(SettingsError, match=name):
            fetch(api, **values)
    assert asked(api) == []
