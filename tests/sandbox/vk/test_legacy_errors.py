"""The legacy API answers every error with HTTP 200, except a URL that is too long."""

from __future__ import annotations

import httpx
import pytest

from sandbox.vk import VkLegacyApi

READ = "ads.getCampaigns"


def error(answer) -> dict:
    assert answer.status_code == 200
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def test_an_error_echoes_the_request_without_its_token(call):
    found = error(call("ads.getAccounts", access_token="x", account_id=None))
    assert found["error_code"] == 5
    assert found["request_params"] == [
        {"key": "oauth", "value": "1"},
        {"key": "method", "value": "ads.getAccounts"},
        {"key": "v", "value": "5.131"},
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [("expired", "access_token has expired"), ("other_ip", "another ip address"), ("revoked", "revoke")],
)
def test_a_token_that_no_longer_works_is_error_5(call, legacy: VkLegacyApi, state: str, words: str):
    legacy.authorization = state
    found = error(call(READ))
    assert (found["error_code"], words in found["error_msg"]) == (5, True)


def test_no_token_is_error_5_and_a_header_will_do(call, legacy: VkLegacyApi, _served):
    assert "no access_token passed" in error(call(READ, access_token=None))["error_msg"]
    headers = {"Authorization": f"Bearer {legacy.token}"}
    url = f"/vk-legacy/method/{READ}?v=5.131&account_id={legacy.cabinet.account_id}"
    assert "response" in _served.client.get(url, headers=headers).json()


def test_the_version_is_mandatory_unless_it_is_not(call, legacy: VkLegacyApi):
    assert error(call(READ, v=None))["error_code"] == 8
    legacy.switches.requires_version = False
    assert "response" in call(READ, v=None).json()


def test_unknown_methods_and_writes_are_error_3_and_remembered(call, legacy: VkLegacyApi):
    assert error(call("ads.updateAds", data="[]"))["error_code"] == 3
    call(READ)
    assert [request.path for request in legacy.writes] == ["/ads.updateAds"]
    assert [request.path for request in legacy.requests] == ["/ads.updateAds", f"/{READ}"]
    assert all("access_token" not in request.params for request in legacy.requests)


def test_three_calls_a_second_and_then_error_6(call, legacy: VkLegacyApi, cabinet, clock):
    assert VkLegacyApi(cabinet).throttle.limits == {1: 3}
    legacy.throttle.limits = {1: 3}
    answers = [call(READ).json() for _ in range(4)]
    assert ["error" in answer for answer in answers] == [False, False, False, True]
    assert answers[3]["error"]["error_code"] == 6
    clock.now += 1
    assert "response" in call(READ).json()


def test_the_quota_of_the_hour_is_told_and_then_error_601(call, legacy: VkLegacyApi, clock):
    legacy.quota.limits = {3600: 2}
    assert call("ads.getFloodStats").json() == {"response": {"left": 2, "refresh": 1800}}
    call(READ)
    call(READ)
    assert error(call(READ))["error_code"] == 601
    assert call("ads.getFloodStats").json()["response"]["left"] == 0
    assert "response" in call("users.get").json()
    clock.now += 1800
    assert "response" in call(READ).json()


@pytest.mark.parametrize("code", [1, 6, 9, 10, 14, 15, 29, 600, 601, 603, 1117])
def test_any_error_can_be_scheduled(call, legacy: VkLegacyApi, code: int):
    legacy.faults.add("error_as_page", f"/{READ}", code=code, after=1)
    assert "response" in call(READ).json()
    found = error(call(READ))
    assert found["error_code"] == code
    assert ("captcha_sid" in found) == (code == 14)
    assert {"key": "method", "value": READ} in found["request_params"]
    assert "response" in call(READ).json()


def test_further_keys_of_an_error_can_be_given(call, legacy: VkLegacyApi):
    legacy.faults.add("error_as_page", f"/{READ}", code=100, message="ids is invalid", more={"error_subcode": 1})
    found = error(call(READ))
    assert (found["error_msg"], found["error_subcode"]) == ("ids is invalid", 1)


def test_a_long_url_is_a_real_414_and_a_form_is_not(call):
    ids = ",".join(str(265_000_000 + number) for number in range(551))
    params = {"ids": ids, "ids_type": "ad", "period": "day", "date_from": "2026-11-20", "date_to": "0"}
    answer = call("ads.getStatistics", **params)
    assert (answer.status_code, "json" in answer.headers["content-type"]) == (414, False)
    assert error(call("ads.getStatistics", "POST", **params))["error_code"] == 100


def test_a_json_body_is_not_read_and_a_multipart_form_is(legacy: VkLegacyApi, post):
    fields = {"v": "5.131", "access_token": legacy.token, "account_id": str(legacy.cabinet.account_id)}
    assert error(post(f"/vk-legacy/method/{READ}", json=fields))["error_code"] == 8
    parts = {name: (None, value) for name, value in fields.items()}
    assert "response" in post(f"/vk-legacy/method/{READ}", files=parts).json()


@pytest.mark.parametrize(
    ("params", "code"), [({"account_id": None}, 100), ({"account_id": "x"}, 100), ({"account_id": 1}, 600)]
)
def test_another_account_is_refused(call, params: dict, code: int):
    assert error(call(READ, **params))["error_code"] == code


def test_transport_faults_happen_here_too(call, legacy: VkLegacyApi):
    legacy.faults.add("status", f"/{READ}", status=502, html=True)
    assert call(READ).status_code == 502
    legacy.faults.add("no_data", f"/{READ}")
    assert call(READ).json() == {}
    legacy.faults.add("disconnect", f"/{READ}", partial=True)
    with pytest.raises(httpx.RemoteProtocolError):
        call(READ)


def test_small_methods(call, legacy: VkLegacyApi):
    account = call("ads.getAccounts", account_id=None).json()["response"][0]
    assert (account["account_id"], account["account_type"]) == (legacy.cabinet.account_id, "general")
    assert isinstance(call("ads.getBudget").json()["response"], str)
    assert len(call("users.get", user_ids="1,2").json()["response"]) == 2
    assert error(call("users.get", user_ids="x"))["error_code"] == 113
    assert error(call("ads.getClients"))["error_code"] == 600
